"""What every way of logging in gives back, and the registry of those that are built."""

from dataclasses import dataclass
from typing import Protocol


class Method(Protocol):
    """A family of login. The site lists families in its order; only those registered here are shown."""

    @property
    def family(self) -> str:
        """One of the columns of access.toml: "password", "bank", "eparaksts"."""


@dataclass(frozen=True)
class Person:
    """Whom a provider has identified. A user is found by issuer and subject, or by the state's own code (rule 4)."""

    issuer: str
    subject: str
    name: str
    code: str | None  # the 11 digits of a personal code, where the provider proves it
    acr: str | None  # the strength that the provider returned


METHODS: dict[str, Method] = {}


def register(method: Method) -> None:
    """Make a family of login available to sites that list it."""
    METHODS[method.family] = method
