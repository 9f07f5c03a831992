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
# 14 · Mini-batches, and their three cases

Write mini-batch gradient descent down as an algorithm. For which batch sizes $b$ is it *stochastic*, *batch*, and
*mini-batch* gradient descent, and what does $b$ change: the number of updates, their noise, or where they lead?

Look for how much each path trembles, and how far each has come after the same number of epochs.
""",
            zh=r"""
# 14 · 小批量及其三种情形

把小批量梯度下降写成算法。批大小 $b$ 取何值时，它分别是*随机*梯度下降、*批量*梯度下降和*小批量*梯度下降？$b$ 改变的是更新的次数、更新的噪声，还是它们通向的地方？

请注意观察：每条路径抖动得多厉害；经过同样的轮数之后，各自走了多远。
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

A linear neuron with two weights learns $k = 64$ samples from the same start, four epochs long: once with single
samples, once with all at once, and once with batches of the size that you choose.
""",
            zh=r"""
## 动手试试

一个有两个权重的线性神经元从同一起点出发，学习 $k = 64$ 个样本，共四轮：一次用单个样本，一次用全部样本，一次用你所选大小的批。
""",
        )
    )
    return


@app.cell
def _():
    size = mo.ui.slider(
        steps=[1, 2, 4, 8, 16, 32, 48, 64],
        value=8,
        show_value=True,
        label=cr.in_language(en="batch size b", zh="批大小 b"),
    )
    rate = mo.ui.slider(
        0.01, 0.1, step=0.01, value=0.05, show_value=True, label=cr.in_language(en="learning rate η", zh="学习率 η")
    )
    mo.hstack([size, rate], justify="start")
    return rate, size


@app.cell
def _():
    k, epochs = 64, 4
    random = np.random.default_rng(0)
    x = random.standard_normal((k, 2))
    t = x @ [1.0, -0.5] + 0.3 * random.standard_normal(k)

    def loss(w, x, t):
        return cr.mean((x @ w - t) ** 2)

    gradient = cr.compile(cr.grad(loss), batch=(1, 2))  # native code, for any number of samples
    losses = cr.vmap(lambda w: loss(w, x, t))  # of all samples, for many weights at once
    return epochs, gradient, k, loss, losses, t, x


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
The algorithm, which `mini_batch` says in six lines of Python:

1. Shuffle the samples.
2. Cut them into batches of $b$; the last one may be smaller.
3. For each batch in turn, $w \leftarrow w - \eta \, \nabla L_{\text{batch}}(w)$, with the mean loss of that batch.
4. That was an epoch. Begin again at 1.
""",
            zh=r"""
算法如下，函数 `mini_batch` 用六行 Python 写出了它：

1. 打乱样本。
2. 切成大小为 $b$ 的批；最后一批可以较小。
3. 依次对每一批更新 $w \leftarrow w - \eta \, \nabla L_{\text{batch}}(w)$，其中的损失是这一批的平均损失。
4. 这就是一轮。回到第 1 步。
""",
        )
    )
    return


@app.cell
def _(gradient, k, rate, t, x):
    def mini_batch(w, b, orders):
        path = [w]
        for order in orders:  # one for each epoch
            for first in range(0, k, b):
                batch = order[first : first + b]
                w = w - rate.value * gradient(w, x[batch], t[batch])
                path.append(w)
        return np.array(path)

    return (mini_batch,)


@app.cell
def _(epochs, k, mini_batch, size):
    start = np.array([-1.0, 1.0])
    orders = [np.random.default_rng(epoch).permutation(k) for epoch in range(epochs)]
    paths = {
        "stochastic, b = 1": mini_batch(start, 1, orders),
        f"chosen, b = {size.value}": mini_batch(start, size.value, orders),
        f"batch, b = {k}": mini_batch(start, k, orders),
    }
    return orders, paths, start


@app.cell
def _(epochs, losses, paths, start):
    def draw_paths(grid):
        plane, curve = grid[0]
        line = np.linspace(-1.5, 1.5, 101)
        points = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
        height = losses(points).numpy().reshape(101, 101)
        plane.contour(line, line, height, levels=14, colors="0.75", linewidths=0.7)
        colors = cr.inspect.style.SKY, cr.inspect.style.RED, cr.inspect.style.BLUE
        for color, (name, path) in zip(colors, paths.items(), strict=True):
            plane.plot(*path.T, ".-", color=color, markersize=4, linewidth=1, label=name)
            progress = np.linspace(0, epochs, len(path))
            curve.semilogy(progress, losses(path).numpy(), ".-", color=color, markersize=4, linewidth=1)
        plane.plot(*start, "*", color="black", markersize=10)
        plane.set(aspect="equal", xlabel="w₁", ylabel="w₂", title="The weights")
        curve.set(xlabel="epochs", title="Loss of all samples")
        cr.inspect.style.readable_logarithms(curve.yaxis)
        plane.figure.legend(*plane.get_legend_handles_labels(), loc="outside lower center", ncols=3)

    cr.inspect.draw_grid(1, 2, draw_paths, size=(7.6, 4.2))
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Check

**One formula, three cases.** In an epoch there are $\lceil k/b \rceil$ updates. With $b = k$ there is one, by the
gradient of all samples, $\frac2k X^{\mathsf T}(Xw - t)$. And `fit` is the same algorithm.
""",
            zh=r"""
## 检验

**一个公式，三种情形。** 一轮中有 $\lceil k/b \rceil$ 次更新。当 $b = k$ 时只有一次，用的是全部样本的梯度 $\frac2k X^{\mathsf T}(Xw - t)$。`fit` 所用的也是同一个算法。
""",
        )
    )
    return


@app.cell
def _(epochs, k, mini_batch, paths, rate, size, start, t, x):
    updates = {name: len(path) - 1 for name, path in paths.items()}
    assert list(updates.values()) == [epochs * int(np.ceil(k / b)) for b in (1, size.value, k)]

    descent = [start]
    for _ in range(epochs):
        descent.append(descent[-1] - rate.value * 2 / k * x.T @ (x @ descent[-1] - t))
    off = np.abs(paths[f"batch, b = {k}"] - descent).max()
    assert off < 1e-12

    neuron = cr.nn.Dense(1, use_bias=False, kernel_initializer="zeros")
    model = cr.Model(neuron, (2,), dtype="float64")
    model.parameters["dense/kernel"] = start[:, None]
    model.fit(
        x, t, loss="mean_squared_error", optimizer=cr.optim.SGD(rate.value), epochs=epochs, batch_size=size.value,
        shuffle=False, verbose=0, executor="reference",
    )  # fmt: skip
    in_order = mini_batch(start, size.value, [np.arange(k)] * epochs)
    from_fit = np.abs(model.parameters["dense/kernel"][:, 0] - in_order[-1]).max()
    assert from_fit < 1e-12

    mo.md(
        cr.in_language(
            en=rf"""
There are {updates["stochastic, b = 1"]} updates with b = 1, {updates[f"chosen, b = {size.value}"]} with b =
{size.value}, {updates[f"batch, b = {k}"]} with b = {k}. The last path differs from gradient descent by at most
{off:.1g}; for b = {size.value}, in the order of the samples, the weights from `fit` and those from the six lines
differ by at most {from_fit:.1g}.
""",
            zh=rf"""
b = 1 时有 {updates["stochastic, b = 1"]} 次更新，b = {size.value} 时有 {updates[f"chosen, b = {size.value}"]} 次，b = {k} 时有 {updates[f"batch, b = {k}"]} 次。最后一条路径与梯度下降相差至多 {off:.1g}；取 b = {size.value} 并按样本原有的顺序，`fit` 得到的权重与这六行算法的结果相差至多 {from_fit:.1g}。
""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
**The noise.** At one and the same place, the gradient of a batch is the mean of $b$ single gradients. On average it
is the gradient of all; around it, it varies. For batches drawn as here, without putting samples back, probability
theory says

$$
\mathrm{E}\,|g_b - g|^2 = \frac{\sigma^2}{b} \cdot \frac{k - b}{k - 1}, \qquad
\sigma^2 = \frac1k \sum_i |g_i - g|^2
$$
""",
            zh=r"""
**噪声。** 在同一个位置上，一批的梯度是 $b$ 个单样本梯度的平均。它的期望就是全部样本的梯度，并围绕其波动。像这里这样不放回地抽取时，概率论给出

$$
\mathrm{E}\,|g_b - g|^2 = \frac{\sigma^2}{b} \cdot \frac{k - b}{k - 1}, \qquad
\sigma^2 = \frac1k \sum_i |g_i - g|^2
$$
""",
        )
    )
    return


@app.cell
def _(gradient, k, loss, start, t, x):
    # The gradient of each sample by itself, at the start: one vmap over the samples.
    single = cr.vmap(lambda xi, ti: cr.grad(loss)(start, xi[None], ti[None]))(x, t).numpy()
    whole = gradient(start, x, t)
    variance = np.square(single - whole).sum(1).mean()
    sizes = np.array([1, 2, 4, 8, 16, 32, 48, 64])
    expected = variance / sizes * (k - sizes) / (k - 1)

    draw = np.random.default_rng(1)
    shuffled = [single[draw.permutation(k)] for _ in range(2000)]
    measured = np.array([np.mean([np.square(g[:b].mean(0) - whole).sum() for g in shuffled]) for b in sizes])
    return expected, measured, single, sizes, whole


@app.cell
def _(expected, measured, sizes):
    def draw_noise(axes):
        axes.loglog(sizes[:-1], expected[:-1], color=cr.inspect.style.GRAY, linestyle=":", label="formula")
        axes.loglog(sizes[:-1], measured[:-1], "o", color=cr.inspect.style.BLUE, label="2000 batches of each size")
        axes.set_xticks(sizes[:-1], [str(b) for b in sizes[:-1]])
        axes.minorticks_off()
        axes.set(xlabel="batch size b; at b = 64 it is 0", title="Variance of the gradient")
        axes.legend()

    cr.inspect.draw(draw_noise, size=(5.4, 3.0))
    return


@app.cell
def _(expected, k, measured, orders, single, size, sizes, whole):
    pieces = np.split(single[orders[0]], range(size.value, k, size.value))
    mean = sum(len(piece) * piece.mean(0) for piece in pieces) / k
    assert np.allclose(mean, whole, rtol=1e-12)
    assert np.allclose(measured, expected, rtol=0.15, atol=1e-20)
    here = list(sizes).index(size.value)

    mo.md(
        cr.in_language(
            en=rf"""
For b = {size.value} the variance is {measured[here]:.3g}, the formula says {expected[here]:.3g}. The mean over the
batches of an epoch, each with as much weight as it has samples, is the gradient of all to the last digits:
{np.abs(mean - whole).max():.1g} apart.
""",
            zh=rf"""
b = {size.value} 时方差为 {measured[here]:.3g}，公式给出 {expected[here]:.3g}。把一轮中各批的梯度按样本数加权平均，得到的就是全部样本的梯度，只在末位有差别：相差 {np.abs(mean - whole).max():.1g}。
""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
**Where they lead.** How far is the loss from its smallest value, which least squares know, after one epoch? And
after 1280 updates, single samples against all at once?
""",
            zh=r"""
**它们通向哪里。** 一轮之后，损失离它的最小值（可由最小二乘求得）还有多远？单个样本与全部样本各做 1280 次更新之后呢？
""",
        )
    )
    return


@app.cell
def _(epochs, k, losses, mini_batch, paths, start, t, x):
    minimum = np.linalg.lstsq(x, t)[0]
    first = {name: path[(len(path) - 1) // epochs] for name, path in paths.items()}  # the weights after the first epoch
    above = {name: float(losses(w[None]).numpy()[0] - losses(minimum[None]).numpy()[0]) for name, w in first.items()}
    assert above["stochastic, b = 1"] < 0.5 * above[f"batch, b = {k}"]

    shuffle = np.random.default_rng(2).permutation
    exact = mini_batch(start, k, [np.arange(k)] * 1280)[-1]
    single_samples = mini_batch(start, 1, [shuffle(k) for _ in range(20)])[-640:]
    distance = np.linalg.norm(exact - minimum)
    cloud = np.sqrt(np.square(single_samples - minimum).sum(1).mean())
    assert distance < 1e-7
    assert cloud > 0.01
    assert np.linalg.norm(single_samples.mean(0) - minimum) < 0.5 * cloud

    mo.md(
        cr.in_language(
            en=rf"""
After one epoch the loss lies {above["stochastic, b = 1"]:.2g} above its smallest value with b = 1,
{above[f"batch, b = {k}"]:.2g} with b = {k}. After 1280 updates with b = {k} the weights are at the minimum, to
{distance:.1g}. Single samples stay in a cloud around it, {cloud:.2g} away in the root mean square of the last 640
updates; the middle of the cloud is {np.linalg.norm(single_samples.mean(0) - minimum):.1g} off.
""",
            zh=rf"""
一轮之后，b = 1 时损失比最小值高 {above["stochastic, b = 1"]:.2g}，b = {k} 时高 {above[f"batch, b = {k}"]:.2g}。用 b = {k} 做 1280 次更新之后，权重就在最小值处，误差 {distance:.1g}。单个样本则一直停留在它周围的一团点云中，最后 640 次更新与最小值的均方根距离为 {cloud:.2g}，点云的中心偏离 {np.linalg.norm(single_samples.mean(0) - minimum):.1g}。
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

**The three cases.** *Stochastic* gradient descent is $b = 1$, *batch* gradient descent $b = k$, *mini-batch* all
between. They are not three methods but one, with one number in it.

**What $b$ changes.** The direction is right on average for every $b$, so all lead to the same place. A small batch
makes many updates from the same samples, and each is noisy; a large one makes few, and each is exact. Four times the
batch halves the standard deviation (while $b$ is small against $k$) and costs four times the work, so exactness is
bought dearly. In the picture four epochs of batch gradient descent are four steps, while the single samples come down
within an epoch or two, and then go on to tremble around the minimum for ever: with a constant $\eta$ they cannot
settle.

**Why in between.** Noise of a moderate size does little harm far from the minimum. And processors work on many
samples at once, so that a batch of 32 takes far less than 32 times as long as a single sample. A usual choice is 32
to 256, with a learning rate that falls towards the end.

**To go on.** Set $\eta$ to its ends: how does the cloud around the minimum depend on it? What would happen in an
epoch if the samples were not shuffled, but sorted by class?
""",
            zh=r"""
## 讨论

**三种情形。** *随机*梯度下降是 $b = 1$，*批量*梯度下降是 $b = k$，其间都是*小批量*。它们不是三种方法，而是同一种方法，其中有一个数可选。

**$b$ 改变了什么。** 无论 $b$ 是多少，方向在平均意义上都是对的，所以都通向同一个地方。小批用同样的样本做出许多次更新，但每次都有噪声；大批更新次数少，但每次都精确。批大小变为四倍，标准差减半（只要 $b$ 比 $k$ 小得多），计算量却是四倍，所以精确的代价很高。图中，批量梯度下降四轮只走了四步；而单样本更新一两轮之内就降了下来，此后一直在最小值周围抖动：$\eta$ 不变，它就安定不下来。

**为什么取中间值。** 离最小值还远时，适度的噪声几乎无害。而且处理器能同时处理许多样本，32 个样本的一批所花的时间远不到单个样本的 32 倍。通常取 32 到 256，并让学习率在后期逐渐下降。

**继续思考。** 把 $\eta$ 调到两端：最小值周围的点云如何随之变化？如果样本不打乱，而是按类别排序，一轮之中会发生什么？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
