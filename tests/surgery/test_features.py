"""What inner layers give, as models: by hand, of loaded and branching models, and used elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from chainrule import nn
from chainrule.data import digits
from chainrule.errors import UsageError
from chainrule.surgery import features
from chainrule.train.model import Model
from tests.surgery.models import filled, predicted, samples

pytestmark = pytest.mark.usefixtures("compiled_quickly")


def mlp() -> Model:
    return filled([nn.Dense(6, "relu", name="hidden"), nn.Dense(4, "tanh", name="code"), nn.Dense(2, name="out")], (5,))


def test_an_inner_layer_by_hand():
    model, x = mlp(), samples((5,))
    own = model.parameters
    hidden = np.maximum(x @ own["hidden/kernel"] + own["hidden/bias"], 0)
    code = np.tanh(hidden @ own["code/kernel"] + own["code/bias"])
    np.testing.assert_allclose(predicted(features(model, "code"), x), code, rtol=1e-5, atol=1e-6)
    both = features(model, ["hidden", "code"]).predict(x, executor="reference")
    np.testing.assert_allclose(both[0], hidden, rtol=1e-5, atol=1e-6)
    np.testing.assert_allclose(both[1], code, rtol=1e-5, atol=1e-6)


def test_natively_too():
    model, x = mlp(), samples((5,))
    inner = features(model, "code")
    np.testing.assert_allclose(inner.predict(x), predicted(inner, x), rtol=1e-5, atol=1e-6)


def test_the_parameters_are_the_model_s_own_as_far_as_they_are_needed():
    model = mlp()
    inner = features(model, "code")
    assert list(inner.parameters) == ["hidden/kernel", "hidden/bias", "code/kernel", "code/bias"]
    made = Model(nn.Dense(3), (4,))
    assert all(features(made, "dense").parameters[name] is made.parameters[name] for name in made.parameters)
    assert [record.path for record in inner.network.layers] == ["hidden", "code"]


def test_a_loaded_model_has_its_layers(tmp_path):
    model, x = mlp(), samples((5,))
    model.save(tmp_path / "m")
    loaded = Model.load(tmp_path / "m")
    np.testing.assert_array_equal(
        predicted(features(loaded, "hidden"), x), predicted(features(model, "hidden"), x)
    )  # fmt: skip
    features(loaded, "code").save(tmp_path / "f")
    again = Model.load(tmp_path / "f")
    np.testing.assert_array_equal(predicted(features(again, "hidden"), x), predicted(features(model, "hidden"), x))


def test_branches_and_blocks():
    model = filled(nn.resnet(depth=8, width=4), (16, 16, 3))
    x = samples((16, 16, 3))
    block, inner, average = features(model, ["block1_1", "block1_1/conv1", "average"]).predict(x, executor="reference")
    assert (block.shape, inner.shape) == ((3, 16, 16, 4), (3, 16, 16, 4))
    scores = average @ model.parameters["scores/kernel"] + model.parameters["scores/bias"]
    np.testing.assert_allclose(scores, predicted(model, x), rtol=1e-4, atol=1e-5)


def test_only_the_inputs_that_a_layer_depends_on():
    first, second = nn.Dense(2, name="first"), nn.Dense(2, name="second")
    model = Model(lambda x, scope: first(x[0], scope) * second(x[1], scope), ((3,), (4,)))
    assert [x.name for x in features(model, "second").network.inputs] == ["x1"]
    assert features(model, "second").predict(np.ones((2, 4)), executor="reference").shape == (2, 2)


def test_training_modes_and_statistics_stay_apart():
    """Dropout drops in training only, batch normalisation is updated as before: the result can be trained."""
    layers = [nn.Dense(8, "relu"), nn.BatchNormalization(), nn.Dropout(0.5, name="drop"), nn.Dense(2)]
    model = filled(layers, (4,))
    inner = features(model, "drop")
    assert inner.network.training is not inner.network.inference
    assert inner.network.updates.keys() == model.states.keys()
    np.testing.assert_allclose(predicted(inner, samples((4,))), predicted(features(model, "drop"), samples((4,))))
    assert list(features(model, "dense").states) == []


def test_penalties_go_with_their_layers():
    layers = [nn.Dense(3, kernel_penalty=nn.L2(0.1)), nn.Dense(2, kernel_penalty=nn.L2(0.1))]
    model = Model(nn.Sequential(layers), (4,))
    assert len(model.network.penalties) == 2
    assert len(features(model, "dense").network.penalties) == 1


def right(x, y, new, true):
    """Of a classifier of plain arrays, as scikit-learn has them: the share of right answers by the nearest mean."""
    means = np.stack([x[y == label].mean(0) for label in range(10)])
    return (((new[:, None] - means) ** 2).sum(-1).argmin(1) == true).mean()


def test_features_serve_a_classifier_of_arrays_and_another_network():
    """The nearest mean of features is right more often than that of pixels; so is another network on them."""
    data = digits()
    x, y, new, true = data.x_train[:3000], data.y_train[:3000], data.x_test[:500], data.y_test[:500]
    model = Model(nn.Sequential([nn.Rescaling(1 / 255), nn.Flatten(), nn.Dense(32, "relu"), nn.Dense(10)]))
    model.fit(x, y, epochs=8, verbose=0)
    inner = features(model, "dense")
    h, h_new = (predicted(inner, images) for images in (x, new))
    by_pixels = right(x.reshape(len(x), -1) / 255.0, y, new.reshape(len(new), -1) / 255.0, true)
    assert right(h, y, h_new, true) > by_pixels + 0.02
    other = Model(nn.Dense(10))
    other.fit(h, y, epochs=8, verbose=0)
    assert other.evaluate(h_new, true, executor="reference")["accuracy"] > by_pixels + 0.02


@pytest.mark.parametrize("layer", ["Hidden", "nothing like it", "", [], ["hidden", "x"], 3, None])
def test_no_such_layer(layer):
    with pytest.raises(UsageError):
        features(mlp(), layer)
