"""Every brand colour becomes readable ones."""

from dataclasses import astuple
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.rules.colours import DARK, DARK_ROW, LIGHT, LIGHT_ROW, READABLE, contrast, derive

BRANDS = {  # yellow, lime, orange, red, sky, navy, white, black, petrol, grey → brand, dark brand
    "#FFD100": ("#856D00", "#FFD100"),
    "#8CC63F": ("#567B24", "#8CC63F"),
    "#F58220": ("#AC5308", "#F58220"),
    "#E2001A": ("#D30018", "#FF354C"),
    "#00AEEF": ("#0076A2", "#00AEEF"),
    "#002F6C": ("#002F6C", "#2A87FF"),
    "#FFFFFF": ("#6B6B6B", "#FFFFFF"),
    "#000000": ("#000000", "#8C8C8C"),
    "#0B5C7A": ("#0B5C7A", "#139FD3"),
    "#808080": ("#6C6C6C", "#8D8D8D"),
}
colours = st.integers(0, 0xFF_FFFF).map("#{:06X}".format)


def pairs(palette):
    """Every text or graphic colour of a palette with every ground it stands on."""
    yield palette.strip_ink, palette.strip
    yield from product([palette.on_brand], [palette.brand, palette.brand_hover])
    yield from product([palette.on_brand_dark], [palette.brand_dark, palette.brand_dark_hover])
    yield from product([palette.brand, palette.brand_hover, palette.link], [*LIGHT, palette.brand_soft])
    yield from product(
        [palette.brand_dark, palette.brand_dark_hover, palette.link_dark], [*DARK, palette.brand_dark_soft]
    )
    yield from [(palette.link, LIGHT_ROW), (palette.link_dark, DARK_ROW)]


@pytest.mark.parametrize("colour", BRANDS)
def test_a_brand_keeps_its_hue_and_becomes_readable(colour):
    palette = derive(colour)
    assert (palette.brand, palette.brand_dark) == BRANDS[colour]
    assert min(contrast(ink, ground) for ink, ground in pairs(palette)) >= READABLE


@given(colours)
def test_every_pair_of_every_palette_is_readable(colour):
    assert min(contrast(ink, ground) for ink, ground in pairs(derive(colour))) >= READABLE


def test_every_pair_is_readable_for_a_grid_of_all_colours():
    levels = range(0, 256, 51)
    for red, green, blue in product(levels, levels, levels):
        palette = derive(f"#{red:02X}{green:02X}{blue:02X}")
        assert min(contrast(ink, ground) for ink, ground in pairs(palette)) >= READABLE


@given(colours)
def test_a_palette_is_made_of_plain_hex_colours_and_case_does_not_matter(colour):
    assert all(
        len(value) == 7 and int(value[1:], 16) >= 0 and value == value.upper() for value in astuple(derive(colour))
    )
    assert derive(colour.lower()) == derive(colour)
    assert derive(colour).strip == colour


@pytest.mark.parametrize(
    ("first", "second", "ratio"),
    [
        ("#000000", "#FFFFFF", 21.0),
        ("#FFFFFF", "#FFFFFF", 1.0),
        ("#777777", "#FFFFFF", 4.48),
        ("#0B5C7A", "#FFFFFF", 7.4),
    ],
)
def test_contrast_is_that_of_the_standard_in_both_directions(first, second, ratio):
    assert contrast(first, second) == contrast(second, first) == pytest.approx(ratio, abs=0.05)


@pytest.mark.parametrize(
    "text", ["", "#FFF", "FFD100", "#FFD10", "#FFD1000", "#GGGGGG", "#FFD100\n", "red", "#１２３４５６"]
)
def test_what_is_no_colour_is_refused_with_what_to_write(text):
    with pytest.raises(ValueError, match="is no colour: write '#' and six hexadecimal digits"):
        derive(text)
