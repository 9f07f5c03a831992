"""What can be typed."""

from __future__ import annotations

import typer

from chainrule.cli.options import (
    AccessToken,
    AllowHost,
    Answered,
    Answers,
    Average,
    BatchSize,
    Category,
    ClassWeight,
    ClipNorm,
    ConfigFile,
    Curves,
    Data,
    Epochs,
    FailOn,
    FindingCode,
    Host,
    In,
    Inputs,
    Into,
    Json,
    LabNumber,
    Language,
    MaxBody,
    Model,
    Moved,
    NonFinite,
    NumberColumn,
    Open,
    OptimizerName,
    Output,
    Page,
    Patience,
    Port,
    Precision,
    Probabilities,
    Quiet,
    Rate,
    Run,
    Save,
    Schema,
    Seed,
    SetName,
    Sets,
    SomeRuns,
    Sort,
    SpaceFile,
    Storage,
    StudyName,
    Target,
    Task,
    Trials,
    Tuned,
    Used,
    Version,
    What,
    given,
)
from chainrule.cli.spoken import Command, Group
from chainrule.messages import Message
from chainrule.runs.settings import read_value

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
_RUNS = Message(
    "cli.runs",
    en="List runs, or compare some of them: how far they came, what they reached, in which settings they differ.",
    zh="列出或比较运行：进度、结果以及不同的设置。",
)
_SERVE = Message(
    "cli.serve",
    en="Answer requests by HTTP with predictions of a trained model, until Ctrl-C; needs the extra serve.",
    zh="通过 HTTP 提供已训练模型的预测，按 Ctrl-C 停止；需要附加组件 serve。",
)
_REPORT = Message(
    "cli.report",
    en="Write a run as one page of HTML: result, mistakes, findings, curves, data, network, settings.",
    zh="将一次运行写成一个 HTML 页面：结果、错误、诊断发现、曲线、数据、网络、设置。",
)
_TUNE = Message(
    "cli.tune",
    en="Search for good settings by many short trainings, judged by their validation; needs the extra tune.",
    zh="通过多次短训练搜索好的设置，以验证结果评判；需要附加组件 tune。",
)
_PREDICT = Message(
    "cli.predict",
    en="Predict with what a run learned: for a table, pictures or arrays. On a terminal the first predictions are"
    " shown; elsewhere all are CSV.",
    zh="用一次运行学到的模型对表格、图片或数组进行预测。在终端显示前几个预测；其他情况下以 CSV 输出全部。",
)
_EVALUATE = Message(
    "cli.evaluate",
    en="Say how good the predictions of a run are, beside guessing, on data whose answers are known.",
    zh="在已知答案的数据上评估一次运行的预测效果，并与猜测比较。",
)
_INIT = Message(
    "cli.init",
    en="Write a configuration with a comment about every setting, to be trained with 'chainrule train'.",
    zh="写入一个配置文件，其中每项设置都有注释，可用“chainrule train”训练。",
)
_DIAGNOSE = Message(
    "cli.diagnose",
    en="Say what was wrong with the training of a saved model: evidence and remedies, and the layers' last numbers.",
    zh="说明已保存模型的训练有什么问题：证据、补救办法，以及各层最后的数值。",
)
_SOME_OPTIONS = Message("cli.some_options", en="[OPTIONS]", zh="[选项]")
_COMMAND = Message("cli.command", en="COMMAND ...", zh="命令 ...")


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
    category: Category = None,
    number: NumberColumn = None,
    class_weight: ClassWeight = None,
    epochs: Epochs = None,
    batch_size: BatchSize = None,
    optimizer: OptimizerName = None,
    lr: Rate = None,
    clip_norm: ClipNorm = None,
    non_finite: NonFinite = None,
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

    settings = given(
        data=data,
        target=target,
        task=task,
        category=category or None,
        number=number or None,
        class_weight=class_weight,
        epochs=epochs,
        batch_size=batch_size,
        optimizer=optimizer,
        lr=None if lr is None else read_value(lr),  # a number, or auto
        clip_norm=clip_norm,
        non_finite=non_finite,
        average=average,
        patience=patience,
        seed=seed,
        precision=precision,
    )
    telling = Telling(curves=curves, as_json=json, quiet=quiet, fail_on=tuple(fail_on or ()))
    raise typer.Exit(run(Order(what, settings, tuple(sets or ()), save), telling))


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
    max_body: MaxBody = None,
    lang: Language = None,
) -> None:
    from chainrule.cli.serving import run as serve_run

    raise typer.Exit(serve_run(run, host=host, port=port, token=token, hosts=allow_host or (), max_body=max_body))


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

    settings = given(data=data, target=target, epochs=epochs, seed=seed)
    wish = tuning.Wish(trials=trials, storage=storage, study=study, space=space, as_json=json, quiet=quiet)
    raise typer.Exit(tuning.run(Order(what, settings, tuple(sets or ())), wish))


@app.command(cls=Command, help=_INIT(), options_metavar=_SOME_OPTIONS())
def init(
    path: ConfigFile = None,
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
