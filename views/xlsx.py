"""A workbook of one sheet, as spreadsheets read it: words as words, days as days, money as numbers; no formula ever."""

import re
from collections.abc import Iterable, Sequence
from datetime import date
from html import escape  # that of xml.sax would load all of urllib
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

Cell = str | date | int  # an int is money in cents
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_OFFICE = "http://schemas.openxmlformats.org"
_MAIN, _LINKS = f"{_OFFICE}/spreadsheetml/2006/main", f"{_OFFICE}/officeDocument/2006/relationships"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_OFFICE}/package/2006/content-types"><Default Extension="rels" ContentType='
    '"application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType='
    f'"{_TYPE}.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
    f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_OFFICE}/package/2006/relationships"><Relationship Id="r1" '
    f'Type="{_LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>'
    '<sheet name="1" sheetId="1" r:id="r1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_OFFICE}/package/2006/relationships"><Relationship Id="r1" '
    f'Type="{_LINKS}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{_LINKS}/styles" '
    'Target="styles.xml"/></Relationships>',
    # The formats of cells, by number: words, days (14), money (4).
    "xl/styles.xml": f'<styleSheet xmlns="{_MAIN}"><fonts count="1"><font/></fonts>'
    '<fills count="1"><fill><patternFill patternType="none"/></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs><cellXfs count="3"><xf/>'
    '<xf numFmtId="14" applyNumberFormat="1"/><xf numFmtId="4" applyNumberFormat="1"/></cellXfs></styleSheet>',
}
_ILLEGAL = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")  # in XML 1.0


def workbook(lines: Iterable[Sequence[Cell]]) -> bytes:
    """The file. Rows are numbered by their order, as are the cells of each."""
    rows = "".join(f"<row>{''.join(map(_cell, line))}</row>" for line in lines)
    sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    out = BytesIO()
    with ZipFile(out, "w", ZIP_DEFLATED) as archive:
        for name, content in (*_PARTS.items(), ("xl/worksheets/sheet1.xml", sheet)):
            archive.writestr(name, _HEAD + content)
    return out.getvalue()


def _cell(cell: Cell) -> str:
    if isinstance(cell, int):
        return f'<c s="2"><v>{money(cell)}</v></c>'
    if isinstance(cell, date):
        return f'<c s="1"><v>{(cell - date(1899, 12, 30)).days}</v></c>'
    return f'<c t="inlineStr"><is><t xml:space="preserve">{escape(_ILLEGAL.sub("", cell))}</t></is></c>'


def money(cents: int) -> str:
    """Euros with a point, as machines read them: -12.05."""
    return f"{'-' if cents < 0 else ''}{abs(cents) // 100}.{abs(cents) % 100:02d}"
