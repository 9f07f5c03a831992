"""What the command line says of trainings that went wrong, and of those that did not."""

from __future__ import annotations

import json

import pytest

import chainrule as cr
from chainrule.data import digits
from chainrule.diagnosis import KINDS, Diagnosis
from chainrule.errors import UsageError
from chainrule.nn import mlp
from tests.cli.commands import here


@pytest.fixture(scope="module")
def dead(tmp_path_factory):
    """A folder with a model whose hidden units have died."""
    folder, data = tmp_path_factory.mktemp("dead"), digits()
    model = cr.Model(mlp(), (28, 28, 1))
    diagnosis = Diagnosis(verbose=0)
    arguments = {"optimizer": cr.optim.SGD(30.0), "epochs": 2, "verbose": 0, "callbacks": [diagnosis]}
    model.fit(data.x_train[:1000], data.y_train[:1000], **arguments)
    assert "CR013" in diagnosis.findings.codes
    model.save(folder)
    return str(folder)


def test_findings_of_a_saved_model_are_said_with_evidence_remedy_and_section(capsys, dead):
    left = here(capsys, "diagnose", dead)
    assert (left.code, left.err) == (0, "")
    assert "CR013 dead units in 'dense1': 128 of its 128 units" in left.out
    assert "More: chainrule findings CR013" in left.out
    assert "dense1/kernel" in left.out
    assert "\n\n\n" not in left.out
    assert "CR013 “dense1”中有失活的单元" in here(capsys, "--lang", "zh", "diagnose", dead).out


def test_as_json_findings_are_data_with_their_texts(capsys, dead):
    found = json.loads(here(capsys, "diagnose", dead, "--json").out)["findings"]
    one = next(one for one in found if one["code"] == "CR013")
    assert one["values"]["dead"] == 128
    assert "smaller learning rate" in one["remedy"]


@pytest.mark.parametrize(("language", "heading"), [("en", "CR013 Dead units\n"), ("zh", "CR013 失活的单元\n")])
def test_every_finding_can_be_explained(capsys, language, heading):
    assert here(capsys, "--lang", language, "findings", "CR013").out.startswith(heading)
    listed = here(capsys, "--lang", language, "findings").out
    assert [line[:5] for line in listed.splitlines() if line.startswith("CR")] == sorted(KINDS)
    left = here(capsys, "findings", "CR31")
    assert (left.code, left.out) == (2, "")
    assert "'chainrule findings' lists them" in left.err


@pytest.mark.parametrize(("asked", "code"), [(["CR013"], 5), (["any"], 5), (["CR020"], 0), (["CR020", "CR013"], 5)])
def test_a_script_can_fail_on_findings(capsys, dead, asked, code):
    options = [part for one in asked for part in ("--fail-on", one)]
    assert here(capsys, "diagnose", dead, *options).code == code


@pytest.mark.parametrize("command", [["train"], ["diagnose", "nowhere"]])
def test_an_unknown_code_is_refused_before_anything_runs(capsys, command):
    left = here(capsys, *command, "--fail-on", "CR13")
    assert (left.code, left.out) == (2, "")
    assert "Did you mean 'CR013'?" in left.err


def test_a_model_that_was_not_watched_says_how_to(capsys, tmp_path):
    cr.Model(mlp(), (28, 28, 1)).save(tmp_path / "alone")
    with pytest.raises(UsageError, match="A model is needed"):
        Diagnosis.of("alone")
    left = here(capsys, "diagnose", str(tmp_path / "alone"))
    assert left.code == 2
    assert "callbacks=[chainrule.diagnosis.Diagnosis()]" in left.err


def test_a_training_ends_with_its_findings(capsys, few_digits):
    arguments = "train", "mlp", "--data", few_digits, "--epochs", "2", "--optimizer", "sgd", "--lr", "30"
    left = here(capsys, *arguments, "--json", "--fail-on", "any")
    assert left.code == 5
    assert json.loads(left.out)["findings"]
    assert left.err.count("CR0") == 0  # they are in the JSON
    silent = here(capsys, *arguments, "--quiet", "--fail-on", "any")
    assert silent.code == 5
    assert silent.err.startswith("findings: CR")  # why it left with 5
    spoken = here(capsys, *arguments)
    assert spoken.code == 0
    assert "findings: CR" in spoken.out
    assert "CR0" in spoken.err
