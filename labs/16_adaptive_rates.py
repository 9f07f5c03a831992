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
# 16 · Adaptive and non-adaptive optimisers

Gradient descent, with momentum or without, has one learning rate for all parameters. Adagrad, RMSProp and Adam give
each parameter a rate of its own, from the sizes of its past gradients. When does that help, and when not? And do
the parameters of rare features get smaller steps or larger ones?

Look for how far the weight of the rare feature has come under each rule, while the other has long arrived.
""",
            zh=r"""
# 16 · 自适应与非自适应优化器

梯度下降，无论是否带动量，对所有参数只用一个学习率。Adagrad、RMSProp 和 Adam 则根据每个参数过去梯度的大小，给它自己的学习率。这在什么时候有帮助，什么时候没有？罕见特征的参数得到的步长是更小，还是更大？

请注意观察：在每种规则下，当另一个权重早已到位时，罕见特征的权重走了多远。
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

A linear neuron has two features. The first is there (1) in half of the samples, the second in a share $p$ of them;
otherwise they are 0. Both weights should become 1. The mean squared error of all samples is

$$
L(w) = \tfrac12 (w_1 - 1)^2 + p \, (w_2 - 1)^2 + p \, (w_1 - 1)(w_2 - 1)
$$
""",
            zh=r"""
## 动手试试

一个线性神经元有两个特征。第一个特征在一半样本中出现（为 1），第二个在比例为 $p$ 的样本中出现，否则为 0。两个权重都应变为 1。全部样本的均方误差为

$$
L(w) = \tfrac12 (w_1 - 1)^2 + p \, (w_2 - 1)^2 + p \, (w_1 - 1)(w_2 - 1)
$$
""",
        )
    )
    return


@app.cell
def _():
    share = mo.ui.slider(
        steps=[0.005, 0.01, 0.02, 0.05],
        value=0.02,
        show_value=True,
        label=cr.in_language(en="share p of the rare feature", zh="罕见特征的比例 p"),
    )
    kind = mo.ui.dropdown(
        ["Adagrad", "RMSProp", "Adam"], value="Adam", label=cr.in_language(en="adaptive rule", zh="自适应规则")
    )
    mo.hstack([share, kind], justify="start")
    return kind, share


@app.cell
def _(kind):
    adaptive = {"Adagrad": cr.optim.Adagrad(0.3), "RMSProp": cr.optim.RMSProp(0.02), "Adam": cr.optim.Adam(0.05)}[
        kind.value
    ]
    eta = 0.3
    rules = {"SGD": cr.optim.SGD(eta), kind.value: adaptive}
    return adaptive, eta, rules


@app.cell
def _(rules, share):
    p = share.value

    def mean_loss(w):
        off = w - 1.0
        return 0.5 * off[0] ** 2 + p * off[1] ** 2 + p * off[0] * off[1]

    surface = cr.inspect.Surface(mean_loss, (-0.5, -0.5), (-1.0, -1.0), (2.0, 2.0), f"Loss of the two weights, p = {p}")
    found = cr.inspect.trajectories(rules, surface, steps=100)
    cr.inspect.plot_trajectories(found)
    return found, mean_loss, p, surface


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
$x$ is $w_1$, the weight of the frequent feature, $y$ that of the rare one. Gradient descent goes where the slope
is, which is along $w_1$. The rules, with $g$ the gradient of one parameter and $\overline{\,\cdot\,}$ a running
mean:

| rule | step of a parameter |
|:--|:--|
| SGD | $-\eta \, g$ |
| Adagrad | $-\eta \, g \big/ \sqrt{\sum g^2}$ |
| RMSProp | $-\eta \, g \big/ \sqrt{\overline{g^2}}$ |
| Adam | $-\eta \, \overline{g} \big/ \sqrt{\overline{g^2}}$, both means corrected for having begun at 0 |
""",
            zh=r"""
图中 $x$ 是 $w_1$，即常见特征的权重，$y$ 是罕见特征的权重。梯度下降朝着有坡度的方向走，也就是沿 $w_1$。各规则如下，其中 $g$ 是单个参数的梯度，$\overline{\,\cdot\,}$ 是滑动平均：

| 规则 | 一个参数的步 |
|:--|:--|
| SGD | $-\eta \, g$ |
| Adagrad | $-\eta \, g \big/ \sqrt{\sum g^2}$ |
| RMSProp | $-\eta \, g \big/ \sqrt{\overline{g^2}}$ |
| Adam | $-\eta \, \overline{g} \big/ \sqrt{\overline{g^2}}$，两个平均都经过从 0 开始的校正 |
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

**The first step.** That of gradient descent is as long in each direction as the slope there; those of the adaptive
rules are equally long in both. **The end.** For gradient descent theory says where it is:
$w = 1 + (I - \eta H)^{n} (w_0 - 1)$, with $H$ the matrix of second derivatives.
""",
            zh=r"""
## 检验

**第一步。** 梯度下降在每个方向上的步长与那里的斜率成正比；自适应规则在两个方向上的步长相同。**终点。** 梯度下降的终点可由理论给出：$w = 1 + (I - \eta H)^{n} (w_0 - 1)$，其中 $H$ 是二阶导数矩阵。
""",
        )
    )
    return


@app.cell
def _(eta, found, kind, mean_loss, p, rules):
    plain, own = found.paths["SGD"], found.paths[kind.value]
    slope = cr.grad(mean_loss)(plain[0]).numpy()
    first_plain, first_own = plain[1] - plain[0], own[1] - own[0]
    assert np.allclose(first_plain, -eta * slope)
    assert np.isclose(first_own[0], first_own[1], rtol=1e-4)

    hessian = np.array([[1, p], [p, 2 * p]])
    theory = 1 + np.linalg.matrix_power(np.eye(2) - eta * hessian, 100) @ (plain[0] - 1)
    assert np.allclose(plain[-1], theory, atol=1e-12)
    assert np.allclose(cr.hessian(mean_loss)(plain[0]).numpy(), hessian)

    missing = {name: abs(found.paths[name][-1, 1] - 1) for name in rules}
    assert missing[kind.value] < missing["SGD"]

    mo.md(
        cr.in_language(
            en=rf"""
First steps: ({first_plain[0]:.3f}, {first_plain[1]:.4f}) with SGD, ({first_own[0]:.3f}, {first_own[1]:.3f}) with
{kind.value}. After 100 steps the weight of the rare feature lacks {missing["SGD"]:.3f} with SGD, as theory says
({abs(theory[1] - 1):.3f}), and {missing[kind.value]:.3f} with {kind.value}.
""",
            zh=rf"""
第一步：SGD 为 ({first_plain[0]:.3f}, {first_plain[1]:.4f})，{kind.value} 为 ({first_own[0]:.3f}, {first_own[1]:.3f})。100 步之后，罕见特征的权重在 SGD 下还差 {missing["SGD"]:.3f}，与理论一致（{abs(theory[1] - 1):.3f}）；在 {kind.value} 下还差 {missing[kind.value]:.3f}。
""",
        )
    )
    return own, plain


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
**The unit of the loss.** If the loss is measured in thousandths, all numbers of it are a thousand times as large,
and so are all gradients. Adaptive rules divide by their size and notice nothing; gradient descent does.
""",
            zh=r"""
**损失的单位。** 如果以千分之一为单位来度量损失，它的数值就变为一千倍，所有梯度也是。自适应规则除以梯度的大小，毫无察觉；梯度下降则不然。
""",
        )
    )
    return


@app.cell
def _(kind, mean_loss, own, plain, rules, surface):
    larger = cr.inspect.Surface(lambda w: 1000 * mean_loss(w), surface.start, surface.low, surface.high, "1000 L")
    again = cr.inspect.trajectories(rules, larger, steps=100)
    change = np.abs(again.paths[kind.value] - own).max()
    assert change < 1e-3
    assert len(again.paths["SGD"]) < len(plain)  # it left for good: its path ends early

    mo.md(
        cr.in_language(
            en=rf"""
The path of {kind.value} changes by at most {change:.1g}. Gradient descent has left the picture after
{len(again.paths["SGD"]) - 1} steps.
""",
            zh=rf"""
{kind.value} 的路径改变至多 {change:.1g}。梯度下降在 {len(again.paths["SGD"]) - 1} 步后就已经远离画面。
""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
**The rates themselves,** in a real training with mini-batches: Adam's $\eta / (\sqrt{\hat v} + \varepsilon)$ for
each of four features, of which the rarest is there in a share $p$ of the samples.
""",
            zh=r"""
**学习率本身。** 在使用小批量的真实训练中，四个特征各自的 Adam 学习率 $\eta / (\sqrt{\hat v} + \varepsilon)$；最罕见的那个出现在比例为 $p$ 的样本中。
""",
        )
    )
    return


@app.cell
def _(p):
    shares = [0.5, 0.3, 0.15, p]
    features = (np.random.default_rng(0).random((1000, 4)) < shares).astype(float)
    rates = cr.inspect.EffectiveRates()
    cr.Model(cr.nn.Dense(1, use_bias=False, kernel_initializer="zeros"), (4,)).fit(
        features, features.sum(1), loss="mean_squared_error", optimizer=cr.optim.Adam(0.01), epochs=5, batch_size=20,
        callbacks=[rates], verbose=0, executor="reference",
    )  # fmt: skip
    cr.inspect.plot_effective_rates(rates, "dense/kernel", labels=[f"in {100 * share:g} %" for share in shares])
    return (rates,)


@app.cell
def _(p, rates):
    last = rates.rates["dense/kernel"][-1][:, 0]
    assert last.argmax() == 3
    ratio, expected = last[3] / last[0], np.sqrt(0.5 / p)
    assert ratio > expected

    mo.md(
        cr.in_language(
            en=rf"""
The rarest feature has {ratio:.1f} times the rate of the most frequent one: larger steps, not smaller ones. With
single samples √(0.5/p) = {expected:.1f} would be expected, since the mean square of a gradient is in proportion to
the share of the samples where it is not 0. Within a batch the gradients of a frequent feature add up, and its rate
falls further.
""",
            zh=rf"""
最罕见特征的学习率是最常见特征的 {ratio:.1f} 倍：步长更大，而不是更小。若每次只用一个样本，可以预期的倍数是 √(0.5/p) = {expected:.1f}，因为梯度平方的平均与它不为 0 的样本所占的比例成正比。在一个批之内，常见特征的梯度还会相互叠加，它的学习率就降得更低。
""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
**And where one rate is enough?** On a round bowl, with the same curvature in all directions, gradient descent with
$\eta = 1/c$ is there in one step.
""",
            zh=r"""
**如果一个学习率就够了呢？** 在各方向曲率相同的圆碗上，取 $\eta = 1/c$ 的梯度下降一步就到底。
""",
        )
    )
    return


@app.cell
def _(adaptive, kind, surface):
    bowl = cr.inspect.Surface(
        lambda w: cr.sum((w - 1.0) ** 2), surface.start, surface.low, surface.high, "A round bowl"
    )
    on_bowl = cr.inspect.trajectories({"SGD": cr.optim.SGD(0.5), kind.value: adaptive}, bowl, steps=100)
    assert on_bowl.losses["SGD"][1] < 1e-20
    assert on_bowl.losses[kind.value][1] > 1

    mo.md(
        cr.in_language(
            en=rf"""
After one step the loss is {on_bowl.losses["SGD"][1]:.1g} with SGD and {on_bowl.losses[kind.value][1]:.2f} with
{kind.value}; after a hundred, {on_bowl.losses[kind.value][-1]:.1g}.
""",
            zh=rf"""
一步之后，SGD 的损失为 {on_bowl.losses["SGD"][1]:.1g}，{kind.value} 的损失为 {on_bowl.losses[kind.value][1]:.2f}；一百步之后，后者为 {on_bowl.losses[kind.value][-1]:.1g}。
""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
**At the minimum** the gradients of batches are noise around 0. A weight to which this happens, with noise of the size
0.001, and 100 steps by each rule:
""",
            zh=r"""
**在最小值处**，各批的梯度是 0 附近的噪声。下面让一个权重受到大小为 0.001 的噪声，每种规则走 100 步：
""",
        )
    )
    return


@app.cell
def _(kind, rules):
    noise = 0.001 * np.random.default_rng(3).standard_normal(100)

    def last_steps(rule):
        scalars = {name: cr.tensor(value, "float64") for name, value in rule.scalars().items()}
        slots = {name: cr.tensor(value, "float64") for name, value in rule.slots("w", ()).items()}
        steps = []
        for t, gradient in enumerate(noise, start=1):
            now = scalars | {"t": cr.tensor(t, "int64")}
            step, slots = rule.update(cr.tensor(0.0, "float64"), cr.tensor(gradient, "float64"), slots, now)
            slots = {name: cr.tensor(slot.numpy()) for name, slot in slots.items()}
            steps.append(float(step))
        return np.sqrt(np.mean(np.square(steps[-50:])))

    trembling = {name: last_steps(rule) for name, rule in rules.items()}
    assert trembling[kind.value] > 10 * trembling["SGD"]

    mo.md(
        cr.in_language(
            en=rf"""
The last fifty steps have a root mean square of {trembling["SGD"]:.1g} with SGD, and of {trembling[kind.value]:.1g}
with {kind.value}, which takes noise for what it should adapt to.
""",
            zh=rf"""
最后五十步的均方根，SGD 为 {trembling["SGD"]:.1g}，{kind.value} 为 {trembling[kind.value]:.1g}：后者把噪声当成了应当适应的东西。
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

**What one rate cannot do.** A weight that is used in few samples has a small mean gradient, so with a common rate
it learns slowly: here its error shrinks by about $1 - 2\eta p$ in a step. The rate cannot be raised for its sake,
since the frequent feature would overshoot. Adaptive rules divide each gradient by its usual size, so both weights
walk at the same pace. The same helps where features have different units, where layers have gradients of different
sizes, and on plateaus.

**Larger, not smaller.** Parameters of rare features need and get *larger* steps than those of frequent ones: the
picture of the rates shows it, with a factor above $\sqrt{0.5/p}$. A sentence of the chapter has it the other way
round; its own section on Adam is right.

**What it costs.** One or two numbers more for each parameter. And a step that does not shrink with the gradient: near
the minimum, where little but the noise of batches is left of it, RMSProp and Adam go on to tremble by steps of the
order of $\eta$, unless $\eta$ falls. Adagrad has the opposite fault: its sum only grows, so its rates only fall, even
where there is still far to go. On a surface that is equally curved everywhere there is nothing to adapt to, and
well-tuned gradient descent, usually with momentum, is as good or better; image networks are often trained that way.
Adaptive rules need less tuning: $\eta = 0.001$ with Adam is seldom far off.

**To go on.** How large must $p$ be for gradient descent to need no more steps than the others? Turn the surface by
45°, so that the ravine runs along the diagonal: what can one rate for each parameter do then? Why does Adam correct
its means for having begun at 0?
""",
            zh=r"""
## 讨论

**一个学习率做不到的事。** 只在少数样本中用到的权重，平均梯度很小，因此在共同的学习率下学得慢：这里它的误差每步大约只缩小为 $1 - 2\eta p$ 倍。又不能为它提高学习率，否则常见特征的权重就会冲过头。自适应规则把每个梯度除以它平常的大小，于是两个权重以同样的步伐前进。特征的单位不同、各层梯度大小不同，或在平坦的高原上时，它同样有帮助。

**更大，而不是更小。** 罕见特征的参数需要、也确实得到比常见特征*更大*的步长：学习率那幅图就是测量结果，倍数超过 $\sqrt{0.5/p}$。教材中有一句话说反了；它自己讲 Adam 的那一节是对的。

**代价。** 每个参数要多存一两个数。而且步长不随梯度变小：在最小值附近，梯度几乎只剩下各批的噪声，RMSProp 和 Adam 却仍以 $\eta$ 量级的步子抖动，除非让 $\eta$ 下降。Adagrad 的毛病正相反：它的和只增不减，所以学习率只降不升，哪怕离终点还很远。在各处弯曲程度相同的曲面上，没有什么可适应的，调得好的梯度下降（通常带动量）不差甚至更好；图像网络常常就这样训练。自适应规则更省调参：Adam 取 $\eta = 0.001$ 很少会差得太远。

**继续思考。** $p$ 要多大，梯度下降才不比其他规则需要更多的步数？把曲面旋转 45°，使峡谷沿对角线延伸：每个参数各有学习率还能起什么作用？Adam 为什么要校正从 0 开始的平均？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
