"""QR codes: of an invoice as EPC069-12, which European banking apps read (C09), and of any text."""

import io
import re
from decimal import Decimal
from typing import TYPE_CHECKING

from markupsafe import Markup

if TYPE_CHECKING:
    from segno import QRCode

LARGEST = 99_999_999_999  # cents: what the standard can say


def _code(name: str, iban: str, cents: int, reference: str) -> "QRCode | None":
    """The code, always UTF-8; None when nothing is to be paid, and for what is empty or does not fit.

    Name, IBAN and reference have 70, 34 and 140 characters, all together 331 bytes. Nothing is cut: half a
    reference would send the money astray.
    """
    from segno import helpers  # here, because most processes draw none

    fields = {"name": _one_line(name), "iban": re.sub(r"\s", "", iban), "text": _one_line(reference)}
    if not 0 < cents <= LARGEST:
        return None
    try:
        return helpers.make_epc_qr(**fields, amount=Decimal(cents).scaleb(-2), encoding="utf-8")
    except ValueError:
        return None


def _one_line(text: str) -> str:
    return " ".join(text.split())  # a line break would begin the standard's next field


def payment_qr_svg(name: str, iban: str, cents: int, reference: str, title: str) -> Markup | None:
    """An `<svg role="img">` named `title` that pays `cents` to `iban`; None as `_code` says.

    For a page and for a file. White with a quiet zone of its own also on a dark page; no style attribute, so
    that the CSP holds; no size, which is the style sheet's (class `qr`).
    """
    code = _code(name, iban, cents, reference)
    return None if code is None else _svg(code, title)


def text_qr_svg(text: str, title: str) -> Markup:
    """Any text, such as the address that an app for codes reads, as such an `<svg>`."""
    import segno  # as above

    return _svg(segno.make(text, micro=False), title)


def _svg(code: "QRCode", title: str) -> Markup:
    out = io.BytesIO()
    code.save(
        out, kind="svg", border=4, light="#fff", title=title, omitsize=True, svgclass="qr", lineclass=None,
        xmldecl=False, nl=False,
    )  # fmt: skip
    svg = out.getvalue().decode().replace("<svg ", '<svg role="img" ', 1)
    return Markup(svg)  # noqa: S704  # segno escapes the title


def text_qr_png(text: str) -> bytes:
    """The same as a PNG for paper."""
    import segno  # as above

    out = io.BytesIO()
    segno.make(text, micro=False).save(out, kind="png", scale=4, border=4)
    return out.getvalue()


def payment_qr_png(name: str, iban: str, cents: int, reference: str) -> bytes | None:
    """The same code as a PNG with its quiet zone, for the PDF; None as `_code` says."""
    code = _code(name, iban, cents, reference)
    if code is None:
        return None
    out = io.BytesIO()
    code.save(out, kind="png", scale=8, border=4)
    return out.getvalue()
