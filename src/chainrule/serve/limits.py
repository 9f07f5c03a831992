"""What one client may ask for, so that it cannot keep the others from being served."""

from dataclasses import dataclass


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
