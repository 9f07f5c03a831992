import marimo

__generated_with = "0.25.2"
app = marimo.App()

with app.setup:
    import marimo as mo
    import numpy as np
    from scipy.stats import ncx2

    import chainrule as cr


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
# 15 · Random perturbation: good and bad

The simplest way to train needs no derivative: change all parameters a little at random, keep the change if the loss
fell, and otherwise try again. What is good about this, what is bad, and how does it compare with gradient descent
as the number of parameters grows?

Look for the share of trials that succeed: what happens to it with more parameters, with larger perturbations, and
near the minimum?
""",
            zh=r"""
# 15 · 随机扰动：优点与缺点

最简单的训练方法不需要导数：随机地稍稍改变所有参数，损失下降就保留，否则再试一次。它有什么优点和缺点？随着参数个数增加，与梯度下降相比如何？

请注意观察成功的尝试所占的比例：参数更多时、扰动更大时、接近最小值时，它会怎样变化？
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

A perturbation adds $\sigma \varepsilon$ to the parameters, each $\varepsilon_i$ drawn from a standard normal. $D$
is the number of parameters in the second picture.
""",
            zh=r"""
## 动手试试

一次扰动给参数加上 $\sigma \varepsilon$，其中每个 $\varepsilon_i$ 服从标准正态分布。$D$ 是第二幅图中参数的个数。
""",
        )
    )
    return


@app.cell
def _():
    sigma = mo.ui.slider(
        steps=[0.01, 0.02, 0.05, 0.1, 0.2, 0.5],
        value=0.1,
        show_value=True,
        label=cr.in_language(en="size σ", zh="扰动大小 σ"),
    )
    count = mo.ui.slider(
        steps=[1, 2, 5, 10, 20, 50, 100],
        value=20,
        show_value=True,
        label=cr.in_language(en="parameters D", zh="参数个数 D"),
    )
    mo.hstack([sigma, count], justify="start")
    return count, sigma


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
**Two parameters.** In a ravine, beside gradient descent:
""",
            zh=r"""
**两个参数。** 在峡谷中，与梯度下降并列：
""",
        )
    )
    return


@app.cell
def _(sigma):
    rules = {"random": cr.optim.RandomPerturbation(sigma.value), "gradient": cr.optim.SGD(0.03)}
    paths = cr.inspect.trajectories(rules, "ravine", steps=100)
    cr.inspect.plot_trajectories(paths)
    return (paths,)


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
**Many parameters.** The bowl $L(\theta) = \frac12 |\theta|^2$ in $D$ dimensions, from a place at distance 1 of its
minimum. Left, the share of first trials that lower the loss. Right, the loss after each trial, or each step against
the gradient.
""",
            zh=r"""
**许多参数。** $D$ 维的碗 $L(\theta) = \frac12 |\theta|^2$，起点到最小值的距离为 1。左图是第一次尝试就使损失下降的比例。右图是每次尝试之后的损失，以及逆梯度走每一步之后的损失。
""",
        )
    )
    return


@app.cell
def _(sigma):
    def bowl(theta):
        return 0.5 * np.sum(theta**2, axis=-1)

    def beginning(parameters):
        return np.full(parameters, 1 / np.sqrt(parameters))  # at distance 1, in no special direction

    def success(parameters, trials=4000):
        random = np.random.default_rng(parameters)
        theta = beginning(parameters)
        return np.mean(bowl(theta + sigma.value * random.standard_normal((trials, parameters))) < bowl(theta))

    def chance(parameters):
        """|θ + σε|²/σ² has a noncentral χ² distribution, of D degrees of freedom and noncentrality 1/σ²."""
        return ncx2.cdf(sigma.value**-2, parameters, sigma.value**-2)

    return beginning, bowl, chance, success


@app.cell
def _(chance, success):
    counts = np.array([1, 2, 5, 10, 20, 50, 100])
    measured = np.array([success(parameters) for parameters in counts])
    expected = chance(counts)
    return counts, expected, measured


@app.cell
def _(beginning, bowl, count, sigma):
    def search(theta, trials, random):
        losses = [bowl(theta)]
        for _ in range(trials):
            trial = theta + sigma.value * random.standard_normal(len(theta))
            if bowl(trial) < losses[-1]:
                theta = trial
            losses.append(bowl(theta))
        return np.array(losses)

    trials = 200
    searched = search(beginning(count.value), trials, np.random.default_rng(0))
    # Each step of η = 0.1 against the gradient, which is θ, leaves 0.9 of it.
    descended = bowl(0.9 ** np.arange(trials + 1)[:, None] * beginning(count.value))
    return descended, searched, trials


@app.cell
def _(count, counts, descended, expected, measured, searched):
    def draw_race(grid):
        share, race = grid[0]
        share.semilogx(counts, expected, color=cr.inspect.style.GRAY, linestyle=":", label="formula")
        share.semilogx(counts, measured, "o", color=cr.inspect.style.BLUE, label="4000 trials each")
        share.set_xticks(counts, [str(c) for c in counts])
        share.minorticks_off()
        share.set_ylim(0, 0.55)
        share.set(xlabel="parameters D", title="Share of trials that succeed")
        share.legend()
        race.semilogy(searched, color=cr.inspect.style.BLUE, label="random")
        race.semilogy(descended, color=cr.inspect.style.ORANGE, label="gradient, η = 0.1")
        race.set_ylim(1e-6, 1)
        race.set(xlabel="trials, or steps", title=f"Loss, D = {count.value}")
        race.legend()

    cr.inspect.draw_grid(1, 2, draw_race, size=(7.6, 3.4))
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Check

**Good: it never gets worse.** The loss along its path never rises, whatever the size of the perturbations. A
learning rate that is too large, on the other hand, makes gradient descent diverge.
""",
            zh=r"""
## 检验

**优点：它从不变差。** 无论扰动多大，沿着它的路径，损失从不上升。相反，学习率太大时，梯度下降会发散。
""",
        )
    )
    return


@app.cell
def _(paths, searched):
    assert (np.diff(paths.losses["random"]) <= 0).all()
    assert (np.diff(searched) <= 0).all()
    too_large = cr.inspect.trajectories({"SGD": cr.optim.SGD(0.1)}, "ravine", steps=20).losses["SGD"]
    assert too_large[-1] > too_large[0]

    mo.md(
        cr.in_language(
            en=rf"""
In the ravine the random walk came from {paths.losses["random"][0]:.0f} down to {paths.losses["random"][-1]:.3g},
gradient descent to {paths.losses["gradient"][-1]:.3g}. With η = 0.1 gradient descent went up, to
{too_large[-1]:.1g}.
""",
            zh=rf"""
在峡谷中，随机行走从 {paths.losses["random"][0]:.0f} 降到 {paths.losses["random"][-1]:.3g}，梯度下降到 {paths.losses["gradient"][-1]:.3g}。而取 η = 0.1 时，梯度下降反而升到 {too_large[-1]:.1g}。
""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
**Good: it needs no derivative.** A neuron with a threshold, whose loss is a staircase (exercise 11): gradient
descent refuses it, random perturbation lowers the number of mistakes directly.
""",
            zh=r"""
**优点：它不需要导数。** 带阈值的神经元，损失是一级级台阶（习题 11）：梯度下降拒绝它，随机扰动则直接降低错误的个数。
""",
        )
    )
    return


@app.cell
def _():
    random = np.random.default_rng(4)
    points = random.standard_normal((60, 2))
    labels = (points @ [1.0, 2.0] > 0.5).astype(float)

    def threshold_neuron():
        return cr.Model(cr.nn.Dense(1, "step", name="neuron"), (2,), seed=1)

    def fit(model, optimizer, epochs):
        model.fit(
            points, labels, loss="mean_squared_error", optimizer=optimizer, epochs=epochs, batch_size=60, verbose=0,
            executor="reference",
        )  # fmt: skip
        return np.mean(model.predict(points, executor="reference")[:, 0] != labels)

    return fit, labels, points, threshold_neuron


@app.cell
def _(fit, labels, points, threshold_neuron):
    try:
        fit(threshold_neuron(), cr.optim.SGD(0.1), 1)
        refused = False
    except cr.errors.GradientError:
        refused = True
    at_first = np.mean(threshold_neuron().predict(points, executor="reference")[:, 0] != labels)
    at_last = fit(threshold_neuron(), cr.optim.RandomPerturbation(0.5), 150)
    assert refused
    assert at_last < 0.1 < at_first

    mo.md(
        cr.in_language(
            en=rf"""
Gradient descent refuses. Random perturbation goes from {at_first:.0%} of mistakes to {at_last:.0%} in 150 trials.
""",
            zh=rf"""
梯度下降拒绝训练。随机扰动用 150 次尝试，把错误率从 {at_first:.0%} 降到 {at_last:.0%}。
""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
**Bad: hardly any direction leads down.** The share of successes against the probability,
$P(\chi'^2_D \le 1/\sigma^2)$. It is never above one half, and what counts is $\sigma D$ against the distance from
the minimum: perturbations have to become smaller as parameters become more, and as the minimum comes nearer.
""",
            zh=r"""
**缺点：几乎没有哪个方向通向低处。** 成功的比例应等于概率 $P(\chi'^2_D \le 1/\sigma^2)$。它从不超过二分之一；关键在于 $\sigma D$ 与到最小值的距离之比：参数越多、离最小值越近，扰动就必须越小。
""",
        )
    )
    return


@app.cell
def _(beginning, count, counts, descended, expected, measured, searched, sigma, trials):
    deviation = np.sqrt(expected * (1 - expected) / 4000)
    assert (np.abs(measured - expected) <= 4.5 * deviation + 1e-3).all()
    assert (expected <= 0.5 + 1e-9).all()
    assert (np.diff(expected) <= 0).all()
    assert searched[-1] > descended[-1]
    here = list(counts).index(count.value)

    # Random directions are at nearly right angles to the gradient: the cosine has the mean square 1/D.
    directions = np.random.default_rng(1).standard_normal((4000, count.value))
    cosines = directions @ beginning(count.value) / np.linalg.norm(directions, axis=1)
    cosine = np.sqrt(np.mean(cosines**2))
    assert np.isclose(cosine, 1 / np.sqrt(count.value), rtol=0.1)

    # Where the search comes to a standstill: with many parameters, at the distance σD/5.
    stuck = ncx2.cdf((counts / 5) ** 2, counts, (counts / 5) ** 2)
    assert (stuck[counts >= 20] < 0.01).all()
    lenet5 = cr.Model(cr.nn.lenet5(), (28, 28, 1)).network.parameter_count

    mo.md(
        cr.in_language(
            en=rf"""
For D = {count.value} and σ = {sigma.value}, the formula says that {expected[here]:.3g} of the trials succeed;
{measured[here]:.3g} did. After {trials} of them the loss is {searched[-1]:.2g}; {trials} steps against the gradient
come to {descended[-1]:.2g}, with any number of parameters. The cosine of the angle between a random direction and the
gradient is {cosine:.3f} (root mean square), 1/√D = {1 / np.sqrt(count.value):.3f}; for the {lenet5:,} parameters of
LeNet-5 it would be {1 / np.sqrt(lenet5):.4f}. At a distance of σD/5 from the minimum, {stuck[here]:.2g} of the trials
succeed.
""",
            zh=rf"""
对 D = {count.value}、σ = {sigma.value}，公式给出的成功率为 {expected[here]:.3g}，实测为 {measured[here]:.3g}。{trials} 次尝试之后，损失为 {searched[-1]:.2g}；而逆梯度走 {trials} 步，无论有多少参数，都会降到 {descended[-1]:.2g}。随机方向与梯度夹角的余弦（均方根）为 {cosine:.3f}，而 1/√D = {1 / np.sqrt(count.value):.3f}；若有 LeNet-5 那样的 {lenet5:,} 个参数，则只有 {1 / np.sqrt(lenet5):.4f}。在距离最小值 σD/5 处，成功的尝试占 {stuck[here]:.2g}。
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

**Good.** It needs values of the loss and nothing else, so the loss may have steps, or come out of a program that
nobody can differentiate, and it is a dozen lines to write. It cannot diverge. A large perturbation may even jump
out of a local minimum.

**Bad.** A trial has to be evaluated before one knows whether it was of use, and most are thrown away. A random
direction in $D$ dimensions is nearly at right angles to the gradient, so even a success goes down by little: along
the gradient by only about $1/\sqrt D$ of its length. And nothing adapts: a size $\sigma$ that is right at the start
is far too large near the minimum, where the search comes to a standstill: with twenty parameters or more, at a
distance of $\frac15 \sigma D$ less than one trial in a hundred succeeds.

**The gradient says in one backward pass what the search has to guess:** which way is down, for all parameters at
once, at the price of two or three evaluations, however many parameters there are. That is what makes networks
trainable. It asks for a loss that is differentiable, in return.

**To go on.** Which $\sigma$ is best for $D = 100$, and how would a rule look that adapts it while searching? (One
such rule keeps the share of successes at one fifth.) With mini-batches the loss itself is noisy: what becomes of
"keep it if the loss fell"?
""",
            zh=r"""
## 讨论

**优点。** 它只需要损失的值，别无所求，所以损失可以有台阶，也可以来自一个谁也无法求导的程序；写出来只要十来行。它不会发散。扰动较大时，甚至可能跳出局部极小。

**缺点。** 每次尝试都要先算出损失，才知道有没有用，而大多数尝试都被丢弃。$D$ 维空间中的随机方向与梯度几乎垂直，所以即使成功，下降也很少：沿梯度方向的分量大约只有其长度的 $1/\sqrt D$。而且它不会自行调节：开始时合适的 $\sigma$，在最小值附近就太大了，搜索在那里停滞不前：参数不少于二十个时，在距离 $\frac15 \sigma D$ 处，一百次尝试成功不到一次。

**搜索只能靠猜的事，梯度用一次反向传播就说清楚了：** 对所有参数同时指出哪边是下坡，代价只是两三次求值，与参数个数无关。网络之所以可以训练，原因就在这里。作为交换，它要求损失可微。

**继续思考。** 对 $D = 100$，哪个 $\sigma$ 最好？能在搜索中自动调节 $\sigma$ 的规则会是什么样子？（有一种规则是把成功率保持在五分之一。）使用小批量时，损失本身就有噪声：“损失下降就保留”会变成什么？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
