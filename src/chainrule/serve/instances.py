"""The JSON of a request: {"instances": […]}, rows of a table or samples of an array, as TensorFlow Serving has it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence, Set
from typing import Any, NoReturn

import numpy as np

from chainrule.data.inputs import Inputs
from chainrule.data.pictures import DigitInputs, PictureInputs
from chainrule.data.records import Arrays, Records
from chainrule.data.tables import Table, TableInputs, as_table
from chainrule.messages import Message, suggestion
from chainrule.serve.limits import Limits
from chainrule.serve.refusals import RefusedRequestError

_NO_JSON = Message(
    "serve.instances.no_json",
    en="The body is no JSON ({reason}). Check it, e.g. with python -m json.tool.",
    zh="请求正文不是 JSON（{reason}）。请检查，例如使用 python -m json.tool。",
)
_DEEP = Message("serve.instances.deep", en="it is nested too deeply", zh="嵌套过深")
_NO_TEXT = Message("serve.instances.no_text", en="it is no text in UTF-8", zh="它不是 UTF-8 文本")
_LONG_NUMBER = Message(
    "serve.instances.long_number", en="it has a number of thousands of digits", zh="其中有数千位的数"
)
_CONSTANT = Message(
    "serve.instances.constant",
    en="The body has the number {name}, which JSON does not know. Where a value is missing, give null.",
    zh="请求正文中有 {name}，JSON 中没有这样的数。缺失的值请写为 null。",
)
_FORM = Message(
    "serve.instances.form",
    en='The body is JSON, but not of the form {{"instances": {example}}}.{suggestion}',
    zh='请求正文是 JSON，但不是 {{"instances": {example}}} 的形式。{suggestion}',
)
_NONE = Message(
    "serve.instances.none",
    en='"instances" is empty. Give at least one.',
    zh="“instances”为空。请至少给出一个。",
)
_ROWS = Message(
    "serve.instances.rows",
    en="The request has {count:,} instances; at most {most:,} are predicted at a time. Send them in several requests.",
    zh="请求中有 {count:,} 个样本；每次最多预测 {most:,} 个。请分多次发送。",
)
_CELLS = Message(
    "serve.instances.cells",
    en="The request has a table of {rows:,} rows and {columns:,} columns; at most {most_columns:,} columns and {most:,}"
    " cells are read at a time. Leave out the columns that the model does not need, or send fewer rows.",
    zh="请求中的表格有 {rows:,} 行 {columns:,} 列；每次最多读取 {most_columns:,} 列、{most:,} 个单元格。"
    "请去掉模型不需要的列，或减少行数。",
)
_NO_ROW = Message(
    "serve.instances.no_row",
    en="{place} is {kind}, but has to be an object that gives the value of every column: {example}.",
    zh="{place} 是{kind}，但它应为给出每一列取值的对象：{example}。",
)
_OTHER_COLUMNS = Message(
    "serve.instances.other_columns",
    en="{place} lacks '{name}', which instances[0] has. Give every instance the same columns, with null where nothing"
    " is known.",
    zh="{place} 缺少 instances[0] 中有的“{name}”。请为每个样本给出相同的列，未知的值写为 null。",
)
_MORE_COLUMNS = Message(
    "serve.instances.more_columns",
    en="{place} has '{name}', which instances[0] lacks. Give every instance the same columns, with null where"
    " nothing is known.",
    zh="{place} 中有“{name}”，而 instances[0] 中没有。请为每个样本给出相同的列，未知的值写为 null。",
)
_NO_NUMBER = Message(
    "serve.instances.no_number",
    en="{place} is {kind}, but has to be a number, or an array of numbers.",
    zh="{place} 是{kind}，但它应为数或由数组成的数组。",
)
_RAGGED = Message(
    "serve.instances.ragged",
    en="The instances have different shapes, or rows of different lengths. Give each the shape {shape}.",
    zh="各样本的形状不同，或其中各行长度不同。每个样本的形状应为 {shape}。",
)
_BYTES = Message(
    "serve.instances.bytes",
    en="The numbers of a picture are whole ones from 0 to 255; here they go from {least:g} to {most:g}. Scale nothing:"
    " the model does that itself.",
    zh="图片的数值应为 0 到 255 的整数，而这里为 {least:g} 到 {most:g}。请不要缩放：模型会自行处理。",
)
_OBJECT = Message("serve.instances.object", en="an object", zh="对象")
_ARRAY = Message("serve.instances.array", en="an array", zh="数组")
_TEXT = Message("serve.instances.text", en="a text", zh="文本")
_NUMBER = Message("serve.instances.number", en="a number", zh="数")
_TRUTH = Message("serve.instances.truth", en="true or false", zh="布尔值")
_NULL = Message("serve.instances.null", en="null", zh="空值 null")

_KINDS = {dict: _OBJECT, list: _ARRAY, str: _TEXT, int: _NUMBER, float: _NUMBER, bool: _TRUTH, type(None): _NULL}
_NUMBERS = {int, float, bool}
_KEY = "instances"
_ELSEWHERE = dict.fromkeys(("rows", "records", "data", "inputs", "samples", "dataframe_records", "x"), _KEY)
_MOST_AXES = 8


def records_of(body: bytes, inputs: Inputs, limits: Limits) -> Records:
    """The records in a body, for a network with these inputs: rows of a table, or samples of an array.

    Raises:   RefusedRequestError if they are not, or too many; DataError for NaN and the like.
    Example:
        >>> from chainrule.data.array_inputs import ArrayInputs
        >>> records_of(b'{"instances": [[1, 2], [3, 4.5]]}', ArrayInputs((2,)), Limits())
        Arrays(arrays=(array([[1. , 2. ],
               [3. , 4.5]]),))
    """
    example = '[{"COLUMN": VALUE, …}, …]' if isinstance(inputs, TableInputs) else "[[NUMBER, …], …]"
    instances = _instances(_read(body), example)
    if not instances:
        raise RefusedRequestError(422, "empty", _NONE())
    check_rows(len(instances), limits)
    if isinstance(inputs, TableInputs):
        return _table(instances, limits)
    return _arrays(instances, inputs)


def check_rows(count: int, limits: Limits) -> None:
    """Refuse too many rows or samples.

    Raises:   RefusedRequestError.
    """
    if count > limits.rows:
        raise RefusedRequestError(413, "too_many_rows", _ROWS(count=count, most=limits.rows))


def check_cells(rows: int, columns: int, limits: Limits) -> None:
    """Refuse a table that is too large.

    Raises:   RefusedRequestError.
    """
    check_rows(rows, limits)
    if columns > limits.columns or rows * columns > limits.cells:
        text = _CELLS(rows=rows, columns=columns, most_columns=limits.columns, most=limits.cells)
        raise RefusedRequestError(413, "too_many_cells", text)


# ----------------------------------------------------------------------------------------------------------- the text
def _read(body: bytes) -> Any:
    try:
        return json.loads(body.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except RecursionError:
        reason: object = _DEEP()
    except UnicodeDecodeError:
        reason = _NO_TEXT()
    except json.JSONDecodeError as found:
        reason = found
    except ValueError:  # Python reads no integer of more than 4,300 digits
        reason = _LONG_NUMBER()
    raise RefusedRequestError(400, "json", _NO_JSON(reason=reason))


def _refuse_constant(name: str) -> NoReturn:
    raise RefusedRequestError(400, "json", _CONSTANT(name=name))


def _instances(data: Any, example: str) -> list[Any]:
    match data:
        case {"instances": list() as instances, **others} if not others:
            return instances
        case dict():
            strange = next((name for name in data if name != _KEY), "")
            hint = suggestion(strange, [_KEY], _ELSEWHERE)
        case _:
            hint = ""
    raise RefusedRequestError(400, "form", _FORM(example=example, suggestion=hint))


# -------------------------------------------------------------------------------------------------------------- tables
def _table(instances: list[Any], limits: Limits) -> Table:
    """Rows with the same columns: a table with a column for each name in ten thousand rows would fill the memory."""
    for k, row in enumerate(instances):
        if not isinstance(row, dict) or not row:
            example = '{"COLUMN": VALUE, …}'
            raise RefusedRequestError(422, "row", _NO_ROW(place=_place(k), kind=_kind(row), example=example))
    names = instances[0].keys()
    check_cells(len(instances), len(names), limits)
    for k, row in enumerate(instances):
        if row.keys() != names:
            _refuse_columns(k, row, names)
    return as_table(instances, _KEY)


def _refuse_columns(k: int, row: Mapping[str, Any], names: Set[str]) -> NoReturn:
    lacking = next((name for name in names if name not in row), None)
    more = next((name for name in row if name not in names), None)
    if lacking is None:
        raise RefusedRequestError(422, "columns", _MORE_COLUMNS(place=_place(k), name=more))
    raise RefusedRequestError(422, "columns", _OTHER_COLUMNS(place=_place(k), name=lacking))


# -------------------------------------------------------------------------------------------------------------- arrays
def _arrays(instances: Sequence[Any], inputs: Inputs) -> Arrays:
    _check_numbers(instances, _KEY)
    try:
        array = np.array(instances)
    except ValueError:
        raise RefusedRequestError(422, "shape", _RAGGED(shape=sample_shape(inputs))) from None
    except OverflowError:
        raise RefusedRequestError(400, "json", _NO_JSON(reason=_LONG_NUMBER())) from None
    if isinstance(inputs, PictureInputs | DigitInputs) and array.dtype.kind in "iufb":
        least, most = array.min(initial=255), array.max(initial=0)
        if array.dtype.kind == "f" or least < 0 or most > 255:
            raise RefusedRequestError(422, "pixels", _BYTES(least=float(least), most=float(most)))
        array = array.astype(np.uint8)
    return Arrays((array,))


def sample_shape(inputs: Inputs) -> tuple[int, ...]:
    """The shape of one sample of a network with inputs that are arrays or pictures."""
    if isinstance(inputs, PictureInputs):
        return inputs.height, inputs.width, inputs.channels
    return tuple(getattr(inputs, "shape", ()))


def _check_numbers(values: Any, place: str, axes: int = 0) -> None:
    """Refuse arrays in which there is anything but numbers: NumPy would make texts of all, as long as the longest."""
    if not isinstance(values, list) or axes == _MOST_AXES:
        raise RefusedRequestError(422, "number", _NO_NUMBER(place=place, kind=_kind(values)))
    if not _NUMBERS.issuperset(map(type, values)):
        for k, value in enumerate(values):
            if type(value) not in _NUMBERS:
                _check_numbers(value, f"{place}[{k}]", axes + 1)


def _place(k: int) -> str:
    return f"{_KEY}[{k}]"


def _kind(value: Any) -> str:
    return _KINDS[type(value)]()
