"""Take each access mark, each scoped fetch and each of their conditions away in turn: a test must fail every time.

    make mutate [PART=part of a file's name]

It works on a copy of the tree. One process with the libraries loaded forks for each mutation; the child imports the
changed product and runs the tests that should bite, on SQLite. What survives is printed with its line: exit code 1.
"""

import contextlib
import importlib
import os
import pickle
import resource
import shutil
import sys
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType

from flask import Blueprint, Flask

from scripts.mutations import Mutation, mutations_of

ROOT = Path(__file__).parents[1]
LEFT_OUT = shutil.ignore_patterns(".*", "__pycache__", "instance", "bench", "docs")
SECONDS = 600  # of CPU for the tests of one mutation: a query without its condition may take for ever
STRANGERS = "auth/test_strangers.py"
WARM = "tests/auth/test_guard.py::test_nobody_is_sent_to_log_in"
# What is mutated, and the tests that should bite, quickest first.
BITERS = {
    "auth/access.toml": ("auth/test_access.py",),
    "auth/access.py": (
        "auth/test_access.py", "auth/test_guard.py", "views/test_step_up.py", "views/test_users.py",
        "auth/test_matrix.py",
    ),
    "auth/csrf.py": ("auth/test_csrf.py",),
    "auth/guard.py": (
        "auth/test_guard.py", "auth/test_csrf.py", "views/test_login.py", "views/test_profile.py",
        "views/test_account.py", "views/test_notifications.py", "views/test_help.py",
    ),
    "auth/scope.py": ("auth/test_scope.py", "auth/test_guard.py", "views/test_profile.py"),
    "models/places.py": (
        "auth/test_scope.py", "models/test_places.py", "views/test_properties.py", "views/test_users.py", STRANGERS,
    ),
    "models/cards.py": (
        "auth/test_scope.py", "models/test_places.py", "views/test_meters.py", "views/test_readings.py", STRANGERS,
    ),
    "models/invoices.py": ("models/test_invoices.py", "auth/test_scope.py", "views/test_invoices.py", STRANGERS),
    "models/documents.py": (
        "auth/test_scope.py", "views/test_documents.py", "views/test_house_file.py", "views/test_users.py", STRANGERS,
    ),
    "models/history.py": ("models/test_history.py", "auth/test_scope.py", "views/test_meters.py", STRANGERS),
    "models/entries.py": ("models/test_entries.py", "views/test_readings.py"),
    "models/audit.py": ("models/test_entries.py", "views/test_readings.py"),
    "models/seals.py": ("models/test_seals.py",),
    "models/activity.py": ("views/test_activity.py", "views/test_activity_of_helpers.py"),
    "views/properties.py": ("test_routes.py", "views/test_properties.py"),
    "views/help.py": ("test_routes.py", "views/test_help.py"),
    "models/noticeboard.py": ("views/test_notices.py", "views/test_users.py", STRANGERS),
    "models/mandates.py": ("views/test_users.py", "views/test_invitations.py", "views/test_many_places.py"),
    "models/lending.py": ("views/test_users.py", "views/test_invitations.py", "jobs/test_endings.py"),
    "models/endings.py": ("jobs/test_endings.py", "views/test_invitations.py"),
    "models/attorneys.py": ("views/test_attorneys.py", "views/test_powers.py", "jobs/test_endings.py"),
    "models/access_requests.py": ("views/test_access_requests.py",),
    "models/absences.py": ("views/test_absences.py",),
    "models/handovers.py": ("views/test_handovers.py",),
    "models/announcements.py": ("models/test_announcements.py", "jobs/test_notices.py"),
    "models/factors.py": ("views/test_factors.py", "views/test_step_up.py"),
    "models/pending.py": ("models/test_pending.py", "views/test_factors.py", "views/test_step_up.py"),
    "models/tokens.py": ("models/test_tokens.py", "views/test_passwords.py"),
    "models/quarantine.py": ("models/test_quarantine.py",),
    "models/sessions.py": (
        "models/test_sessions.py", "views/test_profile.py", "views/test_login.py", "views/test_leaving.py",
    ),
}
# What lives on because no answer shows it, each with its reason.
KNOWN = {
    "col(Register.id).in_(sa.bindparam('ids', expanding=True)) → sa.true()": "locks more than it needs, says the same",
    "max(card.place.since, _back(since, 2)) → card.place.since": "reads more than the months that are shown",
    "max(place.since, today - timedelta(days=400)) → place.since": "reads more than the average of a year needs",
    "sa.bindparam('now') >= col(Notice.published_at) → sa.true()": "searches more than the index, says the same",
    "col(NoticeAudience.notice_id).in_(sa.bindparam('notices', expanding=True)) → sa.true()": "reads more",
    "factor.credential_id and passkey(session, factor.credential_id) without factor.credential_id": "asks for nobody's",
    "_TABLE.c.expires_at < sa.bindparam('now') with its bound moved": "sweeps a moment earlier what is over anyway",
    "utc_now() - visitor.authenticated_at < FRESH with its bound moved": "the very microsecond",
    "f'{value.astimezone(UTC):%Y-%m-%d %H:%M:%S.%f}' if isinstance(value, datetime) else str(value) → always":
        "PostgreSQL's own, and these run on SQLite",
    "set() if self._database.is_sqlite else {*connection.execute(_WRITING).scalars()} → always": "the same",
    "writing if self._writers is None else self._writers & writing → always": "the same",
    "by_id.get(row.premises_id) or by_house.get(row.house_id) or by_customer[row.customer_id] without"
    " by_customer[row.customer_id]": "such a paper is of her own place, as what has none is",
    "if not connection.execute(_NEW.limit(1)).first() → never": "looks where nothing is new, and finds nothing",
    "_HOLDS_TOKEN → sa.true()": "writes nothing into what is empty, more slowly",
    "col(Quarantined.found) == '' → sa.true()": "puts off what is never asked about again",
}  # fmt: skip


def main(part: str = "") -> int:
    """Mutate the files whose names contain `part`; 0: every mutation made a test fail."""
    views = [f"views/{file.name}" for file in sorted((ROOT / "views").glob("*.py"))]
    files = dict.fromkeys([*BITERS, *views])  # first what forks, while nothing of ours is loaded here
    mutations = [mutation for file in files if part in file for mutation in mutations_of(ROOT, file)]
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder) / "tree"
        shutil.copytree(ROOT, tree, ignore=LEFT_OUT)
        os.chdir(tree)
        sys.path[:] = [str(tree), *(path for path in sys.path if path and Path(path) != ROOT)]
        if in_child(lambda: warm_up({name for one in mutations for name in tests_of(one.file)})):
            print("The tests fail without any mutation.")
            return 2
        load_libraries()
        survivors = [one for one in mutations if survives(one) and one.what not in KNOWN]
    print(*survivors, sep="\n")
    used = os.times()
    seconds = used.user + used.system + used.children_user + used.children_system
    print(f"{len(mutations)} mutations, {len(survivors)} survived, {seconds:.0f} seconds of CPU")
    return 1 if survivors else 0


def tests_of(file: str) -> tuple[str, ...]:
    """The tests that should notice a mutation of this file."""
    return tuple(f"tests/{name}" for name in BITERS.get(file, ()))


def warm_up(tests: set[str]) -> int:
    """Run one of the tests unchanged and note what every run needs: the libraries' modules, the databases."""
    code = run(sorted({*tests, WARM.partition('::')[0]}), chosen=WARM.rpartition("::")[2])
    here = str(Path.cwd())
    names = [name for name, one in sys.modules.items() if not (getattr(one, "__file__", None) or here).startswith(here)]
    Path("libraries").write_text("\n".join(names), "utf-8")
    return code


def load_libraries() -> None:
    """What a fork finds loaded costs it nothing."""
    for name in Path("libraries").read_text("utf-8").split():
        with contextlib.suppress(Exception):
            importlib.import_module(name)


def survives(mutation: Mutation) -> bool:
    """Put the mutation into the copy, run its tests in a child, and put the original back.

    Of a view that has no tests in `BITERS` it is enough that its part of the table of all routes is another one.
    """
    file = Path(mutation.file)
    if mutation.file not in BITERS:
        lives = marks(mutation.file, mutation.source) == marks(mutation.file, file.read_text("utf-8"))
        print(f"{'SURVIVED' if lives else 'caught'} {mutation}", file=sys.stderr)
        return lives
    before, stat = file.read_bytes(), file.stat()
    file.write_text(mutation.source, "utf-8")
    os.utime(file, (stat.st_mtime + 100, stat.st_mtime + 100))  # never the bytecode of the original
    code = in_child(lambda: run([*tests_of(mutation.file)], warm=True))
    file.write_bytes(before)
    os.utime(file, (stat.st_mtime, stat.st_mtime))
    print(f"{'caught' if code > 0 else 'SURVIVED'} {mutation} ({code})", file=sys.stderr)
    return code <= 0  # one that was stopped was noticed by nobody


@cache
def marks(file: str, source: str) -> str:
    """What a source of a view adds to the golden table of routes (tests/routes.txt); why, where it cannot start."""
    from tests.test_routes import table  # as below

    module = ModuleType(f"{Path(file).stem}_{hash(source)}")  # a name of its own, because limits are kept by names
    module.__file__ = str(ROOT / file)
    sys.modules[module.__name__], app = module, Flask(module.__name__, static_folder=None)
    app.config["PROVIDE_AUTOMATIC_OPTIONS"] = False  # as in `app.py`
    try:
        exec(compile(source, file, "exec"), vars(module))  # noqa: S102  # our own, with one piece changed
        for one in [*vars(module).values()]:
            if isinstance(one, Blueprint) and one.import_name == module.__name__:
                app.register_blueprint(one)
        return table(app)
    except Exception as error:  # whatever a source without one of its pieces does
        return repr(error)


def run(tests: list[str], warm: bool = False, chosen: str = "") -> int:
    """pytest's exit code: 0 when all passed. A warm run takes over the databases of the first."""
    import pytest  # the parent must not have seen it before the tree was changed

    from tests.conftest import Templates

    sys.dont_write_bytecode = warm
    kept = Path("templates.pickle")
    if warm:
        made = pickle.loads(kept.read_bytes())  # noqa: S301  # our own, a moment old
        Templates.__init__ = lambda self, _folder, request: self.__dict__.update(made, request=request)
    else:
        create = Templates._make

        def _make(self, dialect: str, staged: bool) -> str:
            name = create(self, dialect, staged)
            self.made[dialect, staged] = name
            kept.write_bytes(pickle.dumps({"folder": self.folder, "made": self.made, "casts": self.casts}))
            return name

        Templates._make = _make
    chosen = f"{chosen} and not postgres" if chosen else "not postgres"
    options = ["-x", "-q", "-k", chosen, "--tb=line", "--basetemp", f"work{int(warm)}"]
    options += ["-p", "no:unraisableexception", "-p", "no:hypothesispytest", "-p", "no:xdist"]  # what takes its time
    return int(pytest.main([*options, *tests]))


def in_child(job: Callable[[], int]) -> int:
    """What `job` returns in a forked process; below zero: it was killed, as for taking too long."""
    sys.stdout.flush()
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 70
    try:
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        quiet = os.open(os.devnull, os.O_WRONLY)
        os.dup2(quiet, 1)
        os.dup2(quiet, 2)
        code = job()
    finally:
        os._exit(code)


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
