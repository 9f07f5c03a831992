"""What can be typed."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from chainrule.cli.spoken import Command, Group
from chainrule.messages import Message, use_language
from chainrule.nn import MODELS
from chainrule.runs.settings import SECTIONS, read_value
from chainrule.version import __version__

_ABOUT = Message(
    "cli.about",
    en="A deep-learning framework with nothing hidden: trains small and medium networks on an ordinary CPU.",
    zh="毫无隐藏的深度学习框架：在普通 CPU 上训练中小型网络。",
)
_TRAIN = Message(
    "cli.train",
    en="Train a model on a table, pictures or arrays of yours, or on the handwritten digits that are bundled.",
    zh="用您的表格、图片或数组训练模型，或使用内置的手写数字。",
)
_RESUME = Message(
    "cli.resume",
    en="Go on with a run that was interrupted, to the very bits that it would have reached without.",
    zh="继续一次被中断的运行，得到与未中断时逐位相同的结果。",
)
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
_SUMMARY = Message(
    "cli.summary",
    en="Show a model's layers, their outputs and parameters.",
    zh="显示模型的各层、输出与参数。",
)
_DATA_SETS = Message(
    "cli.data_sets",
    en="Fetch full data sets from the network.",
    zh="从网络获取完整的数据集。",
)
_GET = Message(
    "cli.get",
    en="Fetch a full data set, MNIST or Fashion-MNIST, unless it is there already, and say where it is.",
    zh="获取完整的数据集（MNIST 或 Fashion-MNIST；已有则不再下载），并说明其位置。",
)
_SET_NAME = Message("cli.set_name", en="mnist or fashion-mnist.", zh="mnist 或 fashion-mnist。")
_INTO = Message(
    "cli.into",
    en="Folder to put it in; default: one of its name in CHAINRULE_DATA_DIR, CHAINRULE_HOME/data or the user's data.",
    zh="存放的文件夹；默认：CHAINRULE_DATA_DIR、CHAINRULE_HOME/data 或用户数据目录中以其命名的文件夹。",
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
_WHAT = Message(
    "cli.what",
    en="A table (.csv, .parquet), arrays (.npz), a folder of pictures by class or of IDX files, or a configuration"
    " (.toml): a fitting model is chosen and shown. Or a model's name: lenet5 (default), lenet5_1998, mlp, resnet,"
    " all_cnn.",
    zh="表格（.csv、.parquet）、数组（.npz）、按类别分的图片文件夹或 IDX 文件夹，或配置文件（.toml）："
    "会选择并显示合适的模型。也可以是模型名称：lenet5（默认）、lenet5_1998、mlp、resnet、all_cnn。",
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
_RUNS = Message(
    "cli.runs",
    en="List runs, or compare some of them: how far they came, what they reached, in which settings they differ.",
    zh="列出或比较运行：进度、结果以及不同的设置。",
)
_SOME_RUNS = Message("cli.some_runs", en="Runs to compare; default: all.", zh="要比较的运行；默认：全部。")
_IN = Message("cli.in", en="Folder of runs; default: runs.", zh="运行所在的文件夹；默认：runs。")
_SORT = Message(
    "cli.sort",
    en="Score to sort by, best first: accuracy, loss, rmse, mae or r2; default: in the order in which they began.",
    zh="按该得分排序（最好的在前）：accuracy、loss、rmse、mae 或 r2；默认：按开始时间。",
)
_SERVE = Message(
    "cli.serve",
    en="Answer requests by HTTP with predictions of a trained model, until Ctrl-C; needs the extra serve.",
    zh="通过 HTTP 提供已训练模型的预测，按 Ctrl-C 停止；需要附加组件 serve。",
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
_ALLOW_HOST = Message(
    "cli.allow_host",
    en="A name by which clients reach this server, beside localhost and addresses in numbers; may be given several"
    " times.",
    zh="除 localhost 和数字地址外，客户端访问本服务器所用的名称；可多次给出。",
)
_REPORT = Message(
    "cli.report",
    en="Write a run as one page of HTML: result, mistakes, findings, curves, data, network, settings.",
    zh="将一次运行写成一个 HTML 页面：结果、错误、诊断发现、曲线、数据、网络、设置。",
)
_PAGE = Message(
    "cli.page",
    en="File to write; default: report.html in the run.",
    zh="要写入的文件；默认：运行文件夹中的 report.html。",
)
_OPEN = Message("cli.open", en="Open it in the browser.", zh="在浏览器中打开。")
_TUNE = Message(
    "cli.tune",
    en="Search for good settings by many short trainings, judged by their validation; needs the extra tune.",
    zh="通过多次短训练搜索好的设置，以验证结果评判；需要附加组件 tune。",
)
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
_PREDICT = Message(
    "cli.predict",
    en="Predict with what a run learned: for a table, pictures or arrays. On a terminal the first predictions are"
    " shown; elsewhere all are CSV.",
    zh="用一次运行学到的模型对表格、图片或数组进行预测。在终端显示前几个预测；其他情况下以 CSV 输出全部。",
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
_EVALUATE = Message(
    "cli.evaluate",
    en="Say how good the predictions of a run are, beside guessing, on data whose answers are known.",
    zh="在已知答案的数据上评估一次运行的预测效果，并与猜测比较。",
)
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
_INIT = Message(
    "cli.init",
    en="Write a configuration with a comment about every setting, to be trained with 'chainrule train'.",
    zh="写入一个配置文件，其中每项设置都有注释，可用“chainrule train”训练。",
)
_CONFIG_FILE = Message(
    "cli.config_file", en="File to write; default: experiment.toml.", zh="要写入的文件；默认：experiment.toml。"
)
_SCHEMA = Message(
    "cli.schema",
    en="Print the JSON Schema of configurations instead, for editors.",
    zh="改为打印配置的 JSON Schema，供编辑器使用。",
)
_DIAGNOSE = Message(
    "cli.diagnose",
    en="Say what was wrong with the training of a saved model: evidence and remedies, and the layers' last numbers.",
    zh="说明已保存模型的训练有什么问题：证据、补救办法，以及各层最后的数值。",
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
    return list(MODELS)


def _setting(section: str, key: str, metavar: str, **options: Any) -> Any:
    """An option for a setting: its help and the words that it may be are those of its declaration."""
    own = SECTIONS[section][key]
    return typer.Option(help=own.about(), metavar=metavar, autocompletion=lambda: list(own.kind.words()), **options)


def _codes() -> list[str]:
    from chainrule.cli.findings import sections

    return list(sections())


def _data_sets() -> list[str]:
    from chainrule.data.downloads import DOWNLOADS

    return list(DOWNLOADS)


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
ConfigFile = Annotated[str, typer.Argument(help=_CONFIG_FILE(), metavar="[FILE]")]
Schema = Annotated[bool, typer.Option("--schema", help=_SCHEMA())]
SetName = Annotated[str, typer.Argument(help=_SET_NAME(), metavar="NAME", autocompletion=_data_sets)]
Into = Annotated[str | None, typer.Option("--into", help=_INTO(), metavar="DIR")]
LabNumber = Annotated[int | None, typer.Argument(help=_LAB(), metavar="[NUMBER]", min=1)]
FindingCode = Annotated[str | None, typer.Argument(help=_CODE(), metavar="[CODE]", autocompletion=_codes)]
Data = Annotated[str | None, _setting("data", "source", "PATH")]
Moved = Annotated[str | None, typer.Option("--data", help=_MOVED(), metavar="PATH")]
Target = Annotated[str | None, _setting("data", "target", "COLUMN")]
Task = Annotated[str | None, _setting("data", "task", "NAME")]
ClassWeight = Annotated[str | None, _setting("data", "class_weight", "NAME")]
Epochs = Annotated[int | None, _setting("train", "epochs", "N", min=1)]
BatchSize = Annotated[int | None, _setting("train", "batch_size", "N", min=1)]
OptimizerName = Annotated[str | None, _setting("train", "optimizer", "NAME")]
Rate = Annotated[str | None, _setting("train", "lr", "X|auto")]
ClipNorm = Annotated[float | None, _setting("train", "clip_norm", "X")]
Average = Annotated[str | None, _setting("train", "average", "NAME")]
Patience = Annotated[int | None, _setting("train", "patience", "N", min=0)]
Seed = Annotated[int | None, _setting("train", "seed", "N", min=0, envvar="CHAINRULE_SEED")]
Precision = Annotated[str | None, _setting("train", "precision", "NAME")]
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
Json = Annotated[bool, typer.Option("--json", help=_JSON())]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help=_QUIET())]


@app.callback()
def chainrule(context: typer.Context, version: Version = False, lang: Language = None) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


@app.command(cls=Command, help=_TRAIN(), options_metavar=_SOME_OPTIONS())
def train(
    what: What = None,
    data: Data = None,
    target: Target = None,
    task: Task = None,
    class_weight: ClassWeight = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    optimizer: OptimizerName = None,
    lr: Rate = None,
    clip_norm: ClipNorm = None,
    average: Average = None,
    patience: Patience = None,
    seed: Seed = None,
    precision: Precision = None,
    sets: Sets = None,
    save: Save = None,
    curves: Curves = False,
    fail_on: FailOn = None,
    json: Json = False,
    quiet: Quiet = False,
    lang: Language = None,
) -> None:
    from chainrule.cli.training import Order, Telling, run

    options = {
        "--data": ("data", "source", data),
        "--target": ("data", "target", target),
        "--task": ("data", "task", task),
        "--class-weight": ("data", "class_weight", class_weight),
        "--epochs": ("train", "epochs", epochs),
        "--batch-size": ("train", "batch_size", batch_size),
        "--optimizer": ("train", "optimizer", optimizer),
        "--lr": ("train", "lr", None if lr is None else read_value(lr)),
        "--clip-norm": ("train", "clip_norm", clip_norm),
        "--average": ("train", "average", average),
        "--patience": ("train", "patience", patience),
        "--seed": ("train", "seed", seed),
        "--precision": ("train", "precision", precision),
    }
    telling = Telling(curves=curves, as_json=json, quiet=quiet, fail_on=tuple(fail_on or ()))
    raise typer.Exit(run(Order(what, options, tuple(sets or ()), save), telling))


@app.command(cls=Command, help=_RESUME(), options_metavar=_SOME_OPTIONS())
def resume(
    run: Run,
    data: Moved = None,
    curves: Curves = False,
    fail_on: FailOn = None,
    json: Json = False,
    quiet: Quiet = False,
    lang: Language = None,
) -> None:
    from chainrule.cli.training import Telling, resumed

    telling = Telling(curves=curves, as_json=json, quiet=quiet, fail_on=tuple(fail_on or ()))
    raise typer.Exit(resumed(run, data, telling))


@app.command(cls=Command, help=_PREDICT(), options_metavar=_SOME_OPTIONS())
def predict(
    run: Used,
    inputs: Inputs,
    output: Output = None,
    probabilities: Probabilities = False,
    json: Json = False,
    lang: Language = None,
) -> None:
    from chainrule.cli.predicting import run as predicted

    raise typer.Exit(predicted(run, inputs, output=output, as_json=json, probabilities=probabilities))


@app.command(cls=Command, help=_EVALUATE(), options_metavar=_SOME_OPTIONS())
def evaluate(
    run: Used, source: Answered = None, target: Answers = None, json: Json = False, lang: Language = None
) -> None:
    from chainrule.cli.evaluating import run as evaluated

    raise typer.Exit(evaluated(run, source, target=target, as_json=json))


@app.command(cls=Command, help=_RUNS(), options_metavar=_SOME_OPTIONS())
def runs(
    paths: SomeRuns = None,
    folder: In = None,
    sort: Sort = None,
    json: Json = False,
    lang: Language = None,
) -> None:
    from chainrule.cli.listing import run

    raise typer.Exit(run(paths or (), folder=folder, sort=sort, as_json=json))


@app.command(cls=Command, help=_SERVE(), options_metavar=_SOME_OPTIONS())
def serve(
    run: Run,
    host: Host = "127.0.0.1",
    port: Port = 8000,
    token: AccessToken = None,
    allow_host: AllowHost = None,
    lang: Language = None,
) -> None:
    from chainrule.cli.serving import run as serve_run

    raise typer.Exit(serve_run(run, host=host, port=port, token=token, hosts=allow_host or ()))


@app.command(cls=Command, help=_REPORT(), options_metavar=_SOME_OPTIONS())
def report(run: Run, output: Page = None, show: Open = False, lang: Language = None) -> None:
    from chainrule.cli import reporting

    raise typer.Exit(reporting.run(run, output=output, show=show))


@app.command(cls=Command, help=_TUNE(), options_metavar=_SOME_OPTIONS())
def tune(
    what: Tuned = None,
    trials: Trials = None,
    space: SpaceFile = None,
    storage: Storage = None,
    study: StudyName = None,
    data: Data = None,
    target: Target = None,
    epochs: Epochs = None,
    seed: Seed = None,
    sets: Sets = None,
    json: Json = False,
    quiet: Quiet = False,
    lang: Language = None,
) -> None:
    from chainrule.cli import tuning
    from chainrule.cli.training import Order

    options = {
        "--data": ("data", "source", data),
        "--target": ("data", "target", target),
        "--epochs": ("train", "epochs", epochs),
        "--seed": ("train", "seed", seed),
    }
    wish = tuning.Wish(trials=trials, storage=storage, study=study, space=space, as_json=json, quiet=quiet)
    raise typer.Exit(tuning.run(Order(what, options, tuple(sets or ())), wish))


@app.command(cls=Command, help=_INIT(), options_metavar=_SOME_OPTIONS())
def init(
    path: ConfigFile = "experiment.toml",
    data: Data = None,
    target: Target = None,
    schema: Schema = False,
    lang: Language = None,
) -> None:
    from chainrule.cli.beginning import print_schema, run

    if schema:
        print_schema()
    else:
        raise typer.Exit(run(path, source=data, target=target))


@app.command(cls=Command, help=_DIAGNOSE(), options_metavar=_SOME_OPTIONS())
def diagnose(run: Run, fail_on: FailOn = None, json: Json = False, lang: Language = None) -> None:
    from chainrule.cli.diagnosing import run as diagnose_run

    raise typer.Exit(diagnose_run(run, fail_on=fail_on or (), as_json=json))


@app.command(cls=Command, help=_FINDINGS(), options_metavar=_SOME_OPTIONS())
def findings(code: FindingCode = None, lang: Language = None) -> None:
    from chainrule.cli.findings import print_list, print_one

    print_list() if code is None else print_one(code)


@app.command(cls=Command, help=_SUMMARY(), options_metavar=_SOME_OPTIONS())
def summary(model: Model, lang: Language = None) -> None:
    from chainrule.cli.report import print_layers
    from chainrule.cli.training import network_of

    print_layers(network_of(model))


data_sets = typer.Typer(
    cls=Group,
    help=_DATA_SETS(),
    options_metavar=_SOME_OPTIONS(),
    subcommand_metavar=_COMMAND(),
    invoke_without_command=True,
)
app.add_typer(data_sets, name="data")


@data_sets.callback()
def data_sets_help(context: typer.Context, lang: Language = None) -> None:
    if context.invoked_subcommand is None:
        print(context.get_help())


@data_sets.command(cls=Command, help=_GET(), options_metavar=_SOME_OPTIONS())
def get(name: SetName, into: Into = None, json: Json = False, quiet: Quiet = False, lang: Language = None) -> None:
    from chainrule.cli.downloading import run

    raise typer.Exit(run(name, into, as_json=json, quiet=quiet))


@app.command(cls=Command, help=_LABS(), options_metavar=_SOME_OPTIONS())
def labs(number: LabNumber = None, lang: Language = None) -> None:
    from chainrule.cli.labs import open_lab, print_list

    if number is None:
        print_list()
    else:
        raise typer.Exit(open_lab(number))
