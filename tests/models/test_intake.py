"""What people send: taken when it is what its name says and no trap; refused by name with the reason (rule 16)."""

import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from models import intake
from models.intake import LARGEST, MOST, Refused, take, take_all
from models.rules.file_names import KINDS, LONGEST, clean_name, ending
from models.scanner import Scanner

IPHONE = (Path(__file__).parent / "iphone.heic").read_bytes()  # half red, half blue; made by a camera that says where
PDF = b"%PDF-1.7 anything"
ASICE = "application/vnd.etsi.asic-e+zip"
WORD = {"[Content_Types].xml": "<Types/>", "word/document.xml": "<w:document/>"}
SIGNED = {"mimetype": ASICE, "ligums.pdf": "%PDF-", "META-INF/signatures0.xml": "<asic/>"}


def archive(entries: dict[str, str | bytes], packing: int = zipfile.ZIP_STORED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", packing) as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return out.getvalue()


def picture(form: str, size: tuple[int, int] = (40, 20), mode: str = "RGB", **more: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size).save(out, form, **more)
    return out.getvalue()


def refused(name: str, data: bytes) -> str:
    with pytest.raises(Refused) as caught:
        take(name, io.BytesIO(data))
    assert caught.value.name == clean_name(name)
    return caught.value.reason


GOOD = {
    "a.pdf": PDF, "A.PDF": PDF, "foto.jpg": picture("JPEG"), "foto.jpeg": picture("JPEG"), "a.png": picture("PNG"), "a.webp": picture("WEBP"),
    "a.heic": IPHONE, "a.heif": IPHONE, "a.docx": archive(WORD), "līgums.edoc": archive(SIGNED), "a.asice": archive(SIGNED),
}  # fmt: skip


@pytest.mark.parametrize("name", GOOD)
def test_each_kind_is_taken_and_what_is_signed_or_written_is_kept_bit_by_bit(name: str):
    taken = take(name, io.BytesIO(GOOD[name]))
    assert taken.name == ("a.jpg" if GOOD[name] == IPHONE else name) and not taken.waits
    if ending(name) in ("pdf", "docx", "edoc", "asice"):
        taken.file.seek(0)
        assert taken.file.read() == GOOD[name]


def test_the_kinds_are_these():
    assert {ending(name) for name in GOOD} == {*KINDS}


@pytest.mark.parametrize("name", GOOD)
def test_no_kind_passes_for_another(name: str):
    """ASVS 5.2.2."""
    for other in GOOD:
        same = {ending(name), ending(other)} in ({"jpg", "jpeg"}, {"edoc", "asice"}, {"heic", "heif"}) or ending(name) == ending(other)
        if not same:
            assert refused(f"x.{ending(other)}", GOOD[name]) == "content", other


@pytest.mark.parametrize(("name", "data", "reason"), [
    ("a.pdf", b"", "empty"), ("a.exe", PDF, "kind"), ("pdf", PDF, "kind"), ("a.pdf.exe", PDF, "kind"), ("a", PDF, "kind"), ("a.svg", b"<svg/>", "kind"), ("a.html", b"<p>", "kind"),
    ("IMG_1.HEIC", b"\0\0\0\x18ftypheic", "damaged"), ("a.heic", b"ftypheic", "content"), ("a.heic", IPHONE[:400], "damaged"), ("a.gif", b"GIF89a", "kind"), ("a.png", b"GIF89a", "content"), ("a.pdf", b" %PDF-", "content"),
    ("a.pdf", PDF + b"x" * LARGEST, "large"), ("a.jpg", b"\xff\xd8\xff\xe0nothing", "damaged"), ("a.png", picture("PNG")[:60], "damaged"), ("a.webp", b"RIFF\0\0\0\0WAVE", "damaged"),
    ("a.png", picture("PNG", (8000, 5001), "1"), "pixels"), ("a.jpg", picture("JPEG")[:200], "damaged"),
])  # fmt: skip
def test_what_is_not_taken_says_why(name: str, data: bytes, reason: str):
    assert refused(name, data) == reason


ARCHIVES = {
    "macros": (archive(WORD | {"word/vbaProject.bin": "x"}), "content"), "no document": (archive({"a": "b"}), "content"), "empty": (archive({}), "content"),
    "out of it": (archive(WORD | {"../../etc/passwd": "x"}), "damaged"), "absolute": (archive(WORD | {"/etc/passwd": "x"}), "damaged"), "backslash": (archive(WORD | {"a\\b": "x"}), "damaged"),
    "many": (archive(WORD | {f"{n}": "" for n in range(1000)}), "packed"), "more than a table can hold": (archive(WORD | {f"{n:0100}": "" for n in range(3000)}), "packed"),
    "a bomb": (archive(WORD | {"a": b"\0" * 9_000_000}, zipfile.ZIP_DEFLATED), "packed"), "bombs": (archive(WORD | {f"{n}": b"\0\1" * 500_000 for n in range(101)}, zipfile.ZIP_DEFLATED), "packed"),
    "cut": (archive(WORD)[:-30], "packed"), "changed": (archive(WORD).replace(b"<w:doc", b"<w:dox"), "damaged"), "nothing": (b"PK\x03\x04", "packed"),
}  # fmt: skip


@pytest.mark.parametrize("what", ARCHIVES)
def test_an_archive_that_is_a_trap_is_refused(what: str):
    """ASVS 5.2.3."""
    data, reason = ARCHIVES[what]
    assert refused("a.docx", data) == reason


def test_an_archive_that_lies_about_its_sizes_is_refused():
    bomb = bytearray(archive(WORD | {"a": b"\0" * 9_000_000}, zipfile.ZIP_DEFLATED))
    for mark, place in ((b"PK\3\4", 22), (b"PK\1\2", 24)):  # what an entry unpacks to, said twice
        at = bomb.rfind(mark)
        bomb[at + place : at + place + 4] = struct.pack("<I", 100)
    assert refused("a.docx", bytes(bomb)) == "damaged"
    hidden = archive(WORD)[:-22] + b"PK\6\7" + b"\0" * 16 + archive(WORD)[-22:]
    assert refused("a.docx", hidden) == "packed", "a second table of contents"


def test_a_signed_container_begins_with_its_own_mark():
    for wrong in ({"mimetype": "application/zip"}, {"a": "b", "mimetype": ASICE}, {"META-INF/signatures0.xml": "<asic/>"}):
        assert refused("a.edoc", archive(wrong)) == "content"


@pytest.mark.parametrize(("form", "name"), [("JPEG", "a.jpg"), ("PNG", "a.png"), ("WEBP", "a.webp")])
def test_a_picture_loses_its_place_and_time_and_whatever_was_hidden_in_it(form: str, name: str):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x9003] = 6, "SecretCamera", "2026:11:22 05:00:00"
    exif.get_ifd(0x8825).update({1: "N", 2: (56.0, 30.0, 0.0)})
    more = {"comment": b"SecretComment"} if form == "JPEG" else {}
    data = picture(form, exif=exif, **more) + b"<script>SecretTail</script>"
    assert b"SecretCamera" in data
    taken = take(name, io.BytesIO(data))
    taken.file.seek(0)
    drawn = taken.file.read()
    again = Image.open(io.BytesIO(drawn))
    assert b"Secret" not in drawn and not again.getexif() and again.size == (20, 40), "turned as it was to be seen"
    assert again.format == form


def test_a_picture_of_an_iphone_becomes_a_jpeg_without_its_place_and_time(monkeypatch: pytest.MonkeyPatch):
    assert b"SecretCamera" in IPHONE
    taken = take("Foto no pagraba.HEIC", io.BytesIO(IPHONE))
    again = Image.open(taken.file)
    assert (taken.name, again.format, again.size) == ("Foto no pagraba.jpg", "JPEG", (20, 40)) and not again.getexif()
    assert again.getpixel((10, 35))[0] > 150 > 100 > again.getpixel((10, 5))[0]
    taken.file.seek(0)
    assert b"Secret" not in taken.file.read()
    monkeypatch.setattr(intake, "PIXELS", 799)
    assert refused("a.heic", IPHONE) == "pixels"


def test_a_huge_picture_comes_out_small_and_a_transparent_one_stays_so():
    taken = take("a.jpg", io.BytesIO(picture("JPEG", (6000, 4000))))
    assert Image.open(taken.file).size == (2560, 1707)
    for mode in ("RGBA", "LA", "P", "L", "1", "CMYK"):
        form = "JPEG" if mode == "CMYK" else "PNG"
        assert Image.open(take(f"a.{form.lower()}", io.BytesIO(picture(form, mode=mode))).file).mode == ("RGBA" if mode in ("RGBA", "LA") else "RGB")


def test_a_picture_whose_header_promises_a_billion_points_is_refused_before_it_is_unpacked():
    data = bytearray(picture("PNG"))
    data[16:24] = struct.pack(">II", 30_000, 30_000)
    data[29:33] = struct.pack(">I", zlib.crc32(bytes(data[12:29])))
    assert refused("a.png", bytes(data)) in ("pixels", "damaged")


def test_of_many_files_each_has_its_own_answer():
    files = [("a.pdf", io.BytesIO(PDF)), ("b.exe", io.BytesIO(PDF)), *((f"{n}.pdf", io.BytesIO(PDF)) for n in range(MOST))]
    taken, not_taken = take_all(files, Scanner())
    assert [one.name for one in taken] == ["a.pdf", *(f"{n}.pdf" for n in range(8))]
    assert [(one.name, one.reason) for one in not_taken] == [("b.exe", "kind"), ("8.pdf", "many"), ("9.pdf", "many")]


@pytest.mark.parametrize(("name", "clean"), [
    ("../../etc/passwd.pdf", "passwd.pdf"), ("C:\\Users\\Anna\\līgums.pdf", "līgums.pdf"), ("a\u202egpj.pdf", "agpj.pdf"), ("a\u200b\u2066.pdf", "a.pdf"), ("a\r\nb\0.pdf", "a b.pdf"),
    (".pdf", "pdf"), ("", "file"), ("...", "file"), ("a" * 300 + ".pdf", "a" * 116 + ".pdf"), ('a"<b>:c|d?*.pdf', "a b c d.pdf"), ("  a  .pdf ", "a.pdf"), ("e\u0304.pdf", "ē.pdf"),
    ("a." + "b" * 300, "a." + "b" * 20), ("/", "file"), ("a.pdf/", "file"),
])  # fmt: skip
def test_a_name_is_cleaned(name: str, clean: str):
    assert clean_name(name) == clean


@given(st.text(max_size=400))
def test_a_clean_name_is_short_visible_one_line_and_clean_already(name: str):
    clean = clean_name(name)
    assert 0 < len(clean) <= LONGEST and clean.isprintable() and not {*'/\\<>:"|?*'} & {*clean}
    assert not clean.startswith((".", " ")) and clean_name(clean) == clean


@given(st.binary(max_size=300), st.sampled_from([*KINDS]))
def test_nothing_that_begins_rightly_breaks_us(rest: bytes, kind: str):
    try:
        assert take(f"a.{kind}", io.BytesIO(KINDS[kind] + rest)).name == f"a.{kind}"
    except Refused as error:
        assert error.reason in ("damaged", "content", "packed", "pixels")
