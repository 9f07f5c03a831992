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
# 10 · One-hot labels, and regression

Why is the class of a sample given to a network as a *one-hot* vector, with a 1 at the place of its class, and not
as the number of the class? And why is this not done in regression, where the target is a number to begin with?

$$
\text{class 2 of the classes 0, 1, 2, 3} \;\longrightarrow\; (0, 0, 1, 0)
$$

Look for what changes when the *same four classes* are numbered in another order. Nothing about the samples has
changed, so nothing should.
""",
            zh=r"""
# 10 · One-hot 标签与回归

为什么把样本的类别以 *one-hot* 向量（在所属类别的位置上为 1）交给网络，而不是直接给出类别的编号？而在回归中，目标本来就是数，为什么又不这样做？

$$
\text{类别 0、1、2、3 中的类别 2} \;\longrightarrow\; (0, 0, 1, 0)
$$

请注意观察：把**同样的四个类别**换一种顺序编号，会有什么变化？样本丝毫没有改变，所以结果也不应改变。
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

Four classes of points lie around the corners of a square. The numbers 0 to 3 are handed out to the corners in one
of three orders. The spread is the standard deviation of the points around their corner.
""",
            zh=r"""
## 动手试试

四类点分布在正方形的四个角附近。编号 0 到 3 按三种顺序之一分配给四个角。离散程度是点相对其角的标准差。
""",
        )
    )
    return


@app.cell
def _():
    orders = {  # the numbers of the corners (0, 0), (1, 0), (0, 1), (1, 1)
        cr.in_language(en="row by row", zh="逐行"): [0, 1, 2, 3],
        cr.in_language(en="around the square", zh="绕正方形一周"): [0, 1, 3, 2],
        cr.in_language(en="along the diagonals", zh="沿对角线"): [0, 2, 3, 1],
    }
    return (orders,)


@app.cell
def _(orders):
    order = mo.ui.dropdown(orders, value=list(orders)[1], label=cr.in_language(en="numbering", zh="编号顺序"))
    spread = mo.ui.slider(
        0.05, 0.3, step=0.05, value=0.15, show_value=True, label=cr.in_language(en="spread", zh="离散程度")
    )
    mo.hstack([order, spread], justify="start")
    return order, spread


@app.cell
def _(spread):
    corners = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
    corner = np.repeat(np.arange(4), 40)  # that each sample belongs to
    x = corners[corner] + spread.value * np.random.default_rng(0).standard_normal((160, 2))
    return corner, corners, x


@app.cell
def _(corner, x):
    def by_number(numbers):
        """Regression of the class's number: one output, rounded to the nearest class."""
        model = cr.Model(cr.nn.Dense(1, kernel_initializer="zeros"), (2,))
        target = np.array(numbers)[corner].astype(float)
        model.fit(x, target, loss="mean_squared_error", optimizer=cr.optim.LBFGS(), epochs=20, verbose=0)
        return model

    def by_one_hot(numbers):
        """Four outputs, one for each class; the largest counts."""
        model = cr.Model(cr.nn.Dense(4, kernel_initializer="zeros"), (2,))
        target = cr.one_hot(np.array(numbers)[corner], 4).numpy()
        rule = cr.optim.Momentum(1.0, 0.9)
        model.fit(x, target, optimizer=rule, epochs=100, batch_size=len(x), verbose=0)
        return model

    return by_number, by_one_hot


@app.cell
def _(by_number, by_one_hot, order):
    number_model, one_hot_model = by_number(order.value), by_one_hot(order.value)

    def nearest_number(outputs):
        return np.clip(np.rint(outputs), 0, 3).astype(int)

    def predicted_number(points):
        return nearest_number(number_model.predict(points)[:, 0])

    def predicted_one_hot(points):
        return one_hot_model.predict(points).argmax(1)

    return (
        nearest_number,
        number_model,
        one_hot_model,
        predicted_number,
        predicted_one_hot,
    )


@app.cell
def _(corner, order, predicted_number, predicted_one_hot, x):
    right = np.array(order.value)[corner]
    accuracy = {
        "number": np.mean(predicted_number(x) == right),
        "one-hot": np.mean(predicted_one_hot(x) == right),
    }
    return (accuracy,)


@app.cell
def _(
    accuracy,
    corner,
    corners,
    order,
    predicted_number,
    predicted_one_hot,
    x,
):
    def draw_regions(grid):
        line = np.linspace(-1, 2, 241)
        points = np.stack(np.meshgrid(line, line), -1).reshape(-1, 2)
        colors = cr.inspect.style.LINES[:4]
        corner_of = np.argsort(order.value)  # a class keeps its colour, whatever its number
        for axes, predict, name in zip(grid[0], (predicted_number, predicted_one_hot), accuracy, strict=True):
            found = corner_of[predict(points)].reshape(241, 241)
            axes.contourf(line, line, found, levels=np.arange(5) - 0.5, colors=colors, alpha=0.25)
            for k, color in enumerate(colors):
                axes.plot(*x[corner == k].T, "osD^"[k], color=color, markersize=3)
                place = corners[k] + 0.6 * (2 * corners[k] - 1)
                axes.text(*place, str(order.value[k]), fontsize=16, ha="center", va="center")
            axes.set_title(f"{name}: {accuracy[name]:.0%} right")
            axes.set(xlim=(-1, 2), ylim=(-1, 2), aspect="equal")
            axes.set_xlabel("x₁")
        grid[0][0].set_ylabel("x₂")

    cr.inspect.draw_grid(1, 2, draw_regions, size=(7.6, 3.8))
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
Colours are classes, the large figures their numbers. Left, a network that has to say the *number*: one linear
output. Right, one with an output for each class.
""",
            zh=r"""
颜色表示类别，大号数字是类别的编号。左边的网络要说出**编号**：只有一个线性输出。右边的网络对每个类别各有一个输出。
""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Check

First, that the left network is not just badly trained: it has found the least-squares solution, and no linear
output has a smaller squared error. How good that solution is depends on the numbering.
""",
            zh=r"""
## 检验

首先确认左边的网络并非只是没有训练好：它已经找到最小二乘解，任何线性输出的平方误差都不可能更小。而这个解有多好，取决于编号顺序。
""",
        )
    )
    return


@app.cell
def _(corner, nearest_number, number_model, order, orders, spread, x):
    columns = np.column_stack([x, np.ones(len(x))])

    def least_squares(numbers):
        solution, *_ = np.linalg.lstsq(columns, np.array(numbers)[corner], rcond=None)
        return columns @ solution

    distance = np.abs(number_model.predict(x)[:, 0] - least_squares(order.value)).max()
    assert distance < 1e-3

    by_rows, around, by_diagonals = (
        np.mean(nearest_number(least_squares(numbers)) == np.array(numbers)[corner]) for numbers in orders.values()
    )
    assert by_rows > 0.95 or spread.value > 0.1
    assert by_diagonals < 0.05 < 0.4 < around < 0.6

    mo.md(
        cr.in_language(
            en=rf"""
The outputs differ from those of NumPy's least squares by at most {distance:.1g}. Its solution is right for
{by_rows:.0%} of the samples when the corners are numbered row by row, for {around:.0%} around the square, and for
{by_diagonals:.0%} along the diagonals.
""",
            zh=rf"""
网络的输出与 NumPy 的最小二乘解相差至多 {distance:.1g}。这个解判对的样本：逐行编号时占 {by_rows:.0%}，绕正方形一周时占 {around:.0%}，沿对角线时占 {by_diagonals:.0%}。
""",
        )
    )
    return


@app.cell
def _():
    labels = np.arange(4)
    apart = cr.one_hot(labels, 4).numpy()
    pairs = ~np.eye(4, dtype=bool)
    lengths = {
        "number": np.abs(labels[:, None] - labels)[pairs],
        "one-hot": np.linalg.norm(apart[:, None] - apart, axis=-1)[pairs],
    }
    assert set(lengths["number"]) == {1, 2, 3}
    assert np.allclose(lengths["one-hot"], np.sqrt(2))

    mo.md(
        cr.in_language(
            en=rf"""
As numbers, two classes are 1, 2 or 3 apart. As one-hot vectors any two are √2 = {lengths["one-hot"][0]:.3f} apart:
no order, no neighbours.
""",
            zh=rf"""
作为编号，两个类别之间相距 1、2 或 3。作为 one-hot 向量，任意两类都相距 √2 = {lengths["one-hot"][0]:.3f}：没有顺序，也没有谁与谁相邻。
""",
        )
    )
    return


@app.cell
def _(accuracy, by_one_hot, orders, x):
    others = {tuple(numbers): by_one_hot(numbers).predict(x)[:, numbers] for numbers in orders.values()}
    first, *more = others.values()  # outputs in the order of the corners
    change = max(np.abs(first - other).max() for other in more)
    assert change < 1e-3
    assert accuracy["one-hot"] > 0.85
    assert accuracy["one-hot"] >= accuracy["number"]

    mo.md(
        cr.in_language(
            en=rf"""
With one-hot labels another numbering permutes the outputs and changes nothing else: they differ by at most
{change:.1g}. {accuracy["one-hot"]:.0%} of the samples are classified rightly in any order; the number got
{accuracy["number"]:.0%} in this one.
""",
            zh=rf"""
使用 one-hot 标签时，换一种编号只会置换各输出，别无变化：输出相差至多 {change:.1g}。无论哪种顺序，都有 {accuracy["one-hot"]:.0%} 的样本分类正确；而以编号为目标，在当前顺序下只有 {accuracy["number"]:.0%}。
""",
        )
    )
    return


@app.cell
def _(one_hot_model, x):
    scores = cr.tensor(one_hot_model.predict(x))
    softmax_sums, sigmoid_sums = (cr.sum(f(scores), axis=1).numpy() for f in (cr.softmax, cr.sigmoid))
    assert np.allclose(softmax_sums, 1, atol=1e-6)
    assert np.ptp(sigmoid_sums) > 0.1

    mo.md(
        cr.in_language(
            en=rf"""
Read by softmax, the four outputs sum to 1 for every sample; read by a sigmoid each, to anything from
{sigmoid_sums.min():.2f} to {sigmoid_sums.max():.2f}.
""",
            zh=rf"""
用 softmax 读取时，每个样本的四个输出之和都是 1；各自用 sigmoid 读取时，总和在 {sigmoid_sums.min():.2f} 到 {sigmoid_sums.max():.2f} 之间。
""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## And in regression?

A quantity such as a temperature could be made a class by cutting its range into $K$ bins. Two things would be lost:
what lies between the bins, and that a neighbouring bin is nearly right.
""",
            zh=r"""
## 那么回归呢？

像温度这样的量，也可以把取值范围切成 $K$ 个区间，从而变成类别。但这样会丢掉两样东西：区间内部的差别，以及“相邻区间几乎就是对的”这一事实。
""",
        )
    )
    return


@app.cell
def _():
    bins = mo.ui.slider(3, 40, value=10, show_value=True, label=cr.in_language(en="bins K", zh="区间数 K"))
    mo.hstack([bins], justify="start")
    return (bins,)


@app.cell
def _(bins):
    quantity = np.random.default_rng(1).uniform(0, 1, 20_000)
    bin_of = np.floor(quantity * bins.value).astype(int)
    lost = quantity - (bin_of + 0.5) / bins.value  # even if every bin is predicted rightly
    return (lost,)


@app.cell
def _(bins):
    # A network that is 90 % sure of bin k, while bin 0 is the right one.
    sure = np.where(np.eye(bins.value), 0.9, 0.1 / (bins.value - 1))
    cross_entropy = cr.nn.CategoricalCrossEntropy(from_logits=False)(
        cr.tensor(sure), cr.zeros(bins.value, "int64")
    ).numpy()
    squared = (np.arange(bins.value) / bins.value) ** 2
    return cross_entropy, squared


@app.cell
def _(bins, cross_entropy, squared):
    def draw_bins(grid):
        curve, loss = grid[0]
        t = np.linspace(0, 1, 500)
        height = 0.5 + 0.45 * np.sin(2 * np.pi * t)
        curve.plot(t, height, color=cr.inspect.style.GRAY, label="a quantity")
        curve.plot(t, (np.floor(height * bins.value) + 0.5) / bins.value, color=cr.inspect.style.BLUE, label="its bin")
        curve.set_title(f"The best that {bins.value} bins can say")
        curve.set_xlabel("x")
        curve.legend()
        blue, orange = cr.inspect.style.BLUE, cr.inspect.style.ORANGE
        loss.plot(cross_entropy / cross_entropy.max(), "o-", color=blue, markersize=4, label="cross-entropy, one-hot")
        loss.plot(squared / squared.max(), "s-", color=orange, markersize=4, label="squared error")
        loss.set_title("Loss / largest loss; bin 0 is right")
        loss.set_xlabel("predicted bin")
        cr.inspect.style.only_whole(loss.xaxis)
        loss.legend()

    cr.inspect.draw_grid(1, 2, draw_bins, size=(7.6, 3.2))
    return


@app.cell
def _(bins, cross_entropy, lost, squared):
    measured, expected = np.sqrt(np.mean(lost**2)), 1 / bins.value / np.sqrt(12)
    assert np.isclose(measured, expected, rtol=0.02)
    assert np.allclose(cross_entropy[1:], cross_entropy[1])
    assert cross_entropy[0] < cross_entropy[1]
    assert (np.diff(squared) > 0).all()

    mo.md(
        cr.in_language(
            en=rf"""
With {bins.value} bins a root mean squared error of {measured:.4f} remains even where every bin is right; the formula,
width / √12, says {expected:.4f}. The cross-entropy of every wrong bin is {cross_entropy[1]:.2f}, the nearest and the farthest
alike; the squared error grows with the distance.
""",
            zh=rf"""
用 {bins.value} 个区间，即使每个区间都判对，仍剩下 {measured:.4f} 的均方根误差；公式“宽度 / √12”给出 {expected:.4f}。所有错误区间的交叉熵都是 {cross_entropy[1]:.2f}，最近的与最远的毫无区别；平方误差则随距离增大。
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

**A number claims what is not so.** As a number, class 3 is larger than class 0, and class 1 lies between 0 and 2. A
single linear output must put the classes on a line in that order, in stripes. If the samples happen to lie so, as
when numbered *row by row*, it works while the clusters are tight; *along the diagonals* it is wrong nearly everywhere, though the
classes are as easy to tell apart as before. And a network in doubt between 0 and 2 says 1, a class that nobody has
proposed.

**A one-hot vector claims only that the classes are different.** All are equally far from each other, each output
answers for one class, and softmax turns the outputs into probabilities that sum to 1. The numbering has become a
matter of bookkeeping. The chapter lets sigmoid outputs stand for such probabilities, too. The check above says no:
their sum is whatever it happens to be. Sigmoids answer separate questions, where several classes may hold together.

**In regression the order and the distances are the whole point**, so the target stays a number, and the loss is a
distance. One-hot bins would round it, need $K$ outputs in place of one, and treat a near miss like a far one. In
memory the labels of classes may stay integers, of course: `fit` takes either, and the cross-entropy means the same.

**To go on.** Grades from 1 to 5 are classes with an order. Which of the two would you choose, and what would each
ignore? A street has 20 house numbers: is the number of a house a class, or a quantity?
""",
            zh=r"""
## 讨论

**编号说了不该说的话。** 作为数，第 3 类大于第 0 类，第 1 类位于 0 与 2 之间。单个线性输出必须按这个顺序把各类排在一条线上，形成条带。如果样本恰好如此分布（**逐行**编号），只要各类足够紧凑，它就管用；**沿对角线**编号时，它几乎处处出错，尽管这些类别与先前一样容易区分。而且，在 0 与 2 之间犹豫的网络会说 1，一个谁也没有提出过的类别。

**One-hot 向量只说各类互不相同。** 它们两两等距，每个输出只对一个类别负责，softmax 再把各输出变成总和为 1 的概率。编号只剩下记账的意义。教材让 sigmoid 输出也充当这样的概率，而上面的检验说明并非如此：它们的总和可以是任意值。各个 sigmoid 回答的是各自独立的问题，适用于几个类别可以同时成立的情形。

**在回归中，顺序与距离正是关键所在**，因此目标保持为数，损失是一种距离。换成 one-hot 区间就会取整，需要 $K$ 个输出而不是一个，还会把差之毫厘与谬以千里一视同仁。当然，类别标签在内存中仍可用整数保存：`fit` 两种都接受，交叉熵的含义相同。

**继续思考。** 1 到 5 分的评分是有顺序的类别。两种表示你选哪一种？各自忽略了什么？一条街有 20 个门牌号：门牌号是类别，还是数量？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
