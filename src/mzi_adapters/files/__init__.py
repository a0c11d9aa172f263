"""Files of Zoho records, read as a stream: JSON, one JSON object a line, and Zoho's own CSV export.

Of these nothing is ever held but the page being read, so a file may be larger than memory and a pipe may
never end. A workbook is read at once.
"""

from mzi_adapters.files.csv_export import read_csv
from mzi_adapters.files.formats import (
    Format,
    RecordPage,
    RecordPages,
    format_of,
    open_records,
    pages,
    read_items,
    read_pages,
)
from mzi_adapters.files.header_columns import DateOrder, Header, Ways
from mzi_adapters.files.json_stream import read_json
from mzi_adapters.files.ndjson import JsonLine, read_ndjson
from mzi_adapters.files.source import FileProblem, Item, Source, open_source

__all__ = [
    "DateOrder",
    "FileProblem",
    "Format",
    "Header",
    "Item",
    "JsonLine",
    "RecordPage",
    "RecordPages",
    "Source",
    "Ways",
    "format_of",
    "open_records",
    "open_source",
    "pages",
    "read_csv",
    "read_items",
    "read_json",
    "read_ndjson",
    "read_pages",
]
