"""What can be typed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from chainrule.messages import Message
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
_MODEL = Message("cli.model", en="lenet5, lenet5_1998 or mlp.", zh="lenet5、lenet5_1998 或 mlp。")
_DATA = Message(
    "cli.data",
    en="Folder with MNIST's four files in IDX format, gzipped or not; without it, the bundled digits.",
    zh="含 MNIST 四个 IDX 文件（可为 gzip）的文件夹；省略时使用内置数字。",
)
_EPOCHS = Message("cli.epochs", en="Passes over the training samples.", zh="遍历训练样本的轮数。")
_BATCH_SIZE = Message("cli.batch_size", en="Samples per step.", zh="每步的样本数。")
_OPTIMIZER = Message("cli.optimizer", en="sgd, momentum, nesterov or adam.", zh="sgd、momentum、nesterov 或 adam。")
_RATE = Message(
    "cli.rate",
    en="Learning rate per step; for adam the peak that it rises to and falls from.",
    zh="每步的学习率；对 adam 为其上升后再下降的峰值。",
)
_SEED = Message(
    "cli.seed",
    en="Decides first parameters, order and randomness: the same seed gives the same bits.",
    zh="决定初始参数、样本顺序与随机性：相同的种子得到相同的结果。",
)
_SAVE = Message(
    "cli.save",
    en="Folder to save the trained model in; Ctrl-C saves what was reached.",
    zh="保存训练后模型的文件夹；按 Ctrl-C 时保存已达到的状态。",
)
_JSON = Message(
    "cli.json",
    en="Print the result as one JSON object, the last line of standard output.",
    zh="以一个 JSON 对象打印结果，作为标准输出的最后一行。",
)
_QUIET = Message("cli.quiet", en="Print the result only.", zh="只打印结果。")
_LANG = Message("cli.lang", en="Language: en or zh.", zh="语言：en 或 zh。")
_VERSION = Message("cli.version", en="Print the version.", zh="打印版本号。")

app = typer.Typer(
    help=_ABOUT(),
    no_args_is_help=True,
    add_completion=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _check_language(code: str | None) -> None:
    """main() has already chosen the language, from all arguments at once; here an unknown one is refused."""
    if code is not None:
        from chainrule.messages import use_language

        use_language(code)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"chainrule {__version__}")
        raise typer.Exit


Language = Annotated[str | None, typer.Option("--lang", help=_LANG(), callback=_check_language, metavar="en|zh")]
Model = Annotated[str, typer.Argument(help=_MODEL(), metavar="[MODEL]", show_default=False)]


@app.callback()
def chainrule(
    version: Annotated[
        bool, typer.Option("--version", help=_VERSION(), callback=_print_version, is_eager=True)
    ] = False,
    lang: Language = None,
) -> None:
    """Options that stand before the command."""


@app.command(help=_TRAIN())
def train(
    model: Model = "lenet5",
    data: Annotated[Path | None, typer.Option(help=_DATA(), metavar="DIR", show_default=False)] = None,
    epochs: Annotated[int | None, typer.Option(help=_EPOCHS(), min=1, show_default=False)] = None,
    batch_size: Annotated[int | None, typer.Option(help=_BATCH_SIZE(), min=1, show_default=False)] = None,
    optimizer: Annotated[str | None, typer.Option(help=_OPTIMIZER(), metavar="NAME", show_default=False)] = None,
    lr: Annotated[float | None, typer.Option(help=_RATE(), show_default=False)] = None,
    seed: Annotated[int, typer.Option(help=_SEED(), min=0, envvar="CHAINRULE_SEED")] = 0,
    save: Annotated[Path | None, typer.Option(help=_SAVE(), metavar="DIR", show_default=False)] = None,
    json: Annotated[bool, typer.Option("--json", help=_JSON())] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help=_QUIET())] = False,
    lang: Language = None,
) -> None:
    from chainrule.cli.training import Order, run

    order = Order(model, data, epochs, batch_size, optimizer, lr, seed, save)
    raise typer.Exit(run(order, as_json=json, quiet=quiet))


@app.command(help=_SUMMARY())
def summary(model: Annotated[str, typer.Argument(help=_MODEL())], lang: Language = None) -> None:
    from chainrule.cli.report import layer_table, print_table
    from chainrule.cli.training import network_of

    print_table(layer_table(network_of(model)))
