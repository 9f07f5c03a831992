"""What is said of a table before a training: what becomes of each column, and which rows are left out."""

from chainrule.cli.report import print_data
from chainrule.runs.arrangement import arrange
from chainrule.runs.configuration import Configuration, DataSettings


def test_columns_and_rows_that_are_left_out(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    lines = [f"{k},{k % 7},{'ab'[k % 2]},{'?' if k % 10 == 0 else k % 2}" for k in range(60)]
    (tmp_path / "t.csv").write_text("\n".join(["id,size,kind,y", *lines]))
    print_data(arrange(Configuration(DataSettings(source=str(tmp_path / "t.csv"), target="y"))))
    said = " ".join(capsys.readouterr().out.split())
    assert "only name the rows" in said
    assert "a category of 2" in said
    assert "left out, no 'y' 6" in said
