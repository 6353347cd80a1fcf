"""Access: the matrix, a site's cells in it, and what `flask check` refuses."""

import os
from pathlib import Path
from typing import Any

import pytest

from auth.access import (
    FILE,
    METHODS,
    ROLES,
    STEPPED_UP,
    AccessError,
    Right,
    access,
    effective_table,
    lendable,
    load_access,
    may,
    right,
    staff_right,
    steps_up,
    unreachable,
)
from auth.visitor import Visitor
from models.site import FOLDER, Site, load_site
from models.types import Role, utc_now

NAMES = sorted(file.stem for file in FOLDER.glob("*.toml") if file.stem != "common")
GOLDEN = Path(__file__).with_name("effective_access.txt")


def altered(name: str, **changes: Any) -> Site:
    return load_site(name).model_copy(update=changes)


def shown(site: Site) -> str:
    """A site's effective table as `effective_access.txt` keeps it."""
    lines = [f"{site.slug:<12}" + "".join(f"{method:<11}" for method in METHODS) + STEPPED_UP]
    for section, row in effective_table(site).items():
        lines.append(
            f"{section:<12}" + "".join(f"{row[method].word:<11}" for method in METHODS) + row[STEPPED_UP].word
        )
    return "\n".join(lines) + "\n"


def shared() -> str:
    """What holds at every site, in the same form: the most to lend, and what the staff may do."""
    lent = [f"{section:<12}{right.word}" for section, right in access().delegable.items()]
    staff = [
        f"{section:<12}" + "".join(f"{staff_right(section, role).word:<15}" for role in ROLES).rstrip()
        for section in access().staff
    ]
    head = f"{'staff':<12}" + "".join(f"{role:<15}" for role in ROLES).rstrip()
    return "\n".join(["delegable   lent", *lent, "", head, *staff]) + "\n"


def test_the_effective_table_of_every_site_is_the_reviewed_one() -> None:
    tables = "\n".join([*(shown(load_site(name)) for name in NAMES), shared()])
    if os.environ.get("UPDATE_GOLDEN") == "1":
        GOLDEN.write_text(tables, "utf-8")
    assert tables == GOLDEN.read_text("utf-8"), "review this, then write it with UPDATE_GOLDEN=1"


@pytest.mark.parametrize("name", NAMES)
def test_every_shipped_site_can_reach_what_it_offers(name: str) -> None:
    assert unreachable(load_site(name)) == []


@pytest.mark.parametrize("name", NAMES)
def test_a_section_that_a_site_does_not_offer_is_closed_to_everybody(name: str) -> None:
    site = load_site(name)
    for section in access().sections.keys() - {*site.sections}:
        assert {right(site, section, method, strong=True) for method in METHODS} == {Right.NONE}


def test_rights_are_ordered() -> None:
    assert Right.NONE < Right.VIEW < Right.ACT and min(Right.ACT, Right.VIEW) is Right.VIEW


@pytest.mark.parametrize("method", ["", "fax", "Password", "stepped_up", STEPPED_UP])
def test_an_unknown_login_method_opens_nothing(method: str) -> None:
    site = load_site("ogre")
    assert {right(site, section, method, strong=True) for section in site.sections} == {Right.NONE}


def test_an_unknown_section_is_closed() -> None:
    assert right(altered("ogre", sections=("invoices", "cellar")), "cellar", "bank") is Right.NONE


def test_a_login_method_that_the_site_does_not_have_opens_nothing() -> None:
    assert right(load_site("ludza"), "invoices", "bank") is Right.NONE
    assert right(load_site("ogre"), "invoices", "bank") is Right.ACT


@pytest.mark.parametrize(
    ("method", "expected"), [("password", Right.NONE), ("bank", Right.VIEW), ("eparaksts", Right.VIEW)]
)
def test_the_house_file_opens_with_bank_or_eparaksts_only(method: str, expected: Right) -> None:
    """OG-21..23."""
    assert right(load_site("ogre"), "house_file", method) is expected


def test_a_step_up_does_not_stand_in_for_a_bank_that_the_site_has() -> None:
    site = altered("ogre", strong=("bank", "eparaksts", "totp"))
    assert right(site, "house_file", "password", strong=True) is Right.NONE


def test_where_there_is_no_bank_a_stepped_up_password_opens_what_a_bank_would() -> None:
    site = altered("ludza", sections=("house_file",))
    assert right(site, "house_file", "password") is Right.NONE
    assert right(site, "house_file", "password", strong=True) is Right.VIEW
    assert unreachable(site) == []


def test_a_step_up_by_means_that_the_site_does_not_count_opens_nothing_more() -> None:
    site = altered("ludza", sections=("house_file",), strong=("bank",))
    assert not steps_up(site) and right(site, "house_file", "password", strong=True) is Right.NONE


def test_a_site_changes_single_cells() -> None:
    site = altered("ogre", access={"house_file": {"password": "view"}, "invoices": {"bank": "-"}})
    assert right(site, "house_file", "password") is Right.VIEW
    assert [right(site, "invoices", method) for method in METHODS] == [Right.ACT, Right.NONE, Right.ACT]
    assert right(load_site("ogre"), "house_file", "password") is Right.NONE


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("ogre", {"sections": ("invoices", "cellar")}, "ogre: unknown section cellar"),
        ("ogre", {"access": {"cellar": {"bank": "act"}}}, "ogre: unknown section cellar"),
        (
            "ogre",
            {"login": ("password",)},
            "ogre: house_file is offered, but no login of the site may view\n"
            "ogre: nothing that counts as strong can be reached by its logins",
        ),
        (
            "ogre",
            {"access": {"meters": dict.fromkeys(METHODS, "-")}},
            "ogre: meters is offered, but no login of the site may view",
        ),
        (
            "ludza",
            {"access": {"meters": {"password": "view", "eparaksts": "view"}}, "strong": ("bank",)},
            "ludza: meters is offered, but no login of the site may act\n"
            "ludza: nothing that counts as strong can be reached by its logins",
        ),
        (
            "gaze",
            {"login": ("bank", "eparaksts"), "strong": ("totp",)},
            "gaze: nothing that counts as strong can be reached by its logins",
        ),
        ("gaze", {"strong": ("totp",)}, ""),
    ],
)
def test_a_site_is_refused_where_its_logins_reach_too_little(name: str, changes: Any, expected: str) -> None:
    assert "\n".join(unreachable(altered(name, **changes))) == expected


def test_a_section_that_a_site_makes_read_only_for_all_is_reachable() -> None:
    site = altered("ogre", access={"messages": dict.fromkeys(METHODS, "view")})
    assert unreachable(site) == []


def test_delegates_never_delegate_and_no_account_is_lent() -> None:
    assert lendable("users") is lendable("settings") is lendable("cellar") is Right.NONE
    assert (lendable("meters"), lendable("invoices"), lendable("house_file")) == (
        Right.ACT,
        Right.VIEW,
        Right.VIEW,
    )


def test_nothing_is_lent_that_no_login_opens() -> None:
    for section, row in access().sections.items():
        assert lendable(section) <= max(row.values())


def test_staff_have_no_part_in_the_residents_portal() -> None:
    for role in Role:
        person = Visitor(1, 1, "Ilze", "ilze", None, role, "password", None, utc_now(), False)
        assert may(load_site("ogre"), person, "invoices") is (Right.ACT if role is Role.RESIDENT else Right.NONE)


def test_staff_sections_are_closed_to_residents_and_unknown_roles() -> None:
    for section in access().staff:
        assert staff_right(section, Role.RESIDENT) is staff_right(section, "janitor") is Right.NONE
    assert staff_right("inbox", Role.AGENT) is Right.ACT and staff_right("settings", Role.AGENT) is Right.NONE
    assert (
        staff_right("settings", Role.ADMINISTRATOR) is Right.ACT
        and staff_right("cellar", Role.AGENT) is Right.NONE
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"-",      "view", "view"', '"-", "view"', "sections.house_file"),
        ('"-",      "view", "view"', '"-", "view", "read"', "sections.house_file"),
        ('house_file      = "view"', 'house_file = "all"', "delegable.house_file"),
        ('house_file      = "view"', 'garage = "view"', "same sections"),
        ('"-",     "-",        "act"]', '"-", "-"]', "staff.settings"),
        ("[staff]", "[personnel]", r"\[staff\]"),
    ],
)
def test_a_wrong_matrix_is_refused_with_its_place(old: str, new: str, message: str, tmp_path: Path) -> None:
    text = FILE.read_text("utf-8")
    assert old in text
    file = tmp_path / "access.toml"
    file.write_text(text.replace(old, new), "utf-8")
    with pytest.raises(AccessError, match=message):
        load_access(file)
