import marimo

__generated_with = "0.25.2"
app = marimo.App()

with app.setup:
    import marimo as mo
    import numpy as np

    import chainrule as cr


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
# 13 · The update rule

Gradient descent changes all parameters by one rule, again and again. What is each part of it for: the gradient, the
minus sign, the learning rate $\eta$? What happens if $\eta$ is too small or too large, and how large is too large?

$$
\theta \;\leftarrow\; \theta - \eta \, \nabla_\theta L(\theta)
$$

Look for the learning rate at which the path along $x$ goes straight to the middle, and the one from which on it
leaves the valley.
""",
            zh=r"""
# 13 · 更新规则

梯度下降用同一条规则一次又一次地改变所有参数。其中每一部分各有什么用：梯度、负号、学习率 $\eta$？$\eta$ 太小或太大会怎样？多大才算太大？

$$
\theta \;\leftarrow\; \theta - \eta \, \nabla_\theta L(\theta)
$$

请注意观察：学习率为多少时，路径沿 $x$ 方向一步到达谷底；从多少开始，路径会离开山谷。
""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Try it

The valley is $L = x^2 + \frac14 y^2$, from $(-1.8,\ 1.6)$. Its curvature is 2 along $x$ and ½ along $y$.
""",
            zh=r"""
## 动手试试

山谷为 $L = x^2 + \frac14 y^2$，起点为 $(-1.8,\ 1.6)$。沿 $x$ 的曲率为 2，沿 $y$ 的曲率为 ½。
""",
        )
    )
    return


@app.cell
def _():
    rate = mo.ui.slider(
        0.02, 1.1, step=0.02, value=0.9, show_value=True, label=cr.in_language(en="learning rate η", zh="学习率 η")
    )
    steps = mo.ui.slider(1, 40, value=20, show_value=True, label=cr.in_language(en="steps", zh="步数"))
    mo.hstack([rate, steps], justify="start")
    return rate, steps


@app.cell
def _(rate, steps):
    found = cr.inspect.trajectories({f"η = {rate.value}": cr.optim.SGD(rate.value)}, "valley", steps=steps.value)
    (path,), (heights,) = found.paths.values(), found.losses.values()
    cr.inspect.plot_trajectories(found)
    return found, heights, path


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
Along an axis of curvature $c$ the gradient is $c$ times the distance from the middle, so each step multiplies this
distance by $1 - \eta c$:

| $\eta c$ | factor $1 - \eta c$ | the path |
|:--|:--|:--|
| near 0 | a little below 1 | creeps |
| 1 | 0 | is there at once |
| 1 to 2 | −1 to 0 | lands on the other side each time, and gets nearer |
| 2 | −1 | goes to and fro for ever |
| above 2 | below −1 | lands higher each time: it *diverges* |
""",
            zh=r"""
沿曲率为 $c$ 的轴，梯度等于 $c$ 乘以到谷底的距离，因此每一步都把这个距离乘以 $1 - \eta c$：

| $\eta c$ | 因子 $1 - \eta c$ | 路径 |
|:--|:--|:--|
| 接近 0 | 略小于 1 | 缓慢爬行 |
| 1 | 0 | 一步到底 |
| 1 到 2 | −1 到 0 | 每次落在另一侧，但越来越近 |
| 2 | −1 | 永远来回跳动 |
| 大于 2 | 小于 −1 | 每次落得更高：**发散** |
""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Check

**The path is the formula's.** After $n$ steps, $x_n = (1 - 2\eta)^n x_0$ and $y_n = (1 - \frac12 \eta)^n y_0$.
""",
            zh=r"""
## 检验

**路径与公式一致。** 走 $n$ 步之后，$x_n = (1 - 2\eta)^n x_0$，$y_n = (1 - \frac12 \eta)^n y_0$。
""",
        )
    )
    return


@app.cell
def _(path, rate, steps):
    curvatures = np.array([2.0, 0.5])
    factors = 1 - rate.value * curvatures
    expected = path[0] * factors ** np.arange(steps.value + 1)[:, None]
    off = np.abs(path - expected).max()
    assert path.shape == (steps.value + 1, 2)
    assert off < 1e-11 * np.abs(path).max()

    distances = np.abs(path[:, 0])
    if np.isclose(abs(factors[0]), 1):
        assert np.allclose(distances, distances[0])
    else:
        assert (distances[-1] < distances[0]) == (abs(factors[0]) < 1)

    mo.md(
        cr.in_language(
            en=rf"""
With the factors {factors[0]:.2f} and {factors[1]:.2f}, up to step n = {steps.value}, path and formula differ by at
most {off:.1g}. The distance from the middle along x went from {distances[0]:.3g} to {distances[-1]:.3g}.
""",
            zh=rf"""
因子分别为 {factors[0]:.2f} 与 {factors[1]:.2f}，直到第 n = {steps.value} 步，路径与公式相差至多 {off:.1g}。沿 x 方向到谷底的距离从 {distances[0]:.3g} 变为 {distances[-1]:.3g}。
""",
        )
    )
    return (curvatures,)


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
**What a step gains.** To first order a step lowers the loss by $\eta |\nabla L|^2$, a number that is never
negative: that is the minus sign's doing. The second order takes some of it back, on this valley exactly
$\frac12 \eta^2 \sum_j c_j g_j^2$.
""",
            zh=r"""
**一步的收获。** 在一阶近似下，一步使损失降低 $\eta |\nabla L|^2$，这个数永远不为负：这正是负号的作用。二阶项会收回其中一部分，在这个山谷里恰好是 $\frac12 \eta^2 \sum_j c_j g_j^2$。
""",
        )
    )
    return


@app.cell
def _(curvatures, found, heights, path, rate):
    gradients = curvatures * path[:-1]
    gained = -np.diff(heights)
    first_order = rate.value * (gradients**2).sum(1)
    taken_back = 0.5 * rate.value**2 * (curvatures * gradients**2).sum(1)
    assert np.allclose(gained, first_order - taken_back, atol=1e-10 * heights.max())
    up, down = (found.surface.function(path[0] + sign * 1e-3 * gradients[0]) for sign in (1, -1))
    assert float(down) < heights[0] < float(up)

    mo.md(
        cr.in_language(
            en=rf"""
The first step was to gain {first_order[0]:.3f}, and {taken_back[0]:.3f} was taken back: {gained[0]:.3f} is left,
and the loss says {heights[0] - heights[1]:.3f}. A small step with a plus in place of the minus raises it.
""",
            zh=rf"""
第一步按一阶应降低 {first_order[0]:.3f}，二阶收回 {taken_back[0]:.3f}：剩下 {first_order[0] - taken_back[0]:.3f}，而损失实际降低了 {gained[0]:.3f}。把负号换成正号，即使很小的一步也会使损失上升。
""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
**The same rule in a network.** One step of `fit` on all samples, against the rule written out by hand: the
derivative of the mean loss by each array of parameters, times $\eta$, subtracted.
""",
            zh=r"""
**网络中的同一条规则。** 用 `fit` 在全部样本上走一步，与手写的规则比较：求平均损失对每个参数数组的导数，乘以 $\eta$，再减去。
""",
        )
    )
    return


@app.cell
def _(rate):
    random = np.random.default_rng(0)
    x, y = random.standard_normal((30, 4)), random.integers(0, 3, 30)
    layers = [cr.nn.Dense(8, "tanh", name="hidden"), cr.nn.Dense(3, name="scores")]
    model = cr.Model(cr.nn.Sequential(layers), (4,), dtype="float64")
    before = dict(model.parameters)
    model.fit(x, y, optimizer=cr.optim.SGD(rate.value), batch_size=30, verbose=0, executor="reference")
    after = dict(model.parameters)
    return after, before, model, x, y


@app.cell
def _(before, rate, x, y):
    def loss(hidden_kernel, hidden_bias, scores_kernel, scores_bias):
        hidden = cr.tanh(x @ hidden_kernel + hidden_bias)
        return cr.mean(cr.cross_entropy(hidden @ scores_kernel + scores_bias, y))

    derivatives = cr.grad(loss, argnums=(0, 1, 2, 3))(*before.values())
    by_hand = [theta - rate.value * d.numpy() for theta, d in zip(before.values(), derivatives, strict=True)]
    return (by_hand,)


@app.cell
def _(after, before, by_hand, model):
    apart = max(np.abs(a - b).max() for a, b in zip(after.values(), by_hand, strict=True))
    moved = max(np.abs(a - b).max() for a, b in zip(after.values(), before.values(), strict=True))
    assert apart < 1e-12 < 1e-5 < moved

    mo.md(
        cr.in_language(
            en=rf"""
The {model.network.parameter_count} parameters moved by up to {moved:.3f}; the two ways differ by at most
{apart:.1g}.
""",
            zh=rf"""
{model.network.parameter_count} 个参数最多移动了 {moved:.3f}；两种做法相差至多 {apart:.1g}。
""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Discussion

**The gradient** gives the direction, and the change of each parameter in proportion: those that the loss feels most
move most. All of them move at once, each by its derivative *at the old place*.

**The minus sign** turns uphill into downhill.

**The learning rate** turns a slope into a distance. The slope is only valid close by, so $\eta$ says how far it is
trusted. With a curvature $c$, anything below $2/c$ comes down and $1/c$ is the best. But a network has many
directions, and one $\eta$ for all of them: the steepest sets the limit, $\eta < 2/c_{\max}$, and the flattest then
takes about $c_{\max}/c_{\min}$ steps. In this valley the ratio is 4; in networks thousands are common. Momentum and
adaptive rates are answers to that.

**Steps shrink although $\eta$ is constant:** near a minimum the gradient shrinks, and the step with it. When the
gradient comes from a few samples only, its noise does not shrink, and $\eta$ has to be lowered in the course of
training.

**To go on.** For which $\eta$ do $x$ and $y$ shrink equally fast? It is the best rate for both together; check that
it is $2/(c_{\max} + c_{\min})$. What would the rule do at the top of a hill, where the gradient is 0?
""",
            zh=r"""
## 讨论

**梯度**给出方向，并按比例给出每个参数的改变量：损失对哪个参数最敏感，哪个参数就动得最多。所有参数同时移动，用的都是**旧位置**处的导数。

**负号**把上坡变成下坡。

**学习率**把斜率变成距离。斜率只在附近有效，$\eta$ 说明信任它到多远。曲率为 $c$ 时，小于 $2/c$ 都会下降，$1/c$ 最好。但网络有许多方向，却共用一个 $\eta$：最陡的方向决定上限 $\eta < 2/c_{\max}$，而最平的方向就需要约 $c_{\max}/c_{\min}$ 步。在这个山谷里，比值是 4；在网络中，几千也很常见。动量和自适应学习率就是对此的回答。

**$\eta$ 不变，步子也会变小：** 接近最小值时梯度变小，步子随之变小。但如果梯度只来自少数样本，它的噪声不会变小，就必须在训练过程中降低 $\eta$。

**继续思考。** $\eta$ 为多少时，$x$ 与 $y$ 收缩得一样快？这对两者合起来是最好的学习率；请验证它等于 $2/(c_{\max} + c_{\min})$。在山顶，梯度为 0，这条规则会怎样？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
