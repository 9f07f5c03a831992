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
# 1 · The artificial neuron beside the biological one

What does an artificial neuron have in common with a nerve cell, and what does it leave out?

Below, a simple model of a nerve cell lives in time: its membrane charges with the current that its synapses let in, and when the
potential reaches a threshold, the cell fires a spike and begins again. The artificial neuron has no time; it gives one number. Look for
the quantity of the cell that this number stands for, and for what the cell does that no such number can show.
""",
            zh=r"""
# 1 · 人工神经元与生物神经元

人工神经元与神经细胞有什么共同点？又舍去了什么？

下面是一个生活在时间里的简单神经细胞模型：突触送入的电流给细胞膜充电，膜电位达到阈值时，细胞发放一个脉冲，然后从头开始。人工神经元没有时间，只给出一个数。请找一找：这个数代表细胞的哪个量？细胞的哪些行为是这样一个数表达不出来的？
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

Both get the same two inputs: one excites (weight 2), the other inhibits (weight −1) and stays at 0.5. After a spike the cell is deaf for
a while, its *refractory period*; the artificial neuron knows nothing of that.
""",
            zh=r"""
## 动手试试

两者得到同样的两个输入：一个起兴奋作用（权重 2），另一个起抑制作用（权重 −1），固定为 0.5。细胞发放之后有一小段时间没有反应，称为**不应期**；人工神经元没有不应期。
""",
        )
    )
    return


@app.cell
def _():
    exciting = mo.ui.slider(
        0.0, 2.0, step=0.05, value=1.0, show_value=True, label=cr.in_language(en="exciting input", zh="兴奋性输入")
    )
    refractory = mo.ui.slider(
        0.0,
        10.0,
        step=1.0,
        value=2.0,
        show_value=True,
        label=cr.in_language(en="refractory period (ms)", zh="不应期（毫秒）"),
    )
    mo.hstack([exciting, refractory], justify="start")
    return exciting, refractory


@app.cell
def _():
    tau = 20.0  # ms: how slowly the membrane charges, and leaks
    theta = 1.0  # the threshold
    step = 0.05  # ms
    times = np.arange(0.0, 200.0, step)

    def fire(current, rest):
        """The potential of a leaky cell, τ v' = current - v, at each of the times, and the times of its spikes."""
        v, deaf_until, potential, spikes = 0.0, 0.0, [], []
        for time, now in zip(times.tolist(), np.broadcast_to(current, times.shape).tolist(), strict=True):
            if time >= deaf_until:
                v += step * (now - v) / tau
            if v >= theta:
                spikes.append(time)
                v, deaf_until = 0.0, time + rest
            potential.append(v)
        return np.array(potential), np.array(spikes)

    return fire, step, tau, theta, times


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
The artificial neuron is a dense layer of one unit with the same weights, $y = \mathrm{relu}(w \cdot x + b)$. Its bias $-\theta/2$, and
the scale of everything, are chosen so that $y$ can be read as spikes per second.
""",
            zh=r"""
人工神经元是只有一个单元的全连接层，权重相同：$y = \mathrm{relu}(w \cdot x + b)$。偏置取 $-\theta/2$，整体再乘一个系数，使 $y$ 可以读作每秒的脉冲数。
""",
        )
    )
    return


@app.cell
def _(tau, theta):
    weights = np.array([2.0, -1.0])
    scale = 1000 / (tau * theta)
    neuron = cr.Model(cr.nn.Dense(1, "relu"), (2,), dtype="float64")
    neuron.parameters = {"dense/kernel": scale * weights[:, None], "dense/bias": np.array([-scale * theta / 2])}
    return neuron, weights


@app.cell
def _(exciting, fire, neuron, refractory, weights):
    x = np.array([exciting.value, 0.5])
    potential, spikes = fire(weights @ x, refractory.value)

    drives = np.linspace(0.25, 6.0, 24)  # values of w·x, and inputs that give them
    inputs = np.stack([(drives + 0.5) / 2, np.full(24, 0.5)], axis=1)
    outputs = neuron.predict(inputs)[:, 0]

    def interval(drive):
        _, fired = fire(drive, refractory.value)
        return np.diff(fired).mean() if len(fired) > 1 else np.inf

    intervals = np.array([interval(drive) for drive in drives])
    return drives, intervals, outputs, potential, spikes, x


@app.cell
def _(
    drives,
    intervals,
    neuron,
    outputs,
    potential,
    spikes,
    theta,
    times,
    weights,
    x,
):
    def both(axes):
        time, rate = axes[0]
        time.plot(times, potential)
        time.vlines(spikes, theta, 1.6, color=cr.inspect.style.RED)
        time.axhline(theta, color=cr.inspect.style.GRAY, linestyle=":")
        time.set(
            title=f"the cell: {len(spikes)} spikes in {times[-1]:.0f} ms",
            xlabel="time (ms)",
            ylabel="potential",
            ylim=(min(0, potential.min()), 1.7),
        )
        rate.plot(drives, 1000 / intervals, "o", label="cell", markersize=4)
        rate.plot(drives, outputs, label="artificial neuron")
        rate.plot(
            weights @ x, neuron.predict(x[None])[0, 0], "D", color=cr.inspect.style.RED, label="artificial neuron, now"
        )
        rate.set(title="what each makes of its input", xlabel="weighted input w·x", ylabel="spikes per second")
        rate.legend()

    cr.inspect.draw_grid(1, 2, both, size=(7.5, 3))
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Check

With the input $I = w \cdot x > \theta$ the membrane needs $\tau \ln\frac{I}{I - \theta}$ to charge from 0 to the threshold, and the refractory
period comes on top: the simulated cell has to fire at that pace. Without a refractory period its rate stays below the artificial
neuron's, by less than $\frac{\theta}{2I}$ of a spike in the time $\tau$: the stronger the input, the less the two differ.

And time itself: two brief inputs, each too weak to fire the cell, once together and once 40 ms apart.
""",
            zh=r"""
## 检验

当输入 $I = w \cdot x > \theta$ 时，细胞膜从 0 充电到阈值需要 $\tau \ln\frac{I}{I - \theta}$，再加上不应期：模拟的细胞必须按这个节奏发放。没有不应期时，它的发放率低于人工神经元的输出，但每 $\tau$ 时间内的差不到 $\frac{\theta}{2I}$ 个脉冲：输入越强，两者越接近。

再看时间本身：两个短暂的输入，单独一个都不足以使细胞发放；一次让它们同时到来，一次相隔 40 毫秒。
""",
        )
    )
    return


@app.cell
def _(drives, intervals, outputs, refractory, step, tau, theta):
    fires = drives > theta
    charging = tau * np.log(drives[fires] / (drives[fires] - theta))
    error = np.abs(intervals[fires] - (charging + refractory.value)).max()
    assert error < 3 * step  # the time step of the simulation
    assert (intervals[~fires] == np.inf).all()  # silent up to the threshold,
    assert (outputs[drives > theta / 2] > 0).all()  # where the artificial neuron is not

    # What the neuron says beyond a cell without refractory period, in spikes in the time τ.
    surplus = (outputs[fires] - 1000 / charging) * tau / 1000
    assert (surplus > 0).all()
    assert (surplus < theta / (2 * drives[fires])).all()

    rates = 1000 / intervals
    assert (rates * refractory.value < 1000).all()
    gap = 1 - rates[-1] / outputs[-1]
    mo.md(
        cr.in_language(
            en=f"""The pauses between spikes are those of the formula, to {error:.2f} ms. At the strongest input the cell fires
{rates[-1]:.0f} times per second and the artificial neuron says {outputs[-1]:.0f}: with a refractory period of
{refractory.value:.0f} ms the cell stays {gap:.0%} below. Between half the threshold and the threshold the artificial neuron is active
while the cell is silent.""",
            zh=f"""脉冲的间隔与公式相差不超过 {error:.2f} 毫秒。在最强的输入下，细胞每秒发放 {rates[-1]:.0f} 次，人工神经元给出 {outputs[-1]:.0f}：不应期为 {refractory.value:.0f} 毫秒时，细胞低了 {gap:.0%}。输入在半个阈值与阈值之间时，人工神经元已经有输出，而细胞仍然沉默。""",
        )
    )
    return


@app.cell
def _(fire, refractory, theta, times):
    def fire_twice(apart):
        brief = sum(6.0 * ((times >= start) & (times < start + 2)) for start in (10, 10 + apart))
        return fire(brief, refractory.value)

    _, together = fire_twice(apart=0)
    reached, one_by_one = fire_twice(apart=40)
    assert len(together) == 1
    assert len(one_by_one) == 0
    assert 0.5 * theta < reached.max() < theta

    mo.md(
        cr.in_language(
            en=f"""Together the two brief inputs fire the cell. 40 ms apart they do not: the potential gets as far as
{reached.max():.2f}, for the first is nearly forgotten when the second arrives.""",
            zh=f"""两个短暂的输入同时到来，细胞就发放；相隔 40 毫秒则不发放：电位最高只到 {reached.max():.2f}，因为第二个到来时，第一个几乎已被忘掉。""",
        )
    )
    return


@app.cell(hide_code=True)
def _():
    mo.md(
        cr.in_language(
            en=r"""
## Discussion

**In common**: many inputs of different weight, some for and some against; their sum; a threshold below which nothing happens; one output, the
same for all that listen. What an artificial neuron calls its output is the cell's *rate* of firing. For a steady input and a cell without
refractory period that is a good reading, the better the stronger the input; the longer the period, the further the cell's curve bends away
from the straight line.

**Left out**: time. The cell remembers, as charge, what came in during the last 20 ms, so that two weak inputs fire it when they coincide and
do not when they are far apart. It cannot fire faster than its refractory period allows, where a ReLU has no upper end; activations such
as the sigmoid have one. A spike is all or nothing, while an output is a real number, even a negative one. And the sign of a cell's
outgoing synapses is given by what transmitter it makes, while each weight of a network may have either sign, and change it in training.

The model cell is itself a caricature: it has no dendrites that compute on their own, no noise, no adaptation. A real cortical neuron has some
thousands of synapses, and how it learns is largely unknown; gradients sent backwards, at any rate, are not found in it.

**To go on.** Which activation would imitate the cell with a refractory period of 10 ms best? What would the artificial neuron need in
order to notice that two inputs come *at the same time*?
""",
            zh=r"""
## 讨论

**共同点**：许多权重不同的输入，有的促进、有的抑制；它们相加；低于阈值就没有动静；一个输出，所有接收者得到的都一样。人工神经元的“输出”对应细胞的**发放率**。若输入稳定、细胞没有不应期，这种读法相当好，输入越强越好；不应期越长，细胞的曲线偏离直线就越远。

**舍去的**：时间。细胞以电荷的形式记住最近约 20 毫秒内的输入，所以两个弱输入同时到来时它会发放，间隔太久就不会。它的发放速度受不应期限制，而 ReLU 没有上限；sigmoid 之类的激活函数才有。脉冲要么有、要么没有，而人工神经元的输出是实数，甚至可以为负。此外，一个细胞的输出突触起兴奋还是抑制作用，由它释放的递质决定；网络中每个权重的符号却可正可负，训练时还会改变。

这个细胞模型本身也是一幅漫画：没有自己会计算的树突，没有噪声，没有适应。真实的皮层神经元有几千个突触，它怎样学习，至今大多未知；至少，在它身上没有发现向后传递的梯度。

**继续思考。** 哪种激活函数最像不应期为 10 毫秒的细胞？人工神经元还需要什么，才能察觉两个输入是**同时**到来的？
""",
        )
    )
    return


if __name__ == "__main__":
    app.run()
