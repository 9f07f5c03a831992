import marimo

__generated_with = "0.25.2"
app = marimo.App()

with app.setup:
    import marimo as mo
    import numpy as np

    import chainrule as cr
    from chainrule import nn
    from chainrule.inspect import draw_grid

    LINES = cr.inspect.style.LINES


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
# 25 · The validation accuracy stalls: more dropout?

The accuracy on the validation samples does not rise any more. Should the dropout rate be raised?

Two trainings stall below. Before you move the dropout rate, look at one more number of each, and decide.
""",
            zh=r"""
# 25 · 验证准确率停滞不前：加大 dropout？

验证样本上的准确率不再上升。应当提高 dropout 的比率吗？

下面有两个停滞的训练。在移动 dropout 的滑块之前，请各再看一个数，然后作出判断。
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

The rate $p$ is the probability with which a hidden neuron is silent in a training step.
""",
            zh=r"""
## 动手试试

比率 $p$ 是隐藏神经元在一个训练步中保持沉默的概率。
""",
        )
    )
    return


@app.cell
def _():
    situations = {
        cr.in_language(
            en="A: 100 hidden neurons, 400 digits, 3 of 10 labels drawn at random",
            zh="A：100 个隐藏神经元，400 个数字，十个标签中有三个是随机的",
        ): "A",
        cr.in_language(en="B: 4 hidden neurons, 1600 digits", zh="B：4 个隐藏神经元，1600 个数字"): "B",
    }
    return (situations,)


@app.cell
def _(situations):
    situation = mo.ui.dropdown(situations, value=next(iter(situations)), label=cr.in_language(en="training", zh="训练"))
    rate = mo.ui.slider(
        steps=[0.2, 0.4, 0.6, 0.8],
        value=0.6,
        show_value=True,
        label=cr.in_language(en="dropout rate p", zh="dropout 比率 p"),
    )
    mo.vstack([situation, rate])
    return rate, situation


@app.cell
def _(situation):
    digits = cr.data.digits()

    def smaller(images):
        """14 × 14 pixels, each the mean of 2 × 2."""
        return cr.average_pool(images / np.float32(255), 2).numpy().reshape(-1, 196)

    units, samples, learning_rate = {"A": (100, 400, 0.02), "B": (4, 1600, 0.05)}[situation.value]
    epochs = 15
    x, y = smaller(digits.x_train[:samples]), digits.y_train[:samples]
    x_validation, y_validation = smaller(digits.x_test[:800]), digits.y_test[:800]
    if situation.value == "A":
        random = np.random.default_rng(0)
        y = np.where(random.random(samples) < 0.3, random.integers(0, 10, samples), y)
    wrong = np.mean(y != digits.y_train[:samples])  # some random labels are right by chance
    return epochs, learning_rate, units, wrong, x, x_validation, y, y_validation


@app.cell
def _(epochs, learning_rate, units, x, x_validation, y, y_validation):
    rates = [0.0, 0.2, 0.4, 0.6, 0.8]

    def trained(p):
        model = cr.Model(nn.Sequential([nn.Dense(units, "relu"), nn.Dropout(p), nn.Dense(10)]), (196,))
        history = model.fit(
            x, y, validation_data=(x_validation, y_validation), optimizer=cr.optim.Adam(learning_rate), epochs=epochs,
            batch_size=len(x) // 4, executor="reference", verbose=0,
        ).history  # fmt: skip
        # The training samples once more, without dropout: only so can the two be compared.
        return history, model.evaluate(x, y, executor="reference")["accuracy"]

    runs = {p: trained(p) for p in rates}
    training = np.array([accuracy for _, accuracy in runs.values()])
    validation = np.array([history["val_accuracy"][-1] for history, _ in runs.values()])
    return rates, runs, training, validation


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## What dropout does here

Left the validation accuracy, epoch by epoch, without dropout and with the rate that you chose. Right the accuracies
at the end for all rates: of the training samples, taken in inference, and of the validation samples. What lies
between is the gap.
""",
            zh=r"""
## dropout 在这里的作用

左图是逐轮的验证准确率：不用 dropout，以及用所选的比率。右图是各个比率下最终的准确率：训练样本的（在推理模式下测得）和验证样本的。两者之间就是差距。
""",
        )
    )
    return


@app.cell
def _(epochs, rate, rates, runs, training, validation):
    def draw_accuracies(axes):
        left, right = axes[0]
        for p, color in ((0.0, LINES[4]), (rate.value, LINES[2])):
            left.plot(range(1, epochs + 1), runs[p][0]["val_accuracy"], color=color, label=f"p = {p:g}")
        left.set_xlabel("epoch")
        left.set_ylabel("validation accuracy")
        left.set_ylim(0, 1)
        left.legend(loc="lower right")
        right.fill_between(rates, validation, training, color="0.9", label="gap")
        right.plot(rates, training, "o-", color=LINES[0], label="training samples")
        right.plot(rates, validation, "o--", color=LINES[1], label="validation samples")
        right.axvline(rate.value, color=LINES[2], linewidth=0.8, linestyle=":")
        right.set_xlabel("dropout rate p")
        right.set_ylabel("accuracy at the end")
        right.set_ylim(0, 1)
        right.legend(loc="lower left")

    draw_grid(1, 2, draw_accuracies, size=(8.4, 3.2))
    return


@app.cell(hide_code=True)
def _():
    mo.md(cr.in_language(en="## Check", zh="## 检验"))
    return


@app.cell
def _(rate, rates, runs, situation, training, validation, wrong):
    gap = training - validation
    chosen = rates.index(rate.value)

    # Whatever the situation is: dropout makes it harder to fit the training samples, the more the higher it is.
    assert (np.diff(training) < 0.01).all()
    assert training[-1] < training[0] - 0.1
    # What is measured of them with dropout, while training, is lower than they are.
    with_dropout = runs[rate.value][0]["accuracy"][-1]
    assert with_dropout < training[chosen]

    best_epoch = max(runs[0.0][0]["val_accuracy"])
    if situation.value == "A":  # overfitting: a wide gap, which dropout closes, and the validation samples gain
        assert gap[0] > 0.15
        assert gap[chosen] < gap[0]
        assert abs(wrong - 0.25) < 0.02
        assert training[0] > 1 - wrong + 0.1  # wrong labels were learned by heart
        assert validation.max() > validation[0] + 0.04
        assert validation[-1] < validation.max() - 0.02  # too much of it harms here too
        assert best_epoch > validation[0] + 0.02  # stopping early would have gained as well
    else:  # underfitting: hardly a gap, there is nothing to close, and every rate makes it worse
        assert gap[0] < 0.1
        assert validation[chosen] < validation[0] - 0.01
        assert validation.argmax() == 0
    return best_epoch, chosen, gap, with_dropout


@app.cell(hide_code=True)
def _(best_epoch, chosen, gap, rate, rates, training, validation, with_dropout, wrong):
    mo.md(
        cr.in_language(
            en=rf"""
Of the training labels {wrong:.0%} are wrong. Without dropout {training[0]:.1%} of the training samples and
{validation[0]:.1%} of the validation samples are right, a gap of {100 * gap[0]:.0f} points; in its best epoch it had
{best_epoch:.1%} of the validation samples right. With $p = {rate.value:g}$ it is {training[chosen]:.1%} and
**{validation[chosen]:.1%}**, a gap of {100 * gap[chosen]:.0f} points; measured while training, with dropout, the
training samples had {with_dropout:.1%}. The best of the five rates for the validation samples is
{rates[validation.argmax()]:g}.
""",
            zh=rf"""
训练标签中有 {wrong:.0%} 是错的。不用 dropout 时，训练样本的准确率为 {training[0]:.1%}，验证样本为 {validation[0]:.1%}，差距 {100 * gap[0]:.0f} 个百分点；在最好的一轮，验证样本的准确率曾达到 {best_epoch:.1%}。取 $p = {rate.value:g}$ 时分别为 {training[chosen]:.1%} 和 **{validation[chosen]:.1%}**，差距 {100 * gap[chosen]:.0f} 个百分点；训练过程中带着 dropout 测得的训练准确率只有 {with_dropout:.1%}。五个比率中，对验证样本最好的是 {rates[validation.argmax()]:g}。
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

That the validation accuracy stalls does not say why. The number to look at is the *training* accuracy, measured
without dropout. If it is high and the validation accuracy is not, the network overfits: it has learned its samples,
wrong labels included, by heart. Then more dropout is a remedy, up to a point. If both are low and near each other,
the network underfits, and dropout, which takes neurons from a network that has too few of them, makes it worse.

In training A about a quarter of the labels are wrong, so a perfect reader would be right in three quarters of the
training samples. The network with 100 neurons has room for nearly all the wrong ones. Dropout takes
it away: training accuracy falls, and validation accuracy *rises*, until at 0.8 too little is left. In training B four
neurons cannot tell ten digits apart, and each rate above 0 costs accuracy on both sets.

So the answer is: not before one has looked at the gap. With a gap: more dropout, or a penalty, augmentation, stopping
earlier, more data. (The curve without dropout in A rises first and then falls: stopping at its best epoch would have
done nearly as well.) Without a gap: less dropout, a larger network, more epochs, another learning rate. And if both
are high, there may be nothing left to gain.

One more trap: the training accuracy that a progress line shows is taken *with* dropout, and is too low. It may even
be below the validation accuracy. Compare in inference mode only.

**To go on.** Which curve of A tells, without any validation samples, that the labels are wrong? What would the
picture of B look like with a learning rate that is far too small, and would more neurons help then?
""",
            zh=r"""
## 讨论

验证准确率停滞，并没有说明原因。要看的数是*训练*准确率，并且要在没有 dropout 的情况下测量。如果它高而验证准确率不高，网络就过拟合了：它把样本（包括错误的标签）背了下来。这时加大 dropout 是一种补救，但要适度。如果两者都低而且接近，网络就欠拟合；dropout 从一个神经元本来就太少的网络中再拿走神经元，只会更糟。

在训练 A 中，大约四分之一的标签是错的，所以一个完美的识别者在训练样本上的准确率也只有四分之三。而有 100 个神经元的网络几乎装得下所有错误的标签。dropout 把这个余地拿走：训练准确率下降，验证准确率反而*上升*，直到 0.8 时剩下的太少。在训练 B 中，四个神经元分不清十个数字，大于 0 的每个比率都使两个集合上的准确率下降。

所以答案是：先看差距，再作决定。有差距：加大 dropout，或用惩罚项、数据增强、提前停止、更多数据。（A 中不用 dropout 的曲线先升后降：在最好的一轮停下，效果几乎一样好。）没有差距：减小 dropout，用更大的网络、更多轮次、另一个学习率。如果两者都高，也许已经没有什么可提高的了。

还有一个陷阱：进度行显示的训练准确率是*带着* dropout 测得的，偏低，甚至可能低于验证准确率。只应在推理模式下比较。

**继续思考。** 不用任何验证样本，A 的哪条曲线能说明标签有误？如果学习率小得多，B 的图会是什么样？那时增加神经元有用吗？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
