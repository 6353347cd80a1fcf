"""The payment QR code, read back by a QR reader."""

from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.tools import run
from views.qr import payment_qr_png, payment_qr_svg

NAME, IBAN, REFERENCE = "SIA “Ūdens un siltums”", "LV97HABA0012345678910", "Rēķins 2026-10/7, klients 204-117"
SVG = "{http://www.w3.org/2000/svg}"


def fields(
    folder: Path, name: str = NAME, iban: str = IBAN, cents: int = 8743, reference: str = REFERENCE
) -> list[str]:
    png = payment_qr_png(name, iban, cents, reference)
    assert png is not None
    (folder / "qr.png").write_bytes(png)
    return run("zbarimg", "--raw", "-q", folder / "qr.png").removesuffix("\n").split("\n")


def test_a_reader_finds_the_fields_of_the_standard_in_their_order(tmp_path: Path) -> None:
    assert fields(tmp_path) == ["BCD", "002", "1", "SCT", "", NAME, IBAN, "EUR87.43", "", "", REFERENCE]


@pytest.mark.parametrize("cents", [1, 10, 99, 100, 1230, 100_000, 123_456_789, 99_999_999_999])
def test_the_amount_is_exact_to_the_cent(tmp_path: Path, cents: int) -> None:
    amount = fields(tmp_path, cents=cents)[7]
    assert amount.startswith("EUR") and Decimal(amount[3:]) * 100 == cents


def test_latvian_and_cyrillic_letters_arrive_as_they_are(tmp_path: Path) -> None:
    written = fields(tmp_path, name="ĀČĒĢĪĶĻŅŠŪŽ āčēģīķļņšūž", reference="Счёт № 7, Ёлкина")
    assert (written[5], written[-1]) == ("ĀČĒĢĪĶĻŅŠŪŽ āčēģīķļņšūž", "Счёт № 7, Ёлкина")


def test_spaces_in_the_account_number_are_left_out(tmp_path: Path) -> None:
    assert fields(tmp_path, iban="LV97 HABA 0012\u00a03456 7891 0")[6] == IBAN


def test_a_line_break_in_a_text_does_not_begin_another_field(tmp_path: Path) -> None:
    written = fields(tmp_path, name="SIA\nEvil", reference="7\r\nmore")
    assert len(written) == 11 and (written[5], written[-1]) == ("SIA Evil", "7 more")


@pytest.mark.parametrize(
    ("name", "iban", "cents", "reference"),
    [
        pytest.param(NAME, IBAN, 0, REFERENCE, id="nothing to pay"),
        pytest.param(NAME, IBAN, -1230, REFERENCE, id="overpaid"),
        pytest.param(NAME, IBAN, 100_000_000_000, REFERENCE, id="a cent more than the standard knows"),
        pytest.param("N" * 71, IBAN, 100, REFERENCE, id="name too long"),
        pytest.param(NAME, IBAN, 100, "R" * 141, id="reference too long"),
        pytest.param("Ņ" * 70, IBAN, 100, "Ģ" * 140, id="too many bytes together"),
        pytest.param(NAME, IBAN, 100, " ", id="no reference"),
        pytest.param(" ", IBAN, 100, REFERENCE, id="no name"),
        pytest.param(NAME, "", 100, REFERENCE, id="no account"),
    ],
)
def test_no_code_is_drawn_that_would_not_pay_this(name: str, iban: str, cents: int, reference: str) -> None:
    assert payment_qr_png(name, iban, cents, reference) is None
    assert payment_qr_svg(name, iban, cents, reference, "QR") is None


def test_the_longest_name_and_reference_fit(tmp_path: Path) -> None:
    assert fields(tmp_path, name="N" * 70, reference="R" * 140)[-1] == "R" * 140


def test_the_picture_for_pages_has_a_name_and_is_white_on_a_dark_page_too() -> None:
    svg = payment_qr_svg(NAME, IBAN, 8743, REFERENCE, 'Kods <"&> maksāšanai')
    assert svg is not None
    root = ElementTree.fromstring(svg)  # our own
    side = root.attrib["viewBox"].split()[2]
    ground, modules = root.findall(f"{SVG}path")
    assert root.attrib["role"] == "img" and root.findtext(f"{SVG}title") == 'Kods <"&> maksāšanai'
    assert ground.attrib == {"fill": "#fff", "d": f"M0 0h{side}v{side}h-{side}z"}
    assert modules.attrib["d"].startswith("M4 4.5h7")  # a quiet zone of four modules is the picture's own


def test_the_picture_for_pages_keeps_to_the_content_security_policy() -> None:
    svg = payment_qr_svg(NAME, IBAN, 8743, REFERENCE, "QR")
    assert svg is not None
    names = {name for element in ElementTree.fromstring(svg).iter() for name in element.attrib}
    assert names == {"role", "viewBox", "class", "fill", "stroke", "d"}
