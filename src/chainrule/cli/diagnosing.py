"""The command diagnose: what was found while a saved model trained."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable

from chainrule.cli import FOUND
from chainrule.cli.tables import print_tabular
from chainrule.diagnosis import KINDS, Diagnosis, Finding
from chainrule.errors import UsageError
from chainrule.messages import Message, suggestion
from chainrule.messages.paragraph import print_paragraph
from chainrule.runs.folder import RunFolder
from chainrule.runs.wording import Tabular
from chainrule.train import Model

_UNWATCHED = Message(
    "cli.unwatched",
    en="The model in {folder} was trained without a diagnosis. Train it with 'chainrule train', or in Python with"
    " fit(..., callbacks=[chainrule.diagnosis.Diagnosis()]), and save it with its training.",
    zh="{folder} 中的模型训练时没有诊断。请用“chainrule train”训练，或在 Python 中使用"
    " fit(..., callbacks=[chainrule.diagnosis.Diagnosis()])，并连同训练状态一起保存。",
)
_UNKNOWN_CODE = Message(
    "cli.unknown_code",
    en="--fail-on {code}: there is no such finding; give 'any', or one of: {known}.{suggestion}",
    zh="--fail-on {code}：没有这样的发现；请给出 'any'，或其中之一：{known}。{suggestion}",
)
_MORE = Message("cli.more", en="More: chainrule findings {code}", zh="详见：chainrule findings {code}")
_ANY = "any"


def run(folder: str, *, fail_on: Collection[str], as_json: bool) -> int:
    """Print the findings and the last numbers of layers, and give the exit code."""
    check_codes(fail_on)
    diagnosis = Diagnosis.of(Model.load(RunFolder.find(folder).path))
    if diagnosis is None:
        raise UsageError(_UNWATCHED(folder=folder))
    if as_json:
        print(json.dumps({"findings": [finding.as_dict() for finding in diagnosis.findings]}))
    else:
        if not diagnosis.findings:
            print_paragraph(f"{diagnosis.findings}\n")
        for finding in diagnosis.findings:
            print_paragraph(f"{finding}\n{_MORE(code=finding.code)}\n")
        if diagnosis.course is not None:
            for rows in diagnosis.course.recording.last_look():
                print_tabular(Tabular(rows[0], tuple(rows[1:]), numbers=len(rows[0]) - 1))
    return FOUND if asked_for(diagnosis.findings, fail_on) else 0


def check_codes(codes: Iterable[str]) -> None:
    """Refuse what is no code of a finding."""
    for code in codes:
        if code not in KINDS and code != _ANY:
            raise UsageError(_UNKNOWN_CODE(code=code, known=", ".join(KINDS), suggestion=suggestion(code, KINDS)))


def asked_for(findings: Iterable[Finding], codes: Collection[str]) -> bool:
    """Whether one of the findings is among these codes, or any is asked for."""
    return any(finding.code in codes or _ANY in codes for finding in findings)
