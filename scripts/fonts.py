"""Cuts the two DejaVu Sans faces of the PDFs down to the letters we print: `python -m scripts.fonts FOLDER`.

FOLDER holds DejaVuSans.ttf and DejaVuSans-Bold.ttf (version 2.37). The results stand in static/fonts with the
licence beside them; run it again only when a letter is missing.
"""

import sys
from pathlib import Path

from fontTools import subset

TARGET = Path(__file__).resolve().parent.parent / "static" / "fonts"
FACES = ("DejaVuSans", "DejaVuSans-Bold")
LETTERS = (
    (0x0020, 0x007E),  # ASCII
    (0x00A0, 0x017F),  # Latin-1 and Latin Extended-A: Latvian with ŗ and ō, and its neighbours' names
    (0x0400, 0x045F),  # Cyrillic: Russian, Ukrainian, Belarusian
    (0x0490, 0x0491),  # Ґ ґ
    (0x2010, 0x2015),  # hyphens and dashes
)
SIGNS = "ȘșȚț‘’‚“”„†•…‰‹›\u2009\u202f\u2060⁄₂₃€№™−≤≥≈→\ufffd"


def letters() -> list[int]:
    """Every code point the subset keeps."""
    return [code for first, last in LETTERS for code in range(first, last + 1)] + [ord(sign) for sign in SIGNS]


def cut(source: Path, target: Path) -> None:
    """Write the subset of one face. Hinting and layout tables go: the PDF renderer reads neither."""
    options = subset.Options(hinting=False, layout_features=[], name_IDs=["*"], notdef_outline=True)
    options.drop_tables += ["GSUB", "GPOS", "GDEF", "FFTM"]
    font = subset.load_font(source, options)
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=letters())
    cutter.subset(font)
    font["head"].modified = font["head"].created  # the same bytes each time
    font.recalcTimestamp = False
    subset.save_font(font, target, options)


def main(folder: str) -> None:
    """Make both faces from `folder` and print their sizes."""
    for face in FACES:
        target = TARGET / f"{face}-subset.ttf"
        cut(Path(folder) / f"{face}.ttf", target)
        print(target.name, target.stat().st_size, "bytes")


if __name__ == "__main__":
    main(sys.argv[1])
