"""The rules of the stylesheet and the script: small, colours in one place, nothing that an old phone cannot read."""

import re
from pathlib import Path

import pytest

from models.site import COMMON, FOLDER, load_site
from views.assets import Assets

STATIC = Path(__file__).parents[2] / "static"
TEMPLATES = Path(__file__).parents[2] / "templates"
CSS = (STATIC / "app.css").read_text("utf-8")
SITES = sorted(path.stem for path in FOLDER.glob("*.toml") if path != COMMON)


@pytest.mark.parametrize("site", SITES)
def test_what_is_sent_stays_small(site: str):
    assets = Assets(load_site(site))
    assert len(assets.css.encode()) <= 20_480
    assert len(assets.by_name[assets.url("app.js").rpartition("/")[2]].plain) <= 6_144


@pytest.mark.parametrize("site", SITES)
def test_every_colour_of_the_site_is_filled_in(site: str):
    assert "SITE(" not in Assets(load_site(site)).css


def test_colours_stand_only_in_the_block_of_tokens():
    tokens, rest = CSS.split("/* 2 base")
    assert "#F4F6F7" in tokens
    assert not re.findall(r"#[0-9A-Fa-f]{3,8}\b(?![^{]*\{)|rgba?\(|hsla?\(", rest)


def test_every_token_that_is_used_is_defined():
    used, defined = set(re.findall(r"var\((--[\w-]+)", CSS)), set(re.findall(r"(--[\w-]+):", CSS))
    assert used <= defined


def test_importance_is_forced_only_where_the_rules_allow_it():
    forced = re.findall(r"^.*!important.*$", CSS, re.M)
    allowed = (".vh{", "[hidden]{", "@media (prefers-reduced-motion", ".end,nav.main,")
    assert [line for line in forced if not line.startswith(allowed)] == []


@pytest.mark.parametrize("feature", ["@import", "@scope", "@font-face", "color-mix(", "light-dark(", "&", "url("])
def test_nothing_is_used_that_an_old_phone_cannot_read_or_must_fetch(feature: str):
    assert feature not in CSS


def test_no_rule_names_an_id():
    assert not re.findall(r"(?m)^[^{@]*#[a-z][\w-]*[^{]*\{", CSS.split("/* 2 base")[1])


def test_every_class_in_the_templates_has_a_rule_or_a_script():
    staff = (STATIC / "staff.css").read_text("utf-8")
    known = set(re.findall(r"\.([a-z][\w-]*)", CSS + staff))
    used = set()
    for path in TEMPLATES.rglob("*.html"):
        if path.name not in ("pdf.html", "_letter.html"):  # which bring their own
            text = re.sub(r"\{%.*?%\}|\{\{.*?\}\}", " ", path.read_text("utf-8"))
            used |= {name for classes in re.findall(r'class="([^"]*)"', text) for name in classes.split()}
    assert used <= known
