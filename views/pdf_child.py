"""The process that turns one HTML document on stdin into one PDF on stdout: `python -m views.pdf_child`.

It is started, fed and killed by `views.pdf` and by nobody else: xhtml2pdf is slow, hungry and reads what
people typed, so it runs alone, with hard limits, no network and no files but the fonts (security.md rule 13).
Its arguments are those of `models.confined`. Exit code 0 and a PDF, or anything else.
"""

import io
import re
import sys
from pathlib import Path

from models.confined import answer

FONTS = Path(__file__).resolve().parent.parent / "static" / "fonts"


class FontMissing(Exception):
    """A font of the finished file is not one of ours, so letters would come out as boxes or other shapes."""


def set_base_font() -> None:
    """Make our face ReportLab's base font, or every file would name Helvetica, which is never embedded."""
    from reportlab import rl_config  # these four after the limits are set
    from reportlab.lib.fonts import addMapping
    from reportlab.pdfbase.pdfmetrics import registerFont
    from reportlab.pdfbase.ttfonts import TTFont

    registerFont(TTFont("base", str(FONTS / "DejaVuSans-subset.ttf")))
    for bold, italic in ((1, 1), (0, 1), (1, 0), (0, 0)):  # the last one is what "base" alone means
        addMapping("base", bold, italic, "base")
    rl_config.canvas_basefontname = "base"


def render(html: str) -> bytes:
    """The PDF of `html`. Raises `FontMissing`, and whatever xhtml2pdf raises.

    xhtml2pdf only logs a font that it cannot read, and goes on; so the finished file is asked: every font in
    it must be an embedded subset of ours.
    """
    set_base_font()
    from xhtml2pdf import pisa  # after that: its tables copy the base font when they are imported
    from xhtml2pdf.config.resources import ResourceAccessPolicy

    out = io.BytesIO()
    policy = ResourceAccessPolicy.server(FONTS, allow_remote=False)
    status = pisa.CreatePDF(html, dest=out, path=str(FONTS / "document.html"), resource_policy=policy)
    pdf = out.getvalue()
    if status.err:
        raise RuntimeError
    fonts = re.findall(rb"/BaseFont\s*/(\S+)", pdf)
    if not fonts or not all(re.match(rb"[A-Z]{6}\+DejaVuSans", font) for font in fonts):
        raise FontMissing
    return pdf


if __name__ == "__main__":
    sys.exit(answer(lambda html: render(html.decode())))
