"""Routes: an address, who may open it and how often, in one line; `tests/routes.txt` has the table of them all."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint

from auth import guard
from auth.access import RIGHTS
from views.limits import View, act_limit, login_limit

Limit = Callable[[Any], Any]


def usual_limit(view: Any) -> Any:
    """The limit of an act: of its person, and of the network where nobody need be logged in."""
    return act_limit(view) if view.access else login_limit(view)


class Routes(Blueprint):
    """A blueprint that opens nothing by itself: each route says its `access` (see `auth.guard`).

    That is "public", "signed", for a program "api" and the scope that its token has, or a section and the least right
    to it, such as "meters act"; of the operator's staff "staff" and one of theirs, such as "staff customers view".
    """

    def get(self, rule: str, access: str, limit: Limit | None = None) -> Callable[[View], View]:  # type: ignore[override]  # stricter than Flask's
        """A page or a file."""
        return self._add(rule, "GET", access, limit)

    def post(self, rule: str, access: str, limit: Limit | None = usual_limit) -> Callable[[View], View]:  # type: ignore[override]  # as above
        """An act; `limit=None`: however often."""
        return self._add(rule, "POST", access, limit)

    def _add(self, rule: str, method: str, access: str, limit: Limit | None) -> Callable[[View], View]:
        section, _, least = access.rpartition(" ")
        marks = {"public": guard.public, "signed": guard.signed}
        of_section = guard.bearer(least) if section == "api" else section and guard.needs(section, RIGHTS[least])
        mark: Any = of_section or marks[least]

        def add(view: Any) -> Any:
            if not hasattr(view, "said"):
                view = mark(view)
                view.said = access, limit
                view = limit(view) if limit else view
            elif view.said != (access, limit):
                raise guard.Unmarked(f"{rule}: another access or limit than at its other address")
            return self.route(rule, methods=[method])(view)

        return add
