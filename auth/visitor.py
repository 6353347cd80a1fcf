"""The visitor: who is here, and how she logged in. Everything personal is fetched through her."""

from dataclasses import dataclass
from datetime import datetime

from models.audit import Actor
from models.types import Role


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
    step: str = ""  # what she has to do before anything else (`models.rules.first_steps`)
    terms_are_new: bool = False  # since she accepted them

    def actor(self, source: str = "web", principal_customer_id: int | None = None) -> Actor:
        """Who stands on what this visitor writes; she is her own principal until mandates exist."""
        return Actor(
            user_id=self.user_id,
            source=source,
            principal_customer_id=principal_customer_id,
            session_method=self.method,
        )
