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
# 12 · The gradient and its negative

The gradient of a loss is a vector with one number for each parameter. What do its direction and its length tell?
What does its negative tell, and what do both *not* tell?

Look for three things: the angle between the arrows and the contour line; the slope in all the other directions; and
whether the negative gradient points to the minimum.
""",
            zh=r"""
# 12 · 梯度与负梯度

损失的梯度是一个向量，每个参数对应其中一个数。它的方向和长度说明什么？负梯度说明什么？它们又都**没有**说明什么？

请注意观察三点：箭头与等高线的夹角；其他各个方向上的斜率；以及负梯度是否指向最小值。
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

A linear neuron with two weights, and the mean of its squared errors over 20 samples:

$$
L(w) = \frac1k \sum_i (w_1 x_{i1} + w_2 x_{i2} - t_i)^2
$$

The sliders set the weights, that is, the place on the surface of the loss.
""",
            zh=r"""
## 动手试试

一个有两个权重的线性神经元，损失是它在 20 个样本上平方误差的平均：

$$
L(w) = \frac1k \sum_i (w_1 x_{i1} + w_2 x_{i2} - t_i)^2
$$

滑块设定权重，也就是在损失曲面上的位置。
""",
        )
    )
    return


@app.cell
def _():
    w1 = mo.ui.slider(-2, 4, step=0.25, value=-1, show_value=True, label="w₁")
    w2 = mo.ui.slider(-3, 2, step=0.25, value=1, show_value=True, label="w₂")
    mo.hstack([w1, w2], justify="start")
    return w1, w2


@app.cell
def _():
    random = np.random.default_rng(0)
    x = random.standard_normal((20, 2)) @ [[1.0, 0.4], [0.0, 0.5]]  # two features that go together
    t = x @ [1.0, -0.6] + 0.1 * random.standard_normal(20)

    def loss(w):
        return cr.mean((x @ w - t) ** 2)

    return loss, t, x


@app.cell
def _(loss, t, w1, w2, x):
    w = np.array([float(w1.value), float(w2.value)])
    gradient = cr.grad(loss)(w).numpy()
    steepness = np.linalg.norm(gradient)
    minimum, *_ = np.linalg.lstsq(x, t, rcond=None)

    mo.md(
        cr.in_language(
            en=rf"""
Here the loss is {float(loss(w)):.3f} and its gradient ({gradient[0]:.2f}, {gradient[1]:.2f}).
""",
            zh=rf"""
此处的损失为 {float(loss(w)):.3f}，梯度为 ({gradient[0]:.2f}, {gradient[1]:.2f})。
""",
        )
    )
    return gradient, minimum, steepness, w


@app.cell
def _(loss, w):
    # The slope in every direction: forward mode, along each of 360 unit vectors.
    degrees = np.arange(360)
    directions = np.stack([np.cos(np.radians(degrees)), np.sin(np.radians(degrees))], axis=1)
    slopes = cr.vmap(lambda direction: cr.jvp(loss, [w], [direction])[1])(directions).numpy()
    return degrees, slopes


@app.cell
def _(degrees, gradient, loss, minimum, slopes, steepness, w):
    def draw_gradient(grid):
        plane, compass = grid[0]
        blue, red, gray = cr.inspect.style.BLUE, cr.inspect.style.RED, cr.inspect.style.GRAY
        across, up = np.linspace(-4, 6, 161), np.linspace(-5, 4, 145)
        points = np.stack(np.meshgrid(across, up), -1).reshape(-1, 2)
        height = cr.vmap(loss)(points).numpy().reshape(145, 161)
        plane.contour(across, up, height, levels=np.geomspace(0.02, 60, 14), colors="0.75", linewidths=0.7)
        plane.contour(across, up, height, levels=[float(loss(w))], colors="black", linewidths=1)
        uphill = gradient / steepness
        for sign, color, name in ((1, red, "∇L"), (-1, blue, "−∇L")):
            plane.quiver(*w, *(sign * uphill), color=color, angles="xy", scale_units="xy", scale=0.6, label=name)
        plane.plot(*np.stack([w, minimum], 1), color=gray, linestyle=":", label="to the minimum")
        plane.plot(*minimum, "*", color="black", markersize=9)
        plane.set(aspect="equal", xlim=(-4, 6), ylim=(-5, 4), xlabel="w₁", ylabel="w₂", title="Where it points")
        compass.axhline(0, color=gray, linewidth=0.6)
        compass.plot(degrees, slopes, color="black")
        for sign, color in ((1, red), (-1, blue)):
            angle = np.degrees(np.arctan2(*(sign * uphill)[::-1])) % 360
            compass.axvline(angle, color=color, linestyle="--")
        compass.set_xticks(range(0, 361, 90))
        compass.set(xlabel="direction, degrees", title="Slope in each direction")
        plane.figure.legend(loc="outside lower center", ncols=3)

    cr.inspect.draw_grid(1, 2, draw_gradient, size=(7.6, 4.0))
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Check

**The gradient itself,** against the formula $\nabla L = \frac2k X^{\mathsf T}(Xw - t)$:
""",
            zh=r"""
## 检验

**梯度本身**，用公式 $\nabla L = \frac2k X^{\mathsf T}(Xw - t)$ 核对：
""",
        )
    )
    return


@app.cell
def _(gradient, t, w, x):
    formula = 2 / len(x) * x.T @ (x @ w - t)
    assert np.allclose(gradient, formula, rtol=1e-12)

    mo.md(
        cr.in_language(
            en=rf"""
They differ by at most {np.abs(gradient - formula).max():.1g}.
""",
            zh=rf"""
两者相差至多 {np.abs(gradient - formula).max():.1g}。
""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
**Direction and length.** In the direction of a unit vector $u$ the loss changes at the rate
$\nabla L \cdot u = |\nabla L| \cos\varphi$, with $\varphi$ the angle between the two.
""",
            zh=r"""
**方向与长度。** 沿单位向量 $u$ 的方向，损失的变化率为 $\nabla L \cdot u = |\nabla L| \cos\varphi$，其中 $\varphi$ 是两者的夹角。
""",
        )
    )
    return


@app.cell
def _(degrees, gradient, loss, slopes, steepness, w):
    steepest = np.degrees(np.arctan2(gradient[1], gradient[0]))
    off = np.abs(slopes - steepness * np.cos(np.radians(degrees - steepest))).max()
    assert off < 1e-12 * (1 + steepness)
    away = (degrees[slopes.argmax()] - steepest + 180) % 360 - 180
    assert abs(away) <= 0.5  # as near as whole degrees come
    contour = np.array([-gradient[1], gradient[0]])  # at right angles
    assert abs(float(cr.jvp(loss, [w], [contour])[1])) < 1e-12 * (1 + steepness**2)

    mo.md(
        cr.in_language(
            en=rf"""
In none of the 360 directions is the slope further than {off:.1g} from that. The steepest of them is
{abs(away):.1f}° from the gradient, and its slope is {slopes.max():.3f}, the gradient's length {steepness:.3f}. At
right angles, along the contour line, the slope is 0.
""",
            zh=rf"""
在 360 个方向上，斜率与该公式相差都不超过 {off:.1g}。其中最陡的方向与梯度相差 {abs(away):.1f}°，斜率为 {slopes.max():.3f}，而梯度的长度为 {steepness:.3f}。与梯度垂直、即沿等高线的方向上，斜率为 0。
""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
**The negative leads down, for a while.** This loss is a quadratic, so the way along $-\nabla L$ is known exactly:
after a distance $s$ it is $L - s|\nabla L| + \frac12 s^2 c$, with $c$ the curvature in that direction. It falls as
long as $s < |\nabla L| / c$, and is above its start from twice that on.
""",
            zh=r"""
**负梯度通向低处，但只在一段路上。** 这个损失是二次的，所以沿 $-\nabla L$ 的路可以精确写出：走过距离 $s$ 后，损失为 $L - s|\nabla L| + \frac12 s^2 c$，其中 $c$ 是该方向上的曲率。当 $s < |\nabla L| / c$ 时它下降；距离超过该值的两倍，就高于起点。
""",
        )
    )
    return


@app.cell
def _(gradient, loss, steepness, w):
    hessian = cr.hessian(loss)(w).numpy()
    downhill = -gradient / steepness  # the unit vector
    curvature = downhill @ hessian @ downhill
    farthest = 2 * steepness / curvature  # where the loss is as high again as at the start
    lengths = np.linspace(0, 1.25 * farthest, 101)
    along = cr.vmap(loss)(w + lengths[:, None] * downhill).numpy()
    return along, curvature, downhill, farthest, hessian, lengths


@app.cell
def _(along, lengths, steepness):
    def draw_way(axes):
        axes.plot(lengths, along, color=cr.inspect.style.BLUE, label="loss")
        axes.plot(
            lengths, along[0] - steepness * lengths, color=cr.inspect.style.GRAY, linestyle=":", label="its tangent"
        )
        axes.set_ylim(0, 1.3 * along[0])
        axes.set(xlabel="distance s along −∇L")
        axes.legend()

    cr.inspect.draw(draw_way, size=(5.4, 2.8))
    return


@app.cell
def _(
    along,
    curvature,
    downhill,
    farthest,
    gradient,
    hessian,
    lengths,
    loss,
    minimum,
    steepness,
    w,
):
    assert np.allclose(along, along[0] - steepness * lengths + curvature / 2 * lengths**2)
    before, beyond = (float(loss(w + s * farthest * downhill)) for s in (0.99, 1.01))
    assert before < along[0] < beyond

    to_minimum = minimum - w
    cosine = downhill @ to_minimum / np.linalg.norm(to_minimum)
    assert 0 < cosine <= 1
    newton = w - np.linalg.solve(hessian, gradient)
    assert np.allclose(newton, minimum)

    mo.md(
        cr.in_language(
            en=rf"""
From here the loss falls for a distance of {farthest / 2:.2f} and is back at its old height after {farthest:.2f}.
The negative gradient misses the minimum by an angle of {np.degrees(np.arccos(min(cosine, 1))):.0f}°. It points to
the same side, which holds for every convex loss, and no more.
""",
            zh=rf"""
从这里出发，损失在 {farthest / 2:.2f} 的距离内下降，走过 {farthest:.2f} 后回到原来的高度。负梯度偏离最小值的方向 {np.degrees(np.arccos(min(cosine, 1))):.0f}°。它只保证指向最小值所在的那一侧（对任何凸的损失都成立），仅此而已。
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

**The gradient** points where the loss rises fastest, and its length is the slope there. Each of its components says
what one parameter does by itself: its sign, whether the loss rises or falls as the parameter grows; its size, how
strongly. At right angles to it lies the contour line, along which nothing changes at first order.

**The negative gradient** is the direction in which the loss falls fastest *from where one stands*. If every
direction has slope 0, the gradient is the zero vector and says nothing: this may be a minimum, a maximum or a
saddle.

**What neither tells.** Not how far to go: the slope is that of the tangent, and curvature decides when the way
turns up again. So the step needs a learning rate (exercise 13). Not where the minimum is: in a valley that is long
and narrow the arrow points across it. And not whether there is a lower place elsewhere. With the curvature in all
directions, $w - H^{-1} \nabla L$, the minimum of this quadratic is hit in one step, but $H$ has as many entries as
there are *pairs* of parameters.

**To go on.** Find weights at which the arrow does point to the minimum: how do they lie on the contours? If $w_2$
was measured in thousandths, so that its numbers were a thousand times as large, which way would the gradient point
then?
""",
            zh=r"""
## 讨论

**梯度**指向损失上升最快的方向，它的长度就是该方向上的斜率。每个分量说明单独一个参数的作用：符号说明参数增大时损失是升是降，大小说明影响有多强。与它垂直的是等高线，沿等高线移动，损失在一阶上不变。

**负梯度**是**从当前位置看**损失下降最快的方向。如果各个方向的斜率都是 0，梯度就是零向量，什么也没有说明：这里可能是极小值、极大值，也可能是鞍点。

**两者都没有说明的事。** 没有说明该走多远：斜率只是切线的斜率，何时转为上升由曲率决定，所以步长还需要学习率（习题 13）。没有说明最小值在哪里：在狭长的谷中，箭头是横着指的。也没有说明别处是否有更低的地方。如果知道各个方向的曲率，$w - H^{-1} \nabla L$ 一步就能到达这个二次函数的最小值，但 $H$ 的元素个数等于参数**对**的个数。

**继续思考。** 找出使箭头恰好指向最小值的权重：它们在等高线上处于什么位置？如果 $w_2$ 改用千分之一为单位，数值变为一千倍，梯度会指向哪里？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
