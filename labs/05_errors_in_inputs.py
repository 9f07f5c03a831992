import marimo

__generated_with = "0.25.2"
app = marimo.App()

with app.setup:
    import marimo as mo
    import numpy as np

    import chainrule as cr

    nn = cr.nn


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
# 5 · Errors in the input data

Data are never free of errors. What does a network do with an error in its inputs, and does a non-linear activation make it less sensitive?

Two networks read the same handwritten digits and differ in the activation of their 16 hidden neurons only: one is linear, the other is
your choice. Noise is added to the pixels. Watch two things that are easily confused: how far the *outputs* move, and how many digits change their *class*.
""",
            zh=r"""
# 5 · 输入数据中的错误

数据总有错误。网络会怎样处理输入中的错误？非线性激活函数会使它不那么敏感吗？

两个网络读同样的手写数字，区别只在于 16 个隐藏神经元的激活函数：一个是线性的，另一个由你选择。现在给像素加上噪声。请留意容易混淆的两件事：**输出**移动了多远，以及有多少数字改变了**类别**。
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

The noise is normal; its strength is measured in standard deviations of the pixels themselves.
""",
            zh=r"""
## 动手试试

噪声服从正态分布，强度以像素本身的标准差为单位。
""",
        )
    )
    return


@app.cell
def _():
    levels = np.array([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8])
    return (levels,)


@app.cell
def _(levels):
    activation = mo.ui.dropdown(
        ["sigmoid", "tanh", "relu"], value="sigmoid", label=cr.in_language(en="activation", zh="激活函数")
    )
    noise = mo.ui.slider(steps=levels.tolist(), value=1.6, show_value=True, label=cr.in_language(en="noise", zh="噪声"))
    mo.hstack([activation, noise], justify="start")
    return activation, noise


@app.cell
def _():
    digits = cr.data.digits()
    x, y = digits.x_train[:1500].reshape(-1, 784) / np.float32(255), digits.y_train[:1500]
    x_test = digits.x_test[:300].reshape(-1, 784) / np.float32(255)

    def learned(activation):
        model = cr.Model(nn.Sequential([nn.Dense(16, activation), nn.Dense(10)]), (784,), seed=0)
        model.fit(x, y, optimizer=cr.optim.Adam(0.005), epochs=4, batch_size=50, verbose=0)
        return model

    linear = learned("linear")
    return learned, linear, x_test


@app.cell
def _(noise, x_test):
    noisy = x_test + noise.value * x_test.std() * np.random.default_rng(5).normal(size=x_test.shape)

    def pictures(axes):
        for place, digit in zip(axes[0], noisy, strict=False):
            cr.inspect.as_image(place, digit.reshape(28, 28))

    cr.inspect.draw_grid(1, 6, pictures, size=(7.5, 1.4))
    return


@app.cell
def _(activation, learned, levels, linear, x_test):
    other = learned(activation.value)
    models = {"linear": linear, activation.value: other}
    found = cr.inspect.noise_robustness(models, x_test, levels, repeats=2)
    cr.inspect.plot_noise_robustness(found)
    return found, other


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Check

**The linear network** is one matrix $W = W_1 W_2$, so noise of strength $s$ moves its outputs by $s\, \sigma_x \lVert W \rVert_F$ on average: a straight
line, known beforehand. **Weak noise** passes the other network as it would pass the linear one that touches it, $W_1\, \mathrm{diag}(f')\, W_2$. **Strong
noise** meets the ends of the activation: a sigmoid cannot move by more than 1, a tanh by more than 2, a ReLU by as much as it likes. That holds for
**one broken pixel** just as well.
""",
            zh=r"""
## 检验

**线性网络**就是一个矩阵 $W = W_1 W_2$，所以强度为 $s$ 的噪声平均使输出移动 $s\, \sigma_x \lVert W \rVert_F$：一条事先就知道的直线。**弱噪声**通过另一个网络，就像通过与它相切的线性网络 $W_1\, \mathrm{diag}(f')\, W_2$ 一样。**强噪声**会碰到激活函数的两端：sigmoid 的变化不会超过 1，tanh 不会超过 2，而 ReLU 没有限制。对**一个坏像素**同样如此。
""",
        )
    )
    return


@app.cell
def _(x_test):
    def size(rows):
        return np.sqrt((rows**2).sum(axis=1).mean())

    def spread(model):
        outputs = model.predict(x_test)
        return size(outputs - outputs.mean(axis=0))

    return size, spread


@app.cell
def _(activation, found, levels, linear, other, spread, x_test):
    W = linear.parameters["dense/kernel"] @ linear.parameters["dense_1/kernel"]
    line = levels * x_test.std() * np.linalg.norm(W) / spread(linear)
    assert np.allclose(found.errors["linear"], line, rtol=0.02)

    h = cr.surgery.features(other, "dense").predict(x_test)
    slopes = {"sigmoid": h * (1 - h), "tanh": 1 - h**2, "relu": (h > 0).astype(float)}[activation.value]
    W1, W2 = other.parameters["dense/kernel"], other.parameters["dense_1/kernel"]
    tangents = np.einsum("dh,nh,hm->ndm", W1, slopes, W2)  # a matrix for each sample
    slope = np.sqrt((tangents**2).sum(axis=(1, 2)).mean())
    errors = found.errors[activation.value]
    assert np.isclose(errors[0], levels[0] * x_test.std() * slope / spread(other), rtol=0.05)

    if activation.value == "tanh":
        assert errors[0] > found.errors["linear"][0]  # of weak noise it passes on more than the linear network

    reach = {"sigmoid": 1, "tanh": 2, "relu": np.inf}[activation.value]  # how far the activation can move
    most = reach * np.linalg.norm(np.abs(W2).sum(axis=0)) / spread(other)
    assert (errors < most).all()
    growth = errors[-1] / errors[-2]  # where the noise doubles
    assert growth > 1.7 if activation.value == "relu" else growth < 1.5

    changes = np.abs(found.changed[activation.value] - found.changed["linear"]).max()
    assert changes < 0.1
    return changes, errors, growth, most


@app.cell
def _(activation, linear, most, other, size, spread, x_test):
    broken = x_test.copy()
    broken[:, 14 * 28 + 14] = 1e6  # the pixel in the middle
    by_linear, by_other = (
        size(model.predict(broken) - model.predict(x_test)) / spread(model) for model in (linear, other)
    )
    assert by_linear > 1000
    assert by_other > 1000 if activation.value == "relu" else by_other < most
    return by_linear, by_other


@app.cell(hide_code=True)
def _(
    activation,
    by_linear,
    by_other,
    changes,
    errors,
    found,
    growth,
    levels,
    noise,
):
    at = levels.tolist().index(noise.value)
    mo.md(
        cr.in_language(
            en=f"""With noise of {noise.value:g} the outputs of the linear network move by {found.errors["linear"][at]:.2f} of their spread, those of
the {activation.value} network by {errors[at]:.2f}; {found.changed["linear"][at]:.0%} and {found.changed[activation.value][at]:.0%} of the digits
change their class. From the last but one noise to the last, which is twice as strong, the error grows by the factor {growth:.2f}. At no strength do the
shares of changed classes differ by more than {100 * changes:.1f} points. One broken pixel of value $10^6$ moves the outputs of the linear
network by {by_linear:,.1f} of their spread, those of the {activation.value} network by {by_other:,.1f}.""",
            zh=f"""噪声为 {noise.value:g} 时，线性网络的输出移动了自身离散程度的 {found.errors["linear"][at]:.2f} 倍，{activation.value} 网络移动了 {errors[at]:.2f} 倍；改变类别的数字分别占 {found.changed["linear"][at]:.0%} 和 {found.changed[activation.value][at]:.0%}。从倒数第二档噪声到最后一档（强度加倍），误差增长到 {growth:.2f} 倍。无论噪声多强，两者改变类别的比例相差都不超过 {100 * changes:.1f} 个百分点。一个值为 $10^6$ 的坏像素使线性网络的输出移动自身离散程度的 {by_linear:,.1f} 倍，{activation.value} 网络移动 {by_other:,.1f} 倍。""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Discussion

The usual answer is that non-linear activations make a network robust: a neuron in a flat part of its curve does not pass an error on. The measurement
says when that is so. A linear network multiplies every error by the same matrix, however large the error is. The non-linear one multiplies
weak noise by the slope where it happens to stand, and nothing says that this is less: the tanh network even passes on more of it than the
linear one. What it has is an end. Beyond it the sigmoid and the tanh stop, so an error of any size, a broken pixel of value $10^6$ for instance, moves the
output by a bounded amount. The ReLU is non-linear too, and has no such end: its error goes on growing as the linear one's does.

Nor does a smaller error of the outputs mean fewer mistakes. What matters to the class is the error in proportion to the distances *between* the
outputs, and these the flat parts compress as well. Under all three activations about as many digits change their class as without any. Robustness
in that sense comes from elsewhere: from training with noisy samples, from averaging over many inputs, from margins that the loss asks for.

So: a bounded activation limits what an outlier can do. It does not repair noise.

**To go on.** Where would you put one bounded activation in order to protect a network from broken sensors, in the first layer or the last? What
becomes of the pictures if the networks are trained on noisy digits?
""",
            zh=r"""
## 讨论

通常的回答是：非线性激活函数使网络稳健，因为处于曲线平坦处的神经元不会把错误传下去。测量说明了这在什么时候成立。线性网络把每个错误都乘以同一个矩阵，不管错误有多大。非线性网络则把弱噪声乘以它当时所在位置的斜率，而没有什么保证这会更小：tanh 网络传下去的弱噪声甚至比线性网络还多。它拥有的是一个尽头：到了那里，sigmoid 和 tanh 就不再变化，所以无论错误多大（例如一个坏像素的值为 $10^6$），输出的移动都是有界的。ReLU 也是非线性的，却没有这样的尽头：它的误差像线性网络一样一直增长。

输出误差较小，也不等于错得较少。对类别来说，重要的是误差与输出**之间**距离的比例，而平坦处把这些距离也一起压缩了。三种激活函数之下，改变类别的数字与没有激活函数时差不多。那种意义上的稳健来自别处：用带噪声的样本训练、对许多输入取平均、由损失函数要求的间隔。

所以：有界的激活函数限制了离群值的破坏力，但它不会修复噪声。

**继续思考。** 要保护网络不受损坏的传感器影响，你会把一个有界的激活函数放在第一层还是最后一层？如果用带噪声的数字训练这些网络，上面的图会怎样变化？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
