import marimo

__generated_with = "0.25.2"
app = marimo.App()

with app.setup:
    import marimo as mo
    import numpy as np

    import chainrule as cr
    from chainrule import inspect, nn
    from chainrule.inspect import as_image, draw, draw_grid

    LINES = cr.inspect.style.LINES


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
# 21 · First parameters, and why not all of them 10

How are the parameters of a network initialised, and what happens if all of them begin as the same number, 10 for
example?

Look at three things: the first gradients, the weights after training, and how many different neurons there are in the
end.
""",
            zh=r"""
# 21 · 参数的初始值，以及为什么不能全取 10

网络的参数应当怎样初始化？如果所有参数的初始值都是同一个数，例如 10，会怎样？

请看三件事：最初的梯度、训练之后的权重，以及最后有多少个互不相同的神经元。
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

A network with 16 hidden neurons reads digits. All of its weights and biases begin as the constant $c$. Choose it, and
the activation of the hidden layer.
""",
            zh=r"""
## 动手试试

一个有 16 个隐藏神经元的网络识别数字，它的所有权重和偏置都从常数 $c$ 开始。请选择 $c$ 和隐藏层的激活函数。
""",
        )
    )
    return


@app.cell
def _():
    c = mo.ui.slider(
        steps=[0, 0.01, 0.1, 1, 10],
        value=10,
        show_value=True,
        label=cr.in_language(en="every parameter is c =", zh="所有参数都是 c ="),
    )
    activation = mo.ui.dropdown(
        ["sigmoid", "tanh", "relu"], value="tanh", label=cr.in_language(en="activation", zh="激活函数")
    )
    mo.hstack([c, activation], justify="start")
    return activation, c


@app.cell
def _(activation, c):
    digits = cr.data.digits()
    x = digits.x_train[:400].reshape(400, 784) / np.float32(255)
    y = digits.y_train[:400]

    def network(kernels, biases="zeros"):
        first = {"kernel_initializer": kernels, "bias_initializer": biases}
        hidden = nn.Dense(16, activation.value, name="hidden", **first)
        return cr.Model(nn.Sequential([hidden, nn.Dense(10, name="scores", **first)]), (784,))

    def networks():
        constant = nn.Constant(float(c.value))
        return {
            "constant": network(constant, constant),
            "standard normal": network(nn.Normal()),
            "Glorot": network(nn.Glorot()),
        }

    return networks, x, y


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## The first gradients

Of the loss by each parameter, before any step. Marks at the left edge are exactly 0: nothing will move there.
""",
            zh=r"""
## 最初的梯度

这是走第一步之前，损失对各个参数的梯度。位于左边缘的标记恰好为 0：那里什么都不会动。
""",
        )
    )
    return


@app.cell
def _(networks, x, y):
    def before_activation(model):
        return x @ model.parameters["hidden/kernel"] + model.parameters["hidden/bias"]

    gradients = {name: inspect.parameter_gradients(model, x, y) for name, model in networks().items()}
    sums = {name: before_activation(model) for name, model in networks().items()}
    inspect.plot_parameter_gradients(gradients)
    return gradients, sums


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## After training

The same twelve epochs of Adam for each. Above the loss; below the weights of eight of the hidden neurons, each as a
picture of the pixels that it looks at, less its mean: a blank one has not moved.
""",
            zh=r"""
## 训练之后

三个网络都用 Adam 训练同样的十二轮。上图是损失；下图是八个隐藏神经元的权重，各画成它所看像素的图像，并减去其平均值：空白的说明它没有动过。
""",
        )
    )
    return


@app.cell
def _(networks, x, y):
    def fitted(model):
        adam = cr.optim.Adam(0.01)
        return model.fit(x, y, optimizer=adam, epochs=12, batch_size=40, executor="reference", verbose=0).history

    trained = networks()
    histories = {name: fitted(model) for name, model in trained.items()}
    return histories, trained


@app.cell
def _(histories):
    def draw_losses(axes):
        for color, (name, history) in zip(LINES, histories.items(), strict=False):
            axes.plot(range(1, 13), history["loss"], color=color, label=name)
        axes.axhline(np.log(10), color="0.6", linewidth=0.8, linestyle="--", label="guessing, ln 10")
        axes.set_yscale("log")
        axes.set_xlabel("epoch")
        axes.set_ylabel("loss")
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))

    draw(draw_losses, size=(6.4, 2.8))
    return


@app.cell
def _(trained):
    def draw_weights(axes):
        for row, (name, model) in zip(axes, trained.items(), strict=True):
            kernels = model.parameters["hidden/kernel"].T.reshape(16, 28, 28)[:8]
            for k, (panel, kernel) in enumerate(zip(row, kernels, strict=True)):
                as_image(panel, kernel - kernel.mean(), name if k == 0 else "", signed=True)

    draw_grid(3, 8, draw_weights, size=(8.4, 3.6))
    return


@app.cell(hide_code=True)
def _():
    mo.md(cr.in_language(en="## Check", zh="## 检验"))
    return


@app.cell
def _(activation, c, gradients, histories, trained):
    accuracy = {name: history["accuracy"][-1] for name, history in histories.items()}
    spread = {name: np.ptp(model.parameters["hidden/kernel"], axis=1).max() for name, model in trained.items()}

    # With equal weights behind it, no hidden weight has a first gradient that is more than rounding, whatever c is.
    assert gradients["constant"].norms["hidden/kernel"] < 1e-5 < gradients["Glorot"].norms["hidden/kernel"]
    # Neurons that begin alike get the same gradients, so they stay alike: all through the training.
    assert np.ptp(gradients["constant"].gradients["hidden/kernel"], axis=1).max() < 1e-6
    assert spread["constant"] < 1e-3 < spread["Glorot"]
    # The output bias has a gradient even where everything is zero.
    assert gradients["constant"].norms["scores/bias"] > 0.01
    if c.value == 0:  # and the output weights too where the hidden neurons do not give 0 for 0
        assert (gradients["constant"].norms["scores/kernel"] > 0) == (activation.value == "sigmoid")
    assert accuracy["constant"] < 0.5 < accuracy["Glorot"] - 0.3
    if c.value == 10 and activation.value == "relu":  # the first steps throw the scores about
        assert max(histories["constant"]["loss"]) > 10 * np.log(10)
    return (accuracy,)


@app.cell
def _(activation, trained, x):
    # Sixteen equal neurons are one: a network with a single hidden neuron, whose outgoing weights are the sums.
    many = trained["constant"]
    layers = [nn.Dense(1, activation.value, name="hidden"), nn.Dense(10, name="scores")]
    one = cr.Model(nn.Sequential(layers), (784,))
    one.parameters["hidden/kernel"] = many.parameters["hidden/kernel"][:, :1]
    one.parameters["hidden/bias"] = many.parameters["hidden/bias"][:1]
    one.parameters["scores/kernel"] = many.parameters["scores/kernel"].sum(axis=0, keepdims=True)
    one.parameters["scores/bias"] = many.parameters["scores/bias"]

    scores_of_many, scores_of_one = (model.predict(x, executor="reference") for model in (many, one))
    difference = np.abs(scores_of_many - scores_of_one).max() / np.abs(scores_of_many).max()
    assert difference < 1e-4
    return (difference,)


@app.cell
def _(sums, x):
    # Where |z| > 4.6, a sigmoid's slope is below 0.01: hardly any gradient passes.
    saturated = {name: (np.abs(z) > 4.6).mean() for name, z in sums.items()}
    assert saturated["Glorot"] < 0.01
    assert saturated["standard normal"] > 0.4
    # With standard normal weights a sum has the standard deviation |x|.
    lengths = np.linalg.norm(x, axis=1)
    assert abs(sums["standard normal"].std() / np.sqrt(np.mean(lengths**2)) - 1) < 0.15
    return lengths, saturated


@app.cell(hide_code=True)
def _(accuracy, c, difference, gradients, lengths, saturated, sums):
    mo.md(
        cr.in_language(
            en=rf"""
Beginning at {c.value:g}, the largest part of a first gradient that reaches a hidden weight is
{np.abs(gradients["constant"].gradients["hidden/kernel"]).max():.1g}; the scores of 16 neurons and those of one differ
by {difference:.1g} of the largest. Digits recognised after training: **{accuracy["constant"]:.0%}** from the
constant, {accuracy["standard normal"]:.0%} from standard normal numbers, **{accuracy["Glorot"]:.0%}** from Glorot's.

Before the activation the sums have the mean {sums["constant"].mean():.4g} with the constant. Their standard deviation
is {sums["standard normal"].std():.1f} with standard normal weights, where the images have the length
$\sqrt{{\sum_i x_i^2}} = {np.sqrt(np.mean(lengths**2)):.1f}$ (root mean square), and {sums["Glorot"].std():.1f} with
Glorot's. Beyond 4.6, where a sigmoid's slope is below 0.01, are {saturated["constant"]:.0%} of them with the constant,
{saturated["standard normal"]:.0%} with standard normal weights, {saturated["Glorot"]:.0%} with Glorot's.
""",
            zh=rf"""
从 {c.value:g} 开始，到达隐藏权重的最初梯度最大只有 {np.abs(gradients["constant"].gradients["hidden/kernel"]).max():.1g}；16 个神经元的得分与一个神经元的得分相差最大得分的 {difference:.1g}。训练之后的识别率：从常数开始 **{accuracy["constant"]:.0%}**，从标准正态数开始 {accuracy["standard normal"]:.0%}，从 Glorot 初始值开始 **{accuracy["Glorot"]:.0%}**。

激活之前的和，用常数时平均为 {sums["constant"].mean():.4g}。标准差在用标准正态权重时为 {sums["standard normal"].std():.1f}，而图像的长度 $\sqrt{{\sum_i x_i^2}}$（均方根）为 {np.sqrt(np.mean(lengths**2)):.1f}；用 Glorot 初始值时为 {sums["Glorot"].std():.1f}。绝对值超过 4.6（那里 sigmoid 的斜率小于 0.01）的比例：常数 {saturated["constant"]:.0%}，标准正态 {saturated["standard normal"]:.0%}，Glorot {saturated["Glorot"]:.0%}。
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

If all parameters are equal, all neurons of a layer compute the same, so all of them get the same gradient, make the
same step, and are equal for ever. The network is as good as one with a single hidden neuron, however many it has.
That is so for any constant, 10 or 0.01, and any optimiser: nothing but *different* first values breaks the symmetry,
which is why they are random. Biases may begin at zero.

With 10 there is more. The sums before the activation are about a thousand, sigmoid and tanh are flat there, and no
gradient passes. ReLU is not flat, but its outputs are so large that the first steps of the next layer throw the
scores about. And at the very first step no constant lets any gradient through: what arrives at a hidden neuron is
$\sum_k w_k\,(p_k - y_k)$, with equal weights $w$ times $\sum_k (p_k - y_k)$, and both probabilities and one-hot
labels sum to 1.

Two statements in texts deserve a closer look. "With zeros every gradient is zero": not that of the output bias, which
learns how frequent each class is, and with sigmoids, which give ½ at 0, not that of the output weights. And "small
random numbers from a standard normal distribution": they are not small. A sum of $D$ inputs with such weights has a
standard deviation of $\sqrt{\sum_i x_i^2}$, the length of the image, which saturates as the constant does. Hence
the scale of Glorot's ($\sqrt{2/(D+M)}$) or He's ($\sqrt{2/D}$) initial values: it keeps sums at the size of the
inputs.

**To go on.** Would dropout break the symmetry of equal neurons? Would it be enough if only the output weights were
random? What does `nn.Normal(deviation=0.05)` do to the last number of the check?
""",
            zh=r"""
## 讨论

如果所有参数都相等，同一层的所有神经元就计算同样的结果，因而得到同样的梯度，走同样的一步，永远相等。网络无论有多少个隐藏神经元，都只相当于一个。对任何常数（10 或 0.01）、任何优化器都是如此：只有*不同*的初始值才能打破对称，所以初始值是随机的。偏置可以从零开始。

取 10 还有别的问题。激活之前的和达到一千左右，sigmoid 和 tanh 在那里是平的，梯度传不过去。ReLU 不平，但它的输出太大，后一层的头几步就把得分甩得到处都是。而且在第一步，任何常数都不让梯度通过：到达隐藏神经元的是 $\sum_k w_k\,(p_k - y_k)$，权重相等时就是 $w$ 乘以 $\sum_k (p_k - y_k)$，而概率之和与独热标签之和都是 1。

书上有两句话值得细看。“全零时所有梯度都为零”：输出偏置的梯度不为零，它会学到各类别出现的频率；用 sigmoid 时（它在 0 处为 ½），输出权重的梯度也不为零。还有“取标准正态分布的小随机数”：它们并不小。$D$ 个输入用这样的权重求和，标准差是 $\sqrt{\sum_i x_i^2}$，即图像的长度，同样会饱和。因此才有 Glorot（$\sqrt{2/(D+M)}$）和 He（$\sqrt{2/D}$）初始值的比例：它使和的大小与输入相当。

**继续思考。** dropout 能打破相等神经元的对称吗？如果只有输出权重是随机的，够不够？`nn.Normal(deviation=0.05)` 会使检验中的最后一个数变成多少？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
