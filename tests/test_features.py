"""docs/features.md claims only what a test proves: one row per id, each with an existing test."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[1]
TABLE = ROOT / "docs" / "features.md"
ROW = re.compile(r"\| ([A-Z]{1,2}-?\d\d) \| ([^|]+) \| (tests/[\w/]+\.py)::(\w+) \|")
SEEDS = {"LU": 59, "DD": 23, "LG": 22, "OG": 31, "UD": 12}
GOALS = {"A": 20, "B": 8, "C": 13, "D": 26, "E": 10, "F": 9, "G": 8, "H": 11, "I": 10}
KNOWN = {f"{seed}-{number:02}" for seed, count in SEEDS.items() for number in range(1, count + 1)} | {
    f"{goal}{number:02}" for goal, count in GOALS.items() for number in range(1, count + 1)
}


def rows() -> list[str]:
    """The rows of the table, without its head."""
    found = [line for line in TABLE.read_text("utf-8").splitlines() if line.startswith("|")]
    assert found[0] == "| id | what works | test |" and found[1] == "|---|---|---|"
    return found[2:]


def test_every_row_names_a_known_id_once_and_says_what_works():
    ids = []
    for row in rows():
        match = ROW.fullmatch(row)
        assert match and match[1] in KNOWN, row
        ids.append(match[1])
    assert len(ids) == len({*ids}) and len(ids) > 20
    assert ids == sorted(ids, key=lambda one: (len(one), one)), "goals first, then seeds, each in order"


def test_every_row_names_a_test_that_exists():
    for row in rows():
        _, _, path, name = ROW.fullmatch(row).groups()
        assert (ROOT / path).is_file(), row
        tests = {node.name for node in ast.walk(ast.parse((ROOT / path).read_bytes())) if isinstance(node, ast.FunctionDef)}
        assert name in tests and name.startswith("test_"), row


def test_there_are_as_many_ids_as_the_scope_has():
    assert len(KNOWN) == 147 + 115
