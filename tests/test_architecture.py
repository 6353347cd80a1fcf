"""The house keeps its own rules (docs/architecture.md): imports, sizes, and what may be used where."""

import ast
import re
import subprocess
import sys
import tokenize
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from models.site import FOLDER as SITES
from models.site import load_site
from views.assets import Assets

ROOT = Path(__file__).parents[1]
PACKAGES = ("models", "auth", "views", "jobs", "demo")
WRITTEN_BY_ALEMBIC = ROOT / "models" / "migrations" / "versions"
SOURCES = [ROOT / "app.py", *(file for package in PACKAGES for file in sorted((ROOT / package).rglob("*.py")))]
MODULES = [file for file in SOURCES if file.stat().st_size and WRITTEN_BY_ALEMBIC not in file.parents]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
Function = ast.FunctionDef | ast.AsyncFunctionDef


def name(file: Path) -> str:
    return str(file.relative_to(ROOT))


def lines(file: Path) -> list[str]:
    return file.read_text("utf-8").splitlines()


@cache
def tree(file: Path) -> ast.Module:
    return ast.parse(file.read_bytes())


def longest(what: str, sizes: dict[str, int], bound: int) -> None:
    """Print the five largest, and fail when one is above the bound."""
    top = sorted(sizes.items(), key=lambda item: -item[1])[:5]
    print(f"longest {what}:", *(f"{size} {where}" for where, size in top), sep="\n  ")
    assert [where for where, size in sizes.items() if size > bound] == []


def functions(file: Path) -> Iterator[Function]:
    return (node for node in ast.walk(tree(file)) if isinstance(node, Function))


def test_imports_point_one_way():
    linter = Path(sys.executable).with_name("lint-imports")
    outcome = subprocess.run([linter, "--no-cache"], cwd=ROOT, capture_output=True, text=True)
    assert outcome.returncode == 0, outcome.stdout


def test_nothing_imports_the_application():
    for file in MODULES:
        for node in ast.walk(tree(file)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not {"app", "tests"} & {one.split(".")[0] for one in names}, name(file)


LATER = ("xhtml2pdf", "reportlab", "PIL", "lxml", "signxml", "pyhanko", "asn1crypto", "webauthn", "cryptography", "obstore", "alembic", "authlib", "joserfc", "python_calamine", "segno", "jobs.exchange", "jobs.mail")


def test_a_process_starts_without_what_most_of_them_never_need():
    """Each of these costs up to half a second and some megabytes; they are loaded where they are used."""
    loaded = f"import sys, app; print(*({{*{LATER!r}}} & {{*sys.modules}}))"
    outcome = subprocess.run([sys.executable, "-c", loaded], cwd=ROOT, capture_output=True, text=True)
    assert outcome.stdout == "\n", outcome.stderr


def test_a_process_starts_without_babels_data_of_languages():
    """Six megabytes; our formats know what they need."""
    started = "from flask import Flask\nfrom views.language import *\ninit_languages(Flask('x'), LANGUAGES)\n"
    told = started + "from babel import core, localedata\nprint(core._global_data, localedata._cache)"
    outcome = subprocess.run([sys.executable, "-c", told], cwd=ROOT, capture_output=True, text=True)
    assert outcome.stdout == "None {}\n", outcome.stderr


# What reads better in one piece: the wiring of the application.
IN_ONE_PIECE = {"app.py:create_app"}


def test_modules_functions_views_and_templates_are_small():
    """The aims of docs/architecture.md; what is longer is split, or named above with its reason."""
    longest("modules", {name(file): len(lines(file)) for file in MODULES}, 250)
    parts = [(f"{name(file)}:{node.name}", node, (node.end_lineno or 0) - node.lineno + 1) for file in MODULES for node in functions(file)]
    longest("functions", {where: size for where, _, size in parts if where not in IN_ONE_PIECE}, 30)
    longest("views", {where: size for where, node, size in parts if any(re.search(r"\.(get|post)\(", ast.unparse(mark)) for mark in node.decorator_list)}, 25)
    longest("templates", {name(file): len(lines(file)) for file in TEMPLATES}, 100)


def test_tests_are_short_and_many():
    tests = sorted((ROOT / "tests").rglob("*.py"))
    sizes = {f"{name(file)}:{node.name}": (node.end_lineno or 0) - node.lineno + 1 for file in tests for node in functions(file) if node.name.startswith("test_")}
    longest("tests", sizes, 25)
    ratio = sum(len(lines(file)) for file in tests) / sum(len(lines(file)) for file in SOURCES)
    print(f"tests : code {ratio:.2f}")
    assert ratio >= 1.2


def code_lines(file: Path) -> set[int]:
    """The numbers of the lines that hold code: no blank line, no comment, no docstring (decision 16)."""
    layout = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    with file.open("rb") as source:
        tokens = [token for token in tokenize.tokenize(source.readline) if token.type not in (*layout, tokenize.ENCODING)]
    code = {line for token in tokens for line in range(token.start[0], token.end[0] + 1)}
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    first = [node.body[0] for node in ast.walk(tree(file)) if isinstance(node, documented) and ast.get_docstring(node) is not None]
    return code - {line for node in first for line in range(node.lineno, (node.end_lineno or 0) + 1)}


def test_the_whole_application_is_small():
    sizes = {name(file): len(code_lines(file)) for file in MODULES}
    total = sum(size for where, size in sizes.items() if not where.startswith("demo/"))
    print("lines of application Python:", total, "of code, with the demo", sum(sizes.values()), "and in all", sum(len(lines(file)) for file in MODULES))
    assert total < 22_000  # decision 19


@pytest.mark.parametrize("site", sorted(file.stem for file in SITES.glob("*.toml") if file.stem != "common"))
def test_script_and_style_are_light_as_they_are_served(site: str):
    assets = Assets(load_site(site))
    sizes = {name: len(assets.by_name[assets.url(name).rpartition("/")[2]].plain) for name in ("app.js", "app.css")}
    print(sizes)
    assert sizes["app.js"] <= 6144 and sizes["app.css"] <= 20_480
    assert "SITE(" not in assets.css
    beside = {name: len(assets.content(name)) for name in ("offline.js", "sw.js", "gone.js")}
    assert beside["offline.js"] + beside["sw.js"] <= 2000 and beside["gone.js"] <= 250  # decision 28


def test_colours_are_named_in_one_place():
    css = re.sub(r"/\*.*?\*/", "", (ROOT / "static" / "app.css").read_text("utf-8"), flags=re.S)
    outside = re.sub(r":root[^{}]*\{[^{}]*\}", "", css)
    assert "--brand:" in css and "--brand:" not in outside
    assert re.findall(r"#[0-9A-Fa-f]{3,8}\b|rgba?\(|hsla?\(", outside) == []
    for file in TEMPLATES:
        if file.name not in ("pdf.html", "_letter.html"):  # which have style sheets of their own, for paper and for letters
            assert re.findall(r"(?<!&)#[0-9A-Fa-f]{6}\b", file.read_text("utf-8")) == [], name(file)


def test_what_is_not_escaped_says_why_on_its_line():
    for file in TEMPLATES:
        for number, line in enumerate(lines(file), 1):
            assert not re.search(r"\|\s*safe\b", line) or "{#" in line, f"{name(file)}:{number}"
            assert "autoescape false" not in line, f"{name(file)}:{number}"
    for file in MODULES:
        for number, line in enumerate(lines(file), 1):
            assert not re.search(r"\bMarkup\(", line) or "#" in line, f"{name(file)}:{number}"


def test_every_exception_from_a_rule_has_its_reason():
    for file in MODULES:
        found = lines(file)
        for number, line in enumerate(found):
            if "noqa" in line:
                said = re.search(r"noqa: [A-Z0-9, ]+  # \w", line) or found[number - 1].strip().startswith("#")
                assert said, f"{name(file)}:{number + 1}"


# Where the clock and the environment may be asked.
PLACES = {
    "datetime.now": {"models/types.py"}, "datetime.utcnow": set(), "datetime.today": set(), "date.today": set(), "time.time": set(),
    "os.environ": {"app.py", "demo/run.py", "demo/banks.py"}, "os.getenv": set(), "random.random": set(), "random.choice": set(),
}  # fmt: skip


def test_clock_and_environment_are_asked_in_one_place():
    for file in MODULES:
        nodes = (node for node in ast.walk(tree(file)) if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name))
        for used in {f"{node.value.id}.{node.attr}" for node in nodes} & PLACES.keys():
            assert name(file) in PLACES[used], used


def test_every_module_says_what_it_is():
    assert [name(file) for file in MODULES if not ast.get_docstring(tree(file))] == []


def test_what_is_public_in_models_and_auth_is_described():
    silent = []
    for file in (file for file in MODULES if file.parts[len(ROOT.parts)] in ("models", "auth")):
        scopes = [tree(file), *(node for node in ast.walk(tree(file)) if isinstance(node, ast.ClassDef))]
        nodes = [node for scope in scopes for node in scope.body if isinstance(node, (*Function.__args__, ast.ClassDef))]
        silent += [f"{name(file)}:{node.name}" for node in nodes if not node.name.startswith("_") and not ast.get_docstring(node)]
    assert silent == []


def test_an_import_inside_a_function_says_why():
    for file in MODULES:
        found = lines(file)
        inside = {inner.lineno for function in functions(file) for inner in ast.walk(function) if isinstance(inner, (ast.Import, ast.ImportFrom))}
        for first in inside - {number + 1 for number in inside}:  # of several in a row
            assert "#" in found[first - 1] or "#" in found[first - 2], f"{name(file)}:{first}"


def test_no_code_names_a_town():
    """Sites are data (I10)."""
    names = "|".join(file.stem for file in SITES.glob("*.toml") if file.stem != "common")
    towns = re.compile(rf"(?<![a-z])({names})", re.I)
    for file in [*TEMPLATES, ROOT / "static" / "app.js", ROOT / "static" / "app.css"]:
        assert not towns.search(file.read_text("utf-8")), name(file)
    for file in (file for file in MODULES if ROOT / "demo" not in file.parents):  # `make run` has a default site
        # What is code in them: a comment may give an example.
        assert not towns.search(ast.unparse(tree(file))), name(file)


def test_a_fragment_extends_nothing_and_a_page_extends_the_layout():
    for file in TEMPLATES:
        text, is_page = file.read_text("utf-8"), not file.name.startswith("_") and file.parent.name not in ("components", "templates")
        assert ('{% extends "layout.html" %}' in text) == (is_page and file.name != "pdf.html"), name(file)


def test_no_template_runs_a_script_of_its_own():
    for file in TEMPLATES:
        text = file.read_text("utf-8")
        assert not re.search(r"<script(?![^>]*\bsrc=)|\son\w+=|javascript:|\sstyle=", text), name(file)


def test_nothing_dangerous_is_called():
    """ASVS 1.2.5, 1.3.2, 1.5.2, 11.4.1."""
    for file in MODULES:
        calls = {ast.unparse(node.func) for node in ast.walk(tree(file)) if isinstance(node, ast.Call)}
        assert not calls & {"eval", "exec", "pickle.loads", "pickle.load", "yaml.load", "os.system", "hashlib.md5", "hashlib.sha1"}, name(file)
        assert "shell=True" not in file.read_text("utf-8"), name(file)
