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
# 6 · The formula of a neuron

Write down what an artificial neuron with $D$ inputs computes. What does each part of the formula do to the picture of its output?

The neuron below has two inputs, so its output is a surface over a plane. Look for the line on which its sum is zero: what turns it, what
moves it, and what the activation does on both sides of it.
""",
            zh=r"""
# 6 · 神经元的公式

写出有 $D$ 个输入的人工神经元所计算的公式。公式的每一部分对输出的图像起什么作用？

下面的神经元有两个输入，所以它的输出是平面上的一个曲面。请找出求和为零的那条直线：什么使它转动，什么使它平移，激活函数在它的两侧又做了什么。
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

The second weight is 1. Choose the first, the bias, and the activation.
""",
            zh=r"""
## 动手试试

第二个权重固定为 1。请选择第一个权重、偏置和激活函数。
""",
        )
    )
    return


@app.cell
def _():
    weight = mo.ui.slider(
        -2.0, 2.0, step=0.1, value=2.0, show_value=True, label=cr.in_language(en="weight w₁", zh="权重 w₁")
    )
    bias = mo.ui.slider(
        -2.0, 2.0, step=0.1, value=-1.0, show_value=True, label=cr.in_language(en="bias b", zh="偏置 b")
    )
    activation = mo.ui.dropdown(
        ["linear", "sigmoid", "tanh", "relu"], value="sigmoid", label=cr.in_language(en="activation f", zh="激活函数 f")
    )
    mo.hstack([weight, bias, activation], justify="start")
    return activation, bias, weight


@app.cell
def _(activation, bias, weight):
    f = cr.nn.as_activation(activation.value)
    w = cr.tensor([weight.value, 1.0], dtype="float64")
    b = cr.tensor(bias.value, dtype="float64")

    def neuron(x):
        return f(cr.sum(w * x, axis=-1) + b)

    return b, f, neuron, w


@app.cell
def _(b, f, neuron, w):
    length = np.linalg.norm(w.numpy())
    foot = -float(b) * w.numpy() / length**2  # the point of the line that is nearest to the origin
    points = np.random.default_rng(6).uniform(-3, 3, size=(300, 2))
    sides = (points @ w.numpy() + float(b)) / length  # the distance of each point from the line, negative behind it

    def surface_and_profile(axes):
        surface, profile = axes[0]
        ticks = np.linspace(-3, 3, 121)
        plane = np.stack(np.meshgrid(ticks, ticks), axis=-1)
        colors = surface.pcolormesh(ticks, ticks, neuron(plane).numpy(), shading="gouraud")
        surface.figure.colorbar(colors, ax=surface, label="output y")
        surface.contour(ticks, ticks, plane @ w.numpy() + float(b), levels=[0.0], colors="white")
        surface.annotate("", foot + w.numpy() / length, foot, arrowprops={"color": "white", "width": 1, "headwidth": 7})
        surface.plot(0, 0, "+", color="white")
        surface.set(xlabel="x₁", ylabel="x₂", aspect="equal", title="white: w·x + b = 0, and where w points")
        reach = np.linspace(sides.min(), sides.max(), 200)
        profile.plot(reach, f(cr.tensor(length * reach)).numpy(), label="f(‖w‖ s)")
        profile.plot(sides, neuron(points).numpy(), ".", label="points of the plane", markersize=4)
        profile.set(xlabel="distance s from the line", title="all there is to the surface")
        profile.legend()

    cr.inspect.draw_grid(1, 2, surface_and_profile, size=(7.5, 3.2))
    return foot, points


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Check

The outputs against the formula in plain Python; the line's distance from the origin, by least squares, against
$|b| / \lVert w \rVert$; and how the output changes: everywhere in the direction of $w$, $\partial y / \partial x = f'(w \cdot x + b)\, w$.
""",
            zh=r"""
## 检验

用普通 Python 按公式计算，与输出比较；用最小二乘求直线到原点的距离，与 $|b| / \lVert w \rVert$ 比较；再看输出怎样变化：处处都沿 $w$ 的方向，$\partial y / \partial x = f'(w \cdot x + b)\, w$。
""",
        )
    )
    return


@app.cell
def _(activation, b, f, foot, neuron, points, w):
    plain = {
        "linear": lambda v: v,
        "sigmoid": lambda v: 1 / (1 + np.exp(-v)),
        "tanh": lambda v: (np.exp(v) - np.exp(-v)) / (np.exp(v) + np.exp(-v)),
        "relu": lambda v: max(v, 0.0),
    }[activation.value]
    w1, w2 = w.numpy()
    by_hand = [plain(w1 * x1 + w2 * x2 + float(b)) for x1, x2 in points]
    difference = np.abs(neuron(points).numpy() - by_hand).max()
    assert difference < 1e-12

    slopes = cr.vmap(cr.grad(neuron))(points).numpy()
    along = np.abs(slopes @ [w2, -w1]).max()  # the change of the output along the line
    assert along < 1e-12
    y = np.array(by_hand)[:, None]
    derivative = {"linear": 1.0, "sigmoid": y * (1 - y), "tanh": 1 - y**2, "relu": y > 0}[activation.value]
    assert np.allclose(slopes, derivative * w.numpy(), rtol=1e-9)
    by_weights = cr.jacobian(lambda weights: f(points @ weights + b))(w).numpy()
    assert np.allclose(by_weights, derivative * points, rtol=1e-9)  # which is what learning goes by

    nearest, *_ = np.linalg.lstsq([[w1, w2]], [-float(b)])  # of all solutions of w·x = −b the shortest
    distance = np.linalg.norm(nearest)
    assert np.allclose(nearest, foot)
    assert np.isclose(distance, abs(float(b)) / np.hypot(w1, w2))
    mo.md(
        cr.in_language(
            en=f"""The formula differs from the neuron by at most {difference:.1g}. The line has the distance {distance:.2f} from the origin.
Along it the output changes by {along:.1g}, across it by up to {np.linalg.norm(slopes, axis=1).max():.2f} per unit of length.""",
            zh=f"""按公式计算的结果与神经元最多相差 {difference:.1g}。直线到原点的距离为 {distance:.2f}。沿直线方向输出的变化为 {along:.1g}，垂直方向每单位长度最多变化 {np.linalg.norm(slopes, axis=1).max():.2f}。""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Discussion

$$
y = f\Big(\sum_{i=1}^{D} w_i x_i + b\Big) = f(w \cdot x + b)
$$

The sum is zero on a hyperplane, here a line. The weights are its normal: changing one of them turns the line, and multiplying all by the same positive
number leaves it where it is but makes the change across it steeper. The bias moves it, to the distance $|b| / \lVert w \rVert$ from the
origin; without a bias it would have to pass through the origin. The activation decides how the output answers to the distance from
the line, and to nothing else: the surface is a curve, drawn out along the line. That is all that a single neuron can do, and why one
neuron alone separates two classes only by a straight cut.

The formula also says what learning can use. By the chain rule $\partial y / \partial w_i = f'(w \cdot x + b)\, x_i$ and
$\partial y / \partial b = f'(w \cdot x + b)$: a weight learns from a sample in proportion to its input, and nobody learns where $f' = 0$.

**To go on.** Which neurons have the same line but the opposite answer? With the sigmoid, what do weights a hundred times larger make of the
neuron?
""",
            zh=r"""
## 讨论

$$
y = f\Big(\sum_{i=1}^{D} w_i x_i + b\Big) = f(w \cdot x + b)
$$

求和在一个超平面上为零，这里是一条直线。权重是它的法向量：改变其中一个，直线就转动；全部乘以同一个正数，直线不动，但两侧的变化更陡。偏置使它平移，与原点的距离为 $|b| / \lVert w \rVert$；没有偏置，它就只能通过原点。激活函数决定输出怎样随到直线的距离变化，此外再无其他：整个曲面只是一条曲线沿着直线方向拉开。单个神经元能做的仅此而已，所以它只能用一刀直切来分开两个类别。

公式还说明了学习可以利用什么。由链式法则，$\partial y / \partial w_i = f'(w \cdot x + b)\, x_i$，$\partial y / \partial b = f'(w \cdot x + b)$：一个权重从样本中学到的与它的输入成正比；凡是 $f' = 0$ 的地方，谁也学不到东西。

**继续思考。** 哪些神经元有同样的直线，却给出相反的回答？对 sigmoid，权重放大一百倍会把神经元变成什么？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
