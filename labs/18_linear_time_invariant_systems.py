import marimo

__generated_with = "0.25.2"
app = marimo.App()

with app.setup:
    import marimo as mo
    import numpy as np

    import chainrule as cr
    from chainrule import inspect, signal
    from chainrule.inspect import draw_grid

    LINES = cr.inspect.style.LINES


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
# 18 · Linear time-invariant systems and convolution

A *system* turns a signal $x$ into another, $S(x)$. Which systems are *linear*, which are *time-invariant*, and why is
the answer of one that is both nothing else than a **convolution**?

$$S(a\,x + b\,y) = a\,S(x) + b\,S(y) \qquad\qquad S(x[n-k]) = S(x)[n-k]$$

Look for the step of the argument that breaks when one of the two is missing.
""",
            zh=r"""
# 18 · 线性时不变系统与卷积

*系统*把信号 $x$ 变成另一个信号 $S(x)$。哪些系统是*线性*的？哪些是*时不变*的？为什么同时满足这两条的系统，其响应无非就是一次**卷积**？

$$S(a\,x + b\,y) = a\,S(x) + b\,S(y) \qquad\qquad S(x[n-k]) = S(x)[n-k]$$

请留意：缺少其中一条时，推理断在哪一步。
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

The loudness multiplies the whole signal. A linear system does not care about it.
""",
            zh=r"""
## 动手试试

响度乘在整个信号上。线性系统对它无所谓。
""",
        )
    )
    return


@app.cell
def _():
    def moving_average(x):
        return np.convolve(x, [1 / 3, 1 / 3, 1 / 3])[: len(x)]

    def echo(x):
        return x + 0.6 * np.concatenate([np.zeros(4), x[:-4]])

    def differences(x):
        return np.diff(x, prepend=0.0)

    def power(x):
        return moving_average(x) ** 2

    def clipping(x):
        return np.clip(x, -1, 1)

    def louder_with_time(x):
        return x * np.arange(len(x))

    return clipping, differences, echo, louder_with_time, moving_average, power


@app.cell
def _(clipping, differences, echo, louder_with_time, moving_average, power):
    chosen = mo.ui.dropdown(
        {
            cr.in_language(en="moving average of three", zh="三点滑动平均"): moving_average,
            cr.in_language(en="echo", zh="回声"): echo,
            cr.in_language(en="differences", zh="差分"): differences,
            cr.in_language(en="running sum", zh="累加和"): np.cumsum,
            cr.in_language(en="power: a moving average, squared", zh="功率：滑动平均的平方"): power,
            cr.in_language(en="clipping at ±1", zh="在 ±1 处截断"): clipping,
            cr.in_language(en="louder with time", zh="越来越响"): louder_with_time,
        },
        value=cr.in_language(en="echo", zh="回声"),
        label=cr.in_language(en="system S", zh="系统 S"),
    )
    loudness = mo.ui.slider(
        0.5, 3.0, 0.5, value=2.0, show_value=True, label=cr.in_language(en="loudness of the signal", zh="信号的响度")
    )
    mo.vstack([chosen, loudness])
    return chosen, loudness


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Two verdicts

Each is tried on twenty pairs of random signals. One counterexample is enough for a *no*; a *yes* means that none was
found.
""",
            zh=r"""
## 两个判定

每条性质用二十组随机信号来检验。一个反例就足以判“否”；“是”则意味着没有找到反例。
""",
        )
    )
    return


@app.cell
def _(chosen):
    system = chosen.value
    linear, invariant = signal.linearity(system), signal.shift_invariance(system)
    mo.vstack([inspect.plot_verdict(linear), inspect.plot_verdict(invariant)])
    return invariant, linear, system


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## The argument, number by number

A signal is a sum of impulses, $x[n] = \sum_k x[k]\,\delta[n-k]$. The system is asked about each impulse by itself. If
it is linear, the sum of these answers is its answer to the whole signal. If it is time-invariant too, each of them is
the same response $h$, only moved and weighted, and their sum is

$$y[n] = \sum_k x[k]\,h[n-k].$$
""",
            zh=r"""
## 逐个数地看这个论证

信号是冲激之和：$x[n] = \sum_k x[k]\,\delta[n-k]$。我们对每个冲激单独询问系统。如果系统是线性的，这些回答之和就是它对整个信号的回答。如果它还是时不变的，每个回答就都是同一个响应 $h$，只不过经过了平移和加权，于是它们的和是

$$y[n] = \sum_k x[k]\,h[n-k].$$
""",
        )
    )
    return


@app.cell
def _(loudness, system):
    x = loudness.value * np.array([1.0, 0, -1.4, 0, 0, 0.6, 0, 0, 0, 0, 0, 0])
    impulses = signal.decompose(x).impulses
    answers = [system(impulse) for impulse in impulses]

    h = signal.impulse_response(system, 24, at=3)  # its answer to one impulse of height 1, measured at place 3
    by_convolution = h(x).numpy()
    return answers, by_convolution, h, impulses, x


@app.cell
def _(answers, by_convolution, impulses, system, x):
    def draw_argument(axes):
        for row, *pair in zip(axes, [*impulses, x], [*answers, system(x)], strict=True):
            for panel, values in zip(row, pair, strict=True):
                panel.axhline(0, color="0.7", linewidth=0.8)
                panel.vlines(range(len(x)), 0, values, color=LINES[0])
                panel.plot(values, "o", color=LINES[0], markersize=4)
                panel.tick_params(labelbottom=False)
        axes[0][0].set_title("impulses of x")
        axes[0][1].set_title("answer of the system to each")
        axes[-1][0].set_title("their sum: x")
        last = axes[-1][1]
        last.set_title("S(x)")
        added = np.sum(answers, axis=0)
        last.plot(added, "s", color=LINES[2], fillstyle="none", markersize=9, label="sum of the answers")
        last.plot(by_convolution, "x", color=LINES[4], markersize=7, label="x convolved with h")
        last.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
        for panel in axes[-1]:
            panel.set_xlabel("n")
            panel.tick_params(labelbottom=True)
        for column in (0, 1):
            ends = [row[column].get_ylim() for row in axes]
            low, high = min(low for low, _ in ends), max(high for _, high in ends)
            for row in axes:
                row[column].set_ylim(low - 0.1 * (high - low), high + 0.1 * (high - low))

    draw_grid(4, 2, draw_argument, size=(8.4, 5.6))
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
Dots are the true answer. Squares around them: the sum of the answers is right, which takes *linearity*. Crosses on
them: the convolution with the one response $h$ is right, which takes *both*.
""",
            zh=r"""
圆点是真实的响应。方框套住圆点，说明各回答之和是对的，这需要*线性*。叉号落在圆点上，说明与同一个响应 $h$ 的卷积是对的，这需要*两条都成立*。
""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(cr.in_language(en="## Check", zh="## 检验"))
    return


@app.cell
def _(answers, by_convolution, clipping, h, invariant, linear, system, x):
    by_sum = np.abs(np.sum(answers, axis=0) - system(x)).max()
    by_response = np.abs(by_convolution - system(x)).max()

    if linear:
        assert by_sum < 1e-5
    if linear and invariant:
        assert by_response < 1e-5
        assert np.allclose(np.convolve(x, h.values)[: len(x)], system(x), atol=1e-5)  # NumPy says the same
    if not linear:  # the counterexample, computed again
        pair = linear.counterexample
        gap = system(pair.a * pair.x + pair.b * pair.y) - pair.a * system(pair.x) - pair.b * system(pair.y)
        assert np.abs(gap).max() > 0.01
    if not invariant:
        late = invariant.counterexample
        gap = system(np.roll(late.x, late.shift[0])) - np.roll(system(late.x), late.shift[0])
        assert np.abs(gap).max() > 0.01
    if not (linear and invariant):  # for some signal the convolution is wrong, though it need not be for this one
        loud = 4 * x / np.abs(x).max()
        assert np.abs(h(loud).numpy() - system(loud)).max() > 0.5
    if system is clipping:  # it never mixes two places, and below 1 it does nothing at all
        assert by_sum == 0
        assert (by_response == 0) == (np.abs(x).max() <= 1)
    return by_response, by_sum


@app.cell(hide_code=True)
def _(by_response, by_sum, chosen, invariant, linear):
    mo.md(
        cr.in_language(
            en=rf"""
**{chosen.selected_key}**: linear {"yes" if linear else "**no**"}, time-invariant {"yes" if invariant else "**no**"}.
For this signal the sum of the answers differs from $S(x)$ by at most {by_sum:.2g}, and the convolution with $h$ by at
most {by_response:.2g}.
""",
            zh=rf"""
**{chosen.selected_key}**：线性{"成立" if linear else "**不成立**"}，时不变{"成立" if invariant else "**不成立**"}。对这个信号，各回答之和与 $S(x)$ 最多相差 {by_sum:.2g}，与 $h$ 的卷积最多相差 {by_response:.2g}。
""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## And in a network?

The formula reads $h$ backwards: while $k$ rises, $n-k$ falls. A convolutional layer does not, so what it computes is
called **cross-correlation** elsewhere. Which is which, in three numbers each:
""",
            zh=r"""
## 那么在网络里呢？

公式是倒着读 $h$ 的：$k$ 增大，$n-k$ 就减小。卷积层却不翻转，因此它所计算的，在别处叫作**互相关**。各用三个数就能分清：
""",
        )
    )
    return


@app.cell
def _():
    samples, kernel = np.array([1.0, 2.0, 0.5, -1.0, 1.5]), np.array([1.0, 0.6, 0.3])
    layer = cr.conv1d(samples[None, :, None], kernel[:, None, None]).numpy().ravel()

    assert np.allclose(layer, np.correlate(samples, kernel, "valid"))
    assert not np.allclose(layer, np.convolve(samples, kernel, "valid"))
    assert np.allclose(layer, np.convolve(samples, kernel[::-1], "valid"))  # the same, once the kernel is turned round
    mo.plain_text(
        f"layer                               {layer.round(2)}\n"
        f"correlation                         {np.correlate(samples, kernel, 'valid').round(2)}\n"
        f"convolution                         {np.convolve(samples, kernel, 'valid').round(2)}\n"
        f"convolution, kernel turned round    {np.convolve(samples, kernel[::-1], 'valid').round(2)}"
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Discussion

Linearity lets us take a signal apart and add the answers up; time invariance makes all those answers copies of a
single one. With both, the response to an impulse says all there is to know of the system, and its answer to anything
is the convolution of the signal with that response. That is a weighted sum with the *same* weights at every place,
which is what a convolutional layer is: few parameters, applied everywhere.

Where one is missing, the picture shows which step fails. *Louder with time* is linear, so the sum of the answers is
right, but they are no copies of each other: crosses off the dots. *Power* does the same at all times, but where two
answers overlap, the square of a sum is not the sum of the squares: the boxes are off too. *Clipping* never mixes two
places, so its answers may be added up, but an impulse twice as high is not answered by twice as much: again no
weighted copies of one response.

The converse needs care. *Clipping* at loudness 0.5 passes as its own convolution: nothing reaches 1, and the
difference is exactly 0. One signal for which the formula holds proves nothing; one for which it fails disproves. And
what chapters on networks call convolution is cross-correlation: a network that learns its kernels does not care,
whoever brings kernels along does.

**To go on.** Is a system that first squares and then takes the root, $\sqrt{x^2}$, linear? What is the impulse
response of two systems one behind the other? Which of the seven systems could be undone by another linear
time-invariant one?
""",
            zh=r"""
## 讨论

线性使我们可以把信号拆开，再把各个回答加起来；时不变性使所有这些回答都是同一个回答的副本。两条都成立时，对一个冲激的响应就说明了系统的一切，它对任何信号的回答，都是信号与这个响应的卷积。这是一个在每个位置都用*同样*权重的加权和，而卷积层正是如此：参数很少，处处共用。

缺少一条时，图上能看出是哪一步失败。*越来越响*是线性的，所以各回答之和是对的，但它们互相不是副本：叉号偏离圆点。*功率*在任何时刻做的事都一样，但在两个回答重叠的地方，和的平方不等于平方的和：方框也偏离了。*截断*从不把两个位置混在一起，所以它的回答可以相加，但冲激高一倍，回答却不是两倍：同样不是一个响应的加权副本。

反过来要小心。响度为 0.5 时，*截断*也与它自己的卷积完全一致：没有任何值达到 1，差恰好为 0。公式对某一个信号成立，什么也证明不了；只要对一个信号不成立，就足以否定。还有，讲网络的章节所说的“卷积”其实是互相关：对自己学习核的网络无所谓，对自带核的人就有所谓了。

**继续思考。** 先平方再开方的系统 $\sqrt{x^2}$ 是线性的吗？两个系统首尾相接，冲激响应是什么？七个系统中，哪些可以被另一个线性时不变系统还原？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
