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
# 17 · Velocity and momentum

With momentum the parameters have a velocity $v$, and the gradient changes the velocity instead of the place. What
does the velocity remember, what is the coefficient $\mu$ for, and why does this help in a ravine?

$$
v \leftarrow \mu v - \eta \, \nabla L(\theta), \qquad \theta \leftarrow \theta + v
$$

Look for the two parts of the velocity: across the ravine, where the gradient changes its sign all the time, and
along it, where it always points the same way.
""",
            zh=r"""
# 17 · 速度与动量

带动量时，参数有了速度 $v$，梯度改变的是速度，而不是直接改变位置。速度记住了什么？系数 $\mu$ 起什么作用？为什么这在峡谷中有帮助？

$$
v \leftarrow \mu v - \eta \, \nabla L(\theta), \qquad \theta \leftarrow \theta + v
$$

请注意观察速度的两个分量：横跨峡谷的方向上，梯度不断变号；沿峡谷的方向上，梯度始终指向同一边。
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

The ravine is $L = \frac12 (x^2 + 25 y^2)$: curvature 25 across, along $y$, and 1 along $x$. With $\mu = 0$ it is
gradient descent.
""",
            zh=r"""
## 动手试试

峡谷为 $L = \frac12 (x^2 + 25 y^2)$：横向（沿 $y$）的曲率为 25，纵向（沿 $x$）的曲率为 1。$\mu = 0$ 时就是梯度下降。
""",
        )
    )
    return


@app.cell
def _():
    mu = mo.ui.slider(
        0, 0.95, step=0.05, value=0.5, show_value=True, label=cr.in_language(en="momentum μ", zh="动量系数 μ")
    )
    rate = mo.ui.slider(
        0.01, 0.07, step=0.01, value=0.06, show_value=True, label=cr.in_language(en="learning rate η", zh="学习率 η")
    )
    mo.hstack([mu, rate], justify="start")
    return mu, rate


@app.cell
def _(mu, rate):
    steps = 60
    rules = {"SGD": cr.optim.SGD(rate.value), f"momentum, μ = {mu.value}": cr.optim.Momentum(rate.value, mu.value)}
    found = cr.inspect.trajectories(rules, "ravine", steps=steps)
    plain, path = found.paths.values()
    cr.inspect.plot_trajectories(found)
    return path, plain, steps


@app.cell
def _(path, plain):
    velocity = np.diff(path, axis=0)  # θ ← θ + v: the velocity is what a step adds

    def draw_velocity(grid):
        for axes, k, name in zip(grid[0], (0, 1), ("along, x", "across, y"), strict=True):
            axes.axhline(0, color=cr.inspect.style.GRAY, linewidth=0.6)
            axes.plot(np.diff(plain, axis=0)[:, k], color=cr.inspect.style.BLUE, label="step of SGD")
            axes.plot(velocity[:, k], color=cr.inspect.style.ORANGE, label="velocity")
            axes.set(xlabel="step", title=name)
        grid[0][0].legend()

    cr.inspect.draw_grid(1, 2, draw_velocity, size=(7.6, 3.0))
    return (velocity,)


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Check

**The rule.** The path, against the two formulas in a loop:
""",
            zh=r"""
## 检验

**规则本身。** 用循环写出两个公式，与路径比较：
""",
        )
    )
    return


@app.cell
def _(mu, path, rate, steps):
    curvature = np.array([1.0, 25.0])
    theta, v, by_hand = path[0], np.zeros(2), [path[0]]
    for _ in range(steps):
        v = mu.value * v - rate.value * curvature * theta
        theta = theta + v
        by_hand.append(theta)
    off = np.abs(path - by_hand).max()
    assert off < 1e-11

    mo.md(
        cr.in_language(
            en=rf"""
They differ by at most {off:.1g}.
""",
            zh=rf"""
两者相差至多 {off:.1g}。
""",
        )
    )
    return (curvature,)


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
**What the velocity remembers.** Written out, it is a sum of all gradients so far, the older the fainter:
$v_n = -\eta \sum_j \mu^{n-j} g_j$. A gradient that stays the same is added up, and one that alternates cancels:

$$
g, g, g, \dots: \quad v \to -\frac{\eta g}{1 - \mu} \qquad\qquad
g, -g, g, \dots: \quad |v| \to \frac{\eta g}{1 + \mu}
$$
""",
            zh=r"""
**速度记住了什么。** 展开来看，它是迄今所有梯度之和，越久远的越淡：$v_n = -\eta \sum_j \mu^{n-j} g_j$。始终不变的梯度会累加，正负交替的梯度会抵消：

$$
g, g, g, \dots: \quad v \to -\frac{\eta g}{1 - \mu} \qquad\qquad
g, -g, g, \dots: \quad |v| \to \frac{\eta g}{1 + \mu}
$$
""",
        )
    )
    return


@app.cell
def _(mu, rate):
    # The rule by itself, for two parameters: the gradient of the first persists, that of the second alternates.
    rule, n = cr.optim.Momentum(rate.value, mu.value), 400
    rates = {name: cr.tensor(value, "float64") for name, value in rule.scalars().items()}
    kept = {"velocity": cr.zeros(2, "float64")}
    velocities = []
    for step in range(n):
        gradient = cr.tensor([1.0, (-1.0) ** step], "float64")
        _, kept = rule.update(cr.zeros(2, "float64"), gradient, kept, rates)
        velocities.append(kept["velocity"].numpy())
    return (velocities,)


@app.cell
def _(mu, rate, velocities):
    grown, cancelled = np.abs(velocities[-1]) / rate.value  # against a step of gradient descent
    assert np.isclose(grown, 1 / (1 - mu.value), rtol=1e-6)
    assert np.isclose(cancelled, 1 / (1 + mu.value), rtol=1e-6)

    mo.md(
        cr.in_language(
            en=rf"""
With μ = {mu.value}, a gradient that persists moves the parameters {grown:.2f} times as far as without momentum,
1/(1 − μ) = {1 / (1 - mu.value):.2f}; one that alternates {cancelled:.2f} times, 1/(1 + μ) = {1 / (1 + mu.value):.2f}.
""",
            zh=rf"""
μ = {mu.value} 时，始终不变的梯度使参数移动的距离是没有动量时的 {grown:.2f} 倍，1/(1 − μ) = {1 / (1 - mu.value):.2f}；正负交替的梯度则是 {cancelled:.2f} 倍，1/(1 + μ) = {1 / (1 + mu.value):.2f}。
""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
**How fast it comes down.** Along an axis of curvature $c$, place and velocity together are multiplied by one matrix
in each step, and the size of its largest eigenvalue says what is left of the distance:

$$
\begin{pmatrix} \theta \\ v \end{pmatrix} \leftarrow
\begin{pmatrix} 1 - \eta c & \mu \\ -\eta c & \mu \end{pmatrix} \begin{pmatrix} \theta \\ v \end{pmatrix}
$$

If the eigenvalues are complex, which means that the path swings, both have the size $\sqrt\mu$, whatever the
curvature.
""",
            zh=r"""
**下降得多快。** 沿曲率为 $c$ 的轴，位置和速度每一步一起乘以同一个矩阵，其最大特征值的大小说明距离还剩多少：

$$
\begin{pmatrix} \theta \\ v \end{pmatrix} \leftarrow
\begin{pmatrix} 1 - \eta c & \mu \\ -\eta c & \mu \end{pmatrix} \begin{pmatrix} \theta \\ v \end{pmatrix}
$$

如果特征值是复数（即路径会来回摆动），无论曲率是多少，两个特征值的大小都是 $\sqrt\mu$。
""",
        )
    )
    return


@app.cell
def _(curvature, mu, path, rate, steps, velocity):
    def matrix(c, mu):
        return np.array([[1 - rate.value * c, mu], [-rate.value * c, mu]])

    eigenvalues = np.stack([np.linalg.eigvals(matrix(c, mu.value)) for c in curvature])  # [along, across]
    left = np.abs(eigenvalues).max(1)
    for k, c in enumerate(curvature):
        state = np.linalg.matrix_power(matrix(c, mu.value), steps) @ [path[0, k], 0]
        assert np.allclose(state, [path[-1, k], velocity[-1, k]], atol=1e-11)
    swings = np.iscomplex(eigenvalues).any(1)
    assert np.allclose(left[swings], np.sqrt(mu.value))
    assert (left < 1).all()
    tenfold = np.log(10) / -np.log([1 - rate.value, left[0]])

    # The best μ for the floor, among a hundred: where its eigenvalues are about to become complex.
    tried = np.arange(100) / 100
    floor = [np.abs(np.linalg.eigvals(matrix(curvature[0], m))).max() for m in tried]
    best = (1 - np.sqrt(rate.value * curvature[0])) ** 2
    assert abs(tried[np.argmin(floor)] - best) < 0.01

    mo.md(
        cr.in_language(
            en=rf"""
In each step {left[0]:.3f} of the distance along the ravine is left with momentum, {1 - rate.value:.3f} without; to
come ten times as near takes {tenfold[1]:.0f} steps, and {tenfold[0]:.0f} without. Across the ravine {left[1]:.3f}
is left, and √μ is {np.sqrt(mu.value):.3f}. Of a hundred values tried for this η, μ = {tried[np.argmin(floor)]:.2f}
comes down the floor fastest and leaves {min(floor):.3f}; the formula of the discussion says {best:.3f}.
""",
            zh=rf"""
每走一步，沿峡谷方向的距离在有动量时剩下 {left[0]:.3f}，没有动量时剩下 {1 - rate.value:.3f}；距离缩小到十分之一需要 {tenfold[1]:.0f} 步，没有动量则需要 {tenfold[0]:.0f} 步。横向剩下 {left[1]:.3f}，而 √μ 为 {np.sqrt(mu.value):.3f}。对这个 η 试了一百个 μ，沿谷底下降最快的是 μ = {tried[np.argmin(floor)]:.2f}，每步剩下 {min(floor):.3f}；讨论中的公式给出 {best:.3f}。
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

**Velocity** is a running sum of past steps, **momentum** the coefficient $\mu$ by which the old part of it is kept.
In the picture of a ball with friction, the gradient is the force, and $1 - \mu$ is what friction takes in each
step. The sum remembers about $1/(1 - \mu)$ steps: 10 for $\mu = 0.9$.

**In a ravine** a plain step must be small, since the steep walls set the limit $\eta < 2/c_{\max}$, and then the
walk along the floor takes for ever. Momentum treats the two directions differently without knowing them: along the
floor the gradients agree and the velocity grows up to $1/(1-\mu)$ times, across it they alternate and cancel. It is
also what carries the parameters over flat places and small bumps.

**Too much of it** swings: with $\mu$ near 1 the path runs past the minimum and comes back, many times, and each
step leaves $\sqrt\mu$ of the distance, which is nearly all of it. The best $\mu$ is the one at which the swinging
along the floor is about to begin, $\mu = (1 - \sqrt{\eta c_{\min}})^2$. Past that, more momentum is slower. With a
high $\mu$ the learning rate is usually lowered as well, because a gradient that persists now counts $1/(1 - \mu)$
times.

**To go on.** Set $\mu$ to the best value that the check names, a little less, and a little more: how do the
velocities change? Nesterov's
variant takes the gradient at the place where the velocity will have carried the parameters, $\theta + \mu v$: does
it swing less?
""",
            zh=r"""
## 讨论

**速度**是过去各步的滑动累加，**动量**系数 $\mu$ 表示保留其中旧的部分的比例。用有摩擦的小球来比喻，梯度是力，$1 - \mu$ 是摩擦每一步消耗的部分。这个累加大约记住最近 $1/(1 - \mu)$ 步：$\mu = 0.9$ 时是 10 步。

**在峡谷中**，不带动量的步子必须小，因为陡壁决定了上限 $\eta < 2/c_{\max}$，于是沿谷底走就遥遥无期。动量并不认识这两个方向，却能区别对待：沿谷底的梯度方向一致，速度增大到 $1/(1-\mu)$ 倍；横向的梯度正负交替，相互抵消。它还能带着参数越过平坦之处和小的起伏。

**动量过大**就会摆动：$\mu$ 接近 1 时，路径冲过最小值又折回来，反复多次，每一步之后距离还剩 $\sqrt\mu$ 倍，几乎没有缩小。最好的 $\mu$ 是沿谷底即将开始摆动的那个值，$\mu = (1 - \sqrt{\eta c_{\min}})^2$。超过它，动量越大反而越慢。$\mu$ 较大时通常还要降低学习率，因为始终不变的梯度现在要算 $1/(1 - \mu)$ 次。

**继续思考。** 把 $\mu$ 设为检验给出的最佳值，再略小、略大一些：速度如何变化？Nesterov 的变体在速度将把参数带到的位置 $\theta + \mu v$ 处取梯度：它摆动得更少吗？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
