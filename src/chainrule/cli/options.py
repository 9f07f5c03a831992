"""What commands take: arguments and options, each with its help, for whichever command has it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from chainrule.messages import Message, use_language
from chainrule.nn import MODELS
from chainrule.runs.settings import SECTIONS
from chainrule.version import __version__

_MOVED = Message(
    "cli.resume.data",
    en="Where the data of the run are now, if they have been moved; they must be the same.",
    zh="若数据已移动，给出其现在的位置；数据必须与原来相同。",
)
_RUN = Message(
    "cli.run",
    en="Folder of a run, or its name in runs; runs/latest is the last one.",
    zh="运行的文件夹，或其在 runs 中的名称；runs/latest 为最近一次。",
)
_SET = Message(
    "cli.set",
    en="A setting of the configuration, such as train.lr=0.001; may be given several times.",
    zh="配置中的一项设置，例如 train.lr=0.001；可多次给出。",
)
_SET_NAME = Message("cli.set_name", en="mnist or fashion-mnist.", zh="mnist 或 fashion-mnist。")
_INTO = Message(
    "cli.into",
    en="Folder to put it in; default: one of its name in CHAINRULE_DATA_DIR, CHAINRULE_HOME/data or the user's data.",
    zh="存放的文件夹；默认：CHAINRULE_DATA_DIR、CHAINRULE_HOME/data 或用户数据目录中以其命名的文件夹。",
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
_WHAT = Message(
    "cli.what",
    en="A table (.csv, .parquet), arrays (.npz), a folder of pictures by class, of IDX files or of stored samples, or a"
    " configuration (.toml): a fitting model is chosen and shown. Or a model's name: lenet5 (default), lenet5_1998,"
    " mlp, resnet, all_cnn.",
    zh="表格（.csv、.parquet）、数组（.npz）、按类别分的图片文件夹、IDX 文件夹或存储的样本文件夹，"
    "或配置文件（.toml）：会选择并显示合适的模型。也可以是模型名称：lenet5（默认）、lenet5_1998、mlp、resnet、all_cnn。",
)
_SAVE = Message(
    "cli.save",
    en="Folder of the run; default: a new one in runs, named after the time and the data.",
    zh="运行的文件夹；默认：在 runs 中以时间和数据命名的新文件夹。",
)
_CURVES = Message(
    "cli.curves",
    en="Draw loss and accuracy by epoch above the result; needs the extra plot.",
    zh="在结果上方绘制每轮的损失与准确率；需要附加组件 plot。",
)
_SOME_RUNS = Message("cli.some_runs", en="Runs to compare; default: all.", zh="要比较的运行；默认：全部。")
_IN = Message("cli.in", en="Folder of runs; default: runs.", zh="运行所在的文件夹；默认：runs。")
_SORT = Message(
    "cli.sort",
    en="Score to sort by, best first: accuracy, loss, rmse, mae or r2; default: in the order in which they began.",
    zh="按该得分排序（最好的在前）：accuracy、loss、rmse、mae 或 r2；默认：按开始时间。",
)
_HOST = Message(
    "cli.host",
    en="Address to listen at; default: 127.0.0.1, where nobody but this machine gets in. 0.0.0.0 is all addresses.",
    zh="监听地址；默认：127.0.0.1，仅本机可访问。0.0.0.0 表示所有地址。",
)
_PORT = Message(
    "cli.port",
    en="Port to listen at; default: 8000, or PORT. With 0 the system chooses one.",
    zh="监听端口；默认：8000 或环境变量 PORT。0 表示由系统选择。",
)
_ACCESS_TOKEN = Message(
    "cli.token",
    en="What every request has to carry, in a header or as ?token=…; better given as CHAINRULE_TOKEN, which no list of"
    " processes shows.",
    zh="每个请求必须携带的令牌（请求头或 ?token=…）；最好通过 CHAINRULE_TOKEN 给出，以免出现在进程列表中。",
)
_MAX_BODY = Message(
    "cli.max_body",
    en="Megabytes that a request may have; default: 16. The time for it to arrive grows alike; reading JSON may take"
    " forty times as much memory.",
    zh="每个请求的最大兆字节数；默认：16。接收时限按比例增加；读取 JSON 可能需要四十倍的内存。",
)
_ALLOW_HOST = Message(
    "cli.allow_host",
    en="A name by which clients reach this server, beside localhost and addresses in numbers; may be given several"
    " times.",
    zh="除 localhost 和数字地址外，客户端访问本服务器所用的名称；可多次给出。",
)
_PAGE = Message(
    "cli.page",
    en="File to write; default: report.html in the run.",
    zh="要写入的文件；默认：运行文件夹中的 report.html。",
)
_OPEN = Message("cli.open", en="Open it in the browser.", zh="在浏览器中打开。")
_TUNED = Message(
    "cli.tuned",
    en="A configuration (.toml), whose section [search] says what is varied; data or a model's name, as for train; or"
    " the folder of a search, which then goes on.",
    zh="配置文件（.toml），其 [search] 节说明要搜索的设置；或数据、模型名称（与 train 相同）；"
    "或已有搜索的文件夹，将继续该搜索。",
)
_TRIALS = Message(
    "cli.trials",
    en="How many trials the study is to have in the end, with those that it has; default: 20.",
    zh="研究最终应有的试验次数（含已有的）；默认：20。",
)
_STORAGE = Message(
    "cli.storage",
    en="Where trials are kept, such as postgresql://…, so that several processes and machines share a study; default:"
    " study.db in the folder of the search.",
    zh="试验的存储地址，例如 postgresql://…，供多个进程或机器共享同一研究；默认：搜索文件夹中的 study.db。",
)
_STUDY = Message(
    "cli.study",
    en="Name of the study in the storage; who gives the same takes part in it. Default: that of the data.",
    zh="研究在存储中的名称；名称相同者参与同一研究。默认：数据的名称。",
)
_SPACE = Message(
    "cli.space",
    en="A TOML file whose section [search] says what is varied; default: that of the configuration, else learning"
    " rate, batch size and hidden units.",
    zh="TOML 文件，其 [search] 节说明要搜索的设置；默认：配置文件中的该节，否则搜索学习率、批大小和隐藏单元数。",
)
_USED = Message(
    "cli.used",
    en="Folder of a run or of a saved model; runs/latest is the last one. Or digits, which comes with the package and"
    " reads handwritten digits.",
    zh="运行或已保存模型的文件夹；runs/latest 为最近一次。或 digits：随软件包提供的手写数字识别模型。",
)
_INPUTS = Message(
    "cli.inputs",
    en="Tables, pictures, folders of pictures, .npz or .npy files; - is standard input: a table as text, or a file.",
    zh="表格、图片、图片文件夹、.npz 或 .npy 文件；- 为标准输入：文本表格或一个文件。",
)
_OUTPUT = Message(
    "cli.output",
    en="File to write all predictions to, .csv or .json. In CSV, a text that a spreadsheet would compute (=...) gets an"
    " apostrophe before it.",
    zh="写入全部预测的文件，.csv 或 .json。在 CSV 中，电子表格会当作公式计算的文本（=...）前会加一个撇号。",
)
_PROBABILITIES = Message("cli.probabilities", en="The probability of each class, too.", zh="同时给出每个类别的概率。")
_ANSWERED = Message(
    "cli.answered",
    en="Data with answers, as train takes them, of which the part to test with counts where there is one; default: what"
    " the run set aside for testing.",
    zh="带有答案的数据，形式与 train 相同；如有测试部分则只用该部分；默认：该运行留作测试的数据。",
)
_ANSWERS = Message(
    "cli.answers",
    en="Column of a table with the answers; default: the name of what is predicted.",
    zh="表格中答案所在的列；默认：预测目标的名称。",
)
_CONFIG_FILE = Message(
    "cli.config_file",
    en="File to write, default: experiment.toml; or the data that it is for, as with --data.",
    zh="要写入的文件，默认：experiment.toml；或所针对的数据（同 --data）。",
)
_SCHEMA = Message(
    "cli.schema",
    en="Print the JSON Schema of configurations instead, for editors.",
    zh="改为打印配置的 JSON Schema，供编辑器使用。",
)
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

SETTINGS = {  # by the parameter of a command that gives it: its section and its key
    "data": ("data", "source"),
    "target": ("data", "target"),
    "task": ("data", "task"),
    "category": ("data", "categories"),
    "number": ("data", "numbers"),
    "class_weight": ("data", "class_weight"),
    "epochs": ("train", "epochs"),
    "batch_size": ("train", "batch_size"),
    "optimizer": ("train", "optimizer"),
    "lr": ("train", "lr"),
    "clip_norm": ("train", "clip_norm"),
    "non_finite": ("train", "non_finite"),
    "average": ("train", "average"),
    "patience": ("train", "patience"),
    "seed": ("train", "seed"),
    "precision": ("train", "precision"),
}


def _check_language(code: str | None) -> None:
    """Refuse a language that there is not; main() has chosen one already, before these texts were made."""
    if code is not None:
        use_language(code)


def _print_version(wanted: bool) -> None:
    if wanted:
        print(f"chainrule {__version__}")
        raise typer.Exit


def _models() -> list[str]:
    return list(MODELS)


def _setting(name: str, metavar: str, **options: Any) -> Any:
    """An option for a setting: its help and the words that it may be are those of its declaration."""
    section, key = SETTINGS[name]
    own = SECTIONS[section][key]
    return typer.Option(help=own.about(), metavar=metavar, autocompletion=lambda: list(own.kind.words()), **options)


def given(**values: Any) -> dict[str, tuple[str, str, Any]]:
    """The settings that options give, by the option that messages name: {"--lr": ("train", "lr", 0.001)}."""
    return {f"--{name.replace('_', '-')}": (*SETTINGS[name], value) for name, value in values.items()}


def _codes() -> list[str]:
    from chainrule.cli.findings import sections

    return list(sections())


def _data_sets() -> list[str]:
    from chainrule.data.downloads import DOWNLOADS

    return list(DOWNLOADS)


Language = Annotated[
    str | None, typer.Option("--lang", help=_LANGUAGE(), metavar="en|zh", callback=_check_language, is_eager=True)
]
Version = Annotated[bool, typer.Option("--version", help=_VERSION(), callback=_print_version, is_eager=True)]
Model = Annotated[str, typer.Argument(help=_MODEL(), metavar="MODEL", autocompletion=_models)]
What = Annotated[str | None, typer.Argument(help=_WHAT(), metavar="[DATA|CONFIG|MODEL]", autocompletion=_models)]
Run = Annotated[str, typer.Argument(help=_RUN(), metavar="RUN")]
Used = Annotated[str, typer.Argument(help=_USED(), metavar="RUN")]
Inputs = Annotated[list[str], typer.Argument(help=_INPUTS(), metavar="INPUT ...")]
Output = Annotated[str | None, typer.Option("--output", "-o", help=_OUTPUT(), metavar="FILE")]
Probabilities = Annotated[bool, typer.Option("--probabilities", help=_PROBABILITIES())]
Answered = Annotated[str | None, typer.Argument(help=_ANSWERED(), metavar="[SOURCE]")]
Answers = Annotated[str | None, typer.Option("--target", help=_ANSWERS(), metavar="COLUMN")]
SomeRuns = Annotated[list[str] | None, typer.Argument(help=_SOME_RUNS(), metavar="[RUN ...]")]
In = Annotated[str | None, typer.Option("--in", help=_IN(), metavar="DIR")]
Sort = Annotated[str | None, typer.Option(help=_SORT(), metavar="SCORE")]
Page = Annotated[str | None, typer.Option("--output", "-o", help=_PAGE(), metavar="FILE")]
Open = Annotated[bool, typer.Option("--open", help=_OPEN())]
Tuned = Annotated[
    str | None, typer.Argument(help=_TUNED(), metavar="[CONFIG|DATA|MODEL|SEARCH]", autocompletion=_models)
]
Trials = Annotated[int | None, typer.Option(help=_TRIALS(), metavar="N", min=1)]
Storage = Annotated[str | None, typer.Option(help=_STORAGE(), metavar="URL")]
StudyName = Annotated[str | None, typer.Option("--study", help=_STUDY(), metavar="NAME")]
SpaceFile = Annotated[str | None, typer.Option("--space", help=_SPACE(), metavar="FILE")]
ConfigFile = Annotated[str | None, typer.Argument(help=_CONFIG_FILE(), metavar="[FILE]")]
Schema = Annotated[bool, typer.Option("--schema", help=_SCHEMA())]
SetName = Annotated[str, typer.Argument(help=_SET_NAME(), metavar="NAME", autocompletion=_data_sets)]
Into = Annotated[str | None, typer.Option("--into", help=_INTO(), metavar="DIR")]
LabNumber = Annotated[int | None, typer.Argument(help=_LAB(), metavar="[NUMBER]", min=1)]
FindingCode = Annotated[str | None, typer.Argument(help=_CODE(), metavar="[CODE]", autocompletion=_codes)]
Data = Annotated[str | None, _setting("data", "PATH")]
Moved = Annotated[str | None, typer.Option("--data", help=_MOVED(), metavar="PATH")]
Target = Annotated[str | None, _setting("target", "COLUMN")]
Task = Annotated[str | None, _setting("task", "NAME")]
Category = Annotated[list[str] | None, _setting("category", "COLUMN")]
NumberColumn = Annotated[list[str] | None, _setting("number", "COLUMN")]
ClassWeight = Annotated[str | None, _setting("class_weight", "NAME")]
Epochs = Annotated[int | None, _setting("epochs", "N", min=1)]
BatchSize = Annotated[int | None, _setting("batch_size", "N", min=1)]
OptimizerName = Annotated[str | None, _setting("optimizer", "NAME")]
Rate = Annotated[str | None, _setting("lr", "X|auto")]
ClipNorm = Annotated[float | None, _setting("clip_norm", "X")]
NonFinite = Annotated[str | None, _setting("non_finite", "stop|skip")]
Average = Annotated[str | None, _setting("average", "NAME")]
Patience = Annotated[int | None, _setting("patience", "N", min=0)]
Seed = Annotated[int | None, _setting("seed", "N", min=0, envvar="CHAINRULE_SEED")]
Precision = Annotated[str | None, _setting("precision", "NAME")]
Sets = Annotated[list[str] | None, typer.Option("--set", help=_SET(), metavar="SECTION.KEY=VALUE")]
Save = Annotated[str | None, typer.Option(help=_SAVE(), metavar="DIR")]
Curves = Annotated[bool, typer.Option("--curves", help=_CURVES())]
FailOn = Annotated[list[str] | None, typer.Option("--fail-on", help=_FAIL_ON(), metavar="CODE")]
Host = Annotated[str, typer.Option(help=_HOST(), metavar="ADDRESS")]
Port = Annotated[int, typer.Option(help=_PORT(), metavar="N", min=0, envvar="PORT")]
AccessToken = Annotated[
    str | None, typer.Option("--token", help=_ACCESS_TOKEN(), metavar="TEXT", envvar="CHAINRULE_TOKEN")
]
AllowHost = Annotated[list[str] | None, typer.Option("--allow-host", help=_ALLOW_HOST(), metavar="NAME")]
MaxBody = Annotated[int | None, typer.Option("--max-body", help=_MAX_BODY(), metavar="MB", min=1)]
Json = Annotated[bool, typer.Option("--json", help=_JSON())]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help=_QUIET())]
