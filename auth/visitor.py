"""The visitor: who is here, and how she logged in. Everything personal is fetched through her."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from models.audit import Actor
from models.places import Place
from models.types import Role, Source


@dataclass(frozen=True)
class Visitor:
    """A logged-in person for the length of one request."""

    user_id: int
    session_id: int
    name: str
    username: str
    language: str | None
    role: Role
    method: str
    acr: str | None
    authenticated_at: datetime
    remembered: bool
    has_password: bool = True  # False: she signs in by a bank or eParaksts alone
    theme: str | None = None  # "light" or "dark", where she wants it always so
    unread: int = 0  # answers that she has not opened
    step: str = ""  # what she has to do before anything else (`models.rules.first_steps`)
    terms: int = 1  # the version of the terms of use today
    terms_are_new: bool = False  # since she accepted them

    @property
    def device(self) -> str:
        """Whose notes a remembered device keeps, as a word that says nothing else; empty on any other device."""
        mine = self.remembered and self.session_id and not self.step
        return hashlib.sha256(f"device:{self.user_id}".encode()).hexdigest()[:8] if mine else ""

    def actor(self) -> Actor:
        """Who stands on what this visitor writes about herself."""
        return Actor(self.user_id, "web", session_method=self.method)

    def at(self, place: Place) -> Actor:
        """Who stands on what she writes at a place: for whom she acts, and by which version of a mandate (F08)."""
        return Actor(
            self.user_id, Source.DELEGATE if place.lent else Source.SELF, place.customer_ids[0],
            place.lent.version if place.lent else None, self.method,
        )  # fmt: skip
