"""Tables: rows of named columns, read from files and frames, and how they become a network's inputs.

table              Table: the rows as they were read, described() and labeled(target)
answers            the answers in a column, and the weights and groups of rows
texts              Texts: a column of texts
notation           how a file of text was read: Notation; decimal commas, and what stands between thousands
encoding           in which encoding a text is that does not say so
separated_values   read_csv: commas, semicolons, tabs or bars between values
content            the bytes of a text file, whatever its encoding and compression
parquet            read_parquet (extra `parquet`)
frames             as_table: frames of pandas and polars, tables of Arrow
kinds              what columns hold: Number, YesNo, Date, Text
written_numbers    numbers as texts have them
written_dates      dates and times as texts have them
columns            what a network gets of a column, as it was learned from the rows to train on
inference          which of these a column becomes, and why none
table_inputs       TableInputs: how rows become a network's inputs
unfamiliar         Unfamiliar: values that hardly any row to train on had
description        what a report says of a column
"""

from chainrule.data.tables.content import Named
from chainrule.data.tables.description import Description
from chainrule.data.tables.frames import as_table
from chainrule.data.tables.notation import Notation
from chainrule.data.tables.parquet import read_parquet
from chainrule.data.tables.separated_values import read_csv
from chainrule.data.tables.table import Table
from chainrule.data.tables.table_inputs import TableInputs
from chainrule.data.tables.texts import Texts
from chainrule.data.tables.unfamiliar import Unfamiliar

__all__ = [
    "Description",
    "Named",
    "Notation",
    "Table",
    "TableInputs",
    "Texts",
    "Unfamiliar",
    "as_table",
    "read_csv",
    "read_parquet",
]
