"""What one running application holds, and how a request reaches it."""

from dataclasses import dataclass
from typing import cast

from flask import current_app, g

from auth.methods.password import Passwords
from auth.visitor import Visitor
from models.clock import Clock
from models.database import Database
from models.files import Storage
from models.settings import Settings
from models.site import Site


@dataclass(frozen=True)
class State:
    """The parts that everything else is given; built once in `app.create_app`."""

    settings: Settings
    site: Site
    database: Database
    storage: Storage
    clock: Clock
    passwords: Passwords


def state() -> State:
    """The state of the running application."""
    return cast(State, current_app.extensions["ekabinets"])


def visitor() -> Visitor | None:
    """Who is here, or None; loaded once per request by the guard."""
    return cast("Visitor | None", g.visitor)


def somebody() -> Visitor:
    """Who is here, on routes that only a logged-in person reaches."""
    person = visitor()
    if person is None:
        raise RuntimeError("this route is open to everyone: it has no visitor")
    return person
