"""The JSON of a request: {"instances": […]}, rows of a table or samples of an array, as TensorFlow Serving has it."""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

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
_TWICE = Message(
    "serve.instances.twice",
    en="The body has an object that gives '{name}' twice. Give it once: the other value would be lost.",
    zh="请求正文中有对象两次给出“{name}”。请只给出一次，否则另一个值会丢失。",
)
_CONSTANT = Message(
    "serve.instances.constant",
    en="The body has the number {name}, which JSON does not know. Where a value is missing, give null.",
    zh="请求正文中有 {name}，JSON 中没有这样的数。缺失的值请写为 null。",
)
_FORM = Message(
    "serve.instances.form",
    en='The body is {found}, but has to be {{"instances": {example}}}.{suggestion}',
    zh='请求正文是{found}，但它应为 {{"instances": {example}}}。{suggestion}',
)
_WITHOUT = Message("serve.instances.without", en='an object without "instances"', zh="没有“instances”的对象")
_WITH = Message(
    "serve.instances.with",
    en='an object whose "instances" is {kind}',
    zh="“instances”为{kind}的对象",
)
_BESIDE = Message(
    "serve.instances.beside",
    en="an object with '{name}' beside \"instances\"",
    zh="除“instances”外还有“{name}”的对象",
)
_NONE = Message(
    "serve.instances.none",
    en='"instances" is empty. Give at least one.',
    zh="“instances”为空。请至少给出一个。",
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
_TOO_LARGE = Message(
    "serve.instances.too_large",
    en="{place} is too large a number for the model. Check its unit.",
    zh="{place} 的数值对模型来说过大。请检查其单位。",
)
_OBJECT = Message("serve.instances.object", en="an object", zh="对象")
_ARRAY = Message("serve.instances.array", en="an array", zh="数组")
_EMPTY_OBJECT = Message("serve.instances.empty_object", en="an empty object", zh="空对象")
_EMPTY_ARRAY = Message("serve.instances.empty_array", en="an empty array", zh="空数组")
_TEXT = Message("serve.instances.text", en="a text", zh="文本")
_NUMBER = Message("serve.instances.number", en="a number", zh="数")
_TRUTH = Message("serve.instances.truth", en="true or false", zh="布尔值")
_NULL = Message("serve.instances.null", en="null", zh="空值 null")

_KINDS = {dict: _OBJECT, list: _ARRAY, str: _TEXT, int: _NUMBER, float: _NUMBER, bool: _TRUTH, type(None): _NULL}
_NUMBERS = {int, float, bool}
_KEY = "instances"
_ELSEWHERE = dict.fromkeys(("rows", "records", "data", "inputs", "samples", "dataframe_records", "x"), _KEY)
_MOST_AXES = 8
_MOST_QUOTED = 60  # characters of a name


def records_of(body: bytes, inputs: Inputs, limits: Limits) -> Records:
    """The records in a body, for a network with these inputs: rows of a table, or samples of an array.

    Raises:   RefusedRequestError if they are not, or too many; DataError for NaN and the like.
    Example:
        >>> from chainrule.data.array_inputs import ArrayInputs
        >>> records_of(b'{"instances": [[1, 2], [3, 4.5]]}', ArrayInputs((2,)), Limits()).arrays
        (array([[1. , 2. ],
               [3. , 4.5]]),)
    """
    example = '[{"COLUMN": VALUE, …}, …]' if isinstance(inputs, TableInputs) else "[[NUMBER, …], …]"
    instances = _instances(_read(body), example)
    if not instances:
        raise RefusedRequestError(422, "empty", _NONE())
    limits.check_rows(len(instances))
    if isinstance(inputs, TableInputs):
        return _table(instances, limits)
    return _arrays(instances, inputs)


def check_finite(x: NDArray[Any]) -> None:
    """Refuse samples with a number that is too large to be written in their type.

    Raises:   RefusedRequestError.
    """
    finite = np.isfinite(x)
    if not finite.all():
        place = _place(*np.argwhere(~finite)[0].tolist())
        raise RefusedRequestError(422, "too_large_number", _TOO_LARGE(place=place))


# ----------------------------------------------------------------------------------------------------------- the text
def _read(body: bytes) -> Any:
    try:
        text = body.decode("utf-8-sig")
        return json.loads(text, parse_constant=_refuse_constant, object_pairs_hook=_object)
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


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        (name, _), *_ = Counter(name for name, _ in pairs).most_common(1)
        raise RefusedRequestError(400, "json", _TWICE(name=_quoted(name)))
    return found


def _instances(data: Any, example: str) -> list[Any]:
    strange, found = "", _kind(data)
    match data:
        case {"instances": list() as instances, **others}:
            if not others:
                return instances
            found = _BESIDE(name=_quoted(str(next(iter(others)))))
        case {"instances": other}:
            found = _WITH(kind=_kind(other))
        case dict():
            strange, found = _quoted(str(next(iter(data), ""))), _WITHOUT()
    hint = suggestion(strange, [_KEY], _ELSEWHERE)
    raise RefusedRequestError(400, "form", _FORM(found=found, example=example, suggestion=hint))


# -------------------------------------------------------------------------------------------------------------- tables
def _table(instances: list[Any], limits: Limits) -> Table:
    """Rows with the same columns: a table with a column for each name in ten thousand rows would fill the memory."""
    for k, row in enumerate(instances):
        if not isinstance(row, dict) or not row:
            example = '{"COLUMN": VALUE, …}'
            raise RefusedRequestError(422, "row", _NO_ROW(place=_place(k), kind=_kind(row), example=example))
    names = instances[0].keys()
    limits.check_cells(len(instances), len(names))
    for k, row in enumerate(instances):
        if row.keys() != names:
            _refuse_columns(k, row, names)
    return as_table(instances, _KEY)


def _refuse_columns(k: int, row: Mapping[str, Any], names: Set[str]) -> NoReturn:
    lacking = [name for name in names if name not in row]
    more = [name for name in row if name not in names]
    message, (name, *_) = (_OTHER_COLUMNS, lacking) if lacking else (_MORE_COLUMNS, more)
    raise RefusedRequestError(422, "columns", message(place=_place(k), name=_quoted(name)))


# -------------------------------------------------------------------------------------------------------------- arrays
def _arrays(instances: Sequence[Any], inputs: Inputs) -> Arrays:
    _check_numbers(instances, _KEY)
    try:
        array = np.array(instances)
    except ValueError:
        raise RefusedRequestError(422, "shape", _RAGGED(shape=sample_shape(inputs))) from None
    if array.dtype == object:  # whole numbers of more than 64 bits
        array = np.frompyfunc(_as_float, 1, 1)(array).astype(np.float64)
        check_finite(array)
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
    if not isinstance(values, list) or not values or axes == _MOST_AXES:
        raise RefusedRequestError(422, "number", _NO_NUMBER(place=place, kind=_kind(values)))
    if not _NUMBERS.issuperset(map(type, values)):
        for k, value in enumerate(values):
            if type(value) not in _NUMBERS:
                _check_numbers(value, f"{place}[{k}]", axes + 1)


def _as_float(number: float) -> float:
    try:
        return float(number)
    except OverflowError:
        return math.inf


def _place(*places: int) -> str:
    return _KEY + "".join(f"[{k}]" for k in places)


def _quoted(name: str) -> str:
    return name if len(name) <= _MOST_QUOTED else f"{name[:_MOST_QUOTED]}…"


def _kind(value: Any) -> str:
    if value == {}:
        return _EMPTY_OBJECT()
    if value == []:
        return _EMPTY_ARRAY()
    return _KINDS[type(value)]()
