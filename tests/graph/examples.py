"""Small graphs that several tests look at. Their lines stand in the snapshots: what is added goes to the end."""

import chainrule as cr


def network() -> cr.Graph:
    """Convolution, pooling, a dense layer, softmax and its loss."""
    images = cr.input_tensor("images", (cr.batch, 6, 6, 1))
    kernel = cr.input_tensor("conv/kernel", (3, 3, 1, 2))
    weights = cr.input_tensor("dense/kernel", (18, 5))
    labels = cr.input_tensor("labels", (cr.batch,), "int64")
    maps = cr.max_pool(cr.relu(cr.conv2d(images, kernel, padding=1)), 2)
    logits = cr.flatten(maps) @ weights * 2
    loss = cr.mean(cr.cross_entropy(logits, labels))
    return cr.Graph({"probabilities": cr.softmax(logits), "loss": loss})


def gradient() -> cr.Graph:
    """The derivative of (w·x - 1)² by w."""
    x = cr.input_tensor("x", (3,))
    w = cr.input_tensor("w", (3,))
    loss = cr.square(cr.sum(w * x) - 1)
    return cr.Graph({"loss": loss, "slope": cr.gradients(loss, [w])[0]})


def awkward() -> cr.Graph:
    """Names and constants that a drawing language could trip over."""
    a = cr.input_tensor('a "quoted" <name> & \\ #1', (2,))
    b = cr.tensor([1.0, 2.0])
    return cr.Graph({"sum": a + b, "`1`": cr.tensor(1.0) * 1, "same\nnode": a})
