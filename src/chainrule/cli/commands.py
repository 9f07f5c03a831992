"""What can be typed."""

from __future__ import annotations

from typing import Annotated

import typer

from chainrule.cli.spoken import Command, Group
from chainrule.messages import Message, use_language
from chainrule.version import __version__

_ABOUT = Message(
    "cli.about",
    en="A deep-learning framework with nothing hidden: trains small and medium networks on an ordinary CPU.",
    zh="毫无隐藏的深度学习框架：在普通 CPU 上训练中小型网络。",
)
_TRAIN = Message(
    "cli.train",
    en="Train a model on pictures of digits: by default LeNet-5 on those that are bundled.",
    zh="用数字图片训练模型：默认用内置数字训练 LeNet-5。",
)
_SUMMARY = Message(
    "cli.summary",
    en="Show a model's layers, their outputs and parameters.",
    zh="显示模型的各层、输出与参数。",
)
_LABS = Message(
    "cli.labs",
    en="List the labs, one for each exercise of the chapter, or open one of them as a notebook.",
    zh="列出实验（每道习题对应一个），或以笔记本形式打开其中一个。",
)
_FINDINGS = Message(
    "cli.findings",
    en="List what can be found wrong with a training, or explain one of the codes: its mathematics and its remedies.",
    zh="列出训练中可能发现的问题，或说明其中一个代码：其数学与补救办法。",
)
_CODE = Message(
    "cli.code",
    en="The finding's code, such as CR013; without it all are listed.",
    zh="发现的代码，例如 CR013；不给出则列出全部发现。",
)
_LAB = Message("cli.lab", en="The lab's number; without it all are listed.", zh="实验的编号；不给出则列出全部实验。")
_MODEL = Message(
    "cli.model", en="lenet5, lenet5_1998, mlp, resnet or all_cnn.", zh="lenet5、lenet5_1998、mlp、resnet 或 all_cnn。"
)
_DATA = Message(
    "cli.data",
    en="Folder with a set's four files in IDX format, as MNIST has them, gzipped or not; default: the bundled digits.",
    zh="含数据集四个 IDX 文件（与 MNIST 相同，可为 gzip）的文件夹；默认：内置数字。",
)
_EPOCHS = Message(
    "cli.epochs",
    en="Passes over the training samples; default: the model's recipe.",
    zh="遍历训练样本的轮数；默认：模型的配方。",
)
_BATCH_SIZE = Message(
    "cli.batch_size", en="Samples per step; default: the model's recipe.", zh="每步的样本数；默认：模型的配方。"
)
_OPTIMIZER = Message(
    "cli.optimizer",
    en="adam (default), adamw, sgd, momentum, rmsprop, lion or another one of chainrule.optim.OPTIMIZERS.",
    zh="adam（默认）、adamw、sgd、momentum、rmsprop、lion 或 chainrule.optim.OPTIMIZERS 中的其他优化器。",
)
_RATE = Message(
    "cli.rate",
    en="Learning rate per step, for adam the highest; default: the model's recipe for adam, else the optimizer's own.",
    zh="每步的学习率，对 adam 为最高值；默认：adam 用模型的配方，其他用优化器自己的值。",
)
_SEED = Message(
    "cli.seed",
    en="Decides first parameters, order and randomness: the same seed, the same bits; default: CHAINRULE_SEED, or 0.",
    zh="决定初始参数、样本顺序与随机性：相同的种子得到逐位相同的结果；默认：CHAINRULE_SEED，否则为 0。",
)
_PRECISION = Message(
    "cli.precision",
    en="float32 (default) or bf16, products of bfloat16 numbers added up in float32, where the processor has them.",
    zh="float32（默认）或 bf16：处理器支持时，将 bfloat16 数相乘并以 float32 求和。",
)
_SAVE = Message(
    "cli.save",
    en="Folder to save the trained model in; Ctrl-C or a divergence saves what was reached.",
    zh="保存训练后模型的文件夹；按 Ctrl-C 或训练发散时保存已达到的状态。",
)
_CURVES = Message(
    "cli.curves",
    en="Draw loss and accuracy by epoch above the result; needs the extra plot.",
    zh="在结果上方绘制每轮的损失与准确率；需要附加组件 plot。",
)
_DIAGNOSE = Message(
    "cli.diagnose",
    en="Say what was wrong with the training of a saved model: evidence and remedies, and the layers' last numbers.",
    zh="说明已保存模型的训练有什么问题：证据、补救办法，以及各层最后的数值。",
)
_FOLDER = Message("cli.folder", en="Folder that a model was saved in.", zh="保存模型的文件夹。")
_FAIL_ON = Message(
    "cli.fail_on",
    en="Code of a finding, or any: leave with exit code 5 if it is found (4: the training diverged); may be given"
    " several times.",
    zh="发现的代码，或 any：若发现则以退出码 5 结束（4：训练发散）；可多次给出。",
)
_JSON = Message(
    "cli.json",
    en="Print the result as one JSON object, the last line of standard output.",
    zh="以一个 JSON 对象打印结果，作为标准输出的最后一行。",
)
_QUIET = Message("cli.quiet", en="Print the result only.", zh="只打印结果。")
_LANGUAGE = Message(
    "cli.lang",
    en="Language; default: CHAINRULE_LANG, or that of the system.",
    zh="语言；默认：CHAINRULE_LANG，否则为系统语言。",
)
_VERSION = Message("cli.version", en="Print the version.", zh="打印版本号。")
_SOME_OPTIONS = Message("cli.some_options", en="[OPTIONS]", zh="[选项]")
_COMMAND = Message("cli.command", en="COMMAND ...", zh="命令 ...")


def _check_language(code: str | None) -> None:
    """Refuse a language that there is not; main() has chosen one already, before these texts were made."""
    if code is not None:
        use_language(code)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"chainrule {__version__}")
        raise typer.Exit


def _models() -> list[str]:
    from chainrule.cli.recipes import RECIPES

    return list(RECIPES)


def _optimizers() -> list[str]:
    from chainrule.optim import OPTIMIZERS

    return list(OPTIMIZERS)


def _precisions() -> list[str]:
    from chainrule.train.precision import PRECISIONS

    return list(PRECISIONS)


def _codes() -> list[str]:
    from chainrule.cli.findings import sections

    return list(sections())


app = typer.Typer(
    cls=Group,
    help=_ABOUT(),
    options_metavar=_SOME_OPTIONS(),
    subcommand_metavar=_COMMAND(),
    invoke_without_command=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

Language = Annotated[
    str | None, typer.Option("--lang", help=_LANGUAGE(), metavar="en|zh", callback=_check_language, is_eager=True)
]
Version = Annotated[bool, typer.Option("--version", help=_VERSION(), callback=_print_version, is_eager=True)]
Model = Annotated[str, typer.Argument(help=_MODEL(), metavar="MODEL", autocompletion=_models)]
AnyModel = Annotated[str, typer.Argument(help=_MODEL(), metavar="[MODEL]", autocompletion=_models)]
LabNumber = Annotated[int | None, typer.Argument(help=_LAB(), metavar="[NUMBER]", min=1)]
FindingCode = Annotated[str | None, typer.Argument(help=_CODE(), metavar="[CODE]", autocompletion=_codes)]
Data = Annotated[str | None, typer.Option(help=_DATA(), metavar="DIR")]
Epochs = Annotated[int | None, typer.Option(help=_EPOCHS(), metavar="N", min=1)]
BatchSize = Annotated[int | None, typer.Option(help=_BATCH_SIZE(), metavar="N", min=1)]
OptimizerName = Annotated[str | None, typer.Option(help=_OPTIMIZER(), metavar="NAME", autocompletion=_optimizers)]
Rate = Annotated[float | None, typer.Option(help=_RATE(), metavar="X")]
Seed = Annotated[int, typer.Option(help=_SEED(), metavar="N", min=0, envvar="CHAINRULE_SEED")]
Precision = Annotated[str, typer.Option(help=_PRECISION(), metavar="NAME", autocompletion=_precisions)]
Save = Annotated[str | None, typer.Option(help=_SAVE(), metavar="DIR")]
Curves = Annotated[bool, typer.Option("--curves", help=_CURVES())]
Folder = Annotated[str, typer.Argument(help=_FOLDER(), metavar="DIR")]
FailOn = Annotated[list[str] | None, typer.Option("--fail-on", help=_FAIL_ON(), metavar="CODE")]
Json = Annotated[bool, typer.Option("--json", help=_JSON())]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help=_QUIET())]


@app.callback()
def chainrule(context: typer.Context, version: Version = False, lang: Language = None) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command(cls=Command, help=_TRAIN(), options_metavar=_SOME_OPTIONS())
def train(
    model: AnyModel = "lenet5",
    data: Data = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    optimizer: OptimizerName = None,
    lr: Rate = None,
    seed: Seed = 0,
    precision: Precision = "float32",
    save: Save = None,
    curves: Curves = False,
    fail_on: FailOn = None,
    json: Json = False,
    quiet: Quiet = False,
    lang: Language = None,
) -> None:
    from chainrule.cli.training import Order, run

    order = Order(model, data, epochs, batch_size, optimizer, lr, seed, precision, save, tuple(fail_on or ()))
    raise typer.Exit(run(order, curves=curves, as_json=json, quiet=quiet))


@app.command(cls=Command, help=_DIAGNOSE(), options_metavar=_SOME_OPTIONS())
def diagnose(folder: Folder, fail_on: FailOn = None, json: Json = False, lang: Language = None) -> None:
    from chainrule.cli.diagnosing import run

    raise typer.Exit(run(folder, fail_on=fail_on or (), as_json=json))


@app.command(cls=Command, help=_FINDINGS(), options_metavar=_SOME_OPTIONS())
def findings(code: FindingCode = None, lang: Language = None) -> None:
    from chainrule.cli.findings import print_list, print_one

    print_list() if code is None else print_one(code)


@app.command(cls=Command, help=_SUMMARY(), options_metavar=_SOME_OPTIONS())
def summary(model: Model, lang: Language = None) -> None:
    from chainrule.cli.report import print_layers
    from chainrule.cli.training import network_of

    print_layers(network_of(model))


@app.command(cls=Command, help=_LABS(), options_metavar=_SOME_OPTIONS())
def labs(number: LabNumber = None, lang: Language = None) -> None:
    from chainrule.cli.labs import open_lab, print_list

    if number is None:
        print_list()
    else:
        raise typer.Exit(open_lab(number))
