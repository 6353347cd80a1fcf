"""What a file of the exchange may hold, told by its own definition, with a row as an example: for who makes one."""

from dataclasses import dataclass

from jobs.exchange.batch import Column, Table
from jobs.exchange.cells import Refused
from jobs.exchange.tables import TABLES

# A row for each table, in the order of its columns. Together they are a delivery (docs/integration.md).
_ROWS = {
    "customers": "C1;20417;Anna Ozoliņa;person;010190-12345;anna@example.lv;20000000;lv;metered",
    "houses": "H1;Brīvības iela 12;Saldus;LV-5001",
    "entrances": "E1;H1;2",
    "premises": "F34;H1;E1;34;Brīvības iela 12–34, Saldus;52,4",
    "tenures": "T1;C1;F34;owner;2024-01-01;",
    "meters": "M1;F34;;cold_water;kitchen;12345678;0;2020-01-01;;2029-06-30;replacement;;;5;3",
    "readings": "R1;M1;1;126,5;2026-10-25;2026-10;import;0;;accepted;",
    "invoices": "I1;C1;F34;2026-0417;2026-10-01;2026-10-31;2026-11-10;2026-11-30;10,00;2,10;12,10;0,00;12,10;;"
    "LV44DEMO0000000000001;2026-0417;2026-0417.pdf",
    "invoice_lines": "I1;1;Aukstais ūdens;3,125;m3;1,0512;3,28;21",
    "einvoices": "2026-0418.xml",
    "payments": "B1;C1;I1;2026-11-20;12,10",
    "bank_entries": "K1;LV44DEMO0000000000001;2026-11-20;12,10;Anna Ozoliņa;LV17DEMO0000000000002;;Rēķins 2026-0417",
    "estimates": "S1;H1;2026;1;Apkope;0,4213",
    "documents": "D1;H1;;act;Apsekošanas akts;2026-05-05;akts.pdf;",
    "notices": "N17;2026-11-30 08:30;2026-12-02 15:00;0;H1;;;;Nebūs ūdens;;;Mainīsim cauruli.|Atvainojamies.;;;",
    "users": "U1;anna;anna@example.lv;Anna Ozoliņa;lv;C1;resident",
}
_NEW_READING = ("meter", "value", "date")  # not in answers about the portal's own


@dataclass(frozen=True)
class Told:
    """A column: what it takes is the very sentence with which the import refuses anything else."""

    name: str
    required: bool
    takes: str
    example: str


def columns(kind: str) -> tuple[str, list[Told]] | None:
    """A table by its name, with its columns; None where there is no such table."""
    table, row = TABLES.get(kind), _ROWS.get(kind, "").split(";")
    if table is None:
        return None
    needed = _NEW_READING if kind == "readings" else ()
    pairs = zip(table.described, row, strict=True)
    return kind, [Told(one.name, one.required or one.name in needed, _takes(table, one), cell) for one, cell in pairs]


def _takes(table: Table, column: Column) -> str:
    if column.refers:
        return f"external_id of {column.refers}.csv"
    for nonsense in ("?", "x" * 20_000):
        try:
            table.converter(column)(nonsense)
        except Refused as refused:
            return refused.expected
    return ""
