"""All that a training can be told: the settings, by section, as a value."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal

from chainrule.messages import Message
from chainrule.nn import MODELS
from chainrule.optim import OPTIMIZERS
from chainrule.runs.setting import Above, Choice, Either, From, Several, Text, Whole, setting
from chainrule.train.precision import PRECISIONS

AUTO = "auto"
DIGITS = "digits"

_SOURCE = Message(
    "configuration.source",
    en="What to learn from: a table (.csv, .parquet), arrays (.npz), a folder of pictures by class, of IDX files as"
    " MNIST has them, or of stored samples, or digits, which are bundled.",
    zh="学习所用的数据：表格（.csv、.parquet）、数组（.npz）、按类别分的图片文件夹、与 MNIST 相同的 IDX 文件夹、"
    "存储的样本文件夹，或内置的 digits。",
)
_TARGET = Message("configuration.target", en="Column of a table that is to be predicted.", zh="表格中要预测的列。")
_TASK = Message(
    "configuration.task",
    en="Whether the target names classes or measures something; default: what its values look like.",
    zh="目标是类别（classification）还是数量（regression）；默认：由其取值判断。",
)
_EXCLUDE = Message("configuration.exclude", en="Columns of a table to leave out.", zh="表格中要忽略的列。")
_CATEGORIES = Message(
    "configuration.categories",
    en="Columns of a table that hold categories, whatever they look like, such as a postcode.",
    zh="表格中作为类别的列（无论其取值形式如何），例如邮政编码。",
)
_NUMBERS = Message(
    "configuration.numbers",
    en="Columns of a table that hold numbers, even if they only seem to count or name the rows.",
    zh="表格中作为数值的列（即使看起来只是行的编号）。",
)
_ENCODING = Message(
    "configuration.encoding",
    en="Encoding of a table as text, such as cp1251; default: UTF-8, else what its bytes look like.",
    zh="文本表格的编码，例如 cp1251；默认：UTF-8，否则根据其字节判断。",
)
_GROUP = Message(
    "configuration.group",
    en="Column whose equal values stay together when samples are set aside, such as a patient.",
    zh="划分样本时取值相同者保持在一起的列，例如患者编号。",
)
_WEIGHT = Message(
    "configuration.weight",
    en="Column that says how much each sample counts in the loss.",
    zh="给出每个样本在损失中权重的列。",
)
_CLASS_WEIGHT = Message(
    "configuration.class_weight",
    en="balanced: each class counts alike in the loss, however few samples it has; default: each sample does.",
    zh="balanced：无论样本多少，每个类别在损失中的权重相同；默认：每个样本权重相同。",
)
_TEST = Message(
    "configuration.test",
    en="Share of the samples to test with, where the data do not set some aside themselves.",
    zh="用于测试的样本比例（当数据本身没有划分测试集时）。",
)
_VALIDATION = Message(
    "configuration.validation",
    en="Share of the training samples to validate with after each epoch, where the data do not set some aside"
    " themselves; 0: none; default: 0.1 where patience is set or they set nothing aside for testing, else none.",
    zh="每轮之后用于验证的训练样本比例（当数据本身没有划分验证集时）；0：不验证；默认：设置了 patience"
    " 或数据本身没有划分测试集时为 0.1，否则不验证。",
)
_IMAGE_SIZE = Message(
    "configuration.image_size",
    en="Height and width that pictures are brought to; default: what most of them have, if that is small.",
    zh="图片调整到的高与宽；默认：若多数图片尺寸较小，则用该尺寸。",
)
_MODEL = Message(
    "configuration.model",
    en="Name of the network, or auto: what suits the data.",
    zh="网络的名称，或 auto：由数据决定。",
)
_UNITS = Message(
    "configuration.units",
    en="Units of the hidden dense layers, of mlp and of networks for tables.",
    zh="隐藏全连接层的单元数，用于 mlp 和表格网络。",
)
_EPOCHS = Message(
    "configuration.epochs",
    en="Passes over the training samples; default: the model's recipe.",
    zh="遍历训练样本的轮数；默认：模型的配方。",
)
_BATCH_SIZE = Message(
    "configuration.batch_size",
    en="Samples per step; default: the model's recipe.",
    zh="每步的样本数；默认：模型的配方。",
)
_BLOCKS = Message(
    "configuration.blocks",
    en="Neighbouring samples in a block, and blocks that are shuffled together: an order that a disk can follow;"
    " default: by size for samples of more than 512 MB once they are prepared, else every sample anywhere.",
    zh="一个块中的相邻样本数，以及一起打乱的块数：磁盘能跟上的顺序；默认：预处理后超过 512 MB 的样本按大小决定，"
    "其他则逐个样本完全打乱。",
)
_OPTIMIZER = Message(
    "configuration.optimizer",
    en="adam (default), adamw, sgd, momentum, rmsprop, lion or another one of chainrule.optim.OPTIMIZERS.",
    zh="adam（默认）、adamw、sgd、momentum、rmsprop、lion 或 chainrule.optim.OPTIMIZERS 中的其他优化器。",
)
_RATE = Message(
    "configuration.lr",
    en="Learning rate per step, for adam the highest, or auto: found by a range test; default: the model's recipe for"
    " adam, else the optimizer's own.",
    zh="每步的学习率（对 adam 为最高值），或 auto：由范围测试确定；默认：adam 用模型的配方，其他用优化器自己的值。",
)
_CLIP = Message(
    "configuration.clip_norm",
    en="Length to which all gradients together are shortened if they are longer; default: never.",
    zh="全部梯度合起来超过该长度时缩短到该长度；默认：不裁剪。",
)
_NON_FINITE = Message(
    "configuration.non_finite",
    en="What becomes of a step whose loss is infinite or NaN: stop (default) ends the training, with exit code 4 and"
    " the parameters from before; skip leaves it out, also where only gradients are not finite, and counts it, up to an"
    " epoch of nothing else.",
    zh="损失为无穷或 NaN 的一步如何处理：stop（默认）结束训练，退出码为 4，保留此前的参数；skip 跳过这一步并计数"
    "（仅梯度非有限时也跳过），若整轮都被跳过则结束训练。",
)
_AVERAGE = Message(
    "configuration.average",
    en="Average of the weights that is validated after each epoch and used in the end: ema (exponential) or swa (of the"
    " last quarter); default: the weights themselves.",
    zh="每轮之后用于验证、最终使用的权重平均：ema（指数平均）或 swa（最后四分之一的平均）；默认：权重本身。",
)
_PATIENCE = Message(
    "configuration.patience",
    en="Epochs without a lower validation loss after which to stop and go back to the best weights, or their best"
    " average where there is one; lower by at most 0.0001, where a guess has about 1, does not count; 0: never;"
    " default: 10 for tables, else never.",
    zh="验证损失连续多少轮不再下降就停止并恢复最佳权重（设置了平均时为最佳的平均权重）；下降不超过 0.0001"
    "（随机猜测的损失约为 1）不算下降；0：不提前停止；默认：表格为 10，其他不提前停止。",
)
_SEED = Message(
    "configuration.seed",
    en="Decides first parameters, order and randomness: the same seed, the same bits.",
    zh="决定初始参数、样本顺序与随机性：相同的种子得到逐位相同的结果。",
)
_PRECISION = Message(
    "configuration.precision",
    en="float32, or bf16: products of bfloat16 numbers added up in float32, where the processor has them.",
    zh="float32 或 bf16：处理器支持时，将 bfloat16 数相乘并以 float32 求和。",
)


@dataclass(frozen=True)
class DataSettings:
    """Where samples come from, what is to be predicted, and how they are divided."""

    source: str = setting(Text(), _SOURCE, default=DIGITS)
    target: str | None = setting(Text(), _TARGET, example="species")
    task: Literal["classification", "regression"] | None = setting(
        Choice(("classification", "regression")), _TASK, example="classification"
    )
    exclude: tuple[str, ...] = setting(Several(Text()), _EXCLUDE, default=())
    categories: tuple[str, ...] = setting(Several(Text()), _CATEGORIES, default=())
    numbers: tuple[str, ...] = setting(Several(Text()), _NUMBERS, default=())
    encoding: str | None = setting(Text(), _ENCODING, example="cp1251")
    group: str | None = setting(Text(), _GROUP, example="patient")
    weight: str | None = setting(Text(), _WEIGHT, example="weight")
    class_weight: Literal["balanced"] | None = setting(Choice(("balanced",)), _CLASS_WEIGHT, example="balanced")
    test: float = setting(Above(0, 1), _TEST, default=0.2)
    validation: float | None = setting(From(0, 1), _VALIDATION, example=0.1)
    image_size: tuple[int, int] | None = setting(Several(Whole(1), count=2), _IMAGE_SIZE, example=[28, 28])


@dataclass(frozen=True)
class ModelSettings:
    """The network."""

    name: str = setting(Choice((AUTO, *MODELS, "tabular_mlp")), _MODEL, default=AUTO)
    units: tuple[int, ...] | None = setting(Several(Whole(1)), _UNITS, example=[64, 32])


@dataclass(frozen=True)
class TrainSettings:
    """How it is trained."""

    epochs: int | None = setting(Whole(1), _EPOCHS, example=20)
    batch_size: int | None = setting(Whole(1), _BATCH_SIZE, example=64)
    blocks: tuple[int, int] | None = setting(Several(Whole(1), count=2), _BLOCKS, example=[1024, 64])
    optimizer: str = setting(Choice(tuple(OPTIMIZERS)), _OPTIMIZER, default="adam")
    lr: float | Literal["auto"] | None = setting(Either(Above(0), Choice((AUTO,))), _RATE, example=AUTO)
    clip_norm: float | None = setting(Above(0), _CLIP, example=1.0)
    non_finite: Literal["stop", "skip"] = setting(Choice(("stop", "skip")), _NON_FINITE, default="stop")
    average: Literal["ema", "swa"] | None = setting(Choice(("ema", "swa")), _AVERAGE, example="ema")
    patience: int | None = setting(Whole(0), _PATIENCE, example=5)
    seed: int = setting(Whole(0), _SEED, default=0)
    precision: Literal["float32", "bf16"] = setting(Choice(tuple(PRECISIONS)), _PRECISION, default="float32")


@dataclass(frozen=True)
class Configuration:
    """What a training is told; all that is not said is at its default.

    Example:
        >>> Configuration(train=TrainSettings(epochs=3)).as_data()["train"]
        {'epochs': 3, 'optimizer': 'adam', 'non_finite': 'stop', 'seed': 0, 'precision': 'float32'}
    """

    data: DataSettings = field(default_factory=DataSettings)
    model: ModelSettings = field(default_factory=ModelSettings)
    train: TrainSettings = field(default_factory=TrainSettings)

    def as_data(self) -> dict[str, Any]:
        """This as JSON and TOML have it: without what is None."""
        return {
            section: {
                key: list(value) if isinstance(value, tuple) else value
                for key, value in own.items()
                if value is not None
            }
            for section, own in asdict(self).items()
        }
