"""What every way of logging in gives back, and the registry of those that are built."""

from typing import Protocol


class Method(Protocol):
    """A family of login. The site lists families in its order; only those registered here are shown."""

    @property
    def family(self) -> str:
        """One of the columns of access.toml: "password", "bank", "eparaksts"."""


METHODS: dict[str, Method] = {}


def register(method: Method) -> None:
    """Make a family of login available to sites that list it."""
    METHODS[method.family] = method
