"""An autoencoder of images."""

from __future__ import annotations

from collections.abc import Sequence

from chainrule.errors import ShapeError, UsageError
from chainrule.graph.extent import show_shape
from chainrule.graph.tensor import Tensor
from chainrule.messages import Message
from chainrule.nn.convolution import Conv2D
from chainrule.nn.dense import Dense
from chainrule.nn.reshaping import Flatten, Rescaling, Reshape
from chainrule.nn.scope import Scope
from chainrule.nn.sequential import Sequential
from chainrule.nn.transposed_convolution import Conv2DTranspose

__all__ = ["autoencoder"]

_IMAGE = Message(
    "autoencoder.image",
    en="the autoencoder is made for images {image}, but x is {x}. Say so when it is made: autoencoder(image=(height,"
    " width, channels)).",
    zh="该自编码器是为形状 {image} 的图像构建的，但 x 为 {x}。请在构建时指明：autoencoder(image=(高, 宽, 通道数))。",
)
_SIZES = Message(
    "autoencoder.sizes",
    en="autoencoder(image={image!r}): give height, width and number of channels, such as (28, 28, 1).",
    zh="autoencoder(image={image!r})：请给出高、宽和通道数，例如 (28, 28, 1)。",
)


def autoencoder(
    code: int = 32, *, image: Sequence[int] = (28, 28, 1), width: int = 16, scale: float = 1 / 255
) -> Sequential:
    """An encoder, which keeps `code` numbers of an image, and a decoder, which makes the image again from these.

        encoder: conv 3×3, stride 2, width maps · conv 3×3, stride 2, 2·width · dense, code
        decoder: dense · transposed conv 4×4, stride 2, width · transposed conv 4×4, stride 2, the image's channels

    ReLU follows all but the code and the output; the stride divides the decoder's windows, which leaves no
    checkerboard. For 28 × 28 pixels, 32 numbers and width 16 it has 115,217 parameters.

    It takes pixels from 0 to 255, which it multiplies by `scale`, and gives them so multiplied: `fit(x, x / 255,
    loss="mean_squared_error")`. Both halves are layers, `encoder, decoder = autoencoder().layers`, and so models of
    their own: the parameters of `Model(encoder)` have the names that they have in the whole.

    Shapes:   x (batch, *image) → alike
    Raises:   ShapeError if x is of another size; UsageError if `image` is not three sizes.
    Source:   Hinton and Salakhutdinov 2006, Reducing the dimensionality of data with neural networks; its layers are
              dense, these are convolutions as in Masci, Meier, Cireşan and Schmidhuber 2011, with strides for pooling
    Example:
        >>> from chainrule.nn import autoencoder, trace
        >>> network = trace(autoencoder(), [(28, 28, 1)])
        >>> network.inference.shape, network.parameter_count
        ((batch, 28, 28, 1), 115217)
    """
    if not isinstance(image, tuple | list) or len(image) != 3:
        raise UsageError(_SIZES(image=image))
    height, breadth, channels = image
    small = (-(-height // 4), -(-breadth // 4), 2 * width)

    def of_this_size(x: Tensor, scope: Scope) -> Tensor:
        if x.shape[1:] != (height, breadth, channels):
            raise ShapeError(_IMAGE(image=show_shape((height, breadth, channels)), x=show_shape(x.shape)))
        return x

    def cropped(y: Tensor, scope: Scope) -> Tensor:
        return y[:, :height, :breadth]

    encoder = Sequential([
        of_this_size,
        Rescaling(scale, name="rescaling"),
        Conv2D(width, 3, 2, 1, activation="relu", kernel_initializer="he_normal", name="conv1"),
        Conv2D(2 * width, 3, 2, 1, activation="relu", kernel_initializer="he_normal", name="conv2"),
        Flatten(name="flatten"),
        Dense(code, name="code"),
    ], name="encoder")  # fmt: skip
    decoder = Sequential([
        Dense(small[0] * small[1] * small[2], "relu", kernel_initializer="he_normal", name="dense"),
        Reshape(small, name="maps"),
        Conv2DTranspose(width, 4, 2, 1, activation="relu", kernel_initializer="he_normal", name="up1"),
        Conv2DTranspose(channels, 4, 2, 1, name="up2"),
        cropped,
    ], name="decoder")  # fmt: skip
    return Sequential([encoder, decoder])
