"""Workbooks of Excel and LibreOffice: the first visible sheet that holds something, its cells as text.

A workbook is read at once: it is an archive, and the library that reads it takes a sheet as a whole.
"""

import io
import zipfile
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from mzi_adapters.files.header_columns import AS_IT_IS, Ways
from mzi_adapters.files.source import FileProblem, Source
from mzi_adapters.files.table import Cells, HeadedTable, table_of
from mzi_core.module import AnyModule

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

LARGEST = 2**28
"""Bytes of a workbook, as it is packed and as it says it is unpacked: it is held whole."""

_INEXACT = 10**15
"""From here on a spreadsheet has lost digits of a number."""


def open_workbook(source: Source, module: AnyModule, ways: Ways = AS_IT_IS) -> HeadedTable:
    """The table of a workbook's first sheet. Raises FileProblem, as for a CSV file."""
    sheet = _sheet(source, _workbook(source))
    return table_of(source.name, module, _rows(sheet), ways)


def _workbook(source: Source) -> "CalamineWorkbook":
    try:
        from python_calamine import CalamineError, CalamineWorkbook  # noqa: PLC0415  # an extra, and only for these
    except ImportError as error:
        raise FileProblem(
            f"{source.name} is a workbook or another archive; `pip install mzi[sheets]` reads workbooks."
        ) from error
    data = io.BytesIO(source.stream.read(LARGEST + 1))
    size = (
        f"{source.name} is larger than the {LARGEST >> 20} MB of a workbook that is read; export it as CSV."
    )
    try:
        with zipfile.ZipFile(data) as archive:
            if max(data.getbuffer().nbytes, sum(each.file_size for each in archive.infolist())) > LARGEST:
                raise FileProblem(size)
        data.seek(0)
        return CalamineWorkbook.from_filelike(data)
    except (CalamineError, zipfile.BadZipFile, OSError) as error:
        if data.getbuffer().nbytes > LARGEST:
            raise FileProblem(size) from error
        raise FileProblem(
            f"{source.name} is an archive and no readable workbook; unpack it, or save it again as .xlsx."
        ) from error


def _sheet(source: Source, workbook: "CalamineWorkbook") -> Any:
    from python_calamine import SheetVisibleEnum  # noqa: PLC0415  # as above

    for each in workbook.sheets_metadata:
        if each.visible == SheetVisibleEnum.Visible:
            sheet = workbook.get_sheet_by_name(each.name)
            if sheet.height:
                return sheet
    raise FileProblem(f"{source.name} is empty.")


def _rows(sheet: Any) -> Iterator[Cells]:
    first = sheet.start[0] if sheet.start else 0
    for line, cells in enumerate(sheet.iter_rows(), start=first + 1):
        yield line, list(map(as_text, cells))


def as_text(cell: Any) -> str:
    """A cell as text; a number whose last digits are lost in the form that says so."""
    match cell:
        case bool():
            return "true" if cell else "false"
        case int() | float() if abs(cell) >= _INEXACT:
            return f"{cell:E}"
        case float() if cell.is_integer():
            return str(int(cell))
        case datetime() if cell.time() == time():
            return cell.date().isoformat()
        case date() | time():
            return cell.isoformat()
    return str(cell)
