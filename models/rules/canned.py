"""Prepared replies: what stands in {braces} is filled in when one is inserted (H03; ux.md §6.2)."""

import re
from collections.abc import Mapping

UNFILLED = "⟦"
VARIABLES = ("client_code", "address", "period", "amount", "staff")
_NAMED = re.compile(r"\{([^{}⟦⟧\n]{1,40})\}")


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its variables; what has no value stands as ⟦name⟧ for whoever sends it to fill in."""
    return _NAMED.sub(lambda match: values.get(match[1]) or f"⟦{match[1]}⟧", text)
