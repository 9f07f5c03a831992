import marimo

__generated_with = "0.25.2"
app = marimo.App()

with app.setup:
    import marimo as mo
    import numpy as np

    import chainrule as cr
    from chainrule import nn, surgery
    from chainrule.inspect import as_image, draw, draw_grid

    LINES = cr.inspect.style.LINES


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
# 20 · Features from convolutions, classified by dense layers

In a network that classifies images, convolutions make features and a dense layer makes scores of them. What exactly
does the dense layer do with the features, and why not give it the pixels?

The two halves are $h$, convolutions and pooling, and $g$, the dense layer:

$$M(x;\theta) = g(h(x)), \qquad g(f) = f\,W + b$$

Look at how the classes lie before and behind the convolutions.
""",
            zh=r"""
# 20 · 卷积提取特征，全连接层分类

在图像分类网络中，卷积提取特征，全连接层再由特征算出得分。全连接层对特征究竟做了什么？为什么不直接把像素交给它？

这两半分别是 $h$（卷积和池化）与 $g$（全连接层）：

$$M(x;\theta) = g(h(x)), \qquad g(f) = f\,W + b$$

请观察各类别在卷积之前和之后的分布。
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

How many training images has the network seen, behind which layer do we look, and at which test image?
""",
            zh=r"""
## 动手试试

网络见过多少张训练图像？我们看哪一层之后的特征？看哪一张测试图像？
""",
        )
    )
    return


@app.cell
def _():
    count = mo.ui.slider(
        200, 1000, 200, value=600, show_value=True, label=cr.in_language(en="training images", zh="训练图像数")
    )
    layer = mo.ui.dropdown(
        ["conv1", "pool1", "conv2"], value="conv2", label=cr.in_language(en="features behind", zh="取特征的层")
    )
    shown = mo.ui.slider(0, 19, value=3, show_value=True, label=cr.in_language(en="test image", zh="测试图像"))
    mo.vstack([count, layer, shown])
    return count, layer, shown


@app.cell
def _(count):
    digits = cr.data.digits()
    x, y = digits.x_train[: count.value], digits.y_train[: count.value]
    x_test, y_test = digits.x_test[:1000], digits.y_test[:1000]

    network = nn.Sequential(
        [
            nn.Rescaling(1 / 255, name="pixels"),
            nn.Conv2D(8, 5, 2, activation="relu", name="conv1"),
            nn.MaxPool2D(2, name="pool1"),
            nn.Conv2D(16, 3, activation="relu", name="conv2"),
            nn.Flatten(name="features"),
            nn.Dense(10, name="scores"),
        ]
    )
    model = cr.Model(network, (28, 28, 1))
    model.fit(
        x, y, optimizer=cr.optim.Adam(0.005), batch_size=40, epochs=3000 // count.value,  # about 75 steps
        executor="reference", verbose=0,
    )  # fmt: skip
    untrained = cr.Model(network, (28, 28, 1))  # the same first weights
    return model, untrained, x, x_test, y, y_test


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## How the classes lie

`surgery.features` cuts a network behind a layer. Each dot is a test image with a digit from 0 to 4; of all its
numbers the two directions are shown in which they vary most (the principal components).
""",
            zh=r"""
## 各类别的分布

`surgery.features` 在某一层之后切开网络。每个点是一张数字 0 到 4 的测试图像；在它的所有数中，图上只画出变化最大的两个方向（主成分）。
""",
        )
    )
    return


@app.cell
def _():
    def described(model, layer, images):
        """What a layer gives for images, as one row of numbers for each."""
        outputs = surgery.features(model, layer).predict(images, executor="reference")
        return outputs.reshape(len(images), -1).astype(float)

    def principal(rows):
        rows = rows - rows.mean(0)
        return rows @ np.linalg.svd(rows, full_matrices=False)[2][:2].T

    return described, principal


@app.cell
def _(described, layer, model, principal, x_test, y_test):
    def draw_clouds(axes):
        few = np.flatnonzero(y_test[:300] < 5)
        for panel, name in zip(axes[0], ("pixels", layer.value), strict=True):
            points = principal(described(model, name, x_test[few]))
            for label in range(5):
                panel.plot(*points[y_test[few] == label].T, "o", ms=3, color=LINES[label], label=str(label))
            panel.set_title("pixels" if name == "pixels" else f"features behind {name}")
            panel.set_xlabel("first principal component")
            panel.set_ylabel("second principal component")
        axes[0][1].legend(title="digit", loc="center left", bbox_to_anchor=(1.0, 0.5))

    draw_grid(1, 2, draw_clouds, size=(8.4, 3.6))
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## One dense layer, on several descriptions

The same classifier each time: a dense layer without activation, fitted to the training images by least squares with a
small L2 penalty (so no training can go wrong). Only what it is given differs: pixels, or what a layer of the network
makes of them, trained, and with its random first weights.
""",
            zh=r"""
## 同一个全连接层，不同的描述

每次都是同样的分类器：没有激活函数的全连接层，用带少量 L2 惩罚的最小二乘拟合训练图像（因此不存在训练失败的问题）。不同的只是它的输入：像素，或网络某一层的输出；网络有训练过的，也有保持随机初始权重的。
""",
        )
    )
    return


@app.cell
def _(described, model, untrained, x, x_test, y, y_test):
    def accuracy_of_dense_layer(rows, test_rows):
        middle = rows.mean(0)
        rows, test_rows = rows - middle, test_rows - middle
        penalty = 0.1 * rows.var(0).mean() * len(rows)
        W = np.linalg.solve(rows.T @ rows + penalty * np.eye(rows.shape[1]), rows.T @ np.eye(10)[y])
        return float(((test_rows @ W).argmax(1) == y_test).mean())

    layers = ["pixels", "pool1", "conv2"]
    accuracies = {
        name: [accuracy_of_dense_layer(described(one, layer, x), described(one, layer, x_test)) for layer in layers]
        for name, one in (("trained", model), ("random weights", untrained))
    }
    return accuracies, layers


@app.cell
def _(accuracies, layers):
    def draw_accuracies(axes):
        for k, (name, values) in enumerate(accuracies.items()):
            bars = axes.bar(np.arange(3) + 0.4 * k - 0.2, values, 0.38, color=LINES[k], label=name)
            axes.bar_label(bars, [f"{value:.2f}" for value in values], fontsize=8)
        axes.set_xticks(range(3), layers)
        axes.set_ylim(0.5, 1)
        axes.set_xlabel("what the dense layer is given")
        axes.set_ylabel("accuracy on test images")
        axes.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))

    draw(draw_accuracies, size=(7.6, 3.0))
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## What the network's own dense layer does

Each of its features votes for each class, with its value times a weight. Here the votes for one image, those of each
of the 16 maps of `conv2` added up: violet is for the class, orange against it. The sums of the columns, and the
biases, are the scores.
""",
            zh=r"""
## 网络自己的全连接层在做什么

每个特征都为每个类别投票，票数是特征值乘以权重。下图是一幅图像得到的票，`conv2` 的 16 张图各自的票加在一起：紫色支持该类别，橙色反对。各列之和加上偏置就是得分。
""",
        )
    )
    return


@app.cell
def _(model, shown, x_test):
    W, b = model.parameters["scores/kernel"], model.parameters["scores/bias"]
    f = surgery.features(model, "conv2").predict(x_test[shown.value][None], executor="reference")[0]  # (4, 4, 16)
    votes = np.einsum("ijm,ijmc->mc", f, W.reshape(4, 4, 16, 10))
    scores = votes.sum(axis=0) + b
    return W, b, scores, votes


@app.cell
def _(scores, shown, votes, x_test, y_test):
    def draw_votes(axes):
        image, table, total = axes[0]
        as_image(image, x_test[shown.value][..., 0], f"a {y_test[shown.value]}")
        as_image(table, votes, "votes of each map", signed=True)
        table.set_xticks(range(10))
        table.set_yticks(range(0, 16, 5))
        table.set_aspect("auto")
        table.set_xlabel("class")
        table.set_ylabel("map")
        total.barh(range(10), scores, color=[LINES[2] if c == scores.argmax() else LINES[0] for c in range(10)])
        total.set_yticks(range(10))
        total.invert_yaxis()
        total.set_xlabel("score")
        total.set_ylabel("class")
        total.set_title(f"read as {scores.argmax()}")

    draw_grid(1, 3, draw_votes, size=(8.4, 2.9))
    return


@app.cell(hide_code=True)
def _():
    mo.md(cr.in_language(en="## Check", zh="## 检验"))
    return


@app.cell
def _(W, accuracies, b, described, model, scores, shown, x_test):
    # The network is its features and one dense layer behind them.
    whole = model.predict(x_test, executor="reference")
    by_halves = described(model, "features", x_test) @ W + b
    difference = np.abs(whole - by_halves).max()
    assert difference < 1e-3
    assert np.allclose(scores, whole[shown.value], atol=1e-3)

    # The same dense layer does better on learned features than on pixels, and than on features of random weights.
    pixels, _, learned = accuracies["trained"]
    _, _, random = accuracies["random weights"]
    assert learned > pixels + 0.05
    assert learned > random + 0.01
    assert random > pixels

    # Most parameters are in the dense layer.
    of_dense_layer, of_all = W.size + b.size, model.network.parameter_count
    assert of_dense_layer > of_all / 2
    return difference, learned, of_all, of_dense_layer, pixels, random


@app.cell(hide_code=True)
def _(difference, learned, of_all, of_dense_layer, pixels, random):
    mo.md(
        cr.in_language(
            en=rf"""
The whole network and its two halves differ by at most {difference:.1g}. A dense layer is right in {pixels:.1%} of the
test images by their pixels, in {random:.1%} by the features of random kernels, and in {learned:.1%} by those of
learned ones. The network's own dense layer has {of_dense_layer:,} of its {of_all:,} parameters.
""",
            zh=rf"""
整个网络与它的两半最多相差 {difference:.1g}。同样的全连接层，用像素时正确率为 {pixels:.1%}，用随机核的特征时为 {random:.1%}，用学到的核的特征时为 {learned:.1%}。网络的 {of_all:,} 个参数中，它自己的全连接层占 {of_dense_layer:,} 个。
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

A dense layer without a hidden one draws hyperplanes: between any two classes it decides by a weighted sum. Of pixels
this works badly, since a pixel by itself says little, and the same stroke one column further is made of other pixels.
Convolutions turn pixels into facts ("a stroke that ends here"), pooling makes them forget where exactly, and in those
numbers the classes lie apart, so that weighted sums suffice. Training shapes both halves at once: the loss asks the
convolutions for features that *its* dense layer can separate.

The dense layer itself is simple bookkeeping: flatten the maps to one feature vector, multiply, add. Each of its
weights says how much one feature at one place speaks for one class. That is also where most parameters are.

A surprise that texts seldom mention: convolutions with *random* weights already help. ReLU and pooling of random
edges is a description in which more can be separated than in pixels. Learning the kernels adds the rest.

**To go on.** Why does the network need a non-linearity between the convolution and the dense layer (exercise 4)?
Would more dense layers help on pixels? Take the features of a network that was trained with the digits 0 to 4 only:
do they serve to tell 5 from 6?
""",
            zh=r"""
## 讨论

没有隐藏层的全连接层画的是超平面：任意两个类别之间，它凭一个加权和作决定。对像素来说效果不好，因为单个像素说明不了什么，而同样的笔画移动一列，就由另外的像素组成。卷积把像素变成事实（“这里有一笔结束”），池化使它们忘掉确切的位置；用这些数来看，各类别彼此分开，加权和就够用了。训练同时塑造这两半：损失要求卷积给出*这个*全连接层能够分开的特征。

全连接层本身只是简单的记账：把各特征图展平成一个特征向量，相乘，再相加。它的每个权重表示某个位置上的某个特征在多大程度上支持某个类别。大部分参数也在这里。

有一个书上很少提到的意外：权重*随机*的卷积已经有帮助。对随机的边缘作 ReLU 和池化，得到的描述就比像素更容易分开。学习核补上了其余的部分。

**继续思考。** 卷积与全连接层之间为什么需要非线性（第 4 题）？在像素上增加更多的全连接层会有帮助吗？取一个只用数字 0 到 4 训练的网络的特征：能用它们区分 5 和 6 吗？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
