"""The main menu: what this visitor may open, and what a stronger login would; asked of the guard's functions."""

from dataclasses import dataclass

from auth.access import Right, lent, may, opens
from auth.visitor import Visitor
from models.places import Place
from models.site import Site
from models.types import Role, TenureRole


@dataclass(frozen=True)
class Item:
    """One entry: `key` names its label and icon in the templates."""

    key: str
    url: str
    in_bar: bool  # also in the bottom bar of a phone; the rest stands on the page "More"
    locked: bool = False  # shown, because people look for it; its page says what opens it (A14; LG-09)


# Sections in the order of the menu, with where they live: of a property, or of the person.
_ITEMS = (
    ("home", "addresses", "/properties/{pid}", True),
    ("meters", "meters", "/properties/{pid}/meters", True),
    ("invoices", "invoices", "/properties/{pid}/invoices", True),
    ("messages", "messages", "/messages", True),
    ("documents", "documents", "/properties/{pid}/documents", False),
    ("house", "house_file", "/properties/{pid}/house", False),
    ("notices", "notices", "/notices", False),
    ("users", "users", "/users", False),
    ("profile", "settings", "/profile", False),
    ("help", None, "/help", False),
)


def menu(site: Site, visitor: Visitor, place: Place | None) -> list[Item]:
    """The entries for a visitor who stands at `place`; without any place, what needs one is left out; staff: none."""
    items: list[Item] = []
    if visitor.role is not Role.RESIDENT:
        return items
    for key, section, url, in_bar in _ITEMS:
        here = place if "{pid}" in url else None
        if section is not None and lent(here, section) < Right.VIEW:
            continue
        locked = section is not None and may(site, visitor, section, here) < Right.VIEW
        if locked and opens(site, section or "") < Right.VIEW:
            continue
        if key == "house" and place and place.role is TenureRole.TENANT:  # it is the owners'
            continue
        if place is None and "{pid}" in url:
            if key != "home":
                continue
            url = "/properties"
        url = url.replace("{pid}", place.public_id if place else "")
        items.append(Item(key, url, (in_bar or not place) and not locked, locked))
    return items
