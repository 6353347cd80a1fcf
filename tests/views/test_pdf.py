"""The invoice as PDF: what it says, read back with the tools of others, and that its child obeys its limits."""

import base64
import os
import re
import select
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from pathlib import Path
from threading import Barrier

import pytest
from babel.messages.catalog import Catalog
from babel.messages.pofile import write_po
from flask import Flask
from fontTools.ttLib import TTFont

from models.children import ABANDONED, FOLDER, Limits
from models.database import Database
from models.files import FolderStorage
from models.locks import only_one
from models.rules.differences import Line
from models.types import utc_now
from tests.tools import run
from views import language, pdf
from views.pdf import InvoicePdf, PdfBusy, PdfFailed

ROOT = Path(__file__).parents[2]
GENEROUS = Limits(wall_seconds=120, wait_seconds=120)
LINES = (
    Line("Aukstais ūdens", 3100, "m3", 10500, 326),
    Line("Karstā ūdens uzsildīšana", 1245, "mwh", 654321, 8146),
    Line("Apkure <b>& tīkli</b>", 4000, "m3", 13000, 520),
    Line("Atkritumu izvešana", 2000, "gab.", 23100, 462),
    Line("Korekcija: Корректировка, Ёлкина", None, "", None, -105),
)
INVOICE = InvoicePdf(
    language="lv",
    operator="SIA “Ūdens un siltums”",
    operator_lines=("Reģ. Nr. 00000000000", "Ezera iela 1, Ezeri"),
    colour="#0B5C7A",
    number="E-2026-10/7",
    period_start=date(2026, 10, 1),
    period_end=date(2026, 10, 31),
    issued_on=date(2026, 11, 10),
    due_on=date(2026, 11, 30),
    customer_name="Žanis Ķirsis",
    customer_code="204-117",
    address="Ģertrūdes iela 12–34, Ezeri",
    lines=LINES,
    net=9349,
    vat=1963,
    total=11312,
    brought_forward=1240,
    payable=12552,
    payee_name="SIA “Ūdens un siltums”",
    payee_iban="LV97HABA0012345678910",
    reference="Rēķins E-2026-10/7, klients 204-117",
)
TEXTS = {
    "lv": {"Invoice No. %(number)s": "Rēķins Nr. %(number)s", "Page %(page)s of %(pages)s": "%(page)s. lapa no %(pages)s"},
    "en": {},
    "ru": {"Invoice No. %(number)s": "Счёт № %(number)s"},
}  # fmt: skip
FONT = """<style>@font-face { font-family: body; src: url("DejaVuSans-subset.ttf") }
html, body { font-family: body; overflow-wrap: anywhere }</style>"""


@pytest.fixture(scope="module", autouse=True)
def printer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """The templates with a few texts of their own, so that no test waits for a translator."""
    folder = tmp_path_factory.mktemp("translations")
    for name, texts in TEXTS.items():
        catalog = Catalog(locale=name)
        for msgid, text in texts.items():
            catalog.add(msgid, text)
        path = folder / name / "LC_MESSAGES" / "messages.po"
        path.parent.mkdir(parents=True)
        with path.open("wb") as target:
            write_po(target, catalog)
    printer = Flask("pdf", template_folder=str(ROOT / "templates"))
    language.init_languages(printer, language.LANGUAGES, folder=folder)
    with printer.app_context():
        yield printer


@pytest.fixture
def children(monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Every child that is started during the test."""
    started: list[subprocess.Popen[bytes]] = []

    class Counted(subprocess.Popen[bytes]):
        def __init__(self, *args: object, **kwargs: object) -> None:
            super().__init__(*args, **kwargs)  # type: ignore[call-overload]
            started.append(self)

    monkeypatch.setattr(subprocess, "Popen", Counted)
    return started


@pytest.fixture
def own_tmp(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A folder for temporary files where only the test's own are."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def gone(child: subprocess.Popen[bytes]) -> bool:
    """Whether the child is collected and nobody is left in its process group."""
    try:
        os.killpg(child.pid, 0)
    except ProcessLookupError:
        return child.returncode is not None
    return False


@pytest.fixture(scope="module")
def printed(printer: Flask, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One invoice of a usual size, as a file."""
    path = tmp_path_factory.mktemp("pdf") / "invoice.pdf"
    path.write_bytes(pdf.render_invoice(INVOICE, GENEROUS))
    return path


def words(document: InvoicePdf | Path, folder: Path) -> str:
    """What a document says, with every gap as one blank."""
    if isinstance(document, InvoicePdf):
        path = folder / "document.pdf"
        path.write_bytes(pdf.render_invoice(document, GENEROUS))
        document = path
    return re.sub(r"[ \u00a0\n]+", " ", run("pdftotext", "-layout", document, "-"))


def test_it_says_what_was_billed_in_latvian_and_cyrillic_letters(printed: Path, tmp_path: Path) -> None:
    text = words(printed, tmp_path)
    for expected in (
        "SIA “Ūdens un siltums”", "Rēķins Nr. E-2026-10/7", "Žanis Ķirsis", "Ģertrūdes iela 12–34", "204-117",
        "01.10.2026. – 31.10.2026.", "10.11.2026.", "30.11.2026.", "Korekcija: Корректировка, Ёлкина -1,05 €",
        "93,49 €", "19,63 €", "113,12 €", "12,40 €", "125,52 €", "LV97 HABA 0012 3456 7891 0",
        "Rēķins E-2026-10/7, klients 204-117", "Reģ. Nr. 00000000000", "1. lapa no 1",
    ):  # fmt: skip
        assert expected in text


def test_quantities_of_a_unit_share_their_decimals_and_none_is_rounded(printed: Path, tmp_path: Path) -> None:
    text = words(printed, tmp_path)
    assert "3,1 m³ 1,05 € 3,26 €" in text and "4,0 m³ 1,30 € 5,20 €" in text
    assert "1,245 MWh 65,4321 € 81,46 €" in text and "2 gab. 2,31 € 4,62 €" in text


def test_markup_in_a_text_is_printed_and_not_obeyed(printed: Path, tmp_path: Path) -> None:
    assert "Apkure <b>& tīkli</b>" in words(printed, tmp_path)


@pytest.mark.parametrize(
    ("code", "title", "due", "amount"),
    [
        ("en", "Invoice No. E-2026-10/7", "30 Nov 2026", "€125.52"),
        ("ru", "Счёт № E-2026-10/7", "30.11.2026", "125,52 €"),
    ],
)
def test_it_is_written_in_the_readers_language(code: str, title: str, due: str, amount: str, tmp_path: Path) -> None:
    text = words(replace(INVOICE, language=code), tmp_path)
    assert title in text and due in text and amount in text
    assert f"/Lang ({code})".encode() in (tmp_path / "document.pdf").read_bytes()


def test_every_font_is_embedded_and_ours(printed: Path) -> None:
    fonts = [line.split() for line in run("pdffonts", printed).splitlines()[2:]]
    assert {font[0].partition("+")[2] for font in fonts} == {"DejaVuSans", "DejaVuSans-Bold"}
    assert {tuple(font[-5:-2]) for font in fonts} == {("yes", "yes", "yes")}  # embedded, subset, with Unicode


@pytest.mark.parametrize("face", ["DejaVuSans", "DejaVuSans-Bold"])
def test_the_fonts_have_every_letter_of_our_texts(face: str) -> None:
    drawn = TTFont(ROOT / "static" / "fonts" / f"{face}-subset.ttf").getBestCmap().keys()
    texts = "".join(path.read_text("utf-8") for path in ROOT.glob("translations/**/*.po"))
    signs = "ĀČĒĢĪĶĻŅŠŪŽŖŌāčēģīķļņšūžŗō АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюя“”«»–—…€·×m³²№\u00a0"
    assert {letter for letter in texts + signs if letter not in "\n\t" and ord(letter) not in drawn} == set()


def test_the_qr_code_on_the_printed_page_has_the_exact_fields(printed: Path, tmp_path: Path) -> None:
    run("pdftoppm", "-r", "150", "-png", printed, tmp_path / "page")
    fields = run("zbarimg", "--raw", "-q", tmp_path / "page-1.png").removesuffix("\n").split("\n")
    assert fields[:8] == ["BCD", "002", "1", "SCT", "", INVOICE.payee_name, INVOICE.payee_iban, "EUR125.52"]
    assert fields[8:] == ["", "", INVOICE.reference]


def test_the_qr_code_is_large_enough_to_be_read_from_paper(printed: Path) -> None:
    image = run("pdfimages", "-list", printed).splitlines()[2].split()
    pixels, per_inch = int(image[3]), int(image[12])
    code = (pixels - 2 * 4 * 8) / per_inch * 25.4  # without the quiet zone: 4 modules of 8 pixels
    assert 28 <= code <= 31


def test_a_demonstration_says_so_on_every_page(tmp_path: Path) -> None:
    text = words(replace(INVOICE, lines=LINES * 20, demo=True), tmp_path)
    pages = text.split("\f")[:-1]
    assert len(pages) > 2
    assert all("DEMO" in page and f"{n}. lapa no {len(pages)}" in page for n, page in enumerate(pages, 1))


def test_a_real_invoice_does_not_say_demo(printed: Path, tmp_path: Path) -> None:
    assert "DEMO" not in words(printed, tmp_path)


def test_pages_that_begin_among_the_lines_repeat_the_column_heads(tmp_path: Path) -> None:
    pages = words(replace(INVOICE, lines=LINES * 20), tmp_path).split("\f")[:-1]
    heads = ["Service Quantity Price Amount" in page for page in pages]
    lines = ["Aukstais ūdens" in page or "Atkritumu" in page for page in pages]
    assert len(pages) > 2 and heads == lines


def test_a_credit_invoice_names_the_overpayment_and_asks_for_nothing(tmp_path: Path) -> None:
    text = words(replace(INVOICE, brought_forward=-20_000, payable=-8688), tmp_path)
    assert "Balance brought forward (overpayment) 200,00 €" in text and "Overpayment 86,88 €" in text
    assert "LV97" not in text and "30.11.2026." not in text


def test_after_a_part_payment_the_rest_is_asked_for(tmp_path: Path) -> None:
    text = words(replace(INVOICE, payments=((date(2026, 11, 12), 2552),)), tmp_path)
    assert "12.11.2026. 25,52 € Left to pay 100,00 €" in text and "Amount 100,00 €" in text


def test_a_paid_invoice_asks_for_nothing(tmp_path: Path) -> None:
    text = words(replace(INVOICE, payments=((date(2026, 11, 12), 12_552),)), tmp_path)
    assert "Left to pay 0,00 €" in text and "LV97" not in text


def test_an_invoice_of_1500_lines_is_printed_whole(tmp_path: Path, children: list[subprocess.Popen[bytes]]) -> None:
    lines = tuple(Line(f"Dzīvoklis {n}.", n, "m3", 10500, n) for n in range(1, 1501))
    text = words(replace(INVOICE, lines=lines), tmp_path)
    assert [int(n) for n in re.findall(r"Dzīvoklis (\d+)\.", text)] == list(range(1, 1501))
    assert "125,52 €" in text and gone(children[0])


def test_a_document_reaches_no_network_and_no_file(tmp_path: Path, children: list[subprocess.Popen[bytes]]) -> None:
    png = base64.b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGNgAAAAAgABSK+kcQAAAABJRU5ErkJggg=="
    )
    (tmp_path / "secret.png").write_bytes(png)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        evil = f"""<link rel="stylesheet" href="{url}/a.css"><style>@import url("{url}/b.css");
            p {{ background-image: url("{url}/c.png") }}</style>{FONT}<p>Rēķins</p><img src="{url}/d.png">
            <img src="file://{tmp_path}/secret.png"><img src="../../../../../../../../..{tmp_path}/secret.png">
            <img src="{tmp_path}/secret.png"><pdf:insertpdf src="{url}/e.pdf"></pdf:insertpdf>"""
        (tmp_path / "evil.pdf").write_bytes(pdf.render_html(evil, GENEROUS))
        server.setblocking(False)
        with pytest.raises(BlockingIOError):  # nobody waits to be let in
            server.accept()
    assert "Rēķins" in words(tmp_path / "evil.pdf", tmp_path)
    assert len(run("pdfimages", "-list", tmp_path / "evil.pdf").splitlines()) == 2  # its heading only
    assert gone(children[0])


def test_a_word_of_200_kilobytes_is_ended_at_the_limit(children: list[subprocess.Popen[bytes]], own_tmp: Path) -> None:
    word = replace(INVOICE, lines=(Line("W" * 200_000, None, "", None, 1),))  # many times the limit
    with pytest.raises(PdfFailed) as failed:
        pdf.render_invoice(word, Limits(wall_seconds=2))
    assert failed.value.code == "too_long"
    assert len(children) == 1 and gone(children[0]) and list(own_tmp.iterdir()) == []


def test_what_a_killed_server_left_of_a_rendering_is_removed_after_an_hour(own_tmp: Path) -> None:
    old, young, other = (own_tmp / name for name in (f"{FOLDER}old", f"{FOLDER}young", "other"))
    for folder in (old, young, other):
        folder.mkdir()
        (folder / "code.png").touch()
    for folder in (old, other):
        os.utime(folder, times=(0, utc_now().timestamp() - ABANDONED - 1))
    with pytest.raises(PdfFailed):
        pdf.render_html("", GENEROUS)
    assert {*own_tmp.iterdir()} == {young, other}


def test_an_endless_job_is_killed_with_everything_it_started(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "alive")
    endless = "import os, signal, sys; os.fork(); alive = os.open(sys.argv[1], os.O_WRONLY); signal.pause()"
    monkeypatch.setattr(pdf, "CHILD", (sys.executable, "-c", endless, str(tmp_path / "alive")))
    reader = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(PdfFailed) as failed:
        pdf.render_html("<p>", Limits(wall_seconds=3))
    waiting = select.poll()
    waiting.register(reader, 0)
    assert failed.value.code == "too_long"
    assert waiting.poll(30_000) == [(reader, select.POLLHUP)]  # nobody holds the other end any more
    os.close(reader)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent died")
def test_a_killed_server_leaves_no_child_behind(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "alive")
    child = """import os, signal, sys; from models.confined import confine
confine(*map(int, sys.argv[2:])); alive = os.open(sys.argv[1], os.O_WRONLY)
os.write(alive, str(os.getpid()).encode()); signal.pause()"""
    server = f"""import sys; from models.children import Limits; from views import pdf
pdf.CHILD = (sys.executable, "-c", {child!r}, {str(tmp_path / "alive")!r})
pdf.render_html("", Limits(wall_seconds=600))"""
    reader = os.open(tmp_path / "alive", os.O_RDONLY | os.O_NONBLOCK)
    waiting = select.poll()
    waiting.register(reader, select.POLLIN)
    with subprocess.Popen(
        [sys.executable, "-c", server], cwd=ROOT, env=os.environ | {"TMPDIR": str(tmp_path)}
    ) as parent:
        assert waiting.poll(60_000) == [(reader, select.POLLIN)]
        number = int(os.read(reader, 20))
        parent.kill()
    ended = waiting.poll(30_000)
    if not ended:
        os.kill(number, signal.SIGKILL)
    os.close(reader)
    assert ended == [(reader, select.POLLHUP)]


def test_a_child_that_needs_more_memory_than_allowed_fails(children: list[subprocess.Popen[bytes]]) -> None:
    with pytest.raises(PdfFailed) as failed:
        pdf.render_html(f"{FONT}Rēķins", replace(GENEROUS, memory_bytes=50 * 1024 * 1024))
    assert failed.value.code == "failed" and gone(children[0])


def test_a_child_that_used_up_its_processor_time_took_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = "import os, signal; os.kill(os.getpid(), signal.SIGXCPU)"
    monkeypatch.setattr(pdf, "CHILD", (sys.executable, "-c", busy))
    with pytest.raises(PdfFailed) as failed:
        pdf.render_html("<p>", GENEROUS)
    assert failed.value.code == "too_long"


@pytest.mark.parametrize("head", ["", FONT.replace("subset", "lost")], ids=["no font named", "font file missing"])
def test_letters_without_our_font_are_an_error_and_no_black_boxes(head: str) -> None:
    with pytest.raises(PdfFailed) as failed:
        pdf.render_html(f"{head}<p style='font-family: Times'>Rēķins</p>", GENEROUS)
    assert failed.value.code == "failed"


def test_what_the_child_says_of_a_failure_holds_no_word_of_the_invoice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with pytest.raises(PdfFailed):
        pdf.render_html("<table><tr><td>" * 300 + "Žanis Ķirsis", GENEROUS)
    assert "RenderLimitError" in caplog.text and "Ķirsis" not in caplog.text


def test_who_waited_in_vain_for_a_turn_is_told_so() -> None:
    with pdf._turn, pytest.raises(PdfBusy):
        pdf.render_html(f"{FONT}Rēķins", Limits(wait_seconds=0))
    assert pdf.render_html(f"{FONT}Rēķins", GENEROUS).startswith(b"%PDF-")


def test_who_waited_in_vain_for_anothers_rendering_is_told_so(database: Database, tmp_path: Path) -> None:
    storage, impatient = FolderStorage(tmp_path / "files"), replace(GENEROUS, wait_seconds=0)
    with only_one(database, f"pdf-{INVOICE.key[0]}"), pytest.raises(PdfBusy):
        pdf.cached_invoice_pdf(database, storage, INVOICE, impatient)
    name = pdf.cached_invoice_pdf(database, storage, INVOICE, impatient)
    with only_one(database, f"pdf-{INVOICE.key[0]}"):  # for what is there nobody waits
        assert pdf.cached_invoice_pdf(database, storage, INVOICE, impatient) == name


def test_threads_that_ask_for_the_same_invoice_render_it_once(
    printer: Flask, database: Database, tmp_path: Path, children: list[subprocess.Popen[bytes]]
) -> None:
    storage, start = FolderStorage(tmp_path / "files"), Barrier(4)

    def ask(_: int) -> str:
        start.wait()
        with printer.app_context():
            return pdf.cached_invoice_pdf(database, storage, INVOICE, GENEROUS)

    with ThreadPoolExecutor(4) as pool:
        (name,) = set(pool.map(ask, range(4)))
    assert len(children) == 1 and storage.open(name).startswith(b"%PDF-")


def test_an_invoice_is_rendered_again_only_when_it_changed_or_its_file_is_lost(
    database: Database, tmp_path: Path, children: list[subprocess.Popen[bytes]]
) -> None:
    storage = FolderStorage(tmp_path / "files")
    name = pdf.cached_invoice_pdf(database, storage, INVOICE)
    assert pdf.cached_invoice_pdf(database, storage, replace(INVOICE)) == name and len(children) == 1
    paid = replace(INVOICE, payments=((date(2026, 11, 12), 1),))
    assert pdf.cached_invoice_pdf(database, storage, paid) != name and len(children) == 2
    (tmp_path / "files" / name[:2] / name[2:]).unlink()
    again = pdf.cached_invoice_pdf(database, storage, INVOICE)
    assert storage.exists(again) and len(children) == 3
    assert pdf.cached_invoice_pdf(database, storage, INVOICE) == again and len(children) == 3


def test_a_failed_rendering_is_not_kept(database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = FolderStorage(tmp_path / "files")
    with monkeypatch.context() as broken:
        broken.setattr(pdf, "CHILD", (sys.executable, "-c", "print('not a PDF')"))
        with pytest.raises(PdfFailed):
            pdf.cached_invoice_pdf(database, storage, INVOICE)
    assert storage.open(pdf.cached_invoice_pdf(database, storage, INVOICE)).startswith(b"%PDF-")


def test_a_change_of_the_template_or_of_a_text_is_a_new_file(monkeypatch: pytest.MonkeyPatch) -> None:
    before = INVOICE.key
    for pattern in pdf.LOOKS:
        with monkeypatch.context() as changed:
            changed.setattr(pdf, "LOOKS", tuple(other for other in pdf.LOOKS if other != pattern))
            pdf._looks.cache_clear()
            assert INVOICE.key != before, pattern
    pdf._looks.cache_clear()
    assert INVOICE.key == before
