"""What one client may ask for, so that it cannot keep the others from being served."""

from __future__ import annotations

from dataclasses import dataclass, replace

from chainrule.messages import Message
from chainrule.serve.refusals import RefusedRequestError

_ROWS = Message(
    "serve.limits.rows",
    en="The request has {count:,} samples; at most {most:,} are predicted at a time. Send them in several requests.",
    zh="请求中有 {count:,} 个样本；每次最多预测 {most:,} 个。请分多次发送。",
)
_CELLS = Message(
    "serve.limits.cells",
    en="The request has a table of {rows:,} rows and {columns:,} columns; at most {most_columns:,} columns and {most:,}"
    " cells are read at a time. Leave out the columns that the model does not need, or send fewer rows.",
    zh="请求中的表格有 {rows:,} 行 {columns:,} 列；每次最多读取 {most_columns:,} 列、{most:,} 个单元格。"
    "请去掉模型不需要的列，或减少行数。",
)


@dataclass(frozen=True)
class Limits:
    """How much of what a server gives; none of it depends on the model.

    body_bytes       of one request: a photograph of a camera, or 10,000 rows of a hundred columns
    bodies_bytes     of all requests that are being answered; what is made of them takes more: forty times as much for
                     the worst JSON, while it is read, two such bodies at a time
    rows             in one request, so that its prediction does not keep others waiting for seconds
    columns          of a table, whether the model needs them or not
    cells            of a table: a million takes about a second to read
    pixels           of all pictures in one request, decoded: one of 32 megapixels takes a third of a second
    head_seconds     for a request's head, from the first byte on
    body_seconds     for its body: 16 MB at 4 Mbit/s
    rest_seconds     for the rest of a body that is arriving when the server is told to stop
    idle_seconds     that a connection is kept for the next request
    wait_seconds     for a prediction
    waiting          requests that may wait for a prediction; one more is told to come again
    connections      at a time, each of which takes a file descriptor, of which a process often has 1,024
    stop_seconds     for answering what has arrived when the server is told to stop; orchestrators kill after 30

    Example:
        >>> Limits(rows=100).rows, Limits().body_bytes
        (100, 16777216)
    """

    body_bytes: int = 16 << 20
    bodies_bytes: int = 128 << 20
    rows: int = 10_000
    columns: int = 10_000
    cells: int = 2_000_000
    pixels: int = 1 << 25
    head_seconds: float = 10.0
    body_seconds: float = 30.0
    rest_seconds: float = 1.0
    idle_seconds: float = 15.0
    wait_seconds: float = 30.0
    waiting: int = 256
    connections: int = 512
    stop_seconds: float = 25.0

    def check_rows(self, count: int) -> None:
        """Refuse too many rows or samples.

        Raises:   RefusedRequestError.
        """
        if count > self.rows:
            raise RefusedRequestError(413, "too_many_rows", _ROWS(count=count, most=self.rows))

    def check_cells(self, rows: int, columns: int) -> None:
        """Refuse a table that is too large.

        Raises:   RefusedRequestError.
        """
        self.check_rows(rows)
        if columns > self.columns or rows * columns > self.cells:
            text = _CELLS(rows=rows, columns=columns, most_columns=self.columns, most=self.cells)
            raise RefusedRequestError(413, "too_many_cells", text)

    @classmethod
    def of_bodies(cls, body_bytes: int) -> Limits:
        """The usual ones but for bodies of so many bytes: all of them together, and their time, grow alike.

        Example:
            >>> larger = Limits.of_bodies(64 << 20)
            >>> larger.bodies_bytes >> 20, larger.body_seconds
            (512, 120.0)
        """
        usual = cls()
        scale = max(1, body_bytes / usual.body_bytes)
        together, seconds = round(scale * usual.bodies_bytes), scale * usual.body_seconds
        return replace(usual, body_bytes=body_bytes, bodies_bytes=together, body_seconds=seconds)
