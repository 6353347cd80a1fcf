"""An operator's one brand colour made into all the colours that text needs, always readable (ux.md §4.4)."""

import re
from collections.abc import Sequence
from colorsys import hls_to_rgb, rgb_to_hls
from dataclasses import dataclass

READABLE = 4.5  # WCAG 2.2, 1.4.3
# The fixed grounds that a brand colour meets: surface, page, and (links only) a row under the pointer.
LIGHT, LIGHT_ROW = ("#FFFFFF", "#F4F6F7"), "#EAEFF1"
DARK, DARK_ROW = ("#17222B", "#0F171D"), "#1F2D38"
_BLACK, _WHITE, _DARK_INK = "#000000", "#FFFFFF", "#0B1A21"
_HOVER = 0.07


@dataclass(frozen=True)
class Palette:
    """Colours as #RRGGBB: `strip` is the raw one; `…_dark` are those of the dark theme."""

    strip: str
    strip_ink: str
    brand: str
    brand_hover: str
    brand_soft: str
    on_brand: str
    brand_dark: str
    brand_dark_hover: str
    brand_dark_soft: str
    on_brand_dark: str
    link: str
    link_dark: str


def derive(colour: str) -> Palette:
    """The palette of "#RRGGBB"; ValueError for any other text, refusing no colour.

    Hue and saturation stay; lightness moves in steps of 1 % until text in the colour is readable (4.5:1) on
    surface, page and the soft brand ground (lightness 94 %, dark 14 %), links also on a pointed row.
    """
    if not re.fullmatch(r"#[0-9A-Fa-f]{6}", colour):
        raise ValueError(f"'{colour}' is no colour: write '#' and six hexadecimal digits.")
    soft, soft_dark = _at(colour, 0.94), _at(colour, 0.14)
    brand = _readable(colour, -0.01, (*LIGHT, soft))
    brand_dark = _readable(colour, 0.01, (*DARK, soft_dark))
    return Palette(
        strip=colour.upper(),
        strip_ink=max(_BLACK, _WHITE, key=lambda ink: contrast(ink, colour)),
        brand=brand,
        brand_hover=_at(brand, _lightness(brand) - _HOVER),
        brand_soft=soft,
        on_brand=_WHITE,
        brand_dark=brand_dark,
        brand_dark_hover=_at(brand_dark, _lightness(brand_dark) + _HOVER),
        brand_dark_soft=soft_dark,
        on_brand_dark=_DARK_INK,
        link=_readable(colour, -0.01, (*LIGHT, soft, LIGHT_ROW)),
        link_dark=_readable(colour, 0.01, (*DARK, soft_dark, DARK_ROW)),
    )


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two colours by WCAG 2.2: 1 to 21."""
    darker, lighter = sorted((_luminance(first), _luminance(second)))
    return (lighter + 0.05) / (darker + 0.05)


def _readable(colour: str, step: float, grounds: Sequence[str]) -> str:
    steps, shade = 0, colour.upper()
    while min(contrast(shade, ground) for ground in grounds) < READABLE:
        steps += 1
        shade = _at(colour, _lightness(colour) + steps * step)
    return shade


def _at(colour: str, lightness: float) -> str:
    hue, _, saturation = rgb_to_hls(*_channels(colour))
    channels = hls_to_rgb(hue, min(1.0, max(0.0, lightness)), saturation)
    return "#" + "".join(f"{round(channel * 255):02X}" for channel in channels)


def _lightness(colour: str) -> float:
    return rgb_to_hls(*_channels(colour))[1]


def _channels(colour: str) -> tuple[float, float, float]:
    red, green, blue = (int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def _luminance(colour: str) -> float:
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in _channels(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
