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
# 8 · Why several layers solve what one neuron cannot

One neuron separates two classes by a straight line. Why can a network of two layers separate classes that no line separates, although its last neuron,
too, only draws a straight cut?

Look at the same samples twice: in the plane of the inputs, and as the last neuron sees them, through the outputs of the hidden neurons.
""",
            zh=r"""
# 8 · 多层为什么能分开直线分不开的类别

单个神经元用一条直线把两个类别分开。两层网络的最后一个神经元也只是直切一刀，为什么它能分开任何直线都分不开的类别？

请把同样的样本看两遍：一遍在输入平面上，一遍用最后一个神经元的眼光，也就是透过隐藏神经元的输出来看。
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

Choose a problem and the number of hidden neurons. How few are enough for each problem?
""",
            zh=r"""
## 动手试试

请选择问题和隐藏神经元的个数。每个问题最少需要几个？
""",
        )
    )
    return


@app.cell
def _():
    problem = mo.ui.dropdown(  # positive in class 1; and how many hidden neurons this training needs for it
        {
            cr.in_language(en="exclusive or", zh="异或"): (lambda x: x[:, 0] * x[:, 1], 3),
            cr.in_language(en="a stripe", zh="条带"): (lambda x: 0.3 - np.abs(0.8 * x[:, 0] + 0.6 * x[:, 1]), 2),
            cr.in_language(en="a disc", zh="圆盘"): (lambda x: 0.45 - (x**2).sum(axis=1), 4),
        },
        value=cr.in_language(en="exclusive or", zh="异或"),
        label=cr.in_language(en="problem", zh="问题"),
    )
    hidden = mo.ui.slider(
        1, 8, value=4, show_value=True, label=cr.in_language(en="hidden neurons", zh="隐藏神经元个数")
    )
    mo.hstack([problem, hidden], justify="start")
    return hidden, problem


@app.cell
def _(hidden, problem):
    side_of, enough = problem.value
    points = np.random.default_rng(8).uniform(-1, 1, (240, 2))
    side = side_of(points)
    x, y = points[abs(side) > 0.05], (side[abs(side) > 0.05] > 0).astype(int)  # with a gap between the classes

    model = cr.Model(
        nn.Sequential([nn.Dense(hidden.value, "tanh", name="hidden"), nn.Dense(1, name="output")]), (2,), seed=1
    )
    model.fit(x, y, loss="binary_cross_entropy", optimizer=cr.optim.Adam(0.05), epochs=200, batch_size=40, verbose=0)
    cr.inspect.plot_decision_regions(cr.inspect.decision_regions(model, x, y), "in the plane of the inputs")
    return enough, model, x, y


@app.cell
def _(model, x, y):
    features = cr.surgery.features(model, "hidden").predict(x)  # for each sample a point, of a coordinate per neuron
    v, c = model.parameters["output/kernel"][:, 0], model.parameters["output/bias"][0]
    normal = v / np.linalg.norm(v)
    distance = features @ normal + c / np.linalg.norm(v)  # from the cut of the output neuron

    # What is left, in the direction in which it spreads most.
    along = features - np.outer(features @ normal, normal)
    _, _, directions = np.linalg.svd(along - along.mean(axis=0), full_matrices=False)
    height = along @ directions[0]

    def hidden_space(axes):
        for label, marker in ((0, "s"), (1, "o")):
            axes.plot(distance[y == label], height[y == label], marker, label=f"class {label}", markersize=4)
        axes.axvline(0, color=cr.inspect.style.GRAY, label="cut of the output neuron")
        axes.set(
            xlabel="distance from the cut", ylabel="widest direction along it", title="as the output neuron sees them"
        )
        axes.legend()

    cr.inspect.draw(hidden_space, size=(5.6, 3.4))
    return (features,)


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Check

`separability` decides by linear programs whether a hyperplane separates two classes, and proves its answer either way. It is asked twice: about the
inputs, and about the outputs of the hidden neurons. And one network is built by hand, of thresholds, for the four corners of *exclusive or*: its
hidden neurons say whether *at least one* input is 1, and whether *both* are.
""",
            zh=r"""
## 检验

`separability` 用线性规划判定是否有超平面把两个类别分开，无论结论如何都给出证明。这里问它两次：一次问输入，一次问隐藏神经元的输出。另外用阈值神经元手工搭一个网络，解决**异或**的四个角点：它的隐藏神经元分别回答“**至少一个**输入为 1 吗”和“**两个**都为 1 吗”。
""",
        )
    )
    return


@app.cell
def _(enough, features, hidden, model, x, y):
    accuracy = ((model.predict(x)[:, 0] > 0) == y).mean()
    inputs, outputs = cr.inspect.separability(x, y), cr.inspect.separability(features, y)
    assert not inputs.separable
    assert outputs.separable == (hidden.value >= enough)
    assert (accuracy > 0.95) if outputs.separable else (accuracy < 0.95)

    corners = np.array([[0, 0], [0, 1], [1, 0], [1, 1]])
    by_hand = cr.Model(nn.Sequential([nn.Dense(2, "step", name="hidden"), nn.Dense(1, "step", name="output")]), (2,))
    by_hand.parameters = {
        "hidden/kernel": np.ones((2, 2)),
        "hidden/bias": np.array([-0.5, -1.5]),  # at least one, both
        "output/kernel": np.array([[1.0], [-1.0]]),
        "output/bias": np.array([-0.5]),
    }
    exclusive = by_hand.predict(corners)[:, 0].astype(int)
    assert exclusive.tolist() == [0, 1, 1, 0]
    assert not cr.inspect.separability(corners, exclusive).separable
    assert cr.inspect.separability(cr.surgery.features(by_hand, "hidden").predict(corners), exclusive).separable
    mo.md(
        cr.in_language(
            en=f"""{accuracy:.1%} of the {len(x)} samples are on the right side. The inputs are **not separable**: {np.count_nonzero(inputs.shares)} samples
prove it, whose classes have the point ({inputs.common[0]:.2f}, {inputs.common[1]:.2f}) in common. The outputs of the hidden neurons are
**{"separable" if outputs.separable else "not separable"}**.""",
            zh=f"""{len(x)} 个样本中有 {accuracy:.1%} 在正确的一侧。输入**不可分**：{np.count_nonzero(inputs.shares)} 个样本就能证明，两个类别有公共点 ({inputs.common[0]:.2f}, {inputs.common[1]:.2f})。隐藏神经元的输出**{"可分" if outputs.separable else "不可分"}**。""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Discussion

The last neuron does draw a straight cut, but not in the plane of the inputs. It cuts the space of the hidden outputs, and a layer before it has moved the
samples there: each hidden neuron gives its own distance from a line of its own, bent by the activation. Where the classes were entangled in the plane,
they can lie apart in that space; brought back to the plane, the straight cut is a bent one. So a network does not draw a better line. It finds
*coordinates* in which a line is good enough.

With one hidden neuron nothing is gained: its output is a single number that rises along one direction of the plane, so a threshold on it is again
a line. Two neurons draw two lines, which is just what a stripe needs. For exclusive or two thresholds are enough on the four corners, as the network made by
hand shows; with soft hidden neurons and points everywhere, this training needed three. A disc has to be surrounded: two lines leave it
open, three sides are the least, and this training needed four.

If all samples are on the right side, the hidden outputs are separable; the converse does not hold. They may be separable before training has
found the cut: look for such a case at the disc. And that suitable weights exist says nothing about whether training finds them; from another
first state the same network may get stuck.

**To go on.** What happens if the hidden neurons are linear? (Exercise 4.) A deeper network repeats the move: what can the second hidden layer do that the
first one cannot?
""",
            zh=r"""
## 讨论

最后一个神经元确实只是直切一刀，但不是切在输入平面上。它切的是隐藏输出的空间，而在它之前的一层已经把样本搬到了那里：每个隐藏神经元给出样本到自己那条直线的距离，再由激活函数弯曲。在平面上纠缠在一起的类别，在那个空间里可以彼此分开；回到平面上看，直的一刀就成了弯的。所以网络并没有画出更好的直线，它找到的是一组**坐标**，在其中一条直线就够用了。

只有一个隐藏神经元时什么也没有得到：它的输出是一个沿平面某个方向递增的数，对它取阈值仍是一条直线。两个神经元画两条直线，正好够分出条带。对于异或，手工搭的网络表明，四个角点用两个阈值就够了；用平缓的隐藏神经元、点又分布在各处时，这次训练需要三个。圆盘要围起来：两条直线留有缺口，至少要三条边，而这次训练需要四个。

如果所有样本都在正确的一侧，隐藏输出就**可分**；反过来并不成立：可分不等于训练已经找到了那一刀，请在圆盘上找出这样的例子。合适的权重存在，也不说明训练能找到它们；换一个初始状态，同样的网络可能会卡住。

**继续思考。** 如果隐藏神经元是线性的，会怎样？（见习题 4。）更深的网络把这种搬移再做一遍：第二个隐藏层能做到什么第一层做不到的事？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
