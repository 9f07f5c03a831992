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
# 7 · The formula of a dense layer

Write $M$ neurons that share the same $D$ inputs as one formula, for a whole batch of samples at once. How many
parameters does it have?

One neuron is a sum: inputs times weights, plus a bias, through an activation. Watch what becomes of that sum when there
are $M$ neurons and several samples: which array has which shape, and which axis disappears.
""",
            zh=r"""
# 7 · 全连接层的公式

把共用同样 $D$ 个输入的 $M$ 个神经元写成一个公式，并且一次处理整批样本。它有多少个参数？

一个神经元就是一个求和：输入乘以权重、相加、再加偏置，然后经过激活函数。请观察当神经元变成 $M$ 个、样本变成多个时，这个求和变成了什么：哪个数组是什么形状，哪一条轴消失了。
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

Five samples with four inputs each go through one layer. How many neurons has it, and which activation?
""",
            zh=r"""
## 动手试试

五个样本（每个四个输入）通过一层神经元。这一层有几个神经元？用哪个激活函数？
""",
        )
    )
    return


@app.cell
def _():
    units = mo.ui.slider(1, 8, value=3, show_value=True, label=cr.in_language(en="neurons M", zh="神经元个数 M"))
    activation = mo.ui.dropdown(
        ["linear", "relu", "sigmoid", "tanh"], value="relu", label=cr.in_language(en="activation f", zh="激活函数 f")
    )
    mo.hstack([units, activation], justify="start")
    return activation, units


@app.cell
def _(activation, units):
    layer = cr.nn.Dense(units.value, activation.value, bias_initializer="normal")
    model = cr.Model(layer, (4,), seed=7)
    W, b = model.parameters["dense/kernel"], model.parameters["dense/bias"]

    X = np.random.default_rng(7).normal(size=(5, 4)).astype("float32")
    O = model.predict(X)
    return O, W, X, b, model


@app.cell
def _(O, W, X, activation, b):
    def matrices(axes):
        shown = {"inputs X": X, "kernel W": W, "bias b": b[None], f"O = {activation.value}(XW + b)": O}
        for place, (name, matrix) in zip(axes[0], shown.items(), strict=True):
            rows, columns = matrix.shape
            cr.inspect.as_image(place, matrix, f"{name}\n{rows} × {columns}", signed=True)
            place.set(xlim=(-0.5, max(4, len(b)) - 0.5), ylim=(4.5, -0.5), anchor="NW")  # elements of one size
            place.axis("off")
            for (row, column), number in np.ndenumerate(matrix):
                dark = abs(number) > 0.6 * abs(matrix).max()
                place.text(
                    column, row, f"{number:z.1f}", ha="center", va="center", color="white" if dark else "black", size=7
                )

    cr.inspect.draw_grid(1, 4, matrices, size=(8, 2.5))
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Check

The same outputs, one number at a time: for each sample and each neuron the sum of one neuron. And the parameters,
counted: $D$ weights and one bias for each neuron.
""",
            zh=r"""
## 检验

把同样的输出逐个数字地计算一遍：对每个样本、每个神经元，都是一个神经元的求和。再数一数参数：每个神经元有 $D$ 个权重和一个偏置。
""",
        )
    )
    return


@app.cell
def _(O, W, X, activation, b, model):
    samples, inputs = X.shape
    neurons = len(b)
    f = {"linear": lambda v: v, "relu": lambda v: max(v, 0), "sigmoid": lambda v: 1 / (1 + np.exp(-v)), "tanh": np.tanh}
    one_by_one = np.zeros((samples, neurons))
    for n in range(samples):
        for m in range(neurons):
            v = b[m]
            for d in range(inputs):
                v += X[n, d] * W[d, m]
            one_by_one[n, m] = f[activation.value](v)

    difference = np.abs(O - one_by_one).max()
    assert difference < 1e-5
    assert model.network.parameter_count == (inputs + 1) * neurons
    mo.md(
        cr.in_language(
            en=f"""The {O.size} outputs differ from those of single neurons by at most {difference:.0e}. The layer has
({inputs} + 1) · {neurons} = {model.network.parameter_count} parameters.""",
            zh=f"""{O.size} 个输出与逐个神经元算出的结果最多相差 {difference:.0e}。这一层有 ({inputs} + 1) · {neurons} = {model.network.parameter_count} 个参数。""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Discussion

For one neuron, $y = f(\sum_d x_d w_d + b)$. With $M$ neurons the weights get a second index and become a matrix, with
several samples the inputs do:

$$
O_{nm} = f\Big(\sum_{d=1}^{D} X_{nd} W_{dm} + b_m\Big), \qquad O = f(XW + b)
$$

with $X$ of shape (batch, $D$), $W$ of shape ($D$, $M$), $b$ and the output of shape ($M$) and (batch, $M$). The axis $d$ that both
factors have is summed, and so it is the one that disappears. The bias is added to every row, and $f$ works number by number.

The layer has $DM + M = (D + 1)M$ parameters, however large the batch is: all samples share them. That is why a layer on a
picture is large ($784$ pixels and $100$ neurons make $78\,500$ parameters) and why the product is fast: it is one matrix
product, which reads each weight once for many samples, where the loops above read it once for each.

**To go on.** Which entry of $O$ changes if you change one entry of $W$? Which if you change one of $X$? The answers are a
column and a row, and they are the reason why the gradient by $W$ is again a matrix product.
""",
            zh=r"""
## 讨论

单个神经元是 $y = f(\sum_d x_d w_d + b)$。有 $M$ 个神经元时，权重多出第二个下标，成为矩阵；有多个样本时，输入也成为矩阵：

$$
O_{nm} = f\Big(\sum_{d=1}^{D} X_{nd} W_{dm} + b_m\Big), \qquad O = f(XW + b)
$$

其中 $X$ 的形状为 (批量, $D$)，$W$ 为 ($D$, $M$)，$b$ 为 ($M$)，输出为 (批量, $M$)。两个因子共有的轴 $d$ 被求和，所以消失的正是它。偏置加到每一行上，$f$ 则对每个数单独作用。

这一层有 $DM + M = (D + 1)M$ 个参数，与批量大小无关，因为所有样本共用这些参数。所以直接接在图像上的全连接层很大（$784$ 个像素、$100$ 个神经元就有 $78\,500$ 个参数）；也正因如此它算得快：整层只是一次矩阵乘法，每个权重读一次便可用于许多样本，而上面的循环对每个样本都要重新读一遍。

**继续思考。** 改变 $W$ 的一个元素，$O$ 中哪些元素会变？改变 $X$ 的一个元素呢？答案分别是一列和一行；对 $W$ 的梯度之所以仍是矩阵乘法，原因就在这里。
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
