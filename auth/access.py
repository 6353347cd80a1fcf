"""Access: what a login method opens at a site, read from `access.toml`; the one place that computes it.

What she may see today are her places, which know what was lent to her there; `may` takes the least of all.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import IntEnum
from functools import cache
from pathlib import Path
from typing import Any

from auth.visitor import Visitor
from models.places import Place
from models.site import Site
from models.types import Role, utc_now

FILE = Path(__file__).with_name("access.toml")
METHODS = ("password", "bank", "eparaksts")
PROVIDED = {"bank", "eparaksts"}  # here somebody else tells who a person is
FRESH = timedelta(minutes=30)  # as long as a session that nothing happens in
STEPPED_UP = "password, stepped up"  # a column of the effective table, not a login method
ROLES = (Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR)


class Right(IntEnum):
    """Ordered, so that combining is `min` and checking is `<`."""

    NONE = 0
    VIEW = 1
    ACT = 2

    @property
    def word(self) -> str:
        """As `access.toml` and the site files write it."""
        return ("-", "view", "act")[self]


RIGHTS = {right.word: right for right in Right}
Row = Mapping[str, Right]


class AccessError(ValueError):
    """`access.toml` is wrong; the message names the table and the section."""


@dataclass(frozen=True)
class Access:
    """The file, read: section → method → right, section → the most to lend, staff section → role → right."""

    sections: Mapping[str, Row]
    delegable: Row
    staff: Mapping[str, Row]


def load_access(file: Path = FILE) -> Access:
    """The matrix of `file`. Raises `AccessError` where a row has not one known right per column."""
    tables = tomllib.loads(file.read_text("utf-8"))
    if {*tables} != {"sections", "delegable", "staff"} or {*tables["delegable"]} != {*tables["sections"]}:
        raise AccessError("expected [sections], [delegable] with the same sections, and [staff]")
    lent = {section: _row("delegable", section, [word], ("lent",)) for section, word in tables["delegable"].items()}
    return Access(
        sections={section: _row("sections", section, row, METHODS) for section, row in tables["sections"].items()},
        delegable={section: row["lent"] for section, row in lent.items()},
        staff={section: _row("staff", section, row, ROLES) for section, row in tables["staff"].items()},
    )


def _row(table: str, section: str, words: list[str], columns: tuple[str, ...]) -> Row:
    if len(words) != len(columns) or not {*words} <= {*RIGHTS}:
        raise AccessError(f"{table}.{section}: expected one of {', '.join(RIGHTS)} for each of {', '.join(columns)}")
    return {str(column): RIGHTS[word] for column, word in zip(columns, words, strict=True)}


access = cache(load_access)


def cell(site: Site, section: str, method: str) -> Right:
    """One cell of the matrix: the site's own, else the common one; NONE for an unknown section or method."""
    cells: Mapping[Any, str] = site.access.get(section, {})
    own = cells.get(method)
    return RIGHTS[own] if own else access().sections.get(section, {}).get(method, Right.NONE)


def right(site: Site, section: str, method: str, *, strong: bool = False) -> Right:
    """The most that a session by `method` may do in `section` at `site`. Unknown section or method: NONE.

    `strong`: the session was stepped up by one of the site's strong means. Where the site has neither bank
    nor eParaksts, a password session so stepped up opens what those would open (decisions.md 15).
    """
    if section not in site.sections or method not in site.login:
        return Right.NONE
    if strong and steps_up(site):
        return max(cell(site, section, each) for each in METHODS)
    return cell(site, section, method)


def may(site: Site, visitor: Visitor, section: str, place: Place | None = None) -> Right:
    """The most that this visitor may do in a resident's section, at this place; NONE for the operator's staff.

    At premises that are another's: what the matrix gives to her own login, and no more than was lent to her.
    """
    if visitor.role is not Role.RESIDENT:
        return Right.NONE
    strong = is_strong(site, visitor)
    if place and place.lent and place.lent.strong and not strong:
        return Right.NONE
    return min(right(site, section, visitor.method, strong=strong), lent(place, section))


def lent(place: Place | None, section: str) -> Right:
    """The most that a place gives in a section, whoever logs in by whatever: ACT at her own."""
    if place is None or place.lent is None:
        return Right.ACT
    if section in ("addresses", "help"):  # with anything at all
        return lendable(section)
    given = (one.opens for one in place.lent.rights)
    return min(lendable(section), max((RIGHTS[word] for name, word in given if name == section), default=Right.NONE))


def is_strong(site: Site, visitor: Visitor) -> bool:
    """Whether this session counts as strong at this site (decisions.md 15); by own means not for longer than FRESH."""
    if visitor.method in PROVIDED:
        return visitor.method in site.strong
    proved = {visitor.acr, "fresh_password"} - ({"fresh_password"} if visitor.acr == "passkey" else set())
    return bool(proved & {*site.strong}) and utc_now() - visitor.authenticated_at < FRESH


def opens(site: Site, section: str) -> Right:
    """The most that anybody may do in `section` at `site`, by whichever login: what a stronger one would open."""
    return max(right(site, section, method, strong=True) for method in METHODS)


def steps_up(site: Site) -> bool:
    """Whether a stepped-up password stands in for bank and eParaksts: the site has neither, but own means."""
    return {*site.login} == {"password"} and not {*site.strong} <= PROVIDED


def lendable(section: str) -> Right:
    """The most that one customer may lend another; NONE for an unknown section."""
    return access().delegable.get(section, Right.NONE)


def staff_right(section: str, role: str) -> Right:
    """What a role of the operator's staff may do in a staff section; NONE for residents and unknown names."""
    return access().staff.get(section, {}).get(role, Right.NONE)


def effective_table(site: Site) -> dict[str, dict[str, Right]]:
    """Section → method → right, as it is at this site; what it does not offer is all NONE."""
    return {
        section: {method: right(site, section, method) for method in METHODS}
        | {STEPPED_UP: right(site, section, "password", strong=True)}
        for section in access().sections
    }


def unreachable(site: Site) -> list[str]:
    """What `flask check` refuses in a site's file, a sentence each: what none of its logins can reach."""
    return [*_unknown(site), *_closed(site)]


def _unknown(site: Site) -> Iterator[str]:
    known = {*access().sections}
    for section in (*site.sections, *site.access):
        if section not in known:
            yield f"{site.slug}: unknown section {section}"


def _closed(site: Site) -> Iterator[str]:
    table = effective_table(site)
    for section in (name for name in site.sections if name in table):
        wanted = max(*(cell(site, section, method) for method in METHODS), Right.VIEW)
        if max(table[section].values()) < wanted:
            yield f"{site.slug}: {section} is offered, but no login of the site may {wanted.word}"
    own_means = "password" in site.login and not {*site.strong} <= PROVIDED
    if not own_means and not {*site.strong} & {*site.login}:
        yield f"{site.slug}: nothing that counts as strong can be reached by its logins"
