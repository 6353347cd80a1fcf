"""Sites: five operators as data, and what a site file may not say."""

import ast
import re
from datetime import date
from pathlib import Path

import pytest

from models.rules.windows import parse_rule
from models.site import FOLDER, TEXTS, Site, SiteError, load_site
from models.types import MeterKind

ROOT = FOLDER.parent
NAMES = sorted(file.stem for file in FOLDER.glob("*.toml") if file.stem != "common")
TOWNS = re.compile(r"(?<![^\W_])(ludz[aā]|daugavpil|ventspil|ogr[eē]|g[aā]ze)", re.IGNORECASE)


@pytest.fixture(params=NAMES)
def site(request: pytest.FixtureRequest) -> Site:
    return load_site(request.param)


def changed(tmp_path: Path, *changes: tuple[str, str], name: str = "ogre") -> Path:
    """A copy of a site's file with each first text replaced by the second."""
    text = (FOLDER / f"{name}.toml").read_text("utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    file = tmp_path / "changed.toml"
    file.write_text(text, "utf-8")
    return file


def refusal(file: Path) -> str:
    with pytest.raises(SiteError) as caught:
        load_site(str(file))
    return str(caught.value).removeprefix(f"{file}: ")


def test_the_five_operators_are_here() -> None:
    assert NAMES == ["daugavpils", "gaze", "ludza", "ogre", "ventspils"]


def test_a_site_is_found_by_its_slug_and_by_its_path(site: Site) -> None:
    assert load_site(site.slug) == site == load_site(str(FOLDER / f"{site.slug}.toml"))


def test_every_site_speaks_latvian_english_and_russian(site: Site) -> None:
    assert site.languages == ("lv", "en", "ru") and {*site.texts} == {*site.languages}


@pytest.mark.parametrize("key", TEXTS)
def test_every_text_is_whole_in_every_language(site: Site, key: str) -> None:
    bodies = {language: " ".join(site.paragraphs(site.texts[language][key])) for language in site.languages}
    assert len({*bodies.values()}) == 3 and min(map(len, bodies.values())) > 60
    assert re.search("[а-я]{5}", bodies["ru"]) and not re.search("[а-я]", bodies["lv"] + bodies["en"])
    assert re.search("[āēīšņļ]", bodies["lv"]) and not re.search(r"[{}]", "".join(bodies.values()))


@pytest.mark.parametrize("key", TEXTS)
def test_a_text_has_as_many_paragraphs_in_every_language(site: Site, key: str) -> None:
    assert len({len(site.paragraphs(site.texts[language][key])) for language in site.languages}) == 1


def test_the_cookie_notice_names_every_cookie_and_the_sites_own_term(site: Site) -> None:
    for language in site.languages:
        told = site.paragraphs(site.texts[language]["cookies"])
        assert [line.split(" – ")[0] for line in told[1:-1]] == ["session", "csrf", "lang", "device", "family"]
        assert f" {site.remember_days} " in told[1]


def test_the_privacy_notice_names_the_controller_and_a_way_to_reach_it(site: Site) -> None:
    for language in site.languages:
        told = " ".join(site.paragraphs(site.texts[language]["privacy"]))
        assert site.legal_name in told and "@" in told and " 5 " in told


def test_every_iban_is_valid_latvian_and_says_demo(site: Site) -> None:
    iban = site.payee.iban
    digits = "".join(str(ord(char) - 55) if char.isalpha() else char for char in iban[4:] + iban[:4])
    assert int(digits) % 97 == 1 and len(iban) == 21 and iban[:2] == "LV" and iban[4:8] == "DEMO"
    assert site.payee.name.startswith("DEMO ")


def test_ibans_differ_between_sites() -> None:
    assert len({load_site(name).payee.iban for name in NAMES}) == len(NAMES)


@pytest.mark.parametrize("kind", MeterKind)
def test_every_window_of_every_kind_parses(site: Site, kind: MeterKind) -> None:
    rule = site.meters[kind]
    assert rule.window == parse_rule(rule.opens, rule.closes)


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("ludza", MeterKind.COLD_WATER, ("25", "28", 5, 3)),
        ("daugavpils", MeterKind.HOT_WATER, ("27", "last", 5, 3)),
        ("daugavpils", MeterKind.LPG, ("27", "last", 5, 3)),
        ("gaze", MeterKind.GAS, ("27", "next working 1", 5, 0)),
        ("gaze", MeterKind.COLD_WATER, ("27", "next working 1", 5, 3)),
        ("ogre", MeterKind.COLD_WATER, ("last-1", "next 1", 5, 3)),
        ("ventspils", MeterKind.HOT_WATER, ("25", "28", 5, 3)),
    ],
)
def test_windows_and_dials_are_those_of_the_operators(
    name: str, kind: MeterKind, expected: tuple[object, ...]
) -> None:
    rule = load_site(name).meters[kind]
    assert (rule.opens, rule.closes, rule.digits, rule.decimals) == expected


@pytest.mark.parametrize(
    ("name", "phones"),
    [
        ("ludza", ["+371 27017710", "+371 65707330", "+371 65707335"]),
        ("daugavpils", ["+371 80076100", "+371 80007287"]),
        ("gaze", ["114"]),
        ("ogre", ["112", "+371 65049114"]),
        ("ventspils", ["112", "+371 63663010"]),
    ],
)
def test_the_contact_block_begins_with_the_emergency_number(name: str, phones: list[str]) -> None:
    contacts = load_site(name).contacts
    assert [contact.shown_phone for contact in contacts if contact.phone] == phones
    assert [contact.kind for contact in contacts].index("emergency") == 0


def test_banks_and_eparaksts_are_those_of_the_operator() -> None:
    ogre = load_site("ogre")
    assert ogre.banks == ("Swedbank", "SEB banka", "Citadele") and ogre.eparaksts == ("mobile", "eid")
    assert load_site("gaze").login[0] == "bank"
    assert [load_site(name).login for name in ("ludza", "daugavpils", "ventspils")] == [("password",)] * 3


def test_no_code_names_a_town() -> None:
    files = [
        ROOT / "app.py",
        *(file for part in ("models", "auth", "views", "jobs") for file in (ROOT / part).rglob("*.py")),
    ]
    assert len(files) > 20
    for file in filter(Path.exists, files):
        found = TOWNS.search(code(file))
        assert not found, f"{file.relative_to(ROOT)} names {found[0] if found else ''}"


def code(file: Path) -> str:
    """A module without its comments and docstrings, which may name the seed that a rule comes from."""
    tree = ast.parse(file.read_text("utf-8"))
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
            and ast.get_docstring(node) is not None
        ):
            node.body[0] = ast.Pass()
    return ast.unparse(tree)


def test_the_search_for_towns_finds_them_in_code_and_only_there(tmp_path: Path) -> None:
    file = tmp_path / "module.py"
    file.write_text('"""As in Ogre."""\nprogress = 1  # as in Ludza\n')
    assert not TOWNS.search(code(file))
    for line in ("if slug == 'ogre': pass", "def ludza_rule(): pass", "x = 'Daugavpilī'", "IS_GAZE = 1"):
        file.write_text(line)
        assert TOWNS.search(code(file))


REFUSED = [
    ('slug = "ogre"', "", "slug: Field required"),
    ('colour = "#0B5C7A"', 'colour = "teal"', "colour: "),
    ('colour = "#0B5C7A"', 'color = "#0B5C7A"', "colour: Field required"),
    ('colour = "#0B5C7A"', 'colour = "#0B5C7A"\nmotto = "x"', "motto: Extra inputs are not permitted"),
    ('short_name = "Namsaimnieks"', 'short_name = "Namsaimnieks."', "short_name: String should have at most 12"),
    ('["lv", "en", "ru"]', '["en", "lv", "ru"]', "languages: expected lv first"),
    ('["lv", "en", "ru"]', '["lv", "en"]', "texts: expected the languages of the site"),
    ('["lv", "en", "ru"]', '["lv", "de"]', "languages.1: "),
    ("Europe/Riga", "Europe/Atlantis", "timezone: expected the name of a time zone"),
    ('"+37165049114"', '"65049114"', "contacts.1.phone: "),
    ('en = "Emergency number", ', "", "contacts.0: expected every language"),
    ('["bank", "eparaksts", "password"]', '["eparaksts", "password"]', "banks: expected names exactly if"),
    ('["bank", "eparaksts", "password"]', '["bank", "password"]', "eparaksts: expected kinds exactly if"),
    ('["bank", "eparaksts", "password"]', '["bank", "bank", "eparaksts"]', "login: expected each family once"),
    ('["bank", "eparaksts", "password"]', '["fax"]', "login.0: "),
    ('ways = ["identity"]', 'ways = ["post"]', "registration.ways.0: "),
    ('proof = "number"', "", "registration.proof: "),
    ('strong = ["bank", "eparaksts"]', "strong = []", "strong: "),
    ("password_min = 15", "password_min = 7", "password_min: "),
    ('closes = "next 1"', 'closes = "soon"', "meters.cold_water: 'soon' is no day to close on"),
    ("digits = 5\n", "", "meters.cold_water.digits: Field required"),
    ("[payee]", "[meters.steam]\ndigits = 4\n[payee]", "meters.steam"),
    ("[meters.default]", "[meters]\ndefault = 5\n[unused]", "meters: expected tables"),
    ("LV60DEMO", "LV61DEMO", "payee.iban: expected a Latvian IBAN with right check digits"),
    ("LV60DEMO", "LV60 DEMO", "payee.iban: expected a Latvian IBAN"),
    ("{number}, kods", "kods", "payee.reference: "),
    ("Ar paroli ir", "{nobody} ar paroli ir", "texts.lv.about_login: expected text, its placeholders known"),
    ("[texts.en]\nabout_login", "[texts.en]\nabout", "texts.en: expected terms, privacy"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "message"), REFUSED)
def test_a_wrong_site_file_is_refused_with_the_key(old: str, new: str, message: str, tmp_path: Path) -> None:
    told = refusal(changed(tmp_path, (old, new)))
    assert told.startswith(message), told


def test_a_missing_or_broken_file_is_named(tmp_path: Path) -> None:
    assert refusal(tmp_path / "nowhere.toml").startswith("cannot be read")
    broken = tmp_path / "broken.toml"
    broken.write_text("slug is broken")
    assert refusal(broken)
    with pytest.raises(SiteError, match=r"atlantis\.toml: cannot be read"):
        load_site("atlantis")


def test_every_single_wrong_digit_of_an_iban_is_noticed(tmp_path: Path) -> None:
    iban = load_site("ogre").payee.iban
    for place in (2, 3, *range(8, 21)):
        wrong = iban[:place] + str((int(iban[place]) + 1) % 10) + iban[place + 1 :]
        assert refusal(changed(tmp_path, (iban, wrong))).startswith("payee.iban")


def test_a_site_with_fewer_languages_needs_only_their_texts(tmp_path: Path) -> None:
    file = changed(tmp_path, ('["lv", "en", "ru"]', '["lv", "ru"]'), name="ludza")
    assert {*load_site(str(file)).texts} == {"lv", "ru"}


def test_a_text_of_the_site_wins_over_the_common_one() -> None:
    own, common = load_site("ogre"), load_site("ludza")
    assert own.texts["ru"]["about_login"] != common.texts["ru"]["about_login"]
    assert own.texts["ru"]["terms"] == common.texts["ru"]["terms"]


def test_placeholders_take_the_facts_of_the_site() -> None:
    told = load_site("ogre").paragraphs("{name}\nwrites: {contact}.\n\n \n{remember_days}\n")
    assert told == ["Ogres Namsaimnieks writes: +371 65049114, info@ogresnamsaimnieks.lv.", "60"]


def test_a_reference_names_invoice_and_customer(site: Site) -> None:
    assert site.reference("R-7", "20417") == "R-7, kods 20417"


def test_the_site_corrects_the_calendar_of_working_days(tmp_path: Path) -> None:
    saturday, monday = date(2027, 5, 8), date(2027, 5, 10)
    line = "[working_days]\n2027-05-08 = true\n2027-05-10 = false\n\n[payee]"
    site = load_site(str(changed(tmp_path, ("[payee]", line))))
    plain = load_site("ogre")
    assert [plain.is_working(saturday), plain.is_working(monday)] == [False, True]
    assert [site.is_working(saturday), site.is_working(monday)] == [True, False]


def test_the_zone_is_the_one_that_the_file_names(site: Site) -> None:
    assert str(site.zone) == "Europe/Riga"
