import ast
from pathlib import Path

import pytest

from benchmarks.__main__ import chosen
from benchmarks.processes import WholeProcesses
from benchmarks.row import OURS, Times
from benchmarks.rows import ROWS
from benchmarks.serving import Served
from benchmarks.work import task

ROOT = Path(__file__).parents[2]
_CONTESTANTS = [(row, contestant) for row in ROWS for contestant in row.contestants]


def _function(work: str) -> ast.FunctionDef:
    """The declaration of a work function: read, not imported, because its library may not be installed."""
    module, name = work.split(":")
    tree = ast.parse(ROOT.joinpath(*module.split(".")).with_suffix(".py").read_text(encoding="utf-8"))
    return next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == name)


def test_names_are_unique():
    assert len({row.name for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_row_is_complete(row):
    names = [contestant.name for contestant in row.contestants]
    assert len(set(names)) == len(names)
    assert row.sentence.endswith(".")
    assert row.sentence.count(". ") == 0, "one sentence"
    if row.axis is None:
        assert names[0] == OURS
    else:
        assert [float(name) for name in names] == sorted(float(name) for name in names)
    if isinstance(row.target, Times):
        assert row.target.against in (*names[1:], None)
        assert row.target.at_least < row.target.stretch
    elif row.target is not None:
        assert row.target.at_most > row.target.stretch


@pytest.mark.parametrize(
    ("row", "contestant"), _CONTESTANTS, ids=[f"{row.name}-{contestant.name}" for row, contestant in _CONTESTANTS]
)
def test_work_exists_and_takes_what_it_is_given(row, contestant):
    arguments = _function(contestant.work).args
    names = [argument.arg for argument in arguments.args]
    if not isinstance(row.measure, WholeProcesses | Served):
        assert names.pop(0) == "turns"
    required = names[: len(names) - len(arguments.defaults)]
    assert set(required) <= set(contestant.options) <= set(names)
    assert ("data" in names) == row.takes_data


def test_our_work_needs_no_package_and_every_peer_names_its_own():
    for _, contestant in _CONTESTANTS:
        ours = contestant.work.startswith("benchmarks.work.our") or contestant.name == "NumPy sgemm"
        assert bool(contestant.needs) != ours


def test_rows_are_chosen_by_name_or_by_its_beginning():
    assert chosen([]) == list(ROWS)
    assert [row.name for row in chosen(["mlp-step"])] == ["mlp-step-32", "mlp-step-128", "mlp-step-512"]
    assert [row.name for row in chosen(["lenet5-step-128", "memory"])] == ["lenet5-step-128", "memory"]
    with pytest.raises(ValueError, match="'lenet5-ste'"):
        chosen(["lenet5-ste"])


def test_data_reach_the_rows_that_take_them():
    told = {row.name for row in ROWS if row.with_data("folder").contestants[0].options.get("data") == "folder"}
    assert told == {"mnist-epoch", "diagnosis", "memory"}


def test_saved_images_are_read_again(tmp_path):
    x, y = task.images(20)
    task.save(x, y, tmp_path)
    again_x, again_y = task.images(7, str(tmp_path))
    assert (again_x == x[:7]).all()
    assert (again_y == y[:7]).all()
    assert (x.dtype, x.shape) == ("uint8", (20, 28, 28, 1))


def test_operations_are_counted_as_the_graph_does():
    """The forward count against the formulas of the traced network: products of all extents of each contraction."""
    import chainrule as cr

    network = cr.nn.trace(cr.nn.lenet5(), [(28, 28, 1)])
    shapes = {name: p.tensor.shape for name, p in network.parameters.items() if name.endswith("kernel")}
    positions = {"conv1/kernel": 28 * 28, "conv2/kernel": 10 * 10}
    products = {}
    for name, shape in shapes.items():
        size = 1
        for extent in shape:
            assert isinstance(extent, int)
            size *= extent
        products[name] = size * positions.get(name, 1)
    forward = sum(products.values())
    assert task.lenet5_flops(3) == 3 * 2 * (3 * forward - products["conv1/kernel"])
