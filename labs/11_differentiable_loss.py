import marimo

__generated_with = "0.25.2"
app = marimo.App()

with app.setup:
    import marimo as mo
    import numpy as np
    from scipy.optimize import minimize_scalar
    from scipy.special import expit

    import chainrule as cr


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
# 11 · Why the loss must be differentiable

A classifier is judged by the share of samples that it gets wrong. Why is it not trained to lower exactly that
number? Why does training need a loss that is differentiable in the parameters?

Look for the slope of each loss at the place where the parameter stands, and what a step along that slope changes.
""",
            zh=r"""
# 11 · 损失为什么必须可微

评价分类器看的是它分错的样本所占的比例。那么训练时为什么不直接降低这个数？为什么训练需要一个对参数可微的损失？

请注意观察：在参数所处的位置，每种损失的斜率是多少；沿着这个斜率走一步，又会改变什么。
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

The classifier has one parameter, the boundary $\theta$: it says class 1 for $x > \theta$ and class 0 elsewhere.
Choose where $\theta$ starts, and how many samples there are.
""",
            zh=r"""
## 动手试试

分类器只有一个参数，即分界点 $\theta$：$x > \theta$ 时判为第 1 类，否则判为第 0 类。请选择 $\theta$ 的起点和样本数。
""",
        )
    )
    return


@app.cell
def _():
    start = mo.ui.slider(
        -3, 3, step=0.25, value=-2, show_value=True, label=cr.in_language(en="start of θ", zh="θ 的起点")
    )
    samples = mo.ui.slider(
        20, 200, step=20, value=20, show_value=True, label=cr.in_language(en="samples k", zh="样本数 k")
    )
    mo.hstack([start, samples], justify="start")
    return samples, start


@app.cell
def _(samples):
    random = np.random.default_rng(3)
    label = np.arange(samples.value) % 2
    x = random.normal(2 * label - 1, 0.9)  # class 0 around −1, class 1 around 1
    return label, x


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
Three losses of the same samples. The first counts the mistakes, with a threshold. The other two take the distance
from the boundary, $z = 2(x - \theta)$, as it is:

$$
\begin{aligned}
E(\theta) &= \frac1k \sum_i [\,(x_i > \theta) \ne y_i\,] && \text{(share of mistakes)} \\
H(\theta) &= \frac1k \sum_i \max(0,\; 1 - z_i t_i), \quad t_i = 2 y_i - 1 && \text{(hinge)} \\
C(\theta) &= \frac1k \sum_i \log(1 + e^{z_i}) - y_i z_i && \text{(cross-entropy of } \sigma(z)\text{)}
\end{aligned}
$$
""",
            zh=r"""
同一批样本的三种损失。第一种用阈值统计错误，后两种直接使用到分界点的距离 $z = 2(x - \theta)$：

$$
\begin{aligned}
E(\theta) &= \frac1k \sum_i [\,(x_i > \theta) \ne y_i\,] && \text{（错误的比例）} \\
H(\theta) &= \frac1k \sum_i \max(0,\; 1 - z_i t_i), \quad t_i = 2 y_i - 1 && \text{（合页损失）} \\
C(\theta) &= \frac1k \sum_i \log(1 + e^{z_i}) - y_i z_i && \text{（} \sigma(z) \text{ 的交叉熵）}
\end{aligned}
$$
""",
        )
    )
    return


@app.cell
def _(label, x):
    def mistakes(theta):
        return cr.mean(cr.cast((x > theta) != label, "float64"))

    def hinge(theta):
        return cr.mean(cr.relu(1 - 2 * (x - theta) * (2 * label - 1)))

    def cross_entropy(theta):
        z = 2 * (x - theta)
        return cr.mean(cr.softplus(z) - label * z)

    return cross_entropy, hinge, mistakes


@app.cell
def _(cross_entropy, hinge, mistakes):
    losses = {"mistakes": mistakes, "hinge": hinge, "cross-entropy": cross_entropy}
    thetas = np.linspace(-3, 3, 1201)
    curves = {name: cr.vmap(loss)(thetas).numpy() for name, loss in losses.items()}
    return curves, losses, thetas


@app.cell
def _(cross_entropy, mistakes, start):
    def difference(loss, theta, h=1e-6):
        """The slope between two points close by: also for a loss that has no derivative."""
        return (float(loss(theta + h)) - float(loss(theta - h))) / (2 * h)

    def descend(slope, rate=0.5, steps=100):
        path = [float(start.value)]
        for _ in range(steps):
            path.append(path[-1] - rate * float(slope(path[-1])))
        return np.array(path)

    paths = {
        "mistakes": descend(lambda theta: difference(mistakes, theta)),
        "cross-entropy": descend(lambda theta: cr.grad(cross_entropy)(np.float64(theta))),
    }
    return difference, paths


@app.cell
def _(curves, difference, losses, paths, start, thetas):
    def draw_losses(grid):
        curve, way = grid[0]
        for color, (name, loss) in zip(cr.inspect.style.LINES, losses.items(), strict=False):
            curve.plot(thetas, curves[name], color=color, label=name)
            height, slope = float(loss(float(start.value))), difference(loss, float(start.value))
            beside = np.array([-0.5, 0.5])
            curve.plot(start.value + beside, height + slope * beside, color="black", linewidth=1)
            curve.plot(start.value, height, "o", color=color)
        curve.set_ylim(0)
        curve.set_xlabel("θ")
        curve.set_title("Losses, and their slopes at the start")
        for color, name in zip(cr.inspect.style.LINES[::2], paths, strict=False):
            way.plot(paths[name], color=color, label=name)
        way.set_ylim(-3.2, 3.2)
        way.set_xlabel("step")
        way.set_title("θ on its way down")
        curve.figure.legend(*curve.get_legend_handles_labels(), loc="outside lower center", ncols=3)

    cr.inspect.draw_grid(1, 2, draw_losses, size=(7.6, 3.6))
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Check

**The share of mistakes has no slope to follow.** It is a staircase with a step at each sample. Differences are
taken at every place of the curves above, a millionth to both sides.
""",
            zh=r"""
## 检验

**错误的比例没有斜率可循。** 它是一条阶梯，在每个样本处有一级。下面在上图曲线的每个位置上取差分，左右各百万分之一。
""",
        )
    )
    return


@app.cell
def _(curves, losses, thetas, x):
    h = 1e-6
    table = {
        name: (cr.vmap(loss)(thetas + h).numpy() - cr.vmap(loss)(thetas - h).numpy()) / (2 * h)
        for name, loss in losses.items()
    }
    near_a_sample = (np.abs(thetas[:, None] - x) <= 2 * h).any(1)
    assert (table["mistakes"][~near_a_sample] == 0).all()
    flat = {name: np.abs(slopes) < 1e-6 for name, slopes in table.items()}
    assert np.allclose(curves["hinge"][flat["hinge"]], curves["hinge"].min(), atol=1e-6)
    share = {name: np.mean(where) for name, where in flat.items()}
    assert share["mistakes"] > 0.9 > 0.5 > share["hinge"] >= share["cross-entropy"]

    mo.md(
        cr.in_language(
            en=rf"""
The share of mistakes has slope 0 at {share["mistakes"]:.1%} of the places, the cross-entropy at
{share["cross-entropy"]:.1%}. The hinge has it at {share["hinge"]:.1%}, and all of them are at its lowest value.
""",
            zh=rf"""
斜率为 0 的位置：错误的比例占 {share["mistakes"]:.1%}，交叉熵占 {share["cross-entropy"]:.1%}；合页损失占 {share["hinge"]:.1%}，而且全都在它的最低处。
""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
**It is refused,** rather than trained in vain. The message names the node that lets no gradient through:
""",
            zh=r"""
**它会被拒绝**，而不是白白训练。错误信息指出是哪个节点不让梯度通过：
""",
        )
    )
    return


@app.cell
def _(mistakes):
    try:
        cr.grad(mistakes)(0.0)
        refusal = ""
    except cr.errors.GradientError as error:
        refusal = str(error)
    assert "greater" in refusal

    mo.md(
        cr.in_language(
            en=rf"""
> {refusal}
""",
            zh=rf"""
> {refusal}
""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
**The others can be followed.** The derivative of the cross-entropy is
$-2 \cdot \frac1k \sum_i (\sigma(z_i) - y_i)$, and going against it leads to the minimum, wherever $\theta$ began.
""",
            zh=r"""
**另外两种则可以循着走。** 交叉熵的导数是 $-2 \cdot \frac1k \sum_i (\sigma(z_i) - y_i)$，逆着它走，无论 $\theta$ 从哪里出发，都会到达最小值。
""",
        )
    )
    return


@app.cell
def _(cross_entropy, label, mistakes, paths, start, x):
    got = float(cr.grad(cross_entropy)(np.float64(start.value)))
    formula = -2 * np.mean(expit(2 * (x - start.value)) - label)
    assert np.isclose(got, formula, rtol=1e-12)

    lowest = minimize_scalar(lambda theta: float(cross_entropy(theta)), bounds=(-3, 3), options={"xatol": 1e-9}).x
    end = paths["cross-entropy"][-1]
    assert abs(end - lowest) < 1e-4
    assert (paths["mistakes"] == start.value).all()

    at_start, at_end = float(mistakes(float(start.value))), float(mistakes(end))
    fewest = cr.vmap(mistakes)(x).numpy().min()  # boundaries at the samples divide them in every way there is
    assert fewest <= at_end < fewest + 0.03

    mo.md(
        cr.in_language(
            en=rf"""
Derivative {got:.6f}, formula {formula:.6f}. Descent on the cross-entropy ends at θ = {end:.4f}, SciPy's minimum is
{lowest:.4f}: on the way the share of mistakes went from {at_start:.1%} to {at_end:.1%}, though it was not what was
lowered; the smallest share that a boundary can have is {fewest:.1%}. Descent on the share of mistakes itself is still at
{paths["mistakes"][-1]:.2f}.
""",
            zh=rf"""
导数为 {got:.6f}，公式给出 {formula:.6f}。在交叉熵上下降，终点为 θ = {end:.4f}，SciPy 求得的最小值点为 {lowest:.4f}：途中错误的比例从 {at_start:.1%} 变为 {at_end:.1%}，尽管被降低的并不是它本身；任何分界点所能达到的最小比例是 {fewest:.1%}。而在错误的比例本身上下降，仍停在 {paths["mistakes"][-1]:.2f}。
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

**Gradient descent asks one question only:** how does the loss change if a parameter changes a little? The share of
mistakes answers "not at all", since a small move of the boundary passes no sample. Its derivative is 0 nearly
everywhere and does not exist at the steps, so $\theta \leftarrow \theta - \eta \cdot 0$ stands still, however bad
the classifier is. More samples make more and lower steps; between them it is as flat as before.

**A differentiable loss is a stand-in.** It measures *how far* on the wrong side a sample lies, so each small move
is felt. Lowering it lowers the mistakes as well, mostly: its minimum need not be the place with the fewest
mistakes (compare the last two shares above for 200 samples), which is why accuracy is reported beside the loss.

**How differentiable?** The hinge has a kink for each sample, as a ReLU has, and can be trained all the same: nearly
everywhere there is a slope, and it tells something. What does harm is being *piecewise constant*, as all that goes
through a threshold, a rounding or an argmax.

**It is the method that demands it.** A search that only compares losses, such as random perturbation (exercise 15),
can lower the share of mistakes itself, at a price. And Rosenblatt's perceptron has a threshold, but its rule is not
the gradient of its mistakes.

**To go on.** The slope of the threshold could be *declared* to be that of a sigmoid in the backward pass only. What
would be followed then? Which loss would you choose if a few labels were wrong: one that grows with the distance for
ever, or one that levels off?
""",
            zh=r"""
## 讨论

**梯度下降只问一个问题：** 参数稍稍改变，损失会怎样变？错误的比例回答“毫无变化”，因为分界点移动一点点，不会越过任何样本。它的导数几乎处处为 0，在台阶处则不存在，所以无论分类器多差，$\theta \leftarrow \theta - \eta \cdot 0$ 总是原地不动。样本越多，台阶越多、越矮；但台阶之间仍然一样平。

**可微的损失是替身。** 它衡量样本落在错误一侧**有多远**，因此每个微小的移动都会有反应。降低它，通常也会减少错误；但它的最小值不一定就是错误最少之处（请在样本数为 200 时比较上面最后两个比例），所以除损失之外还要报告准确率。

**要可微到什么程度？** 合页损失在每个样本处有一个折点，ReLU 也有折点，却照样可以训练：几乎处处都有斜率，而且斜率说明问题。有害的是**分段常数**：凡是经过阈值、取整或 argmax 的，都是如此。

**是方法提出了这个要求。** 只比较损失大小的搜索，例如随机扰动（习题 15），可以直接降低错误的比例，只是要付出代价。Rosenblatt 的感知机也用阈值，但它的学习规则并不是错误数的梯度。

**继续思考。** 可以仅在反向传播中把阈值的斜率**规定**为 sigmoid 的斜率。这样一来，下降所循的是什么？如果有少数标签是错的，你会选哪种损失：随距离无限增长的，还是会趋于平缓的？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
