import marimo

__generated_with = "0.25.2"
app = marimo.App()

with app.setup:
    import marimo as mo
    import numpy as np

    import chainrule as cr
    from chainrule import inspect, nn
    from chainrule.inspect import draw

    LINES = cr.inspect.style.LINES


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
# 23 · L2 penalty beside dropout

Can an L2 penalty and dropout be used together, and what does each do to a weight that the other one does not?

$$
\theta \leftarrow \theta - \eta\left(\frac{\partial \ell}{\partial\theta} + 2\lambda\theta\right)
$$

Look at a single step first: which weights move because of the loss, and which because of the penalty?
""",
            zh=r"""
# 23 · L2 惩罚与 dropout 并用

L2 惩罚和 dropout 能同时使用吗？它们各自对权重做了什么对方没有做的事？

$$
\theta \leftarrow \theta - \eta\left(\frac{\partial \ell}{\partial\theta} + 2\lambda\theta\right)
$$

先看单独的一步：哪些权重因为损失而移动，哪些因为惩罚而移动？
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

The strength $\lambda$ of the penalty on the weights of the hidden layer, and the rate $p$ with which its 32 neurons
are dropped.
""",
            zh=r"""
## 动手试试

隐藏层权重的惩罚强度 $\lambda$，以及它的 32 个神经元被丢弃的比率 $p$。
""",
        )
    )
    return


@app.cell
def _():
    strength = mo.ui.slider(
        steps=[0, 0.001, 0.003, 0.01],
        value=0.003,
        show_value=True,
        label=cr.in_language(en="penalty λ", zh="惩罚强度 λ"),
    )
    rate = mo.ui.slider(
        steps=[0, 0.25, 0.5, 0.75],
        value=0.5,
        show_value=True,
        label=cr.in_language(en="dropout rate p", zh="dropout 比率 p"),
    )
    mo.hstack([strength, rate], justify="start")
    return rate, strength


@app.cell
def _():
    digits = cr.data.digits()

    def smaller(images):
        """14 × 14 pixels, each the mean of 2 × 2."""
        return cr.average_pool(images / np.float32(255), 2).numpy().reshape(-1, 196)

    x, y = smaller(digits.x_train[:400]), digits.y_train[:400]
    x_test, y_test = smaller(digits.x_test[:800]), digits.y_test[:800]
    random = np.random.default_rng(0)
    y_noisy = np.where(random.random(400) < 0.3, random.integers(0, 10, 400), y)  # so that there is much to overfit

    def network(penalty, p):
        hidden = nn.Dense(32, "tanh", kernel_penalty=nn.L2(penalty) if penalty else None, name="hidden")
        return cr.Model(nn.Sequential([hidden, nn.Dropout(p), nn.Dense(10, name="scores")]), (196,))

    return network, x, x_test, y_noisy, y_test


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## One step on one sample

For each hidden neuron, how far its weights are moved: by the gradient of the loss, and by the penalty (in powers of
ten). A neuron that is dropped gets nothing from the loss, since nothing of it arrives there. The penalty does not ask
who was dropped.
""",
            zh=r"""
## 对一个样本走一步

对每个隐藏神经元，它的权重移动了多远：由于损失的梯度，以及由于惩罚（纵轴为 10 的幂）。被丢弃的神经元从损失那里什么也得不到，因为它没有任何东西传到那里。惩罚则不问谁被丢弃了。
""",
        )
    )
    return


@app.cell
def _(network, rate, strength, x, y_noisy):
    eta = 0.1
    step = inspect.weight_pull(
        network(strength.value, rate.value), x[:1], y_noisy[:1], "hidden/kernel", learning_rate=eta,
        executor="reference",
    )  # fmt: skip
    by_loss, by_penalty = (np.linalg.norm(part, axis=0) for part in (step.by_loss, step.by_penalty))

    def draw_step(axes):
        places = np.arange(32)
        axes.bar(places - 0.2, by_loss, 0.4, color=LINES[0], label="by the loss")
        axes.bar(places + 0.2, by_penalty, 0.4, color=LINES[1], label="by the penalty")
        axes.set_xlabel("hidden neuron")
        axes.set_ylabel("length of the step")
        axes.set_yscale("log")
        axes.set_ylim(1e-5, 1)
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))

    draw(draw_step, size=(8.4, 2.6))
    return by_loss, eta, step


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## A whole training

Neither, one of them, and both, on 400 digits of which 3 in 10 have a random label. Above how the weights end, below
the accuracies: of the training samples and of others.
""",
            zh=r"""
## 一次完整的训练

两者都不用、只用其一、两者并用，训练数据是 400 个数字，十个标签中有三个是随机的。上图是最后的权重，下图是准确率：训练样本的，和其他样本的。
""",
        )
    )
    return


@app.cell
def _(network, rate, strength, x, x_test, y_noisy, y_test):
    def trained(penalty, p):
        model = network(penalty, p)
        adam = cr.optim.Adam(0.02)
        model.fit(x, y_noisy, optimizer=adam, epochs=16, batch_size=100, executor="reference", verbose=0)
        return model

    lam, p = strength.value, rate.value
    models = {"neither": trained(0, 0), "L2": trained(lam, 0), "dropout": trained(0, p), "both": trained(lam, p)}
    lengths = {name: float(np.linalg.norm(model.parameters["hidden/kernel"])) for name, model in models.items()}
    accuracies = {
        name: [
            model.evaluate(*samples, executor="reference")["accuracy"] for samples in ((x, y_noisy), (x_test, y_test))
        ]
        for name, model in models.items()
    }
    inspect.plot_weight_distributions(inspect.weight_distributions(models, "hidden/kernel"))
    return accuracies, lengths


@app.cell
def _(accuracies):
    def draw_accuracies(axes):
        for k, (values, name) in enumerate(
            zip(np.transpose(list(accuracies.values())), ("training", "test"), strict=True)
        ):
            bars = axes.bar(np.arange(4) + 0.4 * k - 0.2, values, 0.38, color=LINES[k], label=f"{name} samples")
            axes.bar_label(bars, [f"{value:.2f}" for value in values], fontsize=8)
        axes.set_xticks(range(4), accuracies)
        axes.set_ylim(0, 1.05)
        axes.set_ylabel("accuracy")
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))

    draw(draw_accuracies, size=(7.6, 2.8))
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Dropout as a penalty

For one linear neuron with dropped inputs, the mean of the squared error over all masks can be computed by hand:

$$
\mathbb{E}_D \Big(t - \sum_j \tfrac{1}{q} D_j x_j w_j\Big)^2 = \Big(t - \sum_j x_j w_j\Big)^2 + \frac{p}{q} \sum_j x_j^2\, w_j^2
$$

The last sum is an L2 penalty, with a strength of its own for each weight: $\frac{p}{q}$ times the mean square of its
input.
""",
            zh=r"""
## dropout 也是一种惩罚

对一个输入被丢弃的线性神经元，平方误差对所有掩码的平均可以手算：

$$
\mathbb{E}_D \Big(t - \sum_j \tfrac{1}{q} D_j x_j w_j\Big)^2 = \Big(t - \sum_j x_j w_j\Big)^2 + \frac{p}{q} \sum_j x_j^2\, w_j^2
$$

最后的和是一种 L2 惩罚，每个权重有自己的强度：$\frac{p}{q}$ 乘以它的输入的均方。
""",
        )
    )
    return


@app.cell
def _(rate):
    generator = np.random.default_rng(1)
    inputs, targets = generator.normal(size=(50, 6)) * [3, 2, 1, 1, 0.5, 0.2], generator.normal(size=50)
    neuron = cr.Model(nn.Sequential([nn.Dropout(rate.value), nn.Dense(1, name="neuron")]), (6,), dtype="float64")
    w = neuron.parameters["neuron/kernel"][:, 0]

    thinned = inspect.thinned_networks(neuron, inputs)  # all 64 masks
    errors = ((targets - thinned.outputs[..., 0]) ** 2).mean(axis=1)
    mean_error = float(thinned.weights @ errors)

    q = 1 - rate.value
    penalised_error = ((targets - inputs @ w) ** 2).mean() + rate.value / q * ((inputs**2).mean(axis=0) * w**2).sum()
    return mean_error, penalised_error


@app.cell(hide_code=True)
def _():
    mo.md(cr.in_language(en="## Check", zh="## 检验"))
    return


@app.cell
def _(accuracies, by_loss, eta, lengths, mean_error, penalised_error, rate, step, strength):
    # The penalty takes the share 2ηλ of every weight, whatever dropout does.
    assert np.abs(step.by_penalty + 2 * eta * strength.value * step.weights).max() < 1e-6

    # The loss moves the neurons that were kept, and no other.
    silent = int((by_loss == 0).sum())
    assert (silent > 0) == (rate.value > 0)
    assert silent < 32

    # Beside either training, with dropout or without, the penalty makes the weights shorter.
    if strength.value:
        assert lengths["L2"] < 0.95 * lengths["neither"]
        assert lengths["both"] < 0.95 * lengths["dropout"]

    # Each costs fit on the training samples; both at their right ends are too much, for the test samples as well.
    fit = {name: training for name, (training, _) in accuracies.items()}
    assert fit["both"] <= min(fit["L2"], fit["dropout"]) <= max(fit["L2"], fit["dropout"]) <= fit["neither"]
    if strength.value == 0.01 and rate.value == 0.75:
        assert all(both < alone for both, alone in zip(accuracies["both"], accuracies["dropout"], strict=True))

    # Dropout in the mean over its masks is the penalty of the formula.
    assert abs(mean_error - penalised_error) < 1e-9
    return (silent,)


@app.cell(hide_code=True)
def _(accuracies, eta, lengths, mean_error, penalised_error, rate, silent, step, strength):
    mo.md(
        cr.in_language(
            en=rf"""
In one step {silent} of 32 neurons were silent and got nothing from the loss; the penalty took {abs(step.slope):.4f}
of every weight, $2\eta\lambda = {2 * eta * strength.value:.2g}$. The weights end with the length
{lengths["neither"]:.1f} (neither), {lengths["L2"]:.1f} (L2), {lengths["dropout"]:.1f} (dropout),
{lengths["both"]:.1f} (both); training samples that are right: {accuracies["neither"][0]:.0%},
{accuracies["L2"][0]:.0%}, {accuracies["dropout"][0]:.0%}, {accuracies["both"][0]:.0%}; test digits recognised:
{accuracies["neither"][1]:.0%}, {accuracies["L2"][1]:.0%}, {accuracies["dropout"][1]:.0%},
**{accuracies["both"][1]:.0%}**. The linear neuron's error at $p = {rate.value:g}$, over all masks, is
{mean_error:.6f}; by the formula, {penalised_error:.6f}.
""",
            zh=rf"""
在这一步中，32 个神经元里有 {silent} 个沉默，从损失那里什么也没有得到；惩罚从每个权重中取走 {abs(step.slope):.4f}，而 $2\eta\lambda = {2 * eta * strength.value:.2g}$。最后权重的长度为 {lengths["neither"]:.1f}（都不用）、{lengths["L2"]:.1f}（L2）、{lengths["dropout"]:.1f}（dropout）、{lengths["both"]:.1f}（并用）；训练样本的正确率为 {accuracies["neither"][0]:.0%}、{accuracies["L2"][0]:.0%}、{accuracies["dropout"][0]:.0%}、{accuracies["both"][0]:.0%}；测试数字的识别率为 {accuracies["neither"][1]:.0%}、{accuracies["L2"][1]:.0%}、{accuracies["dropout"][1]:.0%}、**{accuracies["both"][1]:.0%}**。线性神经元在 $p = {rate.value:g}$ 时对所有掩码的平均误差为 {mean_error:.6f}，按公式为 {penalised_error:.6f}。
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

Yes: they act at different places, and neither disturbs the other. The penalty is a term of the loss. It asks for
short weights, and takes the same share $2\eta\lambda$ of every weight at each step, also of those whose neuron
happens to be silent. Dropout changes the network that the loss is computed with. It asks that no neuron should rely
on certain others being there, and only the neurons that were kept learn from a sample. Frameworks add penalties per
layer, so one layer may have both and another neither.

Both cost fit on the training samples, so their strengths have to be chosen together: what is right for one alone may
be too much beside the other. With both at their right ends the network underfits, and does worse than with dropout
alone on both sets, as the bars show. Often dropout is accompanied by a bound on the weights (max-norm) for the same
reason: large rates of learning and dropout make weights wander, and something has to hold them.

They are not as different as they look. For a linear neuron, dropout *is* an L2 penalty in the mean, as the formula
says, with a strength that adapts to the size of each input: weights of strong inputs are held more tightly. A plain
L2 penalty treats all alike. For networks with curves the correspondence is approximate, which is one more reason why
it pays to try them together.

**To go on.** Which $\lambda$ for each weight makes a plain penalty equal to dropout with $p = 0.5$? Why are biases
usually left out of the penalty? What would the first picture look like for L1?
""",
            zh=r"""
## 讨论

可以并用：它们作用在不同的地方，互不妨碍。惩罚是损失中的一项。它要求权重短，在每一步从每个权重中取走同样的份额 $2\eta\lambda$，包括那些神经元恰好沉默的权重。dropout 改变的则是计算损失所用的网络。它要求任何神经元都不要依赖某些别的神经元在场，而从一个样本中学习的只有被保留的神经元。框架按层设置惩罚，所以可以一层两者都有，另一层两者都没有。

两者都会降低对训练样本的拟合，所以它们的强度要一起选：单独使用时合适的强度，并用时可能太强。把两者都移到最右端，网络就欠拟合，如条形图所示，在两个集合上都不如只用 dropout。出于同样的原因，dropout 常与权重的上界（最大范数）并用：大的学习率和大的丢弃比率使权重游走，总要有什么把它们拉住。

它们的差别没有看上去那么大。如公式所示，对线性神经元，dropout 平均而言*就是*一种 L2 惩罚，其强度随每个输入的大小而变：强输入的权重被拉得更紧。普通的 L2 惩罚则一视同仁。对带有弯曲函数的网络，这种对应只是近似的，这又是一个值得把两者一起试试的理由。

**继续思考。** 每个权重各取怎样的 $\lambda$，普通的惩罚就等于 $p = 0.5$ 的 dropout？为什么偏置通常不受惩罚？如果是 L1，第一幅图会是什么样？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
