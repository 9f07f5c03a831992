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
# 4 · A stack of linear layers is one layer

Show that layers without a non-linearity, however many, compute what a single layer computes. Which layer is it?

Look at the kernels on the left: their product is the kernel on the right. Then make the layers in the middle narrow and see what that
does to the product; and put a non-linearity between them.
""",
            zh=r"""
# 4 · 线性层的堆叠等于一层

证明：没有非线性的层，无论多少，计算的都只是一层所计算的。是哪一层？

看左边的权重矩阵：它们的乘积就是最右边的矩阵。再把中间的层变窄，看看乘积会怎样；然后在层与层之间放进一个非线性函数。
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

A network of three dense layers takes 6 numbers to 5. Choose how wide the two layers in the middle are, and what stands behind each.
""",
            zh=r"""
## 动手试试

一个由三个全连接层组成的网络，把 6 个数变成 5 个。请选择中间两层的宽度，以及它们后面的激活函数。
""",
        )
    )
    return


@app.cell
def _():
    width = mo.ui.slider(
        1, 8, value=3, show_value=True, label=cr.in_language(en="width in the middle", zh="中间的宽度")
    )
    activation = mo.ui.dropdown(
        ["linear", "tanh", "relu"],
        value="linear",
        label=cr.in_language(en="activation in the middle", zh="中间的激活函数"),
    )
    mo.hstack([width, activation], justify="start")
    return activation, width


@app.cell
def _(activation, width):
    deep = cr.Model(
        nn.Sequential(
            [
                nn.Dense(width.value, activation.value, bias_initializer="normal"),
                nn.Dense(width.value, activation.value, bias_initializer="normal"),
                nn.Dense(5, bias_initializer="normal"),
            ]
        ),
        (6,),
        seed=4,
    )
    merged = cr.surgery.collapse(deep, report=None)
    W1, W2, W3 = (deep.parameters[f"{name}/kernel"] for name in ("dense", "dense_1", "dense_2"))
    b1, b2, b3 = (deep.parameters[f"{name}/bias"] for name in ("dense", "dense_1", "dense_2"))
    return W1, W2, W3, b1, b2, b3, deep, merged


@app.cell
def _(W1, W2, W3, activation, merged):
    def kernels(axes):
        shown = {"W₁": W1, "W₂": W2, "W₃": W3}
        if activation.value == "linear":
            shown["W₁W₂W₃"] = merged.parameters["dense_2/kernel"]
        for place, (name, kernel) in zip(axes[0], shown.items(), strict=False):
            rows, columns = kernel.shape
            cr.inspect.as_image(place, kernel, f"{name}\n{rows} × {columns}", signed=True)
        if activation.value != "linear":
            axes[0][3].set_title("no single kernel")
        for place in axes[0]:
            place.set(xlim=(-0.5, 7.5), ylim=(7.5, -0.5), aspect="equal")  # elements of one size
            place.axis("off")

    cr.inspect.draw_grid(1, 4, kernels, size=(7.5, 2.6))
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Check

`collapse` merges layers that follow each other without a non-linearity. Its result is compared with the deep network on a thousand random
inputs, and its parameters with the formula $W = W_1 W_2 W_3$, $b = (b_1 W_2 + b_2) W_3 + b_3$.
""",
            zh=r"""
## 检验

`collapse` 把中间没有非线性的相邻层合并。用一千个随机输入比较合并后的网络与原网络，并把合并后的参数与公式 $W = W_1 W_2 W_3$、$b = (b_1 W_2 + b_2) W_3 + b_3$ 比较。
""",
        )
    )
    return


@app.cell
def _(W1, W2, W3, activation, b1, b2, b3, deep, merged, width):
    x = np.random.default_rng(0).normal(size=(1000, 6)).astype("float32")
    W = W1 @ W2 @ W3
    b = (b1 @ W2 + b2) @ W3 + b3
    difference = np.abs(deep.predict(x) - (x @ W + b)).max()

    if activation.value == "linear":
        assert merged.parameters.keys() == {"dense_2/kernel", "dense_2/bias"}
        assert np.allclose(merged.parameters["dense_2/kernel"], W, atol=1e-5)
        assert np.allclose(merged.parameters["dense_2/bias"], b, atol=1e-5)
        assert difference < 1e-4
        assert np.abs(deep.predict(x) - merged.predict(x)).max() < 1e-4
    else:
        assert merged is deep  # nothing can be merged
        assert difference > 0.1

    rank = np.linalg.matrix_rank(W, tol=1e-5 * np.linalg.norm(W))
    assert rank == min(width.value, 5)
    mo.md(
        cr.in_language(
            en=f"""The network's outputs differ from those of the layer $xW + b$ by at most {difference:.1g}. The three layers have
{deep.network.parameter_count} parameters, what is left of them {merged.network.parameter_count}; the rank of $W$ is {rank}.""",
            zh=f"""网络的输出与单层 $xW + b$ 的输出最多相差 {difference:.1g}。三层共有 {deep.network.parameter_count} 个参数，合并后为 {merged.network.parameter_count} 个；$W$ 的秩为 {rank}。""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Discussion

Put one layer into the next and multiply out:

$$
(xW_1 + b_1)W_2 + b_2 = x\,(W_1 W_2) + (b_1 W_2 + b_2)
$$

This is a layer again, with kernel $W_1 W_2$ and bias $b_1 W_2 + b_2$. Do it once more for each further layer: a linear stack of any depth is
one layer, and it can draw no boundary that one layer could not. Depth without non-linearity adds parameters, not functions.

It can even take functions away. The rank of a product is at most that of each factor, so a narrow layer in the middle
allows only kernels of that rank: with width 1 all five outputs, apart from their biases, are multiples of one number. That is not always
a loss. A kernel of low rank $r$ has $r(D + M)$ parameters instead of $DM$, and networks are made smaller in that way.

With a non-linearity the proof fails at its first step: $f(xW_1 + b_1)W_2$ cannot be multiplied out. The number above says how far the same
parameters are then from any such layer's outputs.

**To go on.** Does training a linear stack take the same path as training the one layer that it equals? (It does not: the gradient by
$W_1$ contains $W_2$.) And is dropout between linear layers a non-linearity?
""",
            zh=r"""
## 讨论

把一层代入下一层，展开：

$$
(xW_1 + b_1)W_2 + b_2 = x\,(W_1 W_2) + (b_1 W_2 + b_2)
$$

这仍是一层，权重矩阵为 $W_1 W_2$，偏置为 $b_1 W_2 + b_2$。每多一层就再做一次：任意深度的线性堆叠都等于一层，它画不出一层画不出的边界。没有非线性的深度只增加参数，不增加函数。

它甚至会减少函数。乘积的秩不超过每个因子的秩，所以中间的窄层只允许这么大秩的矩阵：宽度为 1 时，除去偏置，五个输出都是同一个数的倍数。这不一定是坏事：秩为 $r$ 的权重矩阵只需 $r(D + M)$ 个参数，而不是 $DM$ 个，有人就用这个办法把网络变小。

有了非线性，证明在第一步就行不通：$f(xW_1 + b_1)W_2$ 无法展开。上面的数字说明，同样的参数这时与那个单层的输出相差多远。

**继续思考。** 训练一个线性堆叠，与训练和它等价的那一层，走的是同一条路吗？（不是：对 $W_1$ 的梯度中含有 $W_2$。）线性层之间的 dropout 算不算非线性？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
