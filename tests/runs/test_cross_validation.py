"""Cross-validation: every sample is judged once, by a model that has not seen it."""

import numpy as np

from chainrule.runs import Configuration, cross_validate, overridden


def test_every_sample_is_judged_once_by_a_model_that_has_not_seen_it(tmp_path):
    """What says the class is in the number; which row it is says nothing of other rows."""
    random = np.random.default_rng(0)
    signs = random.integers(0, 2, 90)
    rows = [f"{value + random.normal(0, 0.1):.3f},{random.normal():.3f},{'ab'[value]}" for value in signs]
    path = tmp_path / "signs.csv"
    path.write_text("\n".join(["signal,noise,class", *rows]))
    settings = [f"data.source='{path}'", "data.target=class", "train.epochs=30", "train.lr=0.02", "model.units=[4]"]
    found = cross_validate(overridden(Configuration(), settings), folds=3)
    assert sum(scores.samples for scores in found) == 90
    counts = sum(scores.confusion.sum(1) for scores in found)
    assert counts.tolist() == np.bincount(signs).tolist()
    assert all(scores.values["accuracy"] > 0.9 for scores in found)
