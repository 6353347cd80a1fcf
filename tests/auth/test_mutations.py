"""Every access mark and every cell of the matrix is there for a reason that a test knows; how mutations are made."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.mutate import BITERS, ROOT, marks
from scripts.mutations import mutations_of


@pytest.mark.parametrize("part", ["auth/access.toml", "views/"])
def test_whatever_mark_is_taken_away_makes_a_test_fail(part: str) -> None:
    """Prints each survivor with its line. The conditions of queries take longer: `make mutate`."""
    outcome = subprocess.run([sys.executable, "-m", "scripts.mutate", part], cwd=ROOT, capture_output=True, text=True)
    print(outcome.stdout)
    assert outcome.returncode == 0, outcome.stdout + outcome.stderr


def test_every_file_with_its_tests_is_there() -> None:
    for file, tests in BITERS.items():
        assert (ROOT / file).is_file(), file
        assert all((ROOT / "tests" / name).is_file() for name in tests), file


@pytest.mark.parametrize("module", sorted(file.name for file in (ROOT / "views").glob("*.py")))
def test_every_mark_of_a_view_is_taken_away(module: str) -> None:
    source = (ROOT / "views" / module).read_text("utf-8")
    said = re.compile(r"@public$|@needs\(|@\w+\.(get|post)\(.+, \"(public|signed|api .+|(staff )?\w+ (view|act))\"")
    marks = [line for line in source.splitlines() if said.match(line)]
    taken = [one.what for one in mutations_of(ROOT, f"views/{module}")]
    gone = re.compile(r"@(public|needs\(.+\)) deleted$|.+ access deleted$")
    assert len([what for what in taken if gone.match(what)]) == len(marks)


@pytest.mark.parametrize("module", sorted(file.name for file in (ROOT / "views").glob("*.py")))
def test_a_view_makes_its_part_of_the_table_of_routes(module: str) -> None:
    source = (ROOT / "views" / module).read_text("utf-8")
    golden, made = (ROOT / "tests/routes.txt").read_text("utf-8").splitlines(), marks(f"views/{module}", source)
    assert made == marks(f"views/{module}", ast.unparse(ast.parse(source))) and {*made.splitlines()} <= {*golden, ""}


def test_a_mutation_is_a_whole_source_and_leaves_the_original_alone(tmp_path: Path) -> None:
    before = (ROOT / "auth" / "scope.py").read_bytes()
    for one in mutations_of(ROOT, "auth/scope.py"):
        ast.parse(one.source)
        assert one.source != ast.unparse(ast.parse(before)) and one.line > 0, one
    assert (ROOT / "auth" / "scope.py").read_bytes() == before


@pytest.mark.parametrize(("source", "taken"), [
    ("q = sa.select(a).where(b == c, d <= e)", ["b == c → sa.true()", "d <= e → sa.true()", "d <= e with its bound moved"]),
    ("q = s.join(T, a == b)", ["a == b → true"]),
    ("x = sa.or_(a == b, c == d)", ["a == b → sa.false()", "c == d → sa.false()"]),
    ("if a and b:\n    raise C", ["if a and b → never", "a and b without a", "a and b without b"]),
    ("x = [p for p in q if p.own]", ["if p.own deleted"]),
    ("x = a <= b <= c", ["a <= b <= c without its begin", "a <= b <= c without its end"]),
    ("x = max(a, b)", ["max(a, b) → a", "max(a, b) → b"]),
    ("F: M = {'a': b, 'c': d}", ["'a' deleted", "'c' deleted"]),
    ("x = a if own else None", ["a if own else None → always"]),
    ("x = a or ''", []),
])  # fmt: skip
def test_every_kind_of_condition_is_taken_away(tmp_path: Path, source: str, taken: list[str]) -> None:
    (tmp_path / "one.py").write_text(source, "utf-8")
    found = [*mutations_of(tmp_path, "one.py")]
    assert [one.what for one in found] == taken and len({one.source for one in found}) == len(taken)
