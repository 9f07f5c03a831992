"""The verbs of a model, and what they refuse."""

from __future__ import annotations

import re
import subprocess
import sys
import warnings

import numpy as np
import pytest

from chainrule.data import digits, epoch_order
from chainrule.errors import DataError, DivergedError, ShapeError, UsageError
from chainrule.nn import CategoricalCrossEntropy, Dense, Dropout, Flatten, Sequential, lenet5, mlp
from chainrule.ops import gelu
from chainrule.optim import SGD, Adam, ConstantRate
from chainrule.train import Callback, EarlyStopping, Model, TopKAccuracy
from tests.train.problems import clusters, everything, fit, model, same

pytestmark = pytest.mark.usefixtures("compiled_quickly")


class Steps(Callback):
    """Records the sums of every step."""

    def __init__(self):
        self.sizes, self.positions = [], []

    def on_train_batch_end(self, training):
        self.positions.append(training.state.position)
        self.sizes.append(int(training.state.totals[2]))


# ------------------------------------------------------------------------------------------------------------ learning
def test_it_learns():
    trained = model()
    history = fit(trained, epochs=30)
    assert history["loss"][-1] < 0.5 * history["loss"][0]
    x, y = clusters(200, seed=1)
    assert trained.evaluate(x, y)["accuracy"] > 0.75


@pytest.mark.full
def test_lenet_learns_digits_from_bytes():
    data = digits()
    trained = Model(lenet5())
    x, y = data.x_train[:640], data.y_train[:640]
    history = trained.fit(x, y, optimizer=Adam(0.003), epochs=2, batch_size=32, verbose=0).history
    assert x.dtype == np.uint8
    assert history["loss"][0] < 2.2
    assert trained.evaluate(data.x_test[:500], data.y_test[:500])["accuracy"] > 0.7


def test_the_history_has_the_names_of_keras():
    assert list(fit(model())) == ["loss", "accuracy"]
    history = fit(model(), validation_split=0.2, metrics=["accuracy", "top_k_accuracy"][:1])
    assert list(history) == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert all(len(values) == 4 for values in history.values())
    x, y = clusters()
    assert model().fit(x, y, epochs=3, verbose=0).epoch == [0, 1, 2]


@pytest.mark.parametrize("seed", [0, 2**63 - 1])
def test_the_same_seed_gives_the_same_bits(seed):
    trained = [model(seed), model(seed)]
    histories = [fit(m, validation_split=0.2) for m in trained]
    assert same(*map(everything, trained))
    assert same(*histories)
    assert not same(everything(trained[0]), everything(fitted(model(seed - 1 if seed else 1))))


def fitted(trained):
    fit(trained, validation_split=0.2)
    return trained


def test_the_same_seed_gives_the_same_bits_in_another_process():
    code = (
        "from tests.train.problems import *; import hashlib; m = model(); fit(m)\n"
        "print(hashlib.sha256(b''.join(a.tobytes() for a in m.parameters.values())).hexdigest())"
    )
    runs = [subprocess.run([sys.executable, "-c", code], capture_output=True, check=True) for _ in range(2)]
    assert runs[0].stdout == runs[1].stdout != b""


# ------------------------------------------------------------------------------------------------- batches and weights
def test_every_sample_is_used_once_an_epoch_in_the_order_of_the_seed():
    seen = []

    def watched(outputs, targets):
        return targets

    x, y = np.arange(43.0)[:, None], np.arange(43.0)

    class Watch(Callback):
        def on_train_batch_end(self, training):
            seen.append(training.state.totals[3])

    trained = Model(Dense(1), seed=7)
    arguments = {"loss": "mean_squared_error", "optimizer": SGD(1e-6), "batch_size": 8, "verbose": 0}
    trained.fit(x, y, epochs=2, metrics=[watched], callbacks=[Watch()], **arguments)
    for epoch in range(2):
        order = epoch_order(43, 7, epoch)
        totals = [order[: end + 8].sum() for end in range(0, 43, 8)]
        assert seen[6 * epoch : 6 * epoch + 6] == totals


def test_the_smaller_last_batch_is_used():
    steps = Steps()
    fit(model(), callbacks=[steps], epochs=1)
    assert steps.sizes == [8, 16, 24, 32, 40, 43]
    assert steps.positions == [8, 16, 24, 32, 40, 43]


@pytest.mark.parametrize(("samples", "batch_size", "steps"), [(43, None, 2), (20, None, 1), (43, 43, 1), (3, 1, 3)])
def test_batch_sizes(samples, batch_size, steps):
    x, y = clusters(samples)
    watch = Steps()
    model().fit(x, y, batch_size=batch_size, epochs=1, verbose=0, callbacks=[watch])
    assert len(watch.sizes) == steps


def per_sample(trained, x, y):
    scores = trained.predict(x).astype(np.float64)
    scores -= scores.max(1, keepdims=True)
    return np.log(np.exp(scores).sum(1)) - scores[np.arange(len(y)), y]


def test_sample_and_class_weights():
    """The loss of an epoch is Σ w·ℓ / Σ w with w the product of both; metrics do not use it."""
    x, y = clusters()
    w = np.linspace(0, 2, len(y))
    trained = Model(Dense(3))
    frozen = {"optimizer": SGD(ConstantRate(0.0)), "verbose": 0, "batch_size": 8}
    history = trained.fit(x, y, sample_weight=w, class_weight={0: 5.0, 2: 0.5}, **frozen).history
    product = w * np.array([5.0, 1.0, 0.5])[y]
    losses = per_sample(trained, x, y)
    assert history["loss"][0] == pytest.approx((product * losses).sum() / product.sum(), rel=1e-5)
    right = trained.predict(x).argmax(1) == y
    assert history["accuracy"][0] == pytest.approx(right.mean())
    weighted = trained.evaluate(x, y, sample_weight=w)
    assert weighted["loss"] == pytest.approx((w * losses).sum() / w.sum(), rel=1e-5)
    assert trained.evaluate(x, y)["loss"] == pytest.approx(losses.mean(), rel=1e-5)


def test_a_weight_of_two_is_a_sample_that_is_there_twice():
    x, y = clusters(20)
    weighted, twice = Model(Dense(3)), Model(Dense(3))
    arguments = {"optimizer": SGD(0.5), "epochs": 5, "verbose": 0, "shuffle": False}
    weighted.fit(x, y, sample_weight=np.where(y == 0, 2, 1), batch_size=20, **arguments)
    more = np.concatenate([np.arange(20), np.flatnonzero(y == 0)])
    twice.fit(x[more], y[more], batch_size=len(more), **arguments)
    for name, value in weighted.parameters.items():
        assert value == pytest.approx(twice.parameters[name], rel=1e-4, abs=1e-6)


def test_evaluation_does_not_depend_on_the_batch_size():
    trained = model()
    x, y = clusters()
    fit(trained)
    found = [trained.evaluate(x, y, batch_size=size) for size in (1, 7, 43, 1000)]
    for logs in found:
        assert logs == pytest.approx(found[0], rel=1e-6)
    predictions = [trained.predict(x, batch_size=size) for size in (1, 7, 1000)]
    assert predictions[0] == pytest.approx(predictions[1], rel=1e-5, abs=1e-6)
    assert predictions[1] == pytest.approx(predictions[2], rel=1e-5, abs=1e-6)


# ---------------------------------------------------------------------------------------------------------- validation
@pytest.mark.parametrize("seed", range(4))
def test_the_validation_split_keeps_classes_in_proportion_and_apart(seed):
    x = np.arange(100.0, dtype=np.float32)[:, None]
    y = np.repeat([0, 1], [80, 20])
    found = {}

    class Watch(Callback):
        def on_train_begin(self, training):
            found["train"], found["validation"] = (
                s.batch(np.arange(len(s))) for s in (training.samples, training.validation)
            )

    Model(Dense(2), seed=seed).fit(x, y, validation_split=0.25, verbose=0, callbacks=[Watch()])
    assert np.bincount(found["train"].targets[0]).tolist() == [60, 15]
    assert np.bincount(found["validation"].targets[0]).tolist() == [20, 5]
    everyone = np.concatenate([found["train"].inputs[0], found["validation"].inputs[0]])
    assert sorted(everyone[:, 0]) == x[:, 0].tolist()


def test_validation_is_that_of_evaluate():
    held = clusters(30, seed=2)
    trained = model()
    history = fit(trained, validation_data=held)
    logs = trained.evaluate(*held)
    assert history["val_loss"][-1] == logs["loss"]
    assert history["val_accuracy"][-1] == logs["accuracy"]
    weighted = np.linspace(0, 1, 30)
    history = fit(trained, validation_data=(*held, weighted))
    assert history["val_loss"][-1] == trained.evaluate(*held, sample_weight=weighted)["loss"]


# ---------------------------------------------------------------------------------------------------------- divergence
def test_divergence_stops_and_keeps_the_last_finite_parameters():
    x, y = clusters()
    trained = Model(Dense(1))
    with pytest.raises(DivergedError, match=r"loss became (inf|nan) in epoch \d+, step \d of 6, at learning rate 50"):
        trained.fit(
            x, y, loss="mean_squared_error", optimizer=SGD(50.0), epochs=30, batch_size=8, verbose=0, metrics=()
        )
    assert all(np.isfinite(value).all() for value in trained.parameters.values())
    assert np.isfinite(trained.evaluate(x, y)["loss"])
    trained.fit(x, y, loss="mean_squared_error", optimizer=SGD(1e-9), epochs=30, batch_size=8, verbose=0, resume=True)


def test_parameters_that_the_last_step_broke_are_noticed():
    x = np.full((4, 1), 1e30, np.float32)
    trained = Model(Dense(1, use_bias=False, kernel_initializer="zeros"))
    with pytest.raises(DivergedError, match=r"'dense/kernel' became infinite or NaN in epoch 1, step 1 of 1"):
        trained.fit(x, np.ones(4), loss="mean_absolute_error", optimizer=SGD(1e30), epochs=1, batch_size=4, verbose=0)
    assert trained.parameters["dense/kernel"].tolist() == [[0.0]]


def test_training_ends_without_warnings_of_numpy():
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with pytest.raises(DivergedError):
            Model(Dense(1)).fit(
                np.full((4, 1), 1e30), np.ones(4), loss="mean_squared_error", optimizer=SGD(1e30), verbose=0
            )


# --------------------------------------------------------------------------------------------------------- kind errors
IMAGES = np.zeros((6, 28, 28, 1), np.uint8)
LABELS = np.array([0, 1, 2, 3, 4, 9])
PLAIN = np.zeros((6, 5))


@pytest.mark.parametrize(
    ("x", "y", "match"),
    [
        (IMAGES[..., 0], LABELS, r"x has samples of shape \(28, 28\).*built for \(28, 28, 1\).*give x\[\.\.\., None\]"),
        (IMAGES[:, :20], LABELS, r"x has samples of shape \(20, 28, 1\).*Reshape the data"),
        (IMAGES, LABELS + 1, r"y has label 10 at y\[5\]; with 10 classes labels go from 0 to 9"),
        (IMAGES, LABELS - 1, r"y has label -1 at y\[0\]"),
        (IMAGES, LABELS.astype(float), r"integers from 0 to 9, but y holds float64"),
        (IMAGES, LABELS[:4], r"x has 6 samples but y has 4"),
        (np.full(IMAGES.shape, np.nan), LABELS, r"x holds NaN or infinity at 4704 of its 4704 places"),
        (IMAGES, np.full((6, 10), np.inf), r"y holds NaN or infinity at 60 of its 60 places"),
        (IMAGES[:0], LABELS[:0], r"x has shape \(0, 28, 28, 1\): there are no values"),
        (IMAGES, list("abcdef"), r"y holds <U1, not numbers"),
        (IMAGES.astype(complex), LABELS, r"x holds complex128, not numbers"),
        ([[1, 2], [3]], [0, 1], r"x is not one array of numbers"),
        ([np.ones((2, 3)), np.ones((2, 4))], [0, 1], r"x is a list of 2 arrays .* inputs or targets as a tuple"),
        ((IMAGES, IMAGES), LABELS, r"arrays in x: 2, inputs of the network: 1\. .*a single one by itself"),
        (
            np.where(IMAGES == 0, -1e300, 0),
            LABELS,
            r"x holds -1e\+300, but float32 ends at 3.4e\+38. .*dtype='float64'",
        ),
        (IMAGES, np.full((6, 10), 1e39), r"y holds 1e\+39, but float32 ends at"),
        (3, LABELS, r"x is a single number"),
        (None, LABELS, r"x is None, not an array of samples"),
        ({"a": IMAGES}, LABELS, r"x is dict, not an array of samples"),
        (IMAGES, "labels", r"y is str, not an array of samples"),
    ],
)
def test_samples_that_do_not_fit(x, y, match):
    trained = Model(lenet5(), (28, 28, 1))
    with pytest.raises(DataError, match=match):
        trained.fit(x, y, verbose=0)


def test_labels_of_a_wrong_form():
    trained = Model(lenet5(), (28, 28, 1))
    with pytest.raises(DataError, match=r"y has shape \(6, 1\); labels are one number for each sample"):
        trained.fit(IMAGES, LABELS[:, None], verbose=0)
    with pytest.raises(ShapeError, match=r"\(batch, 3\)"):
        trained.fit(IMAGES, np.eye(3)[LABELS % 3], verbose=0)
    assert trained.training_state is None


@pytest.mark.parametrize("y", [[1, 2, 1, 2, 1, 2], [-1, 1, -1, 1, -1, 1], [0.0, 1.5, 0, 0, 0, 0]])
def test_binary_targets_lie_between_0_and_1(y):
    with pytest.raises(DataError, match=r"between 0 and 1, but y has (2|-1|1\.5)\. Use 0 and 1"):
        Model(Dense(1)).fit(PLAIN, y, loss="binary_cross_entropy", verbose=0)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ({"batch_size": 7}, "batch_size is 7, but there are only 6 samples"),
        ({"batch_size": 0}, "batch_size is 0; it must be"),
        ({"batch_size": 2.5}, "batch_size is 2.5; it must be"),
        ({"epochs": 0}, "epochs is 0; it must be a whole number"),
        ({"epochs": 1.5}, "epochs is 1.5"),
        ({"loss": "cross_entopy"}, "Did you mean 'cross_entropy'"),
        ({"optimizer": "adm"}, "Did you mean 'adam'"),
        ({"metrics": ["accurcy"]}, "Did you mean 'accuracy'"),
        ({"loss": "mse"}, "Did you mean 'mean_squared_error'"),
        ({"loss": lambda outputs: outputs}, r"loss is lambda outputs: …, which cannot be called with outputs and targ"),
        ({"loss": gelu}, r"loss is gelu\(x\), which cannot be called"),
        ({"optimizer": "GD"}, "Did you mean 'sgd'"),
        ({"metrics": ["acc"]}, "Did you mean 'accuracy'"),
        ({"metrics": ["mae"]}, "Did you mean 'mean_absolute_error'"),
        ({"metrics": [lambda y: y]}, r"an entry of metrics is lambda y: …, which cannot be called"),
        ({"validation_split": 1.0}, "validation_split is 1.0"),
        ({"validation_split": -0.1}, "validation_split is -0.1"),
        ({"validation_split": 0.01}, "too few to be divided"),
        ({"validation_split": 0.5, "validation_data": (PLAIN, LABELS)}, "Both validation_data and validation_split"),
        ({"validation_data": PLAIN}, r"must be \(x, y\) or \(x, y, sample_weight\), but is ndarray"),
        ({"validation_data": (PLAIN[:, :3], LABELS)}, r"x has samples of shape \(3,\)"),
        ({"validation_data": (PLAIN, LABELS + 1)}, "y has label 10"),
        ({"sample_weight": np.ones(5)}, "x has 6 samples but sample_weight has 5"),
        ({"sample_weight": np.ones((6, 2))}, r"sample_weight has shape \(6, 2\)"),
        ({"sample_weight": -np.ones(6)}, "negative weight -1.0"),
        ({"sample_weight": np.zeros(6)}, "All samples have weight 0"),
        ({"sample_weight": np.full(6, 1e39)}, "sample_weight holds 1e\\+39, but float32 ends at"),
        ({"sample_weight": np.full(6, np.nan)}, "sample_weight holds NaN or infinity at 6 of"),
        ({"class_weight": {7: 1.0}}, "a weight for class 7, which no sample of y has"),
        ({"class_weight": {0: -1.0}}, "class_weight has the negative weight -1.0"),
        ({"class_weight": [1.0, 2.0]}, r"class_weight is \[1.0, 2.0\]; give a dict"),
        ({"verbose": 3}, "verbose is 3"),
        ({"optimizer": Adam}, r"optimizer is the class Adam.*write Adam\(\)"),
        ({"optimizer": None}, "optimizer is None; give a name"),
        ({"optimizer": 0.1}, "optimizer is 0.1; give a name"),
        ({"loss": CategoricalCrossEntropy}, r"loss is the class .*write CategoricalCrossEntropy\(\)"),
        ({"loss": 3}, "loss is 3; give a name"),
        ({"callbacks": EarlyStopping()}, r"callbacks is EarlyStopping\(.*must be a list"),
        ({"callbacks": EarlyStopping}, r"callbacks is EarlyStopping, but must be a list"),
        ({"callbacks": [EarlyStopping]}, r"callbacks is the class EarlyStopping.*write EarlyStopping\(\)"),
        ({"callbacks": [print]}, "which is no Callback"),
        ({"metrics": [None]}, "metrics has the entry None"),
        ({"metrics": 3}, "metrics has the entry 3"),
        ({"metrics": [TopKAccuracy]}, r"metrics is the class TopKAccuracy.*write TopKAccuracy\(\)"),
    ],
)
def test_arguments_that_make_no_sense(arguments, match):
    trained = Model(Dense(10))
    with pytest.raises((DataError, UsageError), match=match):
        trained.fit(PLAIN, LABELS, **{"verbose": 0, **arguments})
    assert trained.training_state is None


def test_class_weights_need_labels():
    with pytest.raises(UsageError, match=r"class_weight needs integer labels.*y is float64 of shape \(6, 10\)"):
        Model(Dense(10)).fit(PLAIN, np.eye(10)[LABELS], class_weight={0: 1.0}, verbose=0)


@pytest.mark.parametrize("seed", [-1, 2**63, 1.5, "0"])
def test_seeds_out_of_range(seed):
    with pytest.raises(UsageError, match="The seed is"):
        Model(Dense(1), seed=seed)


def test_a_model_without_an_input_shape_knows_nothing_yet(tmp_path):
    for verb in (Model.summary, lambda m: m.save(tmp_path / "m")):
        with pytest.raises(UsageError, match="does not know the shape of its input yet"):
            verb(Model(Dense(1)))


def test_predict_refuses_what_does_not_fit():
    trained = Model(lenet5(), (28, 28, 1))
    with pytest.raises(DataError, match=r"give x\[\.\.\., None\]"):
        trained.predict(IMAGES[..., 0])
    with pytest.raises(UsageError, match="batch_size is 0"):
        trained.predict(IMAGES, batch_size=0)


def test_a_failed_first_fit_does_not_stand_in_the_way():
    trained = Model(Dense(10))
    with pytest.raises(DataError):
        trained.fit(PLAIN, LABELS + 1, verbose=0)
    trained.fit(PLAIN, LABELS, verbose=0)


# --------------------------------------------------------------------------------------------------------- what it says
def test_progress_is_a_line_per_epoch_on_standard_error(capsys):
    fit(model(), validation_split=0.2, verbose=1, epochs=2)
    printed = capsys.readouterr()
    assert printed.out == ""
    lines = printed.err.splitlines()
    assert [line.split("  ")[0] for line in lines] == ["epoch 1/2", "epoch 2/2"]
    *means, seconds = lines[0].split("  ")[1:]
    assert [part.split()[0] for part in means] == ["loss", "accuracy", "val_loss", "val_accuracy"]
    assert re.fullmatch(r"\d+\.\d s", seconds)
    fit(model(), verbose=0)
    assert capsys.readouterr() == ("", "")


def test_the_summary_of_a_small_network():
    inner = Sequential([Flatten(), Dense(4, "relu")], name="body")
    trained = Model(Sequential([inner, Dropout(0.5), Dense(2, name="scores")]), (3, 2))
    assert trained.summary() == "\n".join(
        [
            "layer         kind        output      parameters",
            "------------------------------------------------",
            "body          Sequential  (batch, 4)           0",
            "body/flatten  Flatten     (batch, 6)           0",
            "body/dense    Dense       (batch, 4)          28",
            "dropout       Dropout     (batch, 4)           0",
            "scores        Dense       (batch, 2)          10",
            "------------------------------------------------",
            "38 parameters",
        ]
    )


def test_lists_and_other_types_are_data_too():
    x = [[0.0, 1.0], [1.0, 0.0]]
    for kind in (np.float16, np.int8, np.uint16, bool, np.float64):
        trained = Model(mlp((3,), 2))
        trained.fit(np.array(x).astype(kind), [0, 1], verbose=0)
        assert trained.predict(x).dtype == np.float32


@pytest.mark.parametrize(
    ("outputs", "y", "match"),
    [
        (1, np.arange(6) / 6, "one output. For numbers use loss='mean_squared_error', for yes or no 'binary_cross_en"),
        (1, [0, 1] * 3, "one output. For numbers use loss='mean_squared_error'"),
        (3, np.arange(6) / 6, "y holds float64. For numbers use loss='mean_squared_error'"),
        (3, np.ones((6, 1)), "y holds float64. For numbers use loss='mean_squared_error'"),
        (3, np.ones((6, 1), int), r"y has shape \(6, 1\).*Give y\[:, 0\]"),
        (3, [[0.5, 0.5, 0.0]] * 5 + [[1.5, 0.0, -0.5]], r"sum 1, but y\[5\] is \[ 1.5  0.  -0.5\]. For numbers use"),
        (3, [[0.5, 0.7, 0.0]] * 6, r"sum 1, but y\[0\] is \[0.5 0.7 0. \]. For numbers use"),
        (3, None, "y is None"),
    ],
)
def test_targets_that_cross_entropy_does_not_take(outputs, y, match):
    with pytest.raises((DataError, UsageError), match=match):
        Model(Dense(outputs)).fit(np.ones((6, 2)), y, verbose=0)


def test_probabilities_of_classes_are_taken():
    Model(Dense(3)).fit(np.ones((6, 2)), [[0.2, 0.3, 0.5001]] * 6, verbose=0)


def test_masked_arrays_are_refused():
    x, y = np.ma.masked_less(np.ones((6, 2)), 0), [0, 1] * 3
    for data in ((x, y), (np.ones((6, 2)), np.ma.array(y))):
        with pytest.raises(DataError, match=r"[xy] is a masked array.*\.filled\(0\)"):
            Model(Dense(2)).fit(*data, verbose=0)


@pytest.mark.parametrize(
    ("data", "match"),
    [
        (([[1.0, np.nan]], [0]), "validation x holds NaN or infinity at 1 of its 2"),
        (([[1.0, 1.0]], [2]), r"validation y has label 2 at validation y\[0\]"),
        (([[1.0]], [0]), "validation x has samples of shape"),
        (([[1.0, 1.0]], [0, 1]), "validation x has 1 samples but validation y has 2"),
        (([[1.0, 1.0]], None), "validation y is None"),
    ],
)
def test_what_is_wrong_with_validation_data_says_so(data, match):
    with pytest.raises(DataError, match=match):
        Model(Dense(2)).fit(np.ones((6, 2)), [0, 1] * 3, validation_data=data, verbose=0)


def test_a_model_shows_its_size():
    assert repr(Model(lenet5())) == "Model(not built)"
    assert repr(Model(Sequential([Dense(3), Dense(2)]), 4)) == "Model(2 layers, 23 parameters)"


@pytest.mark.parametrize(("given", "name"), [(None, "NoneType"), (np.float64(1.0), "float64")])
def test_a_loss_or_metric_of_ones_own_gives_a_tensor(given, name):
    for arguments in ({"loss": lambda outputs, targets: given}, {"metrics": [lambda outputs, targets: given]}):
        with pytest.raises(UsageError, match=f"gives {name}, but must give a tensor of one number for each sample"):
            Model(Dense(3)).fit(np.ones((6, 2)), [0, 1] * 3, **{"verbose": 0, **arguments})
