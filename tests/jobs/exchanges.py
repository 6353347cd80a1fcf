"""A small exchange folder that tests change, and the database that takes it in."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from jobs.exchange import Report, import_folder
from models.database import Database, metadata
from models.files import FolderStorage
from models.identifiers import Identifiers
from models.site import load_site

KEY = "k" * 32
PDF = b"%PDF-1.4 one page"
SITE = load_site("ogre")
TABLES = {
    "customers": """external_id;code;name;kind;identifier;email;phone;language;settlement
C1;20417;Anna Ozoliņa;person;010190-12345;anna@example.lv;+371 20000000;lv;metered
C2;20418;SIA “Ūdens”;company;40003000000;;;ru;equalised""",
    "houses": """external_id;address;town;postcode
H1;Brīvības iela 12;Ogre;LV-5001""",
    "entrances": """external_id;house;name
E1;H1;1""",
    "premises": """external_id;house;entrance;flat;area
F34;H1;E1;34;52,4
F35;H1;;35;""",
    "tenures": """external_id;customer;premises;role;from;until
T1;C1;F34;owner;2024-01-01;
T2;C2;F35;tenant;01.02.2024;31.12.2030""",
    "meters": """external_id;premises;house;kind;place;number;remote;installed;removed;valid_until;valid_kind;replaces;registers
M0;F34;;cold_water;kitchen;111;0;2016-01-01;2020-01-01;;none;;
M1;F34;;cold_water;kitchen;222;0;2020-01-01;;2029-06-30;replacement;M0;
M2;;H1;electricity;cellar;333;1;;;;;;T1|T2""",
    "readings": """external_id;meter;register;value;date;period;source;rolled_over;corrects
R1;M1;;100,5;2026-09-25;2026-09;;;
R2;M1;;999;2026-10-25;2026-10;;;
R3;M1;;103,125;2026-10-26;2026-10;;;R2
R4;M2;2;7;2026-10-25;2026-10;remote;1;""",
    "invoices": """external_id;customer;premises;number;period_from;period_to;issued;due;net;vat;total;brought_forward;payable;payee;iban;reference;file
I1;C1;F34;2026-1;2026-09-01;2026-09-30;2026-10-10;2026-10-30;10,00;2,10;12,10;-2,10;10,00;;LV44 DEMO 0000 0000 0000 1;2026-1;i1.pdf
I2;C1;F34;2026-2;2026-10-01;2026-10-31;2026-11-10;2026-11-30;10;2.1;12.1;;12.1;Māja 12;LV44DEMO0000000000001;2026-2;""",
    "invoice_lines": """invoice;position;service;quantity;unit;price;amount
I1;1;Aukstais ūdens;3,125;m3;1,0512;3,28
I1;2;Apsaimniekošana;;;;6,72""",
    "payments": """external_id;customer;invoice;date;amount
B1;C1;I1;2026-10-20;10,00
B2;C1;;2026-10-21;1""",
    "bank_entries": """external_id;account;date;amount;payer;payer_iban;reference;text
K1;LV44DEMO0000000000001;2026-11-20;12,10;Anna Ozoliņa;LV17DEMO0000000000002;;Rēķins 2026-77
K2;;20.11.2026;-1;;;RF18539007547034;""",
    "estimates": """external_id;house;year;position;item;price
S1;H1;2026;1;Apkope;0,4213""",
    "documents": """external_id;house;premises;kind;title;date;file
D1;H1;;act;Akts;2026-05-05;act.pdf
D2;;F34;;Līgums;2026-05-05;i1.pdf""",
    "notices": """external_id;published;until;emergency;houses;entrances;premises;customers;title_lv;text_lv;title_ru;text_ru;files
N1;2026-05-05 08:30;06.05.2026;1;H1;;F34;;Nav ūdens;Mainām cauruli.|Atvainojamies.;Нет воды;Меняем трубу.;act.pdf|i1.pdf
N2;2026-05-05;;;;;;C1|C2;Sapulce;Piektdien.;;;
N3;05.05.2026;;;;;;;Visiem;Visiem.;;;""",
    "users": """external_id;username;email;name;language;customers;role
U1;Anna;Anna@Example.LV;Anna Ozoliņa;lv;C1|C2;
U2;ilze;;;;;agent""",
}


class Exchange:
    """An exchange folder, and a database that takes it in."""

    def __init__(self, database: Database, folder: Path) -> None:
        metadata()
        self.database, self.storage = database, FolderStorage(folder / "storage")
        self.path = folder / "exchange"
        (self.path / "files").mkdir(parents=True)
        (self.path / "exchange.toml").write_text("version = 1\ncreated = 2026-11-01\n")

    def put_all(self) -> None:
        """Write every table and file."""
        for name, text in TABLES.items():
            self.put(name, text)
        for name in ("i1.pdf", "act.pdf"):
            (self.path / "files" / name).write_bytes(PDF + name.encode())

    def put(self, table: str, text: str | Iterable[str], encoding: str = "utf-8") -> None:
        """Write one table, from a text or from lines."""
        content = text if isinstance(text, str) else "\n".join(text)
        (self.path / f"{table}.csv").write_bytes(content.encode(encoding))

    def only(self, table: str, *lines: str) -> Report:
        """Import this table alone: the header of `TABLES` and these lines."""
        for name in TABLES:
            (self.path / f"{name}.csv").unlink(missing_ok=True)
        self.put(table, [TABLES[table].split("\n")[0], *lines])
        return self.run()

    def change(self, table: str, old: str, new: str) -> None:
        """Change a text of a table that stands there exactly once."""
        path = self.path / f"{table}.csv"
        text = path.read_text("utf-8")
        assert text.count(old) == 1
        path.write_text(text.replace(old, new), "utf-8")

    def run(self, path: Path | None = None, **options: Any) -> Report:
        """Import the folder, or another path."""
        return import_folder(self.database, self.storage, SITE, KEY, path or self.path, **options)

    def taken(self) -> Report:
        """Import everything; there is nothing to say against it."""
        self.put_all()
        report = self.run()
        assert not report.problems, report.problems
        return report

    def column(self, table: str, name: str, **where: object) -> list[Any]:
        """The values of a column, by id."""
        db = metadata().tables[table].c
        wanted = [db[key] == value for key, value in where.items()]
        order = db.id if "id" in db else db[name]
        with self.database.read() as connection:
            return [*connection.execute(sa.select(db[name]).where(*wanted).order_by(order)).scalars()]

    def everything(self) -> dict[str, list[Any]]:
        """All rows of all tables but the audit trail."""
        with self.database.read() as connection:
            tables = [table for table in metadata().sorted_tables if table.name != "audit"]
            return {table.name: sorted(map(repr, connection.execute(sa.select(table)))) for table in tables}


def decrypted(stored: str) -> str:
    """A personal code again."""
    return Identifiers(KEY).decrypt(stored)


def places(report: Report) -> list[tuple[str, int, str]]:
    """Where the problems are."""
    return [(problem.file, problem.row, problem.column) for problem in report.problems]
