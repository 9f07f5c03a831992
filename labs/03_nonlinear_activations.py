import marimo

__generated_with = "0.25.2"
app = marimo.App()

with app.setup:
    import marimo as mo
    import numpy as np

    import chainrule as cr

    nn = cr.nn


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
# 3 · Why activations are not linear

Why does a network need non-linear activations between its layers? What can it do with them that it cannot do without?

A network learns a wave from samples. Look first at what it gives, and then at what its neurons give: the network can only add up the curves that
they have to offer.
""",
            zh=r"""
# 3 · 为什么激活函数不是线性的

网络的各层之间为什么需要非线性的激活函数？有了它们，网络能做到什么没有它们就做不到的事？

一个网络从样本中学习一条波形曲线。先看它给出什么，再看它的神经元给出什么：网络能做的，只是把神经元提供的曲线加起来。
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

Each layer has 16 neurons. Choose the activation of all of them, and how many such layers there are. Can depth make up for a missing
non-linearity?
""",
            zh=r"""
## 动手试试

每层有 16 个神经元。请选择它们的激活函数，以及这样的层有几层。深度能弥补非线性的缺失吗？
""",
        )
    )
    return


@app.cell
def _():
    activation = mo.ui.dropdown(
        ["linear", "relu", "tanh", "elu"], value="linear", label=cr.in_language(en="activation", zh="激活函数")
    )
    depth = mo.ui.slider(1, 4, value=2, show_value=True, label=cr.in_language(en="layers of neurons", zh="神经元层数"))
    mo.hstack([activation, depth], justify="start")
    return activation, depth


@app.cell
def _(activation, depth):
    x = np.linspace(-3, 3, 128)[:, None]
    y = np.sin(2 * x)

    hidden = [nn.Dense(16, activation.value, name=f"hidden_{k}") for k in range(depth.value)]
    model = cr.Model(nn.Sequential([*hidden, nn.Dense(1, name="output")]), (1,), seed=0)
    model.fit(x, y, loss="mean_squared_error", optimizer=cr.optim.Adam(0.02), epochs=200, batch_size=32, verbose=0)

    learned = model.predict(x)
    curves = cr.surgery.features(model, f"hidden_{depth.value - 1}").predict(x, executor="reference")
    return curves, learned, model, x, y


@app.cell
def _(activation, curves, learned, x, y):
    def network_and_neurons(axes):
        network, neurons = axes[0]
        network.plot(x, y, ".", color=cr.inspect.style.GRAY, label="samples", markersize=4)
        network.plot(x, learned, label="network")
        network.set(xlabel="x", ylabel="y", title=f"what it learned: {activation.value}")
        network.legend()
        neurons.plot(x, curves, linewidth=0.8)
        neurons.set(xlabel="x", ylabel="output", title="its last 16 neurons")

    cr.inspect.draw_grid(1, 2, network_and_neurons, size=(7.5, 3))
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Check

The best straight line through the samples is known from statistics: the line of least squares. A linear network, however deep, has to give a straight
line, and so cannot come closer than that one; a network with another activation has to come closer by far.
""",
            zh=r"""
## 检验

穿过样本的最佳直线由统计学给出：最小二乘直线。线性网络无论多深都只能给出一条直线，因此不可能比它更接近样本；换成其他激活函数的网络则必须接近得多。
""",
        )
    )
    return


@app.cell
def _(activation, learned, model, x, y):
    best_line = np.polynomial.Polynomial.fit(x[:, 0], y[:, 0], deg=1)(x)
    own_line = np.polynomial.Polynomial.fit(x[:, 0], learned[:, 0], deg=1)(x)
    bend = np.abs(learned - own_line).max()  # how far the network is from any straight line
    error, least = np.mean((learned - y) ** 2), np.mean((best_line - y) ** 2)

    if activation.value == "linear":
        assert bend < 1e-5
        assert 0.999999 * least < error < 1.02 * least
    else:
        assert bend > 0.1
        assert error < 0.5 * least
    mo.md(
        cr.in_language(
            en=f"""The network's output leaves a straight line by at most {bend:.1g}. Its mean squared error is {error:.4f}, that of the best
straight line {least:.4f}. The line has 2 parameters, the network {model.network.parameter_count}.""",
            zh=f"""网络的输出与直线最多相差 {bend:.1g}。它的均方误差为 {error:.4f}，最佳直线的均方误差为 {least:.4f}。直线有 2 个参数，网络有 {model.network.parameter_count} 个。""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Discussion

A layer adds up curves: $y = \sum_j v_j\, h_j(x) + c$. If every $h_j$ is a straight line, so is their sum, and so is whatever the next layer makes of
it. The samples could not teach the network anything else, nor could more neurons or more layers; its error stops at that of the least-squares
line, which makes do with 2 parameters. Which single layer the stack equals is exercise 4.

An activation that bends is enough to change that. With ReLU each neuron contributes a kink at the place where its sum is zero; 16 of them make a
polyline, and deeper layers bend that polyline again. With tanh the contributions are soft steps. With enough of them any continuous function is
approached as closely as one likes, on any bounded interval. That is the theorem of universal approximation, and it asks little of the
activation: it must not be a polynomial.

What else an activation should have, training decides: a derivative that is not zero almost everywhere, or no gradient gets through. That is why the
threshold of the perceptron, although it bends, is not used inside of networks.

**To go on.** Why does the theorem exclude polynomials? (What does a network of one hidden layer give if $f(v) = v^2$?) How does the
network behave outside of the interval that it has seen?
""",
            zh=r"""
## 讨论

一层所做的是把曲线相加：$y = \sum_j v_j\, h_j(x) + c$。如果每个 $h_j$ 都是直线，它们的和也是直线，下一层再怎么处理还是直线。样本教不会它别的，更多神经元、更多层也没有用；误差停在最小二乘直线的误差上，而那条直线只需 2 个参数。这个堆叠等于哪一层，见习题 4。

只要激活函数会弯，情况就变了。用 ReLU 时，每个神经元在求和为零的地方贡献一个折点；16 个神经元连成一条折线，更深的层再把折线折弯。用 tanh 时，贡献的是平缓的台阶。只要数量足够，在任何有界区间上都能以任意精度逼近任何连续函数。这就是万能逼近定理，它对激活函数的要求很少：只要不是多项式。

激活函数还应具备什么，由训练决定：导数不能几乎处处为零，否则梯度传不过去。所以感知机的阈值函数虽然会弯，却不用在网络内部。

**继续思考。** 定理为什么排除多项式？（若 $f(v) = v^2$，一个隐藏层的网络会给出什么？）在没见过的区间之外，网络会怎样表现？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
