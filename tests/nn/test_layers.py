"""Every layer, through the one harness."""

from __future__ import annotations

import inspect

import pytest

from chainrule import nn
from chainrule.nn import (
    ELU,
    GRU,
    L1,
    L1L2,
    L2,
    LSTM,
    Activation,
    ActivityPenalty,
    AdaptiveAveragePooling1D,
    AdaptiveAveragePooling2D,
    AdaptiveMaxPool1D,
    AdaptiveMaxPool2D,
    AlphaDropout,
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    BatchNormalization,
    Bidirectional,
    Conv1D,
    Conv1DTranspose,
    Conv2D,
    Conv2DTranspose,
    Conv3D,
    Conv3DTranspose,
    Cropping2D,
    Cutout,
    Dense,
    DepthwiseConv1D,
    DepthwiseConv2D,
    Dropout,
    ElasticDistortion,
    Embedding,
    Flatten,
    GaussianDropout,
    GaussianNoise,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPool1D,
    GlobalMaxPool2D,
    GroupNormalization,
    Identity,
    Layer,
    LayerNormalization,
    LeakyReLU,
    LocalResponseNormalization,
    MaxPool1D,
    MaxPool2D,
    MaxPool3D,
    MixUp,
    MultiHeadAttention,
    Permute,
    RandomBrightness,
    RandomContrast,
    RandomCrop,
    RandomFlip,
    RandomHue,
    RandomRotation,
    RandomSaturation,
    RandomShift,
    RandomZoom,
    ReLU,
    Rescaling,
    Reshape,
    RMSNormalization,
    SeparableConv2D,
    Sequential,
    Sigmoid,
    SimpleRNN,
    Softmax,
    Softplus,
    SpatialDropout1D,
    SpatialDropout2D,
    Step,
    Tanh,
    UnitNormalization,
    UpSampling1D,
    UpSampling2D,
    ZeroPadding2D,
)  # fmt: skip
from chainrule.ops.trigonometric import tanh
from tests.nn.harness import Case, check_layer


def attention_parameters(features: int, keys: int, values: int, biases: bool = True) -> dict[str, tuple[int, ...]]:
    kernels = {"query": (features, keys), "key": (features, keys), "value": (features, values)}
    both: dict[str, tuple[int, ...]] = {}
    for name, shape in {**kernels, "output": (values, features)}.items():
        both |= {f"{name}_kernel": shape, **({f"{name}_bias": shape[1:]} if biases else {})}
    return both


CASES = [
    Case(Dense(3), (4,), (3,), {"kernel": (4, 3), "bias": (3,)}),
    Case(Dense(1, "sigmoid"), (4,), (1,), {"kernel": (4, 1), "bias": (1,)}),  # one neuron
    Case(Dense(3, tanh, use_bias=False), (4,), (3,), {"kernel": (4, 3)}),
    Case(Dense(3, kernel_penalty=L2(0.1), name="scores"), (4,), (3,), {"kernel": (4, 3), "bias": (3,)}),
    Case(Dense(3, kernel_penalty=L1L2(0.1, 0.2), bias_penalty=L1(0.1)), (4,), (3,), {"kernel": (4, 3), "bias": (3,)}),
    Case(ActivityPenalty(L2(0.1)), (4,), (4,), {}),
    Case(Dense(3), (2, 5, 4), (2, 5, 3), {"kernel": (4, 3), "bias": (3,)}),  # at each position by itself
    Case(Conv1D(3, 2), (5, 2), (4, 3), {"kernel": (2, 2, 3), "bias": (3,)}),
    Case(Conv1D(4, 3, 2, "same", groups=2), (5, 2), (3, 4), {"kernel": (3, 1, 4), "bias": (4,)}),
    Case(Conv1D(2, 2, dilation=3, use_bias=False), (7, 1), (4, 2), {"kernel": (2, 1, 2)}),
    Case(Conv2D(3, 2), (4, 5, 2), (3, 4, 3), {"kernel": (2, 2, 2, 3), "bias": (3,)}),
    Case(Conv2D(3, (2, 3), (2, 1), "same"), (5, 4, 2), (3, 4, 3), {"kernel": (2, 3, 2, 3), "bias": (3,)}),
    Case(Conv2D(4, 3, padding=1, groups=2), (4, 4, 4), (4, 4, 4), {"kernel": (3, 3, 2, 4), "bias": (4,)}),
    Case(
        Conv2D(2, 2, padding=((1, 0), (0, 2)), dilation=2), (3, 3, 1), (2, 3, 2), {"kernel": (2, 2, 1, 2), "bias": (2,)}
    ),
    Case(Conv2D(2, 1, activation="tanh"), (3, 3, 4), (3, 3, 2), {"kernel": (1, 1, 4, 2), "bias": (2,)}),
    Case(Conv3D(2, 2), (2, 3, 3, 2), (1, 2, 2, 2), {"kernel": (2, 2, 2, 2, 2), "bias": (2,)}),
    Case(Conv1DTranspose(3, 2, 3), (4, 2), (11, 3), {"kernel": (2, 3, 2), "bias": (3,)}),
    Case(Conv2DTranspose(3, 4, 2, "same"), (2, 3, 2), (4, 6, 3), {"kernel": (4, 4, 3, 2), "bias": (3,)}),
    Case(
        Conv2DTranspose(4, 3, 2, 1, groups=2, output_padding=1, use_bias=False, activation="tanh"),
        (2, 2, 2),
        (4, 4, 4),
        {"kernel": (3, 3, 2, 2)},
    ),
    Case(Conv3DTranspose(1, 2, 2), (1, 2, 2, 2), (2, 4, 4, 1), {"kernel": (2, 2, 2, 1, 2), "bias": (1,)}),
    Case(DepthwiseConv1D(2, dilation=2), (5, 3), (3, 3), {"kernel": (2, 3, 1), "bias": (3,)}),
    Case(
        DepthwiseConv2D(3, 2, "same", depth_multiplier=2, kernel_penalty=L2(0.1)),
        (4, 3, 2),
        (2, 2, 4),
        {"kernel": (3, 3, 2, 2), "bias": (4,)},
    ),
    Case(
        SeparableConv2D(3, 2, padding=1, depth_multiplier=2, activation="tanh"),
        (3, 3, 2),
        (4, 4, 3),
        {"depthwise_kernel": (2, 2, 2, 2), "pointwise_kernel": (1, 1, 4, 3), "bias": (3,)},
    ),
    Case(ZeroPadding2D(2), (3, 4, 2), (7, 8, 2), {}),
    Case(ZeroPadding2D(((1, 0), (0, 2))), (3, 4, 2), (4, 6, 2), {}),
    Case(Cropping2D((1, 0)), (3, 4, 2), (1, 4, 2), {}),
    Case(MaxPool2D(), (4, 5, 2), (2, 2, 2), {}),
    Case(MaxPool2D(3, 1, "same"), (4, 5, 2), (4, 5, 2), {}),
    Case(AveragePooling2D(), (4, 5, 2), (2, 2, 2), {}),
    Case(AveragePooling2D((2, 3), 1), (4, 5, 2), (3, 3, 2), {}),
    Case(AveragePooling2D(3, 2, 1, True, True), (4, 5, 2), (3, 3, 2), {}),
    Case(MaxPool2D(2, 1, dilation=2, ceil_mode=True), (4, 5, 2), (2, 3, 2), {}),
    Case(MaxPool1D(3, 2, ceil_mode=True), (6, 2), (3, 2), {}),
    Case(MaxPool3D(), (2, 2, 4, 2), (1, 1, 2, 2), {}),
    Case(AveragePooling1D(3, 2, "same"), (6, 2), (3, 2), {}),
    Case(AveragePooling3D(), (2, 2, 4, 2), (1, 1, 2, 2), {}),
    Case(GlobalAveragePooling1D(), (5, 2), (2,), {}),
    Case(GlobalAveragePooling2D(keepdims=True), (2, 3, 2), (1, 1, 2), {}),
    Case(GlobalMaxPool1D(keepdims=True), (5, 2), (1, 2), {}),
    Case(GlobalMaxPool2D(), (2, 3, 2), (2,), {}),
    Case(AdaptiveAveragePooling1D(3), (5, 2), (3, 2), {}),
    Case(AdaptiveAveragePooling2D((2, 3)), (5, 3, 2), (2, 3, 2), {}),
    Case(AdaptiveMaxPool1D(3), (5, 2), (3, 2), {}),
    Case(AdaptiveMaxPool2D(2), (5, 4, 2), (2, 2, 2), {}),
    Case(UpSampling1D(3, "bilinear"), (3, 2), (9, 2), {}),
    Case(UpSampling2D((2, 1)), (2, 3, 2), (4, 3, 2), {}),
    Case(Reshape((3, -1)), (2, 3, 4), (3, 8), {}),
    Case(Permute((3, 1, 2)), (2, 3, 4), (4, 2, 3), {}),
    Case(Flatten(), (2, 3, 4), (24,), {}),
    Case(Flatten(), (4,), (4,), {}),
    Case(Rescaling(2 / 255, -1), (2, 3), (2, 3), {}),
    Case(Dropout(0.5), (6,), (6,), {}),
    Case(Dropout(0.3, "direct"), (6,), (6,), {}),
    Case(Dropout(0.5, whole_maps=True), (2, 2, 6), (2, 2, 6), {}),
    Case(RandomShift(), (3, 4, 2), (3, 4, 2), {}),
    Case(RandomFlip(), (3, 4, 2), (3, 4, 2), {}),
    Case(RandomCrop(2, 3), (3, 4, 2), (2, 3, 2), {}),
    Case(RandomBrightness(0.1, (-9, 9)), (3, 4, 2), (3, 4, 2), {}),
    Case(RandomContrast(0.1, (-9, 9)), (3, 4, 2), (3, 4, 2), {}),
    Case(RandomSaturation(0.1, (-9, 9)), (3, 4, 3), (3, 4, 3), {}),
    Case(RandomHue(0.1, (-9, 9)), (3, 4, 3), (3, 4, 3), {}),
    Case(Cutout(2, 0.5), (3, 4, 2), (3, 4, 2), {}),
    Case(RandomRotation(0.1), (3, 4, 2), (3, 4, 2), {}),
    Case(RandomZoom(0.3, fill=1.0), (3, 4, 2), (3, 4, 2), {}),
    Case(ElasticDistortion(8.0), (3, 4, 2), (3, 4, 2), {}),
    Case(MixUp(), (3, 4), (3, 4), {}),
    Case(BatchNormalization(), (4,), (4,), {"gamma": (4,), "beta": (4,)}),
    Case(BatchNormalization(0.9, 1e-5), (2, 3, 4), (2, 3, 4), {"gamma": (4,), "beta": (4,)}),
    Case(LayerNormalization(), (5, 4), (5, 4), {"gamma": (4,), "beta": (4,)}),
    Case(LayerNormalization((1, 3), 1e-5), (2, 3, 4), (2, 3, 4), {"gamma": (2, 4), "beta": (2, 4)}),
    Case(LayerNormalization(center=False), (4,), (4,), {"gamma": (4,)}),
    Case(LayerNormalization(scale=False), (4,), (4,), {"beta": (4,)}),
    Case(GroupNormalization(2), (2, 3, 4), (2, 3, 4), {"gamma": (4,), "beta": (4,)}),
    Case(GroupNormalization(-1), (2, 3, 4), (2, 3, 4), {"gamma": (4,), "beta": (4,)}),
    Case(RMSNormalization(), (5, 4), (5, 4), {"gamma": (4,)}),
    Case(LocalResponseNormalization(3, 0.1), (2, 3, 4), (2, 3, 4), {}),
    Case(UnitNormalization(), (5, 4), (5, 4), {}),
    Case(Embedding(7, 3), (4,), (4, 3), {"embeddings": (7, 3)}, below=7),
    Case(Embedding(7, 3), (), (3,), {"embeddings": (7, 3)}, below=7),
    Case(MultiHeadAttention(2, 3), (5, 4), (5, 4), attention_parameters(4, 6, 6)),
    Case(MultiHeadAttention(2, 2, 5, dropout=0.4, causal=True), (3, 4), (3, 4), attention_parameters(4, 4, 10)),
    Case(MultiHeadAttention(1, 2, use_bias=False), (3, 4), (3, 4), attention_parameters(4, 2, 2, biases=False)),
    Case(SimpleRNN(3), (4, 2), (3,), {"kernel": (2, 3), "recurrent_kernel": (3, 3), "bias": (3,)}),
    Case(
        SimpleRNN(3, "softplus", use_bias=False, return_sequences=True),
        (4, 2),
        (4, 3),
        {"kernel": (2, 3), "recurrent_kernel": (3, 3)},
    ),
    Case(LSTM(3), (4, 2), (3,), {"kernel": (2, 12), "recurrent_kernel": (3, 12), "bias": (12,)}),
    Case(LSTM(2, use_bias=False), (1, 2), (2,), {"kernel": (2, 8), "recurrent_kernel": (2, 8)}),
    Case(
        GRU(2, return_sequences=True, go_backwards=True),
        (3, 2),
        (3, 2),
        {"kernel": (2, 6), "recurrent_kernel": (2, 6), "bias": (6,), "recurrent_bias": (6,)},
    ),
    Case(SpatialDropout1D(0.5), (3, 4), (3, 4), {}),
    Case(SpatialDropout2D(0.5), (3, 2, 4), (3, 2, 4), {}),
    Case(GaussianNoise(0.5), (3, 4), (3, 4), {}),
    Case(GaussianDropout(0.5), (3, 4), (3, 4), {}),
    Case(AlphaDropout(0.5), (3, 4), (3, 4), {}),
    Case(Activation("softplus"), (4,), (4,), {}),
    Case(Identity(), (4,), (4,), {}),
    Case(ReLU(), (4,), (4,), {}),
    Case(LeakyReLU(0.2), (4,), (4,), {}),
    Case(ELU(), (4,), (4,), {}),
    Case(Softplus(), (4,), (4,), {}),
    Case(Sigmoid(), (4,), (4,), {}),
    Case(Tanh(), (4,), (4,), {}),
    Case(Softmax(), (2, 4), (2, 4), {}),
    Case(Step(), (4,), (4,), {}, differentiable=False),
]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_layer(case):
    check_layer(case)


def test_no_layer_escapes():
    concrete = {
        value for value in vars(nn).values()
        if inspect.isclass(value) and issubclass(value, Layer) and not inspect.isabstract(value)
    }  # fmt: skip
    assert concrete == {type(case.layer) for case in CASES} | {
        Sequential,  # no parameters of its own: test_scope.py
        Bidirectional,  # likewise: test_recurrent.py
    }
