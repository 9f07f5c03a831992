"""Reports: they say what the model does, whatever columns and classes are called, and need nothing else."""

from __future__ import annotations

import base64
import csv
import io
import xml.etree.ElementTree as ElementTree

import numpy as np
import pytest
from PIL import Image

from chainrule.cli import main
from chainrule.data import digits, write_idx
from chainrule.data.targets import Classes
from chainrule.diagnosis import Diagnosis
from chainrule.errors import FileFormatError
from chainrule.messages import use_language
from chainrule.runs import Configuration, RunFolder, arrange, overridden, train
from chainrule.runs.report import Subject, report, write_report
from chainrule.runs.report.confusion import confusion_parts
from chainrule.runs.report.page import text
from chainrule.train import Model

HOSTILE = ("<script>alert(1)</script>", "a \"quote\" & 'more'", "</style><b>\x07\ud800", "]]>{count}", "{0}%s")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("report")


@pytest.fixture(scope="module")
def table(folder):
    """A run on a table whose columns and classes are hostile; it knows nothing yet."""
    generator = np.random.default_rng(0)
    with (folder / "table.csv").open("w", newline="", encoding="utf-8", errors="surrogatepass") as file:
        written = csv.writer(file)
        written.writerow([*HOSTILE[:2], HOSTILE[3], "<i>class</i>"])
        for k in range(60):
            written.writerow([generator.normal(), HOSTILE[k % 2], generator.normal(), HOSTILE[k % 3 and 3]])
    return begun(folder, "table", f"data.source='{folder / 'table.csv'}'", "data.target='<i>class</i>'")


def begun(folder, name, *sets):
    """What is reported on, of a training that has had no step: predictions are those of first parameters."""
    arrangement = arrange(overridden(Configuration(), sets))
    model = arrangement.model
    return Subject(
        RunFolder.at(folder / name), arrangement.configuration, arrangement, model, arrangement.outputs(model)
    )


def parsed(page):
    return ElementTree.fromstring(page.removeprefix("<!DOCTYPE html>"))


def said(element):
    return " ".join("".join(element.itertext()).split())


def cells(page, caption):
    """The rows of the table with this caption."""
    (found,) = [t for t in page.iter("table") if said(t.find("caption")).startswith(caption)]
    return [[said(cell) for cell in row] for row in found.iter("tr")]


@pytest.mark.parametrize("language", ["en", "zh"])
def test_whatever_names_say_it_is_text(table, language):
    use_language(language)
    try:
        page = parsed(report(table))
    finally:
        use_language(None)
    assert page.get("lang")[:2] == language
    whole = said(page)
    for name in (*HOSTILE[:2], HOSTILE[3], "<i>class</i>"):
        assert name in whole
    assert not {"script", "link", "iframe", "object", "i"} & {element.tag for element in page.iter()}
    for element in page.iter():
        for name, value in element.items():
            assert not name.startswith("on")
            assert name not in ("href", "src") or value.startswith(("#", "data:image/png;base64,"))
            assert "url(" not in value


def test_it_can_be_read_by_those_who_do_not_see_it(table, few_mistakes):
    for subject in (table, few_mistakes):
        page = parsed(report(subject))
        assert [said(h) for h in page.iter("h1")] == [f"Run {subject.folder.path.name}"]
        places = {element.get("id") for element in page.iter() if element.get("id")}
        assert {link.get("href") for link in page.iter("a")} == {f"#{place}" for place in places}
        for shown in page.iter("table"):
            assert said(shown.find("caption"))
            assert all(cell.get("scope") in ("row", "col") for cell in shown.iter("th"))
            assert len({len(row) for row in shown.iter("tr")}) == 1
        for image in [*page.iter("img"), *page.iter("{http://www.w3.org/2000/svg}svg")]:
            assert image.get("alt") or image.get("aria-label")


def test_no_page_may_hold_some_characters():
    assert text(HOSTILE[2]) == "&lt;/style&gt;&lt;b&gt;��"


@pytest.fixture(scope="module")
def few_mistakes(folder):
    data, few = digits(), folder / "few"
    few.mkdir()
    for part, x, y in (
        ("train", data.x_train[:100], data.y_train[:100]),
        ("t10k", data.x_test[:40], data.y_test[:40]),
    ):
        write_idx(few / f"{part}-images-idx3-ubyte", x[..., 0])
        write_idx(few / f"{part}-labels-idx1-ubyte", y.astype(np.uint8))
    return begun(folder, "digits", f"data.source='{few}'", "model.name=mlp", "model.units=[4]")


def test_the_pictures_are_the_most_confident_mistakes(few_mistakes):
    page = parsed(report(few_mistakes))
    logits = few_mistakes.model.predict(digits().x_test[:40]).astype(np.float64)
    powers = np.exp(logits)
    probabilities, labels = powers / powers.sum(1, keepdims=True), digits().y_test[:40]
    taken = probabilities.argmax(1)
    wrong = [k for k in np.argsort(-probabilities.max(1), kind="stable") if taken[k] != labels[k]]
    images = list(page.iter("img"))
    assert len(images) == min(len(wrong), 24) > 5
    for image, k in zip(images, wrong, strict=False):
        assert image.get("alt") == f"{labels[k]} taken for {taken[k]}, {probabilities[k].max():.1%}"
        content = base64.b64decode(image.get("src").partition(",")[2])
        np.testing.assert_array_equal(np.asarray(Image.open(io.BytesIO(content))), digits().x_test[k, ..., 0])
    counts = [[int(cell) for cell in row[1:-1]] for row in cells(page, "Which class")[1:-1]]
    expected = np.zeros((10, 10), int)
    np.add.at(expected, (labels, taken), 1)
    np.testing.assert_array_equal(counts, expected)
    assert f"{(taken == labels).mean():.2%} ({len(wrong)} of 40 wrong)" in said(page)
    assert f"always guessing the largest class: {(labels == 1).mean():.2%}" in said(page)


def test_the_rows_are_those_with_the_largest_errors(folder):
    x = np.arange(80.0)
    x[7] = 1000.0
    np.savez(folder / "line.npz", x=np.stack([x, np.cos(x)], 1), y=3.5 * x)
    subject = begun(folder, "line", f"data.source='{folder / 'line.npz'}'", "model.units=[3]", "data.test=0.5")
    page, test = parsed(report(subject)), subject.arrangement.test
    predicted = subject.arrangement.target.predictions(subject.model.predict(test.x)).values
    worst = np.argsort(-np.abs(predicted - test.labeled.answers))[:15]
    rows = cells(page, "The largest errors")[1:]
    assert [float(row[1]) for row in rows] == pytest.approx(test.labeled.answers[worst], rel=1e-5)
    assert [float(row[2]) for row in rows] == pytest.approx(predicted[worst], rel=1e-5)
    assert [float(row[4]) for row in rows] == pytest.approx(test.labeled.answers[worst] / 3.5, rel=1e-5)
    assert "R²" in said(page)
    assert "This is no better than guessing" in said(page), "nothing has been learned yet"
    assert not [h for h in page.iter("h2") if said(h) == "Findings"], "nobody looked"


def test_of_many_classes_those_that_were_confused_most():
    counts = np.diag(np.full(30, 5))
    counts[3, 4], counts[7, 1] = 2, 9
    (made,) = confusion_parts(Classes("target", tuple(f"c{k}" for k in range(30))), counts)
    rows = [[said(cell) for cell in row] for row in ElementTree.fromstring(made).iter("tr")]
    assert rows[1:] == [["c7", "c1", "9"], ["c3", "c4", "2"]]


@pytest.mark.usefixtures("compiled_quickly")
def test_a_run_has_its_report_also_when_its_data_are_gone(folder, few_mistakes, capsys, monkeypatch):
    run = RunFolder.at(folder / "run")
    arrangement = arrange(overridden(few_mistakes.configuration, ["train.epochs=2", "train.lr=0.1"]))
    predict, given = Model.predict, []
    with monkeypatch.context() as watching:
        watching.setattr(Model, "predict", lambda model, x, **more: given.append(x) or predict(model, x, **more))
        outcome = train(arrangement, run, Diagnosis(verbose=0))
    assert sum(x is arrangement.test.x for x in given) == 1, (
        "the result and the report are made of the same predictions"
    )
    content = (run.path / "report.html").read_text(encoding="utf-8")
    assert f"test accuracy {outcome.test.values['accuracy']:.2%}" in content
    assert write_report(run, folder / "again.html").read_text(encoding="utf-8") == content
    assert len(content) < 200_000
    assert "no better than guessing" not in content
    few = folder / "few"
    few.rename(folder / "elsewhere")
    try:
        opened = []
        monkeypatch.setattr("webbrowser.open", opened.append)
        with pytest.raises(SystemExit) as left:
            main(["report", str(run), "--output", str(folder / "less.html"), "--open"])
    finally:
        (folder / "elsewhere").rename(few)
    assert (left.value.code, opened) == (0, [(folder / "less.html").as_uri()])
    assert "less.html" in capsys.readouterr().out
    page = parsed((folder / "less.html").read_text(encoding="utf-8"))
    assert "The data could not be looked at again" in said(page)
    assert not list(page.iter("img"))
    assert "CR0" in content or "Nothing is wrong" in content
    with pytest.raises(FileFormatError):
        write_report(RunFolder(folder))
