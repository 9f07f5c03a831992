"""What is the matter with a motor? A convolutional network reads it from two sensors' series.

A series has 96 measurements of vibration in two directions: the hum of the motor, at any speed and from any moment on.
A motor out of balance shakes more in one direction than in the other; a damaged bearing knocks at regular times; with a
loose mount the hum is cut off on one side.

It prints

    right for 1,000 new series of 4 kinds
    a linear model  0.66
    convolutions    0.98
"""

import numpy as np
from numpy.typing import NDArray

import chainrule as cr

KINDS = ("healthy", "out of balance", "damaged bearing", "loose mount")


def measured(count: int, random: np.random.Generator) -> tuple[NDArray[np.float32], NDArray[np.int64]]:
    """Series (count, 96, 2), and the number of the kind of each."""
    kinds = random.integers(0, len(KINDS), count)
    time, n = np.arange(96), (count, 1)
    turn = random.uniform(0.25, 0.6, n) * time + random.uniform(0, 2 * np.pi, n)
    size = random.uniform(0.7, 1.3, n)
    x, y = size * np.sin(turn), size * np.cos(turn)
    x *= np.where(kinds == 1, 1.6, 1)[:, None]
    knock = np.exp(-0.7 * ((time + random.integers(0, 24, n)) % random.integers(14, 24, n)))
    x += np.where(kinds == 2, 1.2, 0)[:, None] * knock
    y = np.where((kinds == 3)[:, None], np.maximum(y, -0.5 * size), y)
    series = np.stack([x, y], -1) + random.normal(0, 0.3, (count, 96, 2))
    return series.astype(np.float32), kinds


random = np.random.default_rng(0)
x, kinds = measured(2000, random)
new_x, new_kinds = measured(1000, random)


def share_right(network: cr.nn.Layer) -> float:
    """How many of the new series a network names rightly once it is trained."""
    model = cr.Model(network)
    rate = cr.optim.OneCycle(0.01)
    model.fit(x, kinds, optimizer=cr.optim.Adam(rate), epochs=4, batch_size=50, verbose=0)
    return float((model.predict(new_x).argmax(1) == new_kinds).mean())


print("right for 1,000 new series of 4 kinds")
print(f"a linear model  {share_right(cr.nn.mlp((), len(KINDS))):.2f}")
print(f"convolutions    {share_right(cr.nn.sensor_cnn(len(KINDS), width=8)):.2f}")
