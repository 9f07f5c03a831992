import marimo

__generated_with = "0.25.2"
app = marimo.App()

with app.setup:
    import itertools

    import marimo as mo
    import numpy as np

    import chainrule as cr


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
# 2 · The same numbers, connected otherwise

Does a network behave differently if only its topology changes: how its neurons are connected, and nothing else?

Three networks take two inputs to one output. All have the same 25 parameters, the very same numbers in the same order, and differ
only in who is connected to whom. Look at the outputs over the plane of the inputs, and at the direction in which they change.
""",
            zh=r"""
# 2 · 同样的数，不同的连接

如果只改变网络的拓扑，也就是神经元之间的连接方式，其他都不变，网络的行为会不同吗？

下面三个网络都把两个输入变成一个输出。它们都有 25 个参数，而且是完全相同、顺序也相同的 25 个数，区别只在于谁与谁相连。请看它们在输入平面上的输出，以及输出变化的方向。
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

Draw other numbers, and choose the activation of all inner neurons.
""",
            zh=r"""
## 动手试试

换一组数，并选择所有内部神经元的激活函数。
""",
        )
    )
    return


@app.cell
def _():
    seed = mo.ui.slider(
        0, 30, value=3, show_value=True, label=cr.in_language(en="seed of the numbers", zh="这组数的种子")
    )
    activation = mo.ui.dropdown(
        ["tanh", "sigmoid", "softplus"], value="tanh", label=cr.in_language(en="activation", zh="激活函数")
    )
    mo.hstack([seed, activation], justify="start")
    return activation, seed


@app.cell
def _(activation, seed):
    numbers = np.random.default_rng(seed.value).normal(scale=1.5, size=25)
    f = cr.nn.as_activation(activation.value)

    def connect(*sizes):
        """The numbers, in their order, as the kernels and biases of layers of these sizes."""
        made, rest = [], numbers
        for inputs, outputs in itertools.pairwise(sizes):
            kernel, bias, rest = np.split(rest, [inputs * outputs, (inputs + 1) * outputs])
            made.append((kernel.reshape(inputs, outputs), bias))
        assert rest.size == 0  # every number has its place
        return made

    def output(x, layers):
        *inner, last = layers
        for kernel, bias in inner:
            x = f(x @ kernel + bias)
        return (x @ last[0] + last[1])[..., 0]

    networks = {
        "wide: 2-6-1": connect(2, 6, 1),
        "deep: 2-3-3-1": connect(2, 3, 3, 1),
        "bottleneck: 2-1-7-1": connect(2, 1, 7, 1),
    }
    return networks, output


@app.cell
def _(networks, output):
    ticks = np.linspace(-2, 2, 81)
    plane = cr.tensor(np.stack(np.meshgrid(ticks, ticks), axis=-1))

    def surfaces(axes):
        for place, (name, layers) in zip(axes[0], networks.items(), strict=True):
            place.contourf(ticks, ticks, output(plane, layers).numpy(), levels=15)
            place.set(title=name, xlabel="x₁", aspect="equal")
        axes[0][0].set_ylabel("x₂")

    cr.inspect.draw_grid(1, 3, surfaces, size=(7.5, 2.8))
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Check

How far apart the outputs of two networks are, in units of their own spread. And the direction in which each output changes, from its
gradients at 200 points: where all of them lie on one line, the network sees its inputs through a single number.
""",
            zh=r"""
## 检验

以输出自身的离散程度为单位，两个网络的输出相差多少；再用 200 个点处的梯度看每个输出朝什么方向变化：如果所有梯度都在一条直线上，网络就只是透过一个数来看它的输入。
""",
        )
    )
    return


@app.cell
def _(networks, output):
    points = np.random.default_rng(0).uniform(-2, 2, size=(200, 2))
    outputs = {name: output(cr.tensor(points), layers).numpy() for name, layers in networks.items()}

    def standardised(values):
        return (values - values.mean()) / values.std()

    apart = [
        np.abs(standardised(outputs[one]) - standardised(outputs[other])).max()
        for one, other in itertools.combinations(outputs, 2)
    ]
    assert min(apart) > 0.1

    directions = {}
    for name, layers in networks.items():
        gradients = cr.vmap(cr.grad(lambda x, layers=layers: output(x, layers)))(points).numpy()
        _, sizes, _ = np.linalg.svd(gradients)
        directions[name] = sizes[1] / sizes[0]
    *others, through_one = directions.values()
    assert through_one < 1e-12
    assert min(others) > 1e-3

    (kernel, bias), (last, offset) = networks["wide: 2-6-1"]
    swapped = [(kernel[:, ::-1], bias[::-1]), (last[::-1], offset)]  # other neighbours, the same connections
    assert np.allclose(output(cr.tensor(points), swapped).numpy(), outputs["wide: 2-6-1"])
    mo.md(
        cr.in_language(
            en=f"""The outputs differ by up to {min(apart):.1f} to {max(apart):.1f} standard deviations. Gradients across the main direction,
relative to those along it: {directions["wide: 2-6-1"]:.2f} (wide), {directions["deep: 2-3-3-1"]:.2f} (deep) and {through_one:.0e}
(bottleneck).""",
            zh=f"""输出最多相差 {min(apart):.1f} 到 {max(apart):.1f} 个标准差。垂直于主方向的梯度与沿主方向的梯度之比：{directions["wide: 2-6-1"]:.2f}（宽）、{directions["deep: 2-3-3-1"]:.2f}（深）和 {through_one:.0e}（瓶颈）。""",
        )
    )
    return


@app.cell
def _():
    edges = {"h": cr.Node("relu", ["x"]), "x": cr.Node("relu", ["h"])}
    try:
        cr.Graph.from_edges(edges, {"y": "h"})
        cycle = None
    except cr.errors.GraphError as refusal:
        cycle = str(refusal)
    assert cycle is not None
    assert "h → x → h" in cycle
    return (cycle,)


@app.cell(hide_code=True)
def _(cycle):
    mo.md(
        cr.in_language(
            en=f"""
## Discussion

It does, and by more than a detail. The wide network adds up six ridges, each with a direction of its own. The deep one makes ridges of sums
of ridges, and such a ridge need not be straight. The third one sends everything through one neuron: behind it nothing is known but
$w \\cdot x + b$, so its output is constant along straight lines, whatever the remaining 22 numbers are. No training could change that; a
function that depends on both inputs in different ways is out of its reach. A topology therefore decides *which functions there are* to choose from,
and the parameters choose one of them.

Not every change of the drawing is a change of the topology. Swapping two neurons of a layer, each taking its weights along, gives the same
function; a layer of six has $6! = 720$ such copies of every solution.

One kind of connection is excluded altogether: back to where the signal came from. A feed-forward network is a graph without cycles, for in a cycle
a value would be needed before it is known. Calls cannot make one, and where edges come as data the cycle is refused:

> {cycle}

**To go on.** What does a connection that skips the bottleneck, from the inputs to the last layer, change about the third picture? How many of
the 25 numbers could you change without any effect if two of them are zero?
""",
            zh=f"""
## 讨论

会，而且不只是细节上的不同。宽网络把六道“山脊”相加，每一道有自己的方向。深网络对山脊之和再做山脊，这样的山脊不必是直的。第三个网络让一切都经过一个神经元：在它之后，除了 $w \\cdot x + b$ 什么也不知道，所以无论其余 22 个数是多少，输出沿着直线都不变。任何训练都改变不了这一点；以不同方式依赖两个输入的函数，它无法达到。可见，拓扑决定了**有哪些函数**可供选择，参数则从中选出一个。

图画得不同，不一定就是拓扑不同。把同一层的两个神经元连同各自的权重交换位置，得到的是同一个函数；一层有六个神经元时，每个解都有 $6! = 720$ 个这样的副本。

有一种连接完全被排除：回到信号来的地方。前馈网络是没有环的图，因为在环里，一个值在算出来之前就要用到。通过函数调用造不出环；当边以数据形式给出时，环会被拒绝：

> {cycle}

**继续思考。** 如果从输入到最后一层加一条绕过瓶颈的连接，第三张图会怎样变化？如果 25 个数中有两个为零，可能有多少个数怎么改都没有影响？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
