import marimo

__generated_with = "0.25.2"
app = marimo.App()

with app.setup:
    import marimo as mo
    import numpy as np
    from scipy.special import expit

    import chainrule as cr


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
# 9 · Sigmoid, tanh, ReLU

Draw the three classical activations together with their derivatives. What is the range of each, where is it flat,
and what does that mean for a gradient that has to pass through many such neurons, one behind the other?

$$
\sigma(z) = \frac{1}{1 + e^{-z}}, \qquad \tanh(z) = \frac{e^z - e^{-z}}{e^z + e^{-z}}, \qquad
\mathrm{ReLU}(z) = \max(z, 0)
$$

Look for three things: the largest value of each derivative; the yellow stretches, where it is below 1 % of that;
and how much of it is left after several neurons.
""",
            zh=r"""
# 9 · Sigmoid、tanh 与 ReLU

画出三种经典激活函数及其导数。它们的值域各是什么？在哪里变平？当梯度必须依次穿过许多这样的神经元时，这意味着什么？

$$
\sigma(z) = \frac{1}{1 + e^{-z}}, \qquad \tanh(z) = \frac{e^z - e^{-z}}{e^z + e^{-z}}, \qquad
\mathrm{ReLU}(z) = \max(z, 0)
$$

请注意观察三点：每条导数曲线的最大值；黄色区段，那里的导数不足最大值的 1 %；以及经过若干个神经元之后，导数还剩多少。
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

$z$ is the sum that arrives at the first neuron. Behind it stands a chain of $n$ neurons, each fed with the output
of the one before (all weights 1, all biases 0): $y = f(f(\dots f(z)))$.
""",
            zh=r"""
## 动手试试

$z$ 是到达第一个神经元的加权和。$n$ 个神经元排成一条链，每个神经元的输入就是前一个的输出（权重全为 1，偏置全为 0）：$y = f(f(\dots f(z)))$。
""",
        )
    )
    return


@app.cell
def _():
    z = mo.ui.slider(-6, 6, step=0.5, value=1.5, show_value=True, label=cr.in_language(en="sum z", zh="加权和 z"))
    depth = mo.ui.slider(1, 12, value=5, show_value=True, label=cr.in_language(en="neurons n", zh="神经元个数 n"))
    mo.hstack([z, depth], justify="start")
    return depth, z


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## The curves
""",
            zh=r"""
## 曲线
""",
        )
    )
    return


@app.cell
def _():
    activations = {"sigmoid": cr.sigmoid, "tanh": cr.tanh, "relu": cr.relu}
    curves = {name: cr.inspect.activation_curve(name) for name in activations}
    cr.inspect.plot_activations(list(curves.values()))
    return activations, curves


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
Through a chain the derivatives multiply: $\dfrac{\mathrm{d}y}{\mathrm{d}z} = f'(z) \cdot f'(f(z)) \cdots$ The
dotted line is the chosen $z$; mind the logarithmic axis.
""",
            zh=r"""
沿着链，导数相乘：$\dfrac{\mathrm{d}y}{\mathrm{d}z} = f'(z) \cdot f'(f(z)) \cdots$ 点线是所选的 $z$；注意纵轴是对数刻度。
""",
        )
    )
    return


@app.cell
def _(depth):
    def chain(f, x):
        for _ in range(depth.value):
            x = f(x)
        return x

    return (chain,)


@app.cell
def _(activations, chain):
    points = np.linspace(-6, 6, 241)
    # The derivative at every point at once: forward mode takes dz/dz = 1 along.
    slopes = {
        name: cr.jvp(lambda x, f=f: chain(f, x), [points], [np.ones_like(points)])[1].numpy()
        for name, f in activations.items()
    }
    return points, slopes


@app.cell
def _(depth, points, slopes, z):
    def draw_slopes(axes):
        for color, (name, slope) in zip(cr.inspect.style.LINES, slopes.items(), strict=False):
            axes.semilogy(points, np.where(slope > 0, slope, np.nan), color=color, label=name)  # zero has no logarithm
        axes.axvline(z.value, color=cr.inspect.style.GRAY, linestyle=":")
        axes.set_xlabel("z")
        axes.set_title(f"dy/dz through n = {depth.value}")
        axes.figure.legend(loc="outside lower center", ncols=3)

    cr.inspect.draw(draw_slopes)
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Check

The curves against SciPy's values, and their slopes against the derivatives from calculus:

$$
\sigma' = \sigma \, (1 - \sigma) \le \tfrac14, \qquad \tanh' = 1 - \tanh^2 \le 1, \qquad
\mathrm{ReLU}' = 1 \text{ for } z > 0, \text{ else } 0
$$
""",
            zh=r"""
## 检验

用 SciPy 的数值核对曲线，用微积分给出的导数核对斜率：

$$
\sigma' = \sigma \, (1 - \sigma) \le \tfrac14, \qquad \tanh' = 1 - \tanh^2 \le 1, \qquad
\mathrm{ReLU}' = 1 \ (z > 0), \text{ 否则 } 0
$$
""",
        )
    )
    return


@app.cell
def _():
    values = {"sigmoid": expit, "tanh": np.tanh, "relu": lambda x: np.maximum(x, 0)}
    derivatives = {
        "sigmoid": lambda x: expit(x) * expit(-x),  # 1 − σ(x) = σ(−x)
        "tanh": lambda x: 1 / np.cosh(x) ** 2,
        "relu": lambda x: np.where(x > 0, 1.0, 0.0),
    }
    return derivatives, values


@app.cell
def _(curves, derivatives, points, values):
    errors = [np.abs(curve.y - values[name](curve.x)).max() for name, curve in curves.items()]
    errors += [np.abs(curve.slope - derivatives[name](curve.x)).max() for name, curve in curves.items()]
    assert max(errors) < 1e-14
    assert np.allclose(values["tanh"](points), 2 * expit(2 * points) - 1)
    assert [curves[name].slope.max() for name in curves] == [0.25, 1, 1]

    mo.md(
        cr.in_language(
            en=rf"""
Curves and slopes differ from the formulas by at most {max(errors):.1g}. The steepest slopes: sigmoid ¼, tanh 1,
ReLU 1. And tanh is a sigmoid in other units, tanh(z) = 2σ(2z) − 1.
""",
            zh=rf"""
曲线与斜率同公式相差至多 {max(errors):.1g}。最大斜率：sigmoid 为 ¼，tanh 与 ReLU 为 1。此外，tanh 不过是换了单位的 sigmoid：tanh(z) = 2σ(2z) − 1。
""",
        )
    )
    return


@app.cell
def _(activations, chain, depth, derivatives, values, z):
    start = np.float64(z.value)
    through = {name: float(cr.grad(lambda x, f=f: chain(f, x))(start)) for name, f in activations.items()}
    for name, got in through.items():
        x, product = float(z.value), 1.0
        for _ in range(depth.value):
            x, product = values[name](x), product * derivatives[name](x)
        assert np.isclose(got, product, rtol=1e-12)
    assert 0 < through["sigmoid"] <= 0.25**depth.value
    assert 0 < through["tanh"] <= 1
    assert through["relu"] == (1 if z.value > 0 else 0)

    mo.md(
        cr.in_language(
            en=rf"""
Through {depth.value} neurons, at z = {z.value}, there comes {through["sigmoid"]:.2g} of the gradient with sigmoid
(never more than ¼ⁿ = {0.25**depth.value:.2g}), {through["tanh"]:.2g} with tanh, and {through["relu"]:.0f} with
ReLU: the products of the slopes on the way.
""",
            zh=rf"""
在 z = {z.value} 处穿过 {depth.value} 个神经元后，梯度在 sigmoid 链中剩下 {through["sigmoid"]:.2g}（绝不超过 ¼ⁿ = {0.25**depth.value:.2g}），在 tanh 链中剩下 {through["tanh"]:.2g}，在 ReLU 链中为 {through["relu"]:.0f}：正是沿途各斜率的乘积。
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

**Ranges.** Sigmoid lies between 0 and 1 and is read as a probability or a firing rate; tanh lies between −1 and 1,
with 0 in the middle, so the next layer gets inputs of both signs; ReLU has no upper bound.

**Flat stretches.** Sigmoid and tanh saturate on both sides. A neuron whose sum is large, of either sign, answers
almost the same whatever its weights do, so its weights learn almost nothing. ReLU is flat on the left only: it
passes the gradient on unchanged, or not at all. At $z = 0$ it has a kink and no derivative; here, as nearly
everywhere, 0 is used.

**Depth.** The chain rule multiplies the slopes. Since sigmoid's is at most ¼, ten of them in a row let pass at most
a millionth: the *vanishing gradient*. A tanh can do without loss only at $z = 0$. A ReLU that fires loses nothing,
which is why deep networks use it in hidden layers. Its price is *dead* neurons: if the sum is negative for every
sample, the gradient is exactly 0, and so the neuron's own weights never change that.

**To go on.** With weights $w$ between the neurons each factor is $w f'$. Which $w$ would keep the sigmoid's
gradient from vanishing, and at which $z$ only? What does leaky ReLU change on the left, and what does it cost?
""",
            zh=r"""
## 讨论

**值域。** Sigmoid 在 0 与 1 之间，常读作概率或激发率；tanh 在 −1 与 1 之间，以 0 为中心，因此下一层能得到正负两种输入；ReLU 没有上界。

**平坦区段。** Sigmoid 与 tanh 在两侧都会饱和。加权和的绝对值很大时，无论权重怎样变化，神经元的输出几乎不变，权重也就几乎学不到东西。ReLU 只在左侧平坦：梯度要么原样通过，要么完全不通过。在 $z = 0$ 处它有折点，没有导数；这里与通常的做法一样，取 0。

**深度。** 链式法则把斜率相乘。Sigmoid 的斜率至多为 ¼，连续十个最多只放过百万分之一：这就是**梯度消失**。Tanh 只有在 $z = 0$ 处才没有损失。处于激发状态的 ReLU 则毫无损失，所以深层网络的隐藏层多用 ReLU。代价是**死亡**的神经元：如果对每个样本加权和都是负的，梯度就恰好为 0，它自己的权重也就永远改变不了这一点。

**继续思考。** 若神经元之间有权重 $w$，每个因子就是 $w f'$。怎样的 $w$ 能使 sigmoid 的梯度不消失，又只在哪个 $z$ 处成立？Leaky ReLU 在左侧改变了什么，代价又是什么？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
