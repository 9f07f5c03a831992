import marimo

__generated_with = "0.25.2"
app = marimo.App()

with app.setup:
    import marimo as mo
    import numpy as np

    import chainrule as cr
    from chainrule import inspect, nn, surgery
    from chainrule.inspect import draw_grid

    LINES = cr.inspect.style.LINES


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
# 22 · Direct and inverted dropout

What is the difference between direct and inverted dropout, and which of the two costs something when the network is
used?

With $q = 1-p$ the probability to keep a neuron and $D_i \sim \text{Bernoulli}(q)$ the mask,

$$
\begin{aligned}
\text{direct:} &\quad D \odot f(h) \;\text{ in training}, & q\,f(h) &\;\text{ in the test} \\
\text{inverted:} &\quad \tfrac{1}{q}\, D \odot f(h) \;\text{ in training}, & f(h) &\;\text{ in the test}
\end{aligned}
$$

Look at what is the same in both: the mean over all masks is what the test network gives.
""",
            zh=r"""
# 22 · 直接 dropout 与反向 dropout

直接 dropout 与反向（inverted）dropout 有什么区别？哪一种在使用网络时要付出代价？

设 $q = 1-p$ 为保留神经元的概率，$D_i \sim \text{Bernoulli}(q)$ 为掩码，则

$$
\begin{aligned}
\text{直接：} &\quad \text{训练时 } D \odot f(h), & \text{测试时 } &q\,f(h) \\
\text{反向：} &\quad \text{训练时 } \tfrac{1}{q}\, D \odot f(h), & \text{测试时 } &f(h)
\end{aligned}
$$

请看两者的共同点：对所有掩码取平均，就是测试网络给出的值。
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

A network with three inputs, six hidden neurons under dropout, four neurons behind them, and one output. Choose the
rate, and the activation of the layer *behind* the dropout.
""",
            zh=r"""
## 动手试试

一个网络有三个输入、六个带 dropout 的隐藏神经元、其后的四个神经元和一个输出。请选择丢弃的比率，以及 dropout *之后*那一层的激活函数。
""",
        )
    )
    return


@app.cell
def _():
    rate = mo.ui.slider(
        0.1, 0.9, 0.1, value=0.3, show_value=True, label=cr.in_language(en="dropout rate p", zh="dropout 比率 p")
    )
    behind = mo.ui.dropdown(
        ["linear", "tanh"], value="tanh", label=cr.in_language(en="activation behind it", zh="其后的激活函数")
    )
    mo.hstack([rate, behind], justify="start")
    return behind, rate


@app.cell
def _(behind, rate):
    p = rate.value
    q = 1 - p
    x = np.random.default_rng(0).normal(size=(20, 3)).astype("float32")

    def network(method, p=p):
        layers = [
            nn.Dense(6, "tanh", name="hidden"),
            nn.Dropout(p, method, name="dropout"),
            nn.Dense(4, behind.value, name="second"),
            nn.Dense(1, name="out"),
        ]
        return cr.Model(nn.Sequential(layers), (3,), seed=3)

    direct, inverted = network("direct"), network("inverted")  # the same weights
    of_direct = inspect.thinned_networks(direct, x)  # all 64 masks, each weighted by its probability
    of_inverted = inspect.thinned_networks(inverted, x)
    return direct, inverted, network, of_direct, of_inverted, p, q, x


@app.cell
def _(of_inverted):
    inspect.plot_thinned_networks(of_inverted, which=(53, 22, 9))
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## One neuron, and the whole network

Above: what one hidden neuron hands on in training, with its probabilities. Dashed: the mean of that, dotted: what it
hands on in the test; they coincide. Below: the same for the output of the network, over all 64 thinned networks;
there they need not coincide.
""",
            zh=r"""
## 一个神经元，与整个网络

上排：一个隐藏神经元在训练时传出的值及其概率。虚线是它的平均值，点线是它在测试时传出的值；两者重合。下排：对网络的输出，取遍全部 64 个稀疏子网络；那里两者未必重合。
""",
        )
    )
    return


@app.cell
def _(direct, inverted, of_direct, of_inverted, p, q, x):
    def handed_on(model):
        return surgery.features(model, "dropout").predict(x, executor="reference")

    h = surgery.features(inverted, "hidden").predict(x, executor="reference")
    sample, neuron = np.unravel_index(np.abs(h).argmax(), h.shape)

    def draw_distributions(axes):
        cases = (("direct", direct, of_direct, 1), ("inverted", inverted, of_inverted, 1 / q))
        for k, (name, model, thinned, scale) in enumerate(cases):
            above, below = axes[0][k], axes[1][k]
            value = h[sample, neuron] * scale
            above.vlines([0, value], 0, [p, q], color=LINES[0], linewidth=4)
            lines = (above, q * value, handed_on(model)[sample, neuron])
            below.hist(thinned.outputs[:, sample, 0], 25, weights=thinned.weights, color=LINES[0])
            for panel, mean, test in (lines, (below, thinned.mean[sample, 0], thinned.test[sample, 0])):
                panel.axvline(mean, color=LINES[2], linestyle="--", linewidth=2, label="mean in training")
                panel.axvline(test, color=LINES[4], linestyle=":", linewidth=2, label="in the test")
                panel.set_ylabel("probability")
            above.set_title(f"{name}: a hidden neuron")
            above.set_ylim(0, 1)
            above.set_xlabel("what it hands on")
            below.set_title(f"{name}: the network")
            below.set_xlabel("output")
        for row in axes:  # the same scale for both methods
            ends = [panel.get_xlim() for panel in row]
            for panel in row:
                panel.set_xlim(min(low for low, _ in ends), max(high for _, high in ends))
        axes[0][1].legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))

    draw_grid(2, 2, draw_distributions, size=(9.0, 4.6))
    return h, handed_on


@app.cell(hide_code=True)
def _():
    mo.md(cr.in_language(en="## Check", zh="## 检验"))
    return


@app.cell
def _(direct, h, handed_on, inverted, of_direct, of_inverted, q):
    # In training, with the same mask: inverted is direct, divided by q. In the test it is the other way round.
    in_training = [drop(h, 1 - q, seed=5).numpy() for drop in (cr.dropout, cr.inverted_dropout)]
    assert np.allclose(in_training[0] / q, in_training[1], atol=1e-6)
    assert np.allclose(handed_on(direct), q * handed_on(inverted), atol=1e-6)
    assert np.array_equal(handed_on(inverted), h)  # nothing at all is left to do

    # What the layer hands on has the mean over all masks that it has in the test, whichever method it is.
    assert of_direct.deviations["dropout"] < 1e-6
    assert of_inverted.deviations["dropout"] < 1e-6

    # Its variance, by the masks and by the formula: q(1 − q) h² with direct dropout, (1 − q)/q h² with inverted.
    masks, weights = of_direct.masks["dropout"], of_direct.weights
    handed = masks[:, None, :] * h
    variance = np.tensordot(weights, handed**2, 1) - np.tensordot(weights, handed, 1) ** 2
    assert np.allclose(variance, q * (1 - q) * h**2, atol=1e-6)
    return


@app.cell
def _(behind, inverted, network, of_inverted, q, x):
    # Both are one method: weights behind the dropout that are larger by 1/q make the direct network the inverted one.
    larger = network("direct")
    larger.parameters["second/kernel"] = inverted.parameters["second/kernel"] / np.float32(q)
    same = inspect.thinned_networks(larger, x)
    in_all = np.abs(same.outputs - of_inverted.outputs).max()
    in_test = np.abs(same.test - of_inverted.test).max()
    assert in_all < 1e-5
    assert in_test < 1e-5

    # The test network is the mean of the thinned ones exactly if all that follows is linear.
    errors = [inspect.thinned_networks(network("inverted", p), x).error for p in (0.1, 0.5, 0.9)]
    if behind.value == "linear":
        assert max(errors) < 1e-5
    else:  # and the more is dropped, the worse it becomes
        assert 0.01 < errors[0] < errors[1] < errors[2]
    return errors, in_all, in_test


@app.cell(hide_code=True)
def _(behind, errors, in_all, in_test, of_direct, of_inverted, p):
    mo.md(
        cr.in_language(
            en=rf"""
At $p = {p:.1f}$, what the dropout layer hands on in the test is off its mean in training by
{of_direct.deviations["dropout"]:.1g} (direct) and {of_inverted.deviations["dropout"]:.1g} (inverted) of its size.
With weights larger by $1/q$ the direct network gives what the inverted one gives, to {in_all:.1g} in each of the 64
thinned networks and to {in_test:.1g} in the test. With *{behind.value}* behind the dropout, the output of the test
network is {of_direct.error:.1%} (direct) and {of_inverted.error:.1%} (inverted) off the mean of all thinned networks.
Inverted, at the rates 0.1, 0.5 and 0.9, it is {errors[0]:.1%}, {errors[1]:.1%} and {errors[2]:.1%} off.
""",
            zh=rf"""
当 $p = {p:.1f}$ 时，dropout 层在测试时传出的值与训练时的平均值的相对偏差为 {of_direct.deviations["dropout"]:.1g}（直接）和 {of_inverted.deviations["dropout"]:.1g}（反向）。把其后的权重放大到 $1/q$ 倍，直接 dropout 的网络就与反向的一样：在 64 个稀疏子网络中的每一个里相差至多 {in_all:.1g}，测试时相差至多 {in_test:.1g}。dropout 之后为 *{behind.value}* 时，测试网络的输出与所有稀疏子网络的平均值相差 {of_direct.error:.1%}（直接）和 {of_inverted.error:.1%}（反向）。用反向 dropout，比率为 0.1、0.5 和 0.9 时，分别相差 {errors[0]:.1%}、{errors[1]:.1%} 和 {errors[2]:.1%}。
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

Both methods silence neurons at random in training and use all of them in the test. Then a neuron of the next layer
would get $1/q$ times as much as it is used to, so somewhere one has to scale. Direct dropout does so in the test, by
$q$; inverted dropout in training, by $1/q$, and leaves the test network as if there had never been any dropout. That
is why nearly all libraries have the inverted form: a network is used more often than it is trained, it can be
exported without its dropout layers, and the rate may change while training without any change in the test. Dense
layers and convolutions are treated alike (in convolutional layers often whole maps are dropped).

What one writes as scaled neurons is as well scaled weights: the direct network with weights $W/q$ *is* the inverted
one with weights $W$. They do not train alike, though: for the same weights the direct outputs are smaller by $q$, and
so are the gradients that pass through them.

Often it is said that the test network "is the average of all thinned networks". For what the layer hands on, and for
all that is linear behind it, that is exact. Behind a curve it is an approximation, since the mean of $\tanh z$ is not
$\tanh$ of the mean; the last numbers of the check say how good it is. Move the rate up: with inverted dropout, the
more is dropped, the worse it becomes.

**To go on.** The variance of what is handed on is $q(1-q)h^2$ or $\frac{1-q}{q}h^2$: at which rate is each greatest?
What would go wrong if a program forgot to switch dropout off in the test, with either method?
""",
            zh=r"""
## 讨论

两种方法在训练时都随机使神经元沉默，在测试时使用全部神经元。这样一来，后一层神经元得到的输入会是它所习惯的 $1/q$ 倍，所以总要在某处缩放。直接 dropout 在测试时乘以 $q$；反向 dropout 在训练时乘以 $1/q$，而测试网络就像从来没有过 dropout 一样。因此几乎所有的库都采用反向形式：网络使用的次数比训练多；导出时可以去掉 dropout 层；训练中改变比率，测试时不需要任何改动。全连接层与卷积层的处理方式相同（卷积层中常常丢弃整张特征图）。

缩放神经元的输出，也就等于缩放权重：权重为 $W/q$ 的直接网络*就是*权重为 $W$ 的反向网络。不过两者的训练过程并不一样：权重相同时，直接 dropout 的输出只有 $q$ 倍，经过它的梯度也是。

人们常说测试网络“是所有稀疏子网络的平均”。对这一层传出的值以及其后的一切线性运算，这是精确的。经过弯曲的函数之后就只是近似，因为 $\tanh z$ 的平均值不等于平均值的 $\tanh$；检验中最后的数说明了它有多准。把比率调大：用反向 dropout 时，丢弃得越多，近似就越差。

**继续思考。** 传出值的方差是 $q(1-q)h^2$ 或 $\frac{1-q}{q}h^2$：它们各在什么比率下最大？如果程序忘了在测试时关掉 dropout，两种方法各会出什么错？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
