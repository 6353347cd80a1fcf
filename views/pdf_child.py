"""The process that turns one HTML document on stdin into one PDF on stdout: `python -m views.pdf_child`.

It is started, fed and killed by `views.pdf` and by nobody else: xhtml2pdf is slow, hungry and reads what
people typed, so it runs alone, with hard limits, no network and no files but the fonts (security.md rule 13).
Arguments: the parent's process id, seconds of CPU, bytes of memory. Exit code 0 and a PDF, or anything else.
"""

import ctypes
import io
import logging
import os
import re
import resource
import signal
import sys
import traceback
from contextlib import suppress
from pathlib import Path

FONTS = Path(__file__).resolve().parent.parent / "static" / "fonts"
LARGEST_FILE = 32 * 1024 * 1024
PR_SET_PDEATHSIG = 1


class FontMissing(Exception):
    """A font of the finished file is not one of ours, so letters would come out as boxes or other shapes."""


def confine(parent: int, cpu_seconds: int, memory_bytes: int) -> None:
    """Die with the parent; take no more than this. What a system lacks (macOS, some limits) is left out."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked to be told
        os._exit(1)
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, LARGEST_FILE),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),  # a core file would hold the invoice
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, (value, value))


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


def main() -> int:
    """Read, render, write. What goes wrong is told by type and place: a message could quote the invoice."""
    parent, cpu_seconds, memory_bytes = map(int, sys.argv[1:])
    confine(parent, cpu_seconds, memory_bytes)
    logging.disable()
    result = os.dup(1)
    os.dup2(2, 1)  # a library that prints must not print into the PDF
    try:
        pdf = render(sys.stdin.buffer.read().decode())
    except Exception as error:
        sys.stderr.write(f"{type(error).__name__}\n" + "".join(traceback.format_tb(error.__traceback__)))
        return 1
    with open(result, "wb") as stdout:  # noqa: PTH123  # a descriptor, not a path
        stdout.write(pdf)
    return 0


if __name__ == "__main__":
    sys.exit(main())
