import marimo

__generated_with = "0.25.2"
app = marimo.App()

with app.setup:
    import marimo as mo
    import numpy as np

    import chainrule as cr
    from chainrule import inspect, nn, surgery
    from chainrule.inspect import as_image, draw_grid

    LINES = cr.inspect.style.LINES


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
# 24 · Convolution of a volume with a 1 × 1 × D kernel

What does a convolution of a volume of $W \times H \times D$ with kernels of $1 \times 1 \times D$ give, and in which
sense is it a dense layer?

A kernel is as deep as its input and is moved over width and height only. With $1 \times 1$ it sees a single position,
so what can it still do? Look at which numbers are multiplied with which.
""",
            zh=r"""
# 24 · 用 1 × 1 × D 的核对体作卷积

对 $W \times H \times D$ 的体用 $1 \times 1 \times D$ 的核作卷积，会得到什么？在什么意义上它就是一个全连接层？

核的深度与输入相同，并且只沿宽和高移动。大小为 $1 \times 1$ 的核只看到一个位置，它还能做什么？请看哪些数与哪些数相乘。
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

How wide and high the volume is, how deep, and how many kernels there are.
""",
            zh=r"""
## 动手试试

体的宽和高、体的深度，以及核的个数。
""",
        )
    )
    return


@app.cell
def _():
    side = mo.ui.slider(1, 5, value=3, show_value=True, label=cr.in_language(en="width and height", zh="宽和高"))
    depth = mo.ui.slider(1, 6, value=4, show_value=True, label=cr.in_language(en="depth D", zh="深度 D"))
    kernels = mo.ui.slider(1, 6, value=2, show_value=True, label=cr.in_language(en="kernels M", zh="核的个数 M"))
    mo.vstack([side, depth, kernels])
    return depth, kernels, side


@app.cell
def _(depth, kernels, side):
    D, M, positions = depth.value, kernels.value, side.value**2
    random = np.random.default_rng(0)
    volume = random.integers(-4, 5, (side.value, side.value, D)).astype("float32")

    convolution = cr.Model(nn.Conv2D(M, 1, name="mix"), (side.value, side.value, D), seed=1)
    convolution.parameters["mix/kernel"] = random.integers(-3, 4, (1, 1, D, M)).astype("float32")
    convolution.parameters["mix/bias"] = random.integers(-3, 4, M).astype("float32")
    maps = convolution.predict(volume[None], executor="reference")[0]
    return D, M, convolution, maps, positions, volume


@app.cell(hide_code=True)
def _(D, M, maps, volume):
    mo.md(
        cr.in_language(
            en=rf"""
## One number of the output

{" × ".join(map(str, volume.shape))} goes in, {" × ".join(map(str, maps.shape))} comes out: width and height stay, the
depth becomes {M}. Each number is a sum over the depth of its own position, {D} products (of more than four depths the
first four are drawn):

$$y_{{ijm}} = \sum_{{d=1}}^{{D}} x_{{ijd}}\,w_{{dm}} + b_m$$
""",
            zh=rf"""
## 输出中的一个数

输入为 {" × ".join(map(str, volume.shape))}，输出为 {" × ".join(map(str, maps.shape))}：宽和高不变，深度变为 {M}。每个数都是在自己那个位置上沿深度求和，共 {D} 个乘积（深度超过四时只画出前四个）：

$$y_{{ijm}} = \sum_{{d=1}}^{{D}} x_{{ijd}}\,w_{{dm}} + b_m$$
""",
        )
    )
    return


@app.cell
def _(convolution, volume):
    part = inspect.convolution_arithmetic(volume, convolution.parameters["mix/kernel"], (0, 0), kernel=0)
    inspect.plot_convolution_arithmetic(part)
    return (part,)


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## The same as a dense layer

Right the weights of the dense layer that does this at *each position*. Left those of a dense layer on the *flattened*
volume, from every number of the input to every number of the output, that gives the same: a block for each position,
the same in all of them, and zeros elsewhere.
""",
            zh=r"""
## 写成全连接层

右图是在*每个位置*上完成此事的全连接层的权重。左图是作用于*展平的*体、给出同样结果的全连接层的权重，从输入的每个数到输出的每个数：每个位置一个块，所有块都相同，其余为零。
""",
        )
    )
    return


@app.cell
def _(convolution, positions):
    per_position = surgery.to_dense_layers(convolution)
    weights = per_position.parameters["mix/kernel"]  # (D, M)
    flattened_weights = np.kron(np.eye(positions), weights)  # (positions · D, positions · M)

    def draw_weights(axes):
        for panel, matrix, title in zip(
            axes[0], (flattened_weights, weights), ("on the flattened volume", "at each position"), strict=True
        ):
            as_image(panel, matrix, f"{title}: {matrix.shape[0]} × {matrix.shape[1]}", signed=True)
            panel.set_xlabel("output")
            panel.set_ylabel("input")

    draw_grid(1, 2, draw_weights, size=(7.6, 3.6))
    return flattened_weights, per_position, weights


@app.cell(hide_code=True)
def _():
    mo.md(cr.in_language(en="## Check", zh="## 检验"))
    return


@app.cell
def _(D, M, convolution, flattened_weights, maps, part, per_position, positions, side, volume, weights):
    bias = convolution.parameters["mix/bias"]
    by_sum = np.einsum("ijd,dm->ijm", volume, weights) + bias  # the formula above, in NumPy
    by_position = per_position.predict(volume[None], executor="reference")[0]
    by_flattened = (volume.ravel() @ flattened_weights).reshape(maps.shape) + bias
    difference = max(np.abs(other - maps).max() for other in (by_sum, by_position, by_flattened))
    assert difference == 0  # of whole numbers nothing is rounded
    assert part.total + bias[0] == maps[0, 0, 0]
    assert weights.shape == (D, M)

    # The dense layer on the flattened volume has to leave all weights but one in `positions` at zero.
    zeros = flattened_weights.size - positions * weights.size
    assert zeros / flattened_weights.size == 1 - 1 / positions
    assert (zeros == 0) == (side.value == 1)
    return difference, zeros


@app.cell
def _(M, side, volume):
    # The other way round: a dense layer behind a Flatten is a convolution whose kernel is as large as the volume.
    dense = cr.Model(nn.Sequential([nn.Flatten(), nn.Dense(M, name="scores")]), volume.shape, seed=2)
    as_convolution = surgery.to_fully_convolutional(dense)
    kernel_shape = as_convolution.parameters["scores/kernel"].shape
    scores = dense.predict(volume[None], executor="reference")[0]
    scores_by_convolution = as_convolution.predict(volume[None], executor="reference")[0, 0, 0]
    assert np.abs(scores - scores_by_convolution).max() < 1e-4
    assert kernel_shape[:2] == (side.value, side.value)  # 1 × 1 only if the volume has a single position

    # It does not treat positions alike: with the rows of the volume in reverse its scores are others.
    reversed_scores = dense.predict(volume[None, ::-1], executor="reference")[0]
    assert np.allclose(scores, reversed_scores, atol=1e-4) == (side.value == 1)
    return (kernel_shape,)


@app.cell(hide_code=True)
def _(D, M, difference, flattened_weights, kernel_shape, positions, weights, zeros):
    mo.md(
        cr.in_language(
            en=rf"""
The convolution, the sum, the dense layer at each position, and the dense layer on the flattened volume differ by
{difference:g} (of whole numbers nothing is rounded). The convolution has {D} · {M} + {M} = {D * M + M} parameters,
however many positions there are, here {positions}. On the flattened volume a dense layer would have
{flattened_weights.size:,} weights in place of {weights.size}, of which {zeros:,} have to be zero. An ordinary dense
layer behind a Flatten became a convolution with a kernel of {" × ".join(map(str, kernel_shape[:3]))}.
""",
            zh=rf"""
卷积、求和公式、逐位置的全连接层，以及展平后的全连接层，彼此相差 {difference:g}（都是整数，没有舍入）。卷积有 {D} · {M} + {M} = {D * M + M} 个参数，与位置的个数（这里是 {positions}）无关。在展平的体上，全连接层要用 {flattened_weights.size:,} 个权重代替 {weights.size} 个，其中 {zeros:,} 个必须为零。Flatten 之后的普通全连接层则变成了核为 {" × ".join(map(str, kernel_shape[:3]))} 的卷积。
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

A kernel of $1 \times 1 \times D$ sees no neighbourhood. What it does is mix the channels of a position: each of its
$D$ weights belongs to one depth, the products are added up, and one kernel gives one map of the same width and
height. $M$ kernels give depth $M$, so volumes become shallower or deeper, e.g.
$7 \times 7 \times 512 \to 7 \times 7 \times M$, for $512 M + M$ parameters.

That is a dense layer from $D$ inputs to $M$ neurons, with the same weights at each position. Texts shorten it to "a 1
× 1 convolution equals a dense layer", and two different things are meant by that. *At each position* it is true of
any volume. On the *flattened* volume it is true only if there is a single position: for $7 \times 7$ there are
$49 \cdot 49 = 2401$ times as many weights, and positions are no longer treated alike (the last check turns the rows
round). Set width and height to 1, and all three become one.

The other direction is what one needs to move a classifier over a larger image: its first dense layer, behind a map of
$h \times w \times D$, is a convolution with kernels of $h \times w \times D$, and those after it, which see one
position, are convolutions of $1 \times 1 \times D$.

**To go on.** With ReLU behind it, what can a 1 × 1 convolution say of a position that the one before it could not?
How many multiplications does a $3 \times 3$ convolution from 256 to 256 channels take for each position, and how many
if a 1 × 1 convolution makes it 64 channels first, and another 256 again behind?
""",
            zh=r"""
## 讨论

$1 \times 1 \times D$ 的核看不到邻域。它所做的是混合一个位置上的各个通道：$D$ 个权重各对应一个深度，乘积相加，一个核给出一张同样宽和高的图。$M$ 个核给出深度 $M$，体因此变浅或变深，例如 $7 \times 7 \times 512 \to 7 \times 7 \times M$，需要 $512 M + M$ 个参数。

这就是一个从 $D$ 个输入到 $M$ 个神经元的全连接层，在每个位置上用同样的权重。书上把它简写成“1 × 1 卷积等于全连接层”，而这句话有两种不同的意思。*在每个位置上*，它对任何体都成立。对*展平的*体，只有当位置仅有一个时才成立：对 $7 \times 7$，权重是 $49 \cdot 49 = 2401$ 倍，而且不再对各个位置一视同仁（最后的检验把各行颠倒过来）。把宽和高设为 1，三者就合而为一。

反过来的方向，正是把分类器移到更大图像上所需要的：它的第一个全连接层位于 $h \times w \times D$ 的图之后，是核为 $h \times w \times D$ 的卷积；再往后的全连接层只看到一个位置，是 $1 \times 1 \times D$ 的卷积。

**继续思考。** 在 1 × 1 卷积之后加上 ReLU，它能说出哪些前一层说不出的东西？从 256 个通道到 256 个通道的 $3 \times 3$ 卷积，每个位置需要多少次乘法？如果先用 1 × 1 卷积减到 64 个通道，最后再用一个恢复到 256 个，又需要多少次？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
