"""Names of colleagues in a note: @ilze, or @ilze.klavina where several have that name (H04)."""

import re
from collections.abc import Mapping

from models.rules.articles import fold

_NAMED = re.compile(r"(?<!\S)@(\w[\w.-]*\w|\w)")


def mentioned(text: str, names: Mapping[int, str]) -> tuple[set[int], list[str]]:
    """Who is named, of `names` by number; and what is nobody's name, or that of several."""
    found, unknown = set(), []
    for named in _NAMED.findall(text):
        words = fold(named.replace(".", " "))
        whose = [number for number, name in names.items() if fold(name) == words or fold(name).split()[:1] == [words]]
        if len(whose) == 1:
            found.add(whose[0])
        else:
            unknown.append(f"@{named}")
    return found, unknown
