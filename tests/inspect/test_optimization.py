"""Trajectories, batch sizes, rates and loss surfaces, where the numbers are known in closed form."""

import math

import numpy as np
import pytest

import chainrule as cr
from chainrule.errors import UsageError
from chainrule.inspect import (
    SURFACES,
    EffectiveRates,
    ParameterPath,
    Surface,
    adam_start,
    animate_trajectories,
    convergence,
    loss_surface,
    plot_adam_start,
    plot_convergence,
    plot_effective_rates,
    plot_loss_surface,
    plot_trajectories,
    plot_update_noise,
    trajectories,
    update_noise,
)
from chainrule.nn import Dense, Sequential
from chainrule.optim import LBFGS, SGD, Adam, Lion, Momentum, Nadam, Nesterov, RandomPerturbation, RMSProp

pytestmark = pytest.mark.usefixtures("compiled_quickly")


# ------------------------------------------------------------------------------------------------------- trajectories
def test_gradient_descent_on_a_parabola_is_a_geometric_series():
    found = trajectories({"sgd": SGD(0.1), "momentum": Momentum(0.1, 0.5)}, "valley", steps=6)
    start = np.array(SURFACES["valley"].start)
    expected = start * (1 - 0.1 * np.array([2.0, 0.5])) ** np.arange(7)[:, None]
    np.testing.assert_allclose(found.paths["sgd"], expected)
    v, p = np.zeros(2), start
    for k in range(6):
        v = 0.5 * v - 0.1 * p * [2.0, 0.5]
        p = p + v
        np.testing.assert_allclose(found.paths["momentum"][k + 1], p)
    np.testing.assert_allclose(found.losses["sgd"], expected[:, 0] ** 2 + expected[:, 1] ** 2 / 4)


def test_a_rate_above_two_over_the_curvature_diverges_and_the_path_ends():
    found = trajectories({"just below": SGD(0.99), "above": SGD(1.5)}, "valley", steps=100)
    assert found.losses["just below"][-1] < found.losses["just below"][0]
    assert len(found.paths["above"]) < 30
    assert np.isfinite(found.paths["above"]).all()


def test_each_optimizer_comes_down_from_the_saddle():
    rules = {
        "SGD": SGD(0.05), "Nesterov": Nesterov(0.02), "RMSProp": RMSProp(0.05), "Adam": Adam(0.1), "Nadam": Nadam(0.1),
        "Lion": Lion(0.05), "random": RandomPerturbation(0.3), "L-BFGS": LBFGS(0.5),
    }  # fmt: skip
    found = trajectories(rules, "saddle", steps=100)
    assert max(losses.min() for losses in found.losses.values()) < -0.9, found


def test_surfaces_have_the_heights_they_say():
    found = trajectories({"sgd": SGD(0.1)}, "ravine", steps=1)
    x, y = np.meshgrid(found.x, found.y)
    np.testing.assert_allclose(found.height, (x**2 + 25 * y**2) / 2)
    own = Surface(lambda p: cr.sum(cr.absolute(p)), (1.0, 1.0), (-2.0, -2.0), (2.0, 2.0), "|x| + |y|")
    np.testing.assert_allclose(trajectories({"sgd": SGD(0.25)}, own, steps=2).paths["sgd"][-1], [0.5, 0.5])


def test_pictures_and_frames_of_trajectories():
    found = trajectories({"a": SGD(0.1), "b": Adam(0.1)}, "ravine", steps=10)
    plane, curve = plot_trajectories(found).figure.axes
    np.testing.assert_array_equal(plane.lines[0].get_xydata(), found.paths["a"])
    np.testing.assert_array_equal(curve.lines[1].get_ydata(), found.losses["b"])
    film = animate_trajectories(found, frames=3)
    (axes,) = film.picture(1).figure.axes
    np.testing.assert_array_equal(axes.lines[0].get_xydata(), found.paths["a"][:6])


# ---------------------------------------------------------------------------------------------------------- batch size
def test_more_paths_than_colours_are_all_drawn_and_told_apart():
    found = trajectories({str(k): SGD(0.001 * (k + 1)) for k in range(9)}, steps=2)
    plane, curve = plot_trajectories(found).figure.axes
    assert all(tick == round(tick) for tick in curve.get_xticks()), "half a step"
    drawn = {line.get_label(): (line.get_color(), line.get_linestyle()) for line in plane.lines}
    assert len({drawn[name] for name in found.paths}) == 9
    moving = animate_trajectories(found, frames=2).picture(1).figure.axes[0]
    np.testing.assert_array_equal(moving.lines[-1].get_xydata(), found.paths["8"])


def test_the_variance_of_the_update_is_that_of_single_samples_over_the_batch_size():
    random = np.random.default_rng(0)
    x = random.standard_normal((64, 3)).astype(np.float32)
    y = random.standard_normal((64, 1)).astype(np.float32)
    model = cr.Model(Dense(1, kernel_initializer="zeros", use_bias=False), (3,))
    gradients = -2 * x * y  # of (w·x − y)² at w = 0
    single = np.square(gradients - gradients.mean(0)).sum(1).mean()
    noise = update_noise(model, x, y, (1, 4, 16), loss="mean_squared_error", draws=300)
    np.testing.assert_allclose(noise.variances, single / np.array([1, 4, 16]), rtol=0.3)
    np.testing.assert_allclose(noise.deviations, (y**2).std() / np.sqrt([1, 4, 16]), rtol=0.3)
    update, _ = plot_update_noise(noise).figure.axes
    np.testing.assert_array_equal(update.lines[1].get_ydata(), noise.variances)


def test_smaller_batches_come_down_faster_by_epoch():
    random = np.random.default_rng(1)
    x = random.standard_normal((128, 2)).astype(np.float32)
    y = x @ np.float32([[1.0], [-1.0]])
    made = lambda: cr.Model(Dense(1, kernel_initializer="zeros"), (2,))  # noqa: E731 as a user would write it
    found = convergence(made, x, y, (4, 128), loss="mean_squared_error", optimizer=lambda: SGD(0.05), epochs=3)
    assert found.losses[4][0] == found.losses[128][0] == pytest.approx((y**2).mean(), rel=1e-5)
    assert found.losses[4][-1] < 0.01 * found.losses[128][-1]
    assert all((np.diff(seconds) > 0).all() for seconds in found.seconds.values())
    by_epoch, _ = plot_convergence(found).figure.axes
    np.testing.assert_array_equal(by_epoch.lines[1].get_ydata(), found.losses[128])


# --------------------------------------------------------------------------------------------------------------- Adam
def test_adams_estimates_start_too_small_and_are_corrected():
    start = adam_start(-2.0, beta_1=0.9, beta_2=0.99, steps=30)
    t = np.arange(1, 31)
    np.testing.assert_allclose(start.m, -2 * (1 - 0.9**t))
    np.testing.assert_allclose(start.v, 4 * (1 - 0.99**t))
    np.testing.assert_allclose(start.m_hat, -2)
    np.testing.assert_allclose(start.v_hat, 4)
    np.testing.assert_allclose(start.steps, 1, rtol=1e-6)
    assert start.uncorrected[0] == pytest.approx(0.1 / math.sqrt(0.01))
    estimates, _ = plot_adam_start(start).figure.axes
    np.testing.assert_array_equal(estimates.lines[0].get_ydata(), start.m)


def test_rare_features_get_larger_rates():
    random = np.random.default_rng(0)
    x = (random.random((1000, 3)) < [0.9, 0.1, 0.01]).astype(np.float32)
    model, record = cr.Model(Dense(1), (3,)), EffectiveRates()
    rule = Adam(0.01, beta_2=0.99)
    model.fit(
        x, x.sum(1), loss="mean_squared_error", optimizer=rule, epochs=2, batch_size=10, callbacks=[record], verbose=0
    )
    rates = record.rates["dense/kernel"][-1][:, 0]
    assert rates[0] < rates[1] < rates[2]
    state = model.training_state
    assert state is not None
    v = state.slots["dense/kernel"]["v"][:, 0] / (1 - 0.99**state.update)
    np.testing.assert_allclose(rates, 0.01 / (np.sqrt(v) + 1e-8), rtol=1e-5)
    for wrong in ({"axis": 2}, {"labels": ["one"]}):
        with pytest.raises(UsageError, match=r"do not fit 'dense/kernel', which has shape \(3, 1\)"):
            plot_effective_rates(record, "dense/kernel", **wrong)
    (axes,) = plot_effective_rates(record, "dense/kernel").figure.axes
    assert all(tick == round(tick) for tick in axes.get_xticks()), "half an epoch"
    np.testing.assert_allclose([line.get_ydata()[-1] for line in axes.lines], rates)
    with pytest.raises(UsageError, match="the optimizer is SGD"):
        model.fit(x, x.sum(1), loss="mean_squared_error", optimizer=SGD(0.1), callbacks=[EffectiveRates()], verbose=0)
    with pytest.raises(UsageError, match="no rates of 'kernel'; recorded are dense/kernel, dense/bias"):
        plot_effective_rates(record, "kernel")


def test_another_training_begins_its_rates_anew_and_a_resumed_one_goes_on(tmp_path):
    x, record = np.eye(3, dtype=np.float32), EffectiveRates()
    given = {"x": x, "y": x.sum(1), "loss": "mean_squared_error", "verbose": 0, "executor": "reference"}
    for features, epochs in ((3, 2), (2, 3)):
        model = cr.Model(Dense(1), (features,))
        given["x"] = x[:, :features]
        model.fit(**given, epochs=epochs, callbacks=[record])
        assert [rate.shape for rate in record.rates["dense/kernel"]] == [(features, 1)] * epochs
    model.save(tmp_path / "trained")
    resumed = EffectiveRates()
    cr.Model.load(tmp_path / "trained").fit(**given, epochs=5, callbacks=[resumed], resume=True)
    assert len(resumed.rates["dense/kernel"]) == 5
    np.testing.assert_array_equal(resumed.rates["dense/kernel"][:3], record.rates["dense/kernel"])


# ------------------------------------------------------------------------------------------------------- loss surfaces
def _least_squares():
    model = cr.Model(Dense(2, kernel_initializer="glorot_uniform", use_bias=False), (3,), seed=1)
    random = np.random.default_rng(0)
    return model, random.standard_normal((50, 3)).astype(np.float32), random.standard_normal((50, 2)).astype(np.float32)


def test_a_random_direction_has_filters_as_long_as_the_models():
    """Least squares make a parabola along any line; its curvature is that of a direction of the filters' length."""
    model, x, y = _least_squares()
    line = loss_surface(model, x, y, loss="mean_squared_error", dimensions=1, resolution=9, extent=2.0)
    assert line.losses[4] == pytest.approx(model.evaluate(x, y, loss="mean_squared_error")["loss"], rel=1e-5)
    np.testing.assert_allclose(np.polyval(np.polyfit(line.a, line.losses, 2), line.a), line.losses, rtol=1e-4)
    curvature = np.polyfit(line.a, line.losses, 2)[0]
    w = model.parameters["dense/kernel"]
    second = x.T @ x / len(x) / 2
    lowest, highest = np.linalg.eigvalsh(second)[[0, -1]]
    assert lowest * (w**2).sum() <= curvature <= highest * (w**2).sum()


def test_the_plane_of_a_path_holds_its_points_and_their_losses():
    model, x, y = _least_squares()
    path = ParameterPath(every=2)
    model.fit(
        x, y, loss="mean_squared_error", optimizer=SGD(0.05), epochs=3, batch_size=10, callbacks=[path], verbose=0
    )
    assert len(path.points) == 1 + 15 // 2
    surface = loss_surface(model, x, y, loss="mean_squared_error", path=path, resolution=15)
    assert surface.path is not None
    assert surface.explained is not None
    assert 0.9 < surface.explained <= 1
    flat = np.array([(p["dense/kernel"] - model.parameters["dense/kernel"]).ravel() for p in path.points])
    lengths = np.square(surface.path).sum(1)
    assert (lengths <= np.square(flat).sum(1) * (1 + 1e-4) + 1e-9).all()
    assert lengths.sum() == pytest.approx(surface.explained * np.square(flat).sum(), rel=1e-4)
    assert surface.a[0] < surface.path[:, 0].min() < surface.path[:, 0].max() < surface.a[-1]
    axes = plot_loss_surface(surface).figure.axes[0]
    np.testing.assert_allclose(axes.lines[0].get_xydata(), surface.path)


def test_a_path_has_a_point_at_the_begin_and_after_each_epoch():
    model, x, y = _least_squares()
    first, path = dict(model.parameters), ParameterPath()
    model.fit(x, y, loss="mean_squared_error", epochs=3, callbacks=[path], verbose=0)
    assert len(path.points) == 4
    np.testing.assert_array_equal(path.points[0]["dense/kernel"], first["dense/kernel"])
    np.testing.assert_array_equal(path.points[-1]["dense/kernel"], model.parameters["dense/kernel"])


def test_a_path_that_goes_on_with_another_model_begins_anew_there():
    x, y = np.eye(2, dtype=np.float32), np.ones((2, 1), np.float32)
    path = ParameterPath()
    first, second = (cr.Model(Dense(1), (2,), seed=seed) for seed in (0, 1))
    for model in (first, first, second):
        begin = model.parameters
        model.fit(x, y, loss="mean_squared_error", epochs=2, verbose=0, callbacks=[path], executor="reference")
    assert len(path.points) == 3 + 2 + 3
    np.testing.assert_array_equal(path.points[5]["dense/kernel"], begin["dense/kernel"])


def test_biases_stay_and_the_model_too():
    model = cr.Model(Sequential([Dense(4, "tanh", bias_initializer="normal"), Dense(1)]), (2,))
    before = {name: value.copy() for name, value in model.parameters.items()}
    surface = loss_surface(model, np.eye(2), [0.0, 1.0], loss="mean_squared_error", resolution=3)
    assert surface.losses.shape == (3, 3)
    assert all(np.array_equal(model.parameters[name], value) for name, value in before.items())


@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda m, x, y: trajectories({"a": SGD(0.1)}, "canyon"), "no surface 'canyon'; choose one of: ravine"),
        (lambda m, x, y: trajectories([SGD(0.1)]), "dict of optimizers"),  # type: ignore[arg-type]
        (lambda m, x, y: update_noise(m, x, y, (0,), loss="mean_squared_error"), "from 1 to the number of samples, 50"),
        (lambda m, x, y: update_noise(m, x, y, (1,), loss="mean_squared_error", draws=1), "2 batches"),
        (lambda m, x, y: loss_surface(m, x, y, dimensions=3), "1 for a line or 2 for a plane"),
        (lambda m, x, y: loss_surface(m, x, y, resolution=1), "2 or more"),
        (lambda m, x, y: loss_surface(m, x, y, extent=0), "above 0"),
        (lambda m, x, y: loss_surface(m, x, y, path=[m.parameters]), "a path has 1 points"),
        (lambda m, x, y: ParameterPath(every=0), "1 or more"),
        (lambda m, x, y: ParameterPath(every=1.5), "1 or more"),  # type: ignore[arg-type]
        (lambda m, x, y: trajectories({}), "dict of optimizers"),
        (lambda m, x, y: trajectories({"a": SGD(0.1)}, cr.sum), "or a Surface"),  # type: ignore[arg-type]
        (lambda m, x, y: trajectories({"a": SGD(0.1)}, steps=0), "steps=0 and start=None"),
        (lambda m, x, y: trajectories({"a": SGD(0.1)}, start=(np.nan, 0)), "two finite numbers"),
        (lambda m, x, y: trajectories({"a": SGD(0.1)}, start=(1, 2, 3)), "two finite numbers"),
        (lambda m, x, y: update_noise(m, x, y, 4, loss="mean_squared_error"), "sizes is 4"),  # type: ignore[arg-type]
        (
            lambda m, x, y: update_noise(cr.Model(cr.nn.Flatten(), (3,)), x, y, (1,), loss="mean_squared_error"),
            "no par",
        ),
        (lambda m, x, y: convergence(m, x, y, (1,)), "make_model is Model"),
        (lambda m, x, y: convergence(lambda: m, x, y, (5,), loss="mean_squared_error"), "the same model twice"),
        (lambda m, x, y: convergence(lambda: m, x, y, (5,), optimizer=SGD(0.1)), "is SGD"),  # type: ignore[arg-type]
        (lambda m, x, y: loss_surface(m, x, y, extent=np.inf), "above 0"),
        (lambda m, x, y: loss_surface(m, x, y, resolution=2.5), "2 or more"),  # type: ignore[arg-type]
        (lambda m, x, y: loss_surface(m, x, y, path=[{}] * 3), "point 0 of the path is not of this model's"),
        (lambda m, x, y: loss_surface(m, x, y, path=[m.parameters] * 3, dimensions=1), "do not go together"),
        (lambda m, x, y: adam_start(0.0), "other than 0"),
        (lambda m, x, y: adam_start(1e200), "whose square is a number too"),
        (lambda m, x, y: adam_start(steps=0), "1 or more steps"),
    ],
)
def test_wrong_calls_say_what_to_do(call, text):
    with pytest.raises(UsageError, match=text):
        call(*_least_squares())
