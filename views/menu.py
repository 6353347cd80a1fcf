"""The main menu: what this visitor may open, asked of the same function as the guard."""

from dataclasses import dataclass

from auth.access import Right, may
from auth.visitor import Visitor
from models.places import Place
from models.site import Site
from models.types import Role


@dataclass(frozen=True)
class Item:
    """One entry: `key` names its label and icon in the templates."""

    key: str
    url: str
    in_bar: bool  # also in the bottom bar of a phone; the rest stands on the page "More"


# Sections in the order of the menu, with where they live: of a property, or of the person.
_ITEMS = (
    ("home", "addresses", "/properties/{pid}", True),
    ("meters", "meters", "/properties/{pid}/meters", True),
    ("invoices", "invoices", "/properties/{pid}/invoices", True),
    ("documents", "documents", "/properties/{pid}/documents", True),
    ("notices", "notices", "/notices", False),
    ("profile", "settings", "/profile", False),
    ("help", None, "/help", False),
)


def menu(site: Site, visitor: Visitor, place: Place | None) -> list[Item]:
    """The entries for a visitor who stands at `place`; without any place, what needs one is left out; staff: none."""
    items: list[Item] = []
    if visitor.role is not Role.RESIDENT:
        return items
    for key, section, url, in_bar in _ITEMS:
        if section and may(site, visitor, section) < Right.VIEW:
            continue
        if place is None and "{pid}" in url:
            if key != "home":
                continue
            url = "/properties"
        items.append(Item(key, url.replace("{pid}", place.public_id if place else ""), in_bar or not place))
    return items
