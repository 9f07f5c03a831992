"""The rows of the table, in the order of measuring. A new topic is a file with a tuple, and a line here."""

from benchmarks.row import Row
from benchmarks.rows import growth, inference, layers, mnist, models, product, serving, start, steps, streaming

ROWS: tuple[Row, ...] = (
    *steps.ROWS,
    *layers.ROWS,
    *models.ROWS,
    *mnist.ROWS,
    *streaming.ROWS,
    *inference.ROWS,
    *serving.ROWS,
    *product.ROWS,
    *start.ROWS,
    *growth.ROWS,
)
