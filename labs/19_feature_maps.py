import marimo

__generated_with = "0.25.2"
app = marimo.App()

with app.setup:
    import marimo as mo
    import numpy as np
    from scipy.signal import correlate2d

    import chainrule as cr
    from chainrule import signal
    from chainrule.inspect import as_image, draw_grid

    LINES = cr.inspect.style.LINES


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
# 19 · Feature vectors and feature maps

A kernel that is moved over a picture answers at every place one question, "how much of an edge like this is here?".
Its answers are a picture again, a *feature map*. $M$ kernels make $M$ maps: what is the *feature vector*, where is
it, and how long is it? And what do both do when the object moves?
""",
            zh=r"""
# 19 · 特征向量与特征图

在图像上移动的核，在每个位置都回答同一个问题：“这里有多少这样的边缘？”它的回答又构成一幅图像，即*特征图*。$M$ 个核产生 $M$ 张图：那么*特征向量*是什么，它在哪里，有多长？当物体移动时，两者又会怎样？
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

Four kernels that somebody thought of: the slope to the right, the slope downwards, the difference from the
neighbours, the mean. Choose a digit, and move it to the left or to the right.
""",
            zh=r"""
## 动手试试

四个人工设计的核：向右的斜率、向下的斜率、与邻居的差、平均值。请选择一个数字，并把它左右移动。
""",
        )
    )
    return


@app.cell
def _():
    digit = mo.ui.slider(0, 9, value=5, show_value=True, label=cr.in_language(en="digit", zh="数字"))
    shift = mo.ui.slider(
        -6, 6, value=3, show_value=True, label=cr.in_language(en="shift to the right, pixels", zh="向右移动的像素数")
    )
    mo.vstack([digit, shift])
    return digit, shift


@app.cell
def _(digit, shift):
    digits = cr.data.digits()
    image = digits.x_test[digits.y_test == digit.value][0, :, :, 0] / 255
    canvas = np.pad(image, 6)  # 40 × 40, with room on all sides
    moved = np.roll(canvas, shift.value, axis=1)

    kernels = {
        "to the right": signal.sobel("x"),
        "downwards": signal.sobel("y"),
        "Laplace": signal.laplacian(),
        "mean": np.full((3, 3), 1 / 9),
    }
    weights = signal.as_conv_kernel(list(kernels.values()))  # (3, 3, 1, 4), as a layer has it
    maps, moved_maps = (cr.relu(cr.conv2d(x[None, :, :, None], weights)).numpy()[0] for x in (canvas, moved))
    return canvas, digits, kernels, maps, moved, moved_maps, weights


@app.cell(hide_code=True)
def _(maps):
    mo.md(
        cr.in_language(
            en=rf"""
## The maps, and one vector

The layer is `relu(conv2d(x, weights))`. Its output has the shape {maps.shape}: read one way, {maps.shape[-1]} *maps*
of {maps.shape[0]} × {maps.shape[1]} places; read the other way, at each place a *vector* of {maps.shape[-1]} numbers,
which describes what is around it. The red square is where the slope to the right is greatest, and the bars are the
vector there.
""",
            zh=rf"""
## 特征图，以及其中一个向量

这一层是 `relu(conv2d(x, weights))`。它的输出形状是 {maps.shape}：换一种读法，是 {maps.shape[-1]} 张 {maps.shape[0]} × {maps.shape[1]} 的*图*；另一种读法，是每个位置上一个含 {maps.shape[-1]} 个数的*向量*，描述这个位置周围有什么。红色方框是向右的斜率最大的地方，条形是那里的向量。
""",
        )
    )
    return


@app.cell
def _(canvas, kernels, maps, moved, moved_maps):
    def strongest(feature_maps):
        row, column = np.unravel_index(feature_maps[..., 0].argmax(), feature_maps.shape[:2])
        return int(row), int(column)

    def draw_maps(axes):
        for line, picture, found, name in zip(
            axes, (canvas, moved), (maps, moved_maps), ("digit", "moved"), strict=True
        ):
            row, column = strongest(found)
            as_image(line[0], picture, name)
            line[0].plot(column + 1, row + 1, "s", color=LINES[2], fillstyle="none", markersize=6)
            for k, panel in enumerate(line[1:5]):
                as_image(panel, found[..., k], list(kernels)[k])
                panel.plot(column, row, "s", color=LINES[2], fillstyle="none", markersize=5)
            line[5].barh(range(4), found[row, column], color=LINES[0])
            line[5].set_yticks(range(4), kernels)
            line[5].yaxis.tick_right()
            line[5].invert_yaxis()
            line[5].set_box_aspect(1)
            line[5].set_title("vector in the square")

    draw_grid(2, 6, draw_maps, size=(9.6, 3.4))
    return (strongest,)


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## What moving does

The pixels change, the maps move along. The largest number of each map, wherever it is, does not change at all:
*global pooling* makes one vector of $M$ numbers of the whole picture. Below, how far the digit is from itself, moved,
and from the nine others, by two descriptions: all pixels, and that one vector.
""",
            zh=r"""
## 移动会怎样

像素变了，特征图则跟着移动。每张图中最大的数，无论它在哪里，都完全不变：*全局池化*把整幅图像变成一个含 $M$ 个数的向量。下面比较这个数字与移动后的自己、以及与另外九个数字相距多远，用两种描述：全部像素，和这一个向量。
""",
        )
    )
    return


@app.cell
def _(canvas, digit, digits, maps, moved, moved_maps, weights):
    def distances(vectors, own):
        return [float(np.linalg.norm(np.ravel(vector) - np.ravel(own))) for vector in vectors]

    others = [k for k in range(10) if k != digit.value]
    pictures = np.array([np.pad(digits.x_test[digits.y_test == k][0, :, :, 0] / 255, 6) for k in others])
    pooled = cr.relu(cr.conv2d(pictures[..., None], weights)).numpy().max(axis=(1, 2))

    by_pixels = distances([moved, *pictures], canvas)
    by_vector = distances([moved_maps.max(axis=(0, 1)), *pooled], maps.max(axis=(0, 1)))
    return by_pixels, by_vector, others


@app.cell
def _(by_pixels, by_vector, others):
    def draw_distances(axes):
        for panel, lengths, title in zip(
            axes[0], (by_pixels, by_vector), ("by 1600 pixels", "by the largest of 4 maps"), strict=True
        ):
            panel.bar(range(10), lengths, color=[LINES[2], *[LINES[0]] * 9])
            panel.set_xticks(range(10), ["itself,\nmoved", *map(str, others)])
            panel.set_title(f"distance {title}")
            panel.set_xlabel("compared with")
        axes[0][0].set_ylabel("Euclidean distance")

    draw_grid(1, 2, draw_distances, size=(8.4, 2.6))
    return


@app.cell(hide_code=True)
def _():
    mo.md(cr.in_language(en="## Check", zh="## 检验"))
    return


@app.cell
def _(by_pixels, by_vector, canvas, kernels, maps, moved_maps, shift, strongest):
    # A map is the picture correlated with its kernel, as SciPy does it, and then ReLU.
    by_scipy = [np.maximum(correlate2d(canvas, kernel, "valid"), 0) for kernel in kernels.values()]
    largest_error = np.abs(np.stack(by_scipy, axis=-1) - maps).max()
    assert largest_error < 1e-5

    # The vector at a place is made of the 3 × 3 pixels there, and of nothing else.
    i, j = strongest(maps)
    patch = canvas[i : i + 3, j : j + 3]
    assert np.allclose(maps[i, j], [max((patch * kernel).sum(), 0) for kernel in kernels.values()], atol=1e-5)

    # The maps move as the picture does, the strongest place too, and the vector of maxima stays.
    assert np.abs(np.roll(maps, shift.value, axis=1) - moved_maps).max() < 1e-5
    assert strongest(moved_maps) == (i, j + shift.value)
    assert by_vector[0] < 1e-5 < min(by_vector[1:])
    assert (by_pixels[0] > 0) == (shift.value != 0)
    if abs(shift.value) > 2:  # by its pixels it is farther from itself than from another digit
        assert by_pixels[0] > min(by_pixels[1:])
    return (largest_error,)


@app.cell
def _(digits, weights):
    # What one vector of four numbers cannot do: tell digits by the nearest of 300 known ones.
    def largest_of_each_map(images):
        return cr.relu(cr.conv2d(images / 255, weights)).numpy().max(axis=(1, 2))

    def read_by_nearest(describe):
        known, new = describe(digits.x_train[:300]), describe(digits.x_test[:100])
        nearest = [np.linalg.norm(known - one, axis=1).argmin() for one in new]
        return np.mean(digits.y_train[nearest] == digits.y_test[:100])

    read_by_pixels = read_by_nearest(lambda images: images.reshape(len(images), -1) / 255)
    read_by_vector = read_by_nearest(largest_of_each_map)
    assert read_by_vector < 0.3 < 0.7 < read_by_pixels
    return read_by_pixels, read_by_vector


@app.cell
def _(maps, moved_maps, shift):
    # Where it ends: pooling with stride 2 keeps every second place, so its maps move along by whole places only.
    halved, moved_halved = (cr.max_pool(x[None], 2).numpy()[0] for x in (maps, moved_maps))
    missed = min(np.abs(np.roll(halved, k, axis=1) - moved_halved).max() for k in range(-3, 4))
    assert (missed < 1e-5) == (shift.value % 2 == 0)
    return (missed,)


@app.cell(hide_code=True)
def _(by_pixels, by_vector, largest_error, missed, read_by_pixels, read_by_vector):
    mo.md(
        cr.in_language(
            en=rf"""
The maps agree with SciPy's correlation to {largest_error:.1g}. The moved digit is {by_pixels[0]:.1f} away from itself
by its pixels, the nearest other digit {min(by_pixels[1:]):.1f}; by the vector of maxima it is {by_vector[0]:.1g}
away, and the nearest other digit {min(by_vector[1:]):.2f}. Digits in their places, read by the nearest of 300 known
ones, are right in {read_by_pixels:.0%} by pixels, and in {read_by_vector:.0%} by the vector of maxima. Behind pooling
with stride 2 the best match with the moved maps is off by {missed:.2g}.
""",
            zh=rf"""
特征图与 SciPy 的互相关相差至多 {largest_error:.1g}。按像素计算，移动后的数字与自己相距 {by_pixels[0]:.1f}，与最近的另一个数字相距 {min(by_pixels[1:]):.1f}；按最大值的向量计算，与自己相距 {by_vector[0]:.1g}，与最近的另一个数字相距 {min(by_vector[1:]):.2f}。位置不动的数字，用 300 个已知数字中最近的一个来识别，按像素的正确率为 {read_by_pixels:.0%}，按最大值的向量为 {read_by_vector:.0%}。经过步长为 2 的池化之后，与移动后的图最接近的匹配仍相差 {missed:.2g}。
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

A *feature* is a number that says how much of something there is. A *feature vector* is a list of them for one thing:
for a place of a picture, $M$ numbers, one of each kernel; for a whole picture, all maps written in one row, or one
number for each map if they are pooled globally. A *feature map* is the same volume cut the other way: one feature at
all places. The length of the vector at a place is the number of kernels, whatever the depth of the input is.

Since the same kernel works everywhere, what moves in the picture moves in the maps (this is called *equivariance*),
and what no longer asks where something is does not notice (*invariance*). By pixels, a digit that moved by three
columns or more is farther from itself than from some other digit, which is why a classifier of pixels has to learn
every place anew. The price is seen too: four maxima do not tell digits apart reliably. Networks learn many kernels,
stack them, and pool little by little.

Texts often say that convolutional networks are shift-invariant. With strides, and with pooling that has them, they
are not even equivariant, except for shifts by multiples of the stride: set the shift to an odd number and look at the
last number of the check.

**To go on.** How long is the feature vector at a place behind a second layer with 16 kernels, and how many pixels
does it describe? Would a *mean* over all places be invariant as well? What would a shift do near the border, where
the picture is padded with zeros?
""",
            zh=r"""
## 讨论

*特征*是一个数，表示某种东西有多少。*特征向量*是描述同一个对象的一列特征：对图像的一个位置，是 $M$ 个数，每个核一个；对整幅图像，是写成一行的所有特征图，若作全局池化，则每张图一个数。*特征图*是把同一个体按另一个方向切开：一种特征在所有位置上的值。一个位置上的向量有多长，取决于核的个数，与输入的深度无关。

同一个核处处使用，所以图像中什么移动，特征图中就什么移动（称为*等变性*）；而不再过问位置的描述则毫无察觉（*不变性*）。按像素计算，移动三列或更多的数字与自己的距离，比它与某个别的数字的距离还大，因此基于像素的分类器必须对每个位置重新学习。代价也看得到：只凭四个最大值并不能可靠地区分数字。网络学习许多核，把它们层层叠起，一点一点地池化。

书上常说卷积网络是平移不变的。带有步长（包括池化的步长）时，它连等变都做不到，除非移动的距离是步长的倍数：请把移动的像素数设为奇数，再看检验中的最后一个数。

**继续思考。** 在第二个有 16 个核的层之后，一个位置上的特征向量有多长？它描述多少个像素？对所有位置取*平均*是否同样不变？在边界附近，图像用零填充，移动又会怎样？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
