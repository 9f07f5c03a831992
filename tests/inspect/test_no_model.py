"""What is measured, drawn, diagnosed or taken apart is a model; all else that is given is refused alike."""

import inspect

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import UsageError

X, Y = np.zeros((4, 2), np.float32), np.zeros(4, int)
IMAGE = np.zeros((8, 8, 1), np.float32)

CALLS = {
    cr.diagnosis.preflight: lambda f, m: f(m, X, Y),
    cr.inspect.check_augmentation: lambda f, m: f(IMAGE[None], [1], {"none": lambda x, scope: x}, model=m),
    cr.inspect.compare_modes: lambda f, m: f(m, X),
    cr.inspect.compare_with_crops: lambda f, m: f(m, IMAGE),
    cr.inspect.compare_with_dense: lambda f, m: f(m),
    cr.inspect.decision_regions: lambda f, m: f(m, X),
    cr.inspect.exciting_patches: lambda f, m: f(m, IMAGE[None], "conv"),
    cr.inspect.feature_maps: lambda f, m: f(m, IMAGE),
    cr.inspect.layer_kernels: lambda f, m: f(m, "conv"),
    cr.inspect.localize: lambda f, m: f(m, IMAGE[None]),
    cr.inspect.loss_surface: lambda f, m: f(m, X, Y),
    cr.inspect.noise_robustness: lambda f, m: f({"net": m}, np.eye(4), [0.1]),
    cr.inspect.occlusion_map: lambda f, m: f(m, IMAGE, 0, patch=2),
    cr.inspect.parameter_gradients: lambda f, m: f(m, X, Y),
    cr.inspect.project_to_pixels: lambda f, m: f(m, IMAGE[None], "conv", 0),
    cr.inspect.receptive_fields: lambda f, m: f(m),
    cr.inspect.saliency: lambda f, m: f(m, IMAGE[None], [0]),
    cr.inspect.thinned_networks: lambda f, m: f(m, X),
    cr.inspect.update_noise: lambda f, m: f(m, X, Y, sizes=[1, 2]),
    cr.inspect.weight_distributions: lambda f, m: f({"net": m}, "dense/kernel"),
    cr.inspect.weight_pull: lambda f, m: f(m, X, Y, "dense/kernel"),
    cr.surgery.collapse: lambda f, m: f(m),
    cr.surgery.features: lambda f, m: f(m, "dense"),
    cr.surgery.fold_batch_normalization: lambda f, m: f(m),
    cr.surgery.to_dense_layers: lambda f, m: f(m),
    cr.surgery.to_fully_convolutional: lambda f, m: f(m),
}


def takes_models(function):
    return inspect.isfunction(function) and {"model", "models"} & set(inspect.signature(function).parameters)


def test_every_function_of_models_is_here():
    found = {f for room in (cr.diagnosis, cr.inspect, cr.surgery) for f in vars(room).values() if takes_models(f)}
    assert found == set(CALLS)


@pytest.mark.parametrize("function", CALLS, ids=lambda f: f.__name__)
def test_what_is_no_model_is_refused(function):
    for given in (cr.nn.Dense(1), "folder"):
        with pytest.raises(UsageError, match=rf"^A model is needed here, but this is {type(given).__name__}: .* load"):
            CALLS[function](function, given)
