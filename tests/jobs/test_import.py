"""An import as a whole: run again, broken off, two at once, its files and archives, its report."""

import io
import signal
import stat
import subprocess
import sys
import threading
import tracemalloc
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import redirect_stderr, redirect_stdout
from datetime import date, datetime
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobs.exchange import ExchangeError, ImportBusy, import_folder, intake
from jobs.exchange.load import only_one
from jobs.exchange.report import KEPT_PROBLEMS, print_report, progress_bar
from jobs.exchange.tables import TABLES as FORMAT
from models.database import Database
from tests.jobs.exchanges import KEY, SITE, TABLES, Exchange, places


def test_everything_is_added_and_counted(exchange):
    report = exchange.taken()
    assert {name: (counts.read, counts.added) for name, counts in report.tables.items()} == {
        name: (text.count("\n"), text.count("\n")) for name, text in TABLES.items()
    }
    assert report.changed_anything


def test_a_second_run_changes_nothing(exchange):
    exchange.taken()
    before = exchange.everything()
    report = exchange.run()
    assert not report.changed_anything
    assert [counts.unchanged for counts in report.tables.values()] == [text.count("\n") for text in TABLES.values()]
    assert exchange.everything() == before


ONE_CELL = [
    ("customers", "+371 20000000", "+371 20000001"), ("customers", "40003000000", "40003000001"),
    ("houses", "LV-5001", "LV-5002"), ("entrances", "E1;H1;1", "E1;H1;A"), ("premises", "52,4", "52,5"),
    ("tenures", "owner", "co_owner"), ("meters", "222", "223"), ("meters", "T1|T2", "T1|T3"),
    ("meters", ";M0;", ";;"), ("readings", "100,5", "100,6"), ("invoices", ";2026-1;i1.pdf", ";2026-1b;i1.pdf"),
    ("invoices", "2026-1;i1.pdf", "2026-1;act.pdf"), ("invoice_lines", "6,72", "6,73"), ("payments", "10,00", "10,01"),
    ("estimates", "Apkope", "Remonts"), ("documents", "act.pdf", "i1.pdf"), ("users", "C1|C2", "C2"),
    ("notices", "08:30", "08:31"), ("notices", "cauruli.|", "cauruli. "), ("notices", "C1|C2", "C2"), ("notices", "act.pdf|i1.pdf", "i1.pdf"), ("notices", ";Нет воды;Меняем трубу.;", ";;;"), ("users", "agent", "supervisor"),
]  # fmt: skip


@pytest.mark.parametrize(("table", "old", "new"), ONE_CELL)
def test_one_changed_cell_changes_exactly_that_row(exchange, table, old, new):
    exchange.taken()
    exchange.change(table, old, new)
    report = exchange.run()
    assert report.problems == []
    assert {name: counts.changed for name, counts in report.tables.items() if counts.changed} == {table: 1}
    assert not any(counts.added for counts in report.tables.values())
    assert not exchange.run().changed_anything


def test_a_row_that_disappeared_is_reported_and_stays(exchange):
    exchange.taken()
    for table, line in (
        ("customers", TABLES["customers"].split("\n")[2]),
        ("invoice_lines", "I1;2;Apsaimniekošana;;;;6,72"),
    ):
        exchange.change(table, "\n" + line, "")
    (exchange.path / "payments.csv").unlink()
    report = exchange.run()
    missing = {name: (counts.missing, counts.missing_ids) for name, counts in report.tables.items() if counts.missing}
    assert missing == {"customers": (1, ["C2"]), "invoice_lines": (1, ["I1/2"])}
    assert exchange.column("customer", "external_id") == ["C1", "C2"]


def test_only_the_first_twenty_missing_rows_are_named(exchange):
    exchange.only("customers", *(f"C{n:02};{n};Name;;;;;;" for n in range(30)))
    counts = exchange.only("customers", "C07;7;Name;;;;;;").tables["customers"]
    assert (counts.missing, counts.missing_ids) == (29, [f"C{n:02}" for n in range(21) if n != 7])


def test_a_refused_row_is_not_called_missing(exchange):
    exchange.taken()
    exchange.change("customers", "20417;Anna Ozoliņa", "20417;")
    report = exchange.run()
    assert (report.tables["customers"].missing, places(report)) == (0, [("customers.csv", 2, "name")])


def test_a_dry_run_gives_the_same_report_and_changes_nothing(exchange):
    exchange.put_all()
    exchange.change("tenures", "T2;C2", "T2;C9")
    empty = exchange.everything()
    dry = exchange.run(dry_run=True)
    assert exchange.everything() == empty
    assert not exchange.storage.root.exists()
    assert exchange.column("audit", "id") == []
    real = exchange.run()
    assert (dry.tables, dry.problems) == (real.tables, real.problems)


def test_an_import_leaves_one_audit_row_with_its_counts(exchange):
    exchange.taken()
    exchange.run()
    first, second = exchange.column("audit", "detail", action="import.finished")
    assert first["tables"]["readings"] == {"read": 4, "added": 4, "changed": 0, "missing": 0}
    assert (second["tables"]["readings"]["added"], second["problems"]) == (0, 0)


def test_columns_that_the_file_has_not_stay_as_they_are(exchange):
    exchange.taken()
    exchange.put("customers", "external_id;code;name\nC1;20417;Anna Kalniņa")
    assert exchange.run().tables["customers"].changed == 1
    assert exchange.column("customer", "phone", external_id="C1") == ["+371 20000000"]


ENCODINGS = ["utf-8", "utf-8-sig", "cp1257"]


@pytest.mark.parametrize("encoding", ENCODINGS)
@pytest.mark.parametrize("separator", [";", ",", "\t"])
def test_encodings_and_separators_are_found_by_themselves(exchange, encoding, separator):
    lines = ["external_id;address;town", "H1;Brīvības iela 1;Ķegums", "H2;Ūdeņu šoseja;Rīga"]
    exchange.put("houses", [line.replace(";", separator) for line in lines], encoding)
    assert exchange.run().problems == []
    assert exchange.column("house", "address") == ["Brīvības iela 1", "Ūdeņu šoseja"]


def test_cp1257_is_found_beyond_the_first_megabyte(exchange):
    lines = ["external_id;address;town", *(f"H{n};Street {n};{'x' * 90}" for n in range(12_000)), "HX;Ķīšu iela;Ogre"]
    exchange.put("houses", lines, "cp1257")
    assert exchange.run().problems == []
    assert exchange.column("house", "address", external_id="HX") == ["Ķīšu iela"]


def test_a_damaged_letter_in_utf8_refuses_its_row_only(exchange):
    text = "external_id;address;town\nH1;Ķīšu iela;Ogre\nH2;Br\xeev\xeebas;Ogre\nH3;Ūdeņu iela;Ogre"
    data = text.encode().replace("Br\xeev\xeebas".encode(), b"Br\xeevibas")
    (exchange.path / "houses.csv").write_bytes(data)
    report = exchange.run()
    assert places(report) == [("houses.csv", 3, "address")]
    assert exchange.column("house", "external_id") == ["H1", "H3"]


def test_utf16_is_refused_with_a_sentence(exchange):
    exchange.put("houses", TABLES["houses"], "utf-16")
    assert [problem.expected for problem in exchange.run().problems] == ["UTF-8 or cp1257, not UTF-16"]


def test_a_record_on_two_lines_counts_as_one_row(exchange):
    exchange.put("houses", 'external_id;address;town\r\nH1;"Brīvības\r\niela; ""1""";Ogre\r\n\r\nH2;;Ogre')
    assert places(exchange.run()) == [("houses.csv", 4, "address")]
    assert exchange.column("house", "address") == ['Brīvības iela; "1"']


def test_a_quotation_mark_that_never_closes_is_one_problem(exchange):
    exchange.put(
        "houses",
        [
            "external_id;address;town",
            "H1;Iela 1;Ogre",
            'H2;"Iela 2;Ogre',
            *(f"H{n};Iela;Ogre" for n in range(3, 20_000)),
        ],
    )
    report = exchange.run()
    assert places(report)[0] == ("houses.csv", 3, "")
    assert exchange.column("house", "external_id")[0] == "H1"


def test_a_cell_beyond_all_measure_is_one_problem_and_the_rest_is_taken(exchange):
    exchange.put("houses", ["external_id;address;town", "H1;Iela 1;Ogre", f"H2;{'x' * 200_000};Ogre", f"H3;{'x' * 130_000};Ogre", "H4;Iela 4;Ogre"])
    assert [place[:2] for place in places(exchange.run())] == [("houses.csv", 3), ("houses.csv", 4)]
    assert exchange.column("house", "external_id") == ["H1", "H4"]


def test_separators_tabs_and_line_ends_inside_of_quotes_belong_to_the_cell(exchange):
    exchange.put("houses", 'external_id\taddress\ttown\r\nH1\t"Iela\t1;\n2, ""a"""\tOgre\r\n"H2"\t"\'=1+1"\t"Ķegums"', "cp1257")
    assert exchange.run().problems == []
    assert exchange.column("house", "address") == ['Iela 1; 2, "a"', "=1+1"] and exchange.column("house", "town") == ["Ogre", "Ķegums"]


def test_a_row_with_too_many_or_too_few_cells_is_refused(exchange):
    exchange.put("houses", "external_id;address;town;\nH1;Iela 1;Ogre;\nH2;Iela 2\nH3;Iela 3;Ogre;x\nH4;Iela 4;Ogre")
    assert places(exchange.run()) == [("houses.csv", 3, ""), ("houses.csv", 4, "")]


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("external_id;address;town;colour", "colour"),
        ("external_id;address;town;town", "town"),
        ("external_id;address", "town"),
        ("", "external_id"),
    ],
)
def test_a_wrong_header_refuses_the_file(exchange, header, column):
    exchange.put("houses", [header, "H1;a;b;c"])
    report = exchange.run()
    assert ("houses.csv", 1, column) in places(report)
    assert exchange.column("house", "id") == []


def workbook(path: Path, *rows: list) -> None:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    book.save(path)


def test_an_xlsx_workbook_is_read_with_its_types(exchange):
    exchange.taken()
    for name in ("readings", "users"):
        (exchange.path / f"{name}.csv").unlink()

    workbook(
        exchange.path / "readings.xlsx",
        ["external_id", "meter", "value", "date", "period", "rolled_over"],
        ["R1", "M1", 100.5, date(2026, 9, 25), datetime(2026, 9, 1, tzinfo=None), False],  # noqa: DTZ001  # as Excel has it
        [],
        [77, "M1", 0.1 + 0.2, "26.10.2026", "2026-10", True],
        ["R9", "M1", "=1+1", date(2026, 9, 25), None, None],
    )
    report = exchange.run()
    assert (report.tables["readings"].unchanged, report.tables["readings"].added) == (1, 1)
    assert exchange.column("reading", "value", external_id="77") == [300]
    assert places(report) == [("readings.xlsx", 5, "value")]


def test_a_workbook_that_asks_for_endless_memory_is_refused(exchange):
    book = openpyxl.Workbook()
    book.active["A1"], book.active["XFD1048576"] = "external_id", "x"
    book.save(exchange.path / "houses.xlsx")
    assert places(exchange.run()) == [("houses.xlsx", 0, "")]


def test_a_workbook_that_is_none_or_too_big_is_refused(exchange):
    (exchange.path / "houses.xlsx").write_bytes(b"PK\3\4 no workbook")
    (exchange.path / "customers.xlsx").write_bytes(b"\0" * 20_000_001)
    assert places(exchange.run()) == [("customers.xlsx", 0, ""), ("houses.xlsx", 0, "")]


def test_a_file_of_an_unknown_name_or_in_two_forms_is_reported(exchange):
    exchange.put("house", TABLES["houses"])
    exchange.put("houses", TABLES["houses"])
    workbook(exchange.path / "houses.xlsx", ["external_id"])
    assert places(exchange.run()) == [("house.csv", 0, ""), ("houses.xlsx", 0, "")]
    assert exchange.column("house", "id") == []


@pytest.mark.parametrize(
    "toml", ["version = 2", "version = '1'", "version = true", "", "version = 1\nextra = 1", "version ="]
)
def test_another_version_is_refused_as_a_whole(exchange, toml):
    exchange.put_all()
    (exchange.path / "exchange.toml").write_text(toml)
    with pytest.raises(ExchangeError, match=r"exchange\.toml"):
        exchange.run()


def test_a_folder_without_exchange_toml_and_a_path_that_is_nothing_are_refused(exchange, tmp_path):
    for path in (tmp_path, tmp_path / "nothing", exchange.path / "exchange.toml"):
        with pytest.raises(ExchangeError):
            exchange.run(path)


def archive(exchange: Exchange, top: str = "", **more: bytes) -> Path:
    path = exchange.path.parent / "exchange.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as out:
        for file in sorted(exchange.path.rglob("*")):
            if file.is_file():
                out.write(file, top + file.relative_to(exchange.path).as_posix())
        for name, data in more.items():
            out.writestr(name, data)
    return path


@pytest.mark.parametrize("top", ["", "november/"])
def test_a_zip_is_read_like_its_folder(exchange, top):
    exchange.put_all()
    report = exchange.run(archive(exchange, top))
    assert report.problems == []
    assert not exchange.run().changed_anything
    assert exchange.storage.open(exchange.column("invoice", "file_hash")[0]).endswith(b"i1.pdf")


@pytest.mark.parametrize(
    "name", ["../houses.csv", "/houses.csv", "files/../../x", "a\\b", "C:/x", "files//x", "houses.csv", "./x"]
)
def test_a_zip_with_an_unsafe_or_doubled_name_is_refused(exchange, name):
    exchange.put_all()
    with (
        pytest.raises(ExchangeError, match="not taken"),
        pytest.warns() if name == "houses.csv" else redirect_stderr(None),
    ):
        exchange.run(archive(exchange, **{name: b"x"}))
    assert exchange.column("house", "id") == []


def test_a_zip_with_a_symbolic_link_is_refused(exchange):
    link = zipfile.ZipInfo("files/link.pdf")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    path = archive(exchange)
    with zipfile.ZipFile(path, "a") as out:
        out.writestr(link, "/etc/passwd")
    with pytest.raises(ExchangeError, match=r"files/link\.pdf"):
        exchange.run(path)


def test_a_zip_that_unpacks_to_far_more_than_it_is_is_refused(exchange):
    with pytest.raises(ExchangeError, match=r"houses\.csv"):
        exchange.run(archive(exchange, **{"houses.csv": b" " * 20_000_000}))


def test_a_zip_with_more_than_2000_files_is_refused(exchange):
    with pytest.raises(ExchangeError, match="2000"):
        exchange.run(archive(exchange, **{f"files/{n}.pdf": b"" for n in range(2000)}))


def test_a_zip_that_lies_about_a_size_gives_no_byte_more(exchange):
    rows = "external_id;address;town\n" + "\n".join(f"H{n};Iela {n};Ogre" for n in range(5000))
    exchange.put("houses", rows)
    path = archive(exchange)
    path.write_bytes(path.read_bytes().replace(len(rows).to_bytes(4, "little"), (2000).to_bytes(4, "little")))
    report = exchange.run(path)
    assert report.problem_count >= 1
    assert len(exchange.column("house", "id")) < 100
    assert report.tables["houses"].missing == 0


def test_a_file_that_a_zip_holds_in_an_unknown_packing_is_one_problem(exchange):
    exchange.put_all()
    path = archive(exchange)
    with zipfile.ZipFile(path, "a") as out:
        out.getinfo("houses.csv").compress_type = 99
        out.writestr("files/more.pdf", b"")
    report = exchange.run(path)
    assert places(report)[0] == ("houses.csv", 0, "") and report.tables["customers"].added == 2


def test_symbolic_links_in_a_folder_are_not_followed(exchange, tmp_path):
    exchange.put_all()
    (exchange.path / "houses.csv").rename(tmp_path / "houses.csv")
    (exchange.path / "houses.csv").symlink_to(tmp_path / "houses.csv")
    (exchange.path / "files" / "act.pdf").unlink()
    (exchange.path / "files" / "act.pdf").symlink_to(exchange.path / "files" / "i1.pdf")
    found = places(exchange.run())
    assert ("houses.csv", 0, "") in found
    assert ("documents.csv", 2, "file") in found


def test_two_imports_at_once_are_refused(exchange):
    exchange.put_all()
    other = Database(exchange.database.url.render_as_string(hide_password=False))
    with only_one(other), pytest.raises(ImportBusy, match="Another import is running"):
        exchange.run()
    other.dispose()
    assert exchange.run().changed_anything


def test_of_imports_that_begin_at_the_same_moment_each_row_comes_once(exchange):
    exchange.put_all()
    url, gate = exchange.database.url.render_as_string(hide_password=False), threading.Barrier(4)

    def begin(_number: int) -> str:
        database = Database(url)
        gate.wait(60)
        try:
            return "added" if import_folder(database, exchange.storage, SITE, KEY, exchange.path).changed_anything else "unchanged"
        except ImportBusy:
            return "busy"
        finally:
            database.dispose()

    with ThreadPoolExecutor(4) as threads:
        outcomes = list(threads.map(begin, range(4)))
    assert outcomes.count("added") == 1, outcomes
    assert not exchange.run().changed_anything and len(exchange.column("reading", "id")) == 4


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.jobs.exchanges import KEY, SITE
from jobs.exchange import import_folder, intake
from models.database import Database
from models.files import FolderStorage
intake.CHUNK = 50
def progress(file, rows, part):
    if file == "readings.csv" and rows >= 100:
        os.kill(os.getpid(), signal.SIGKILL)
import_folder(Database(sys.argv[1]), FolderStorage(Path(sys.argv[3])), SITE, KEY, Path(sys.argv[2]), progress=progress)
"""


def test_an_import_that_was_killed_is_completed_by_the_next(exchange):
    exchange.put_all()
    exchange.put("readings", ["external_id;meter;value;date", *(f"R{n};M1;{n};2026-01-01" for n in range(300))])
    url = exchange.database.url.render_as_string(hide_password=False)
    command = [sys.executable, "-c", KILLED, url, str(exchange.path), str(exchange.storage.root)]
    done = subprocess.run(command, cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(exchange.column("reading", "id")) == 100
    report = _run_when_free(exchange)
    assert (report.tables["readings"].unchanged, report.tables["readings"].added) == (100, 200)
    assert sorted(exchange.column("reading", "value")) == [n * 1000 for n in range(300)]


def _run_when_free(exchange: Exchange):
    """PostgreSQL sees that the killed one has gone a moment later than the test does."""
    for _ in range(10_000):
        try:
            return exchange.run()
        except ImportBusy:
            continue
    return exchange.run()


def test_a_row_that_somebody_else_wrote_meanwhile_ends_the_import_with_a_sentence(exchange, monkeypatch):
    monkeypatch.setattr(intake.FileImport, "_refuse_taken", lambda *_: None)  # it was not there when we looked
    with pytest.raises(ExchangeError, match="import again"):
        exchange.only("customers", "C1;1;Name;;;;;;", "C2;1;Name;;;;;;")
    assert exchange.column("customer", "id") == []
    monkeypatch.undo()
    assert exchange.run().tables["customers"].added == 1


def test_chunks_do_not_show_in_the_outcome(exchange, monkeypatch):
    monkeypatch.setattr(intake, "CHUNK", 2)
    lines = [f"C{n};{n};Name {n};;;;;;" for n in range(5)]
    report = exchange.only("customers", *lines, "C0;77;Again;;;;;;", "C4;78;Again;;;;;;")
    assert (report.tables["customers"].added, places(report)) == (
        5,
        [("customers.csv", 7, "external_id"), ("customers.csv", 8, "external_id")],
    )
    report = exchange.only("customers", *lines[:3], "C1;79;Again;;;;;;")
    assert (report.tables["customers"].unchanged, places(report)) == (3, [("customers.csv", 5, "external_id")])
    assert report.tables["customers"].missing_ids == ["C3", "C4"]


def peak(exchange: Exchange, count: int) -> int:
    """Bytes at the peak of importing so many readings that are not there yet."""
    exchange.put(
        "readings", ["external_id;meter;value;date", *(f"{count}-{n};M1;{n};2026-01-01" for n in range(count))]
    )
    tracemalloc.start()
    exchange.run()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most


def test_memory_does_not_grow_with_the_file(exchange):
    exchange.taken()
    peak(exchange, 4_000)
    small, big = peak(exchange, 5_000), peak(exchange, 20_000)
    assert big < small * 1.5  # four times the rows; the garbage collector has its own hours


def test_a_chunk_is_looked_up_with_few_parameters_however_many_rows_it_has(exchange):
    exchange.taken()
    counts = []

    @sa.event.listens_for(exchange.database.engine, "before_cursor_execute")
    def _note(_connection, _cursor, statement, parameters, *_rest):
        counts.extend([len(parameters)] * statement.startswith("SELECT"))

    exchange.only("invoice_lines", *(f"I1;{number};Ūdens;;;;1" for number in range(1, 500)))
    exchange.only("meters", *(f"N{number};F34;;cold_water;;{number};;;;;;;" for number in range(500)))
    assert exchange.column("meter", "serial", external_id="N499") == ["499"]
    assert max(counts) <= 10


def test_problems_are_counted_beyond_those_that_are_kept(exchange):
    report = exchange.only("houses", *(f"H{n};;Ogre;" for n in range(1500)))
    assert (report.problem_count, len(report.problems)) == (1500, KEPT_PROBLEMS)
    out = io.StringIO()
    with redirect_stdout(out):
        assert print_report(report) == 1
    assert "houses.csv, row 2, address: expected a value" in out.getvalue()
    assert "… and 500 more problems." in out.getvalue()


def test_a_clean_report_is_told_in_sentences(exchange, capsys):
    exchange.taken()
    assert print_report(exchange.run(dry_run=True)) == 0
    out = capsys.readouterr().out
    assert "customers: 2 rows read, 0 added, 0 changed, 2 unchanged.\n" in out
    assert out.endswith("This was a dry run: nothing was changed.\n")


def test_progress_tells_rows_and_part_to_the_end(exchange, monkeypatch, capsys):
    monkeypatch.setattr(intake, "CHUNK", 2)
    seen = []
    exchange.put_all()
    exchange.run(progress=lambda *step: seen.append(step))
    steps = [(rows, part) for file, rows, part in seen if file == "readings.csv"]
    assert [rows for rows, _ in steps] == [0, 2, 4, 4]
    assert (steps[0][1], steps[-1][1]) == (0.0, 1.0)
    with progress_bar() as progress:
        exchange.run(progress=progress)
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == len(TABLES)
    assert all("100%" in line and "rows/s" in line for line in lines)


PLAUSIBLE = st.sampled_from(
    ["", "C1", "H1", "F34", "M1", "R1", "I1", "P1", "1", "2", "12,5", "-1", "2026-01-01", "2026-10", "31.12.2026", "x.pdf", "i1.pdf", "a@b.lv",
     "LV44DEMO0000000000001", "accepted", "cold_water", "person", "C1|C2", "T1|T2", "010190-12345", "'=1", "=1+1", "\0", "\ud800", "\u202e", '"', "\n"]
)  # fmt: skip
CELLS = st.one_of(PLAUSIBLE, st.text(max_size=12))


@st.composite
def tables(draw):
    names = draw(st.lists(st.sampled_from([*FORMAT]), min_size=1, max_size=4, unique=True))
    made = {}
    for name in names:
        header = draw(st.permutations([*FORMAT[name].columns]))
        rows = draw(st.lists(st.lists(CELLS, min_size=len(header), max_size=len(header)), max_size=4))
        made[name] = [header, *rows]
    return made


@given(made=tables())
@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
def test_no_table_of_random_cells_ever_raises(exchange, made):
    exchange.put_all()
    for name, rows in made.items():
        lines = [";".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
        (exchange.path / f"{name}.csv").write_bytes("\n".join(lines).encode("utf-8", "surrogatepass"))
    report = exchange.run()
    for name, rows in made.items():
        counts = report.tables[name]
        assert counts.added + counts.changed + counts.unchanged <= counts.read <= len(rows)
    if not report.problem_count:
        assert not exchange.run().changed_anything
