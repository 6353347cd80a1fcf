"""Programs of ours, started from a process that has imported them already: a start costs a third of the usual."""

import multiprocessing
import os
import signal
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from multiprocessing.process import BaseProcess
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = 60.0
_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(["app", "flask.cli", "granian.cli", "granian.server", "jobs.exchange", "jobs.exchange.report"])


def start(program: str, words: Sequence[str], environment: Mapping[str, str], output: Path) -> BaseProcess:
    """Start `granian` or `flask` as its command does, in a group of its own; what it says is added to `output`."""
    process = _forks.Process(target=_become, args=(program, [*words], dict(environment), str(output)))
    process.start()
    return process


def _become(program: str, words: list[str], environment: dict[str, str], output: str) -> None:
    os.setsid()
    os.chdir(ROOT)
    os.environ.clear()
    os.environ.update(environment)
    told = os.open(output, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    for standard in (1, 2):
        os.dup2(told, standard)
    multiprocessing.set_start_method(None, force=True)  # the server's own children are made as the platform does it
    if program == "granian":
        from granian.cli import cli as granian

        granian(words, prog_name=program, auto_envvar_prefix="GRANIAN")
    else:
        from flask.cli import cli as flask

        flask.main(words, prog_name=program)


def kill(process: BaseProcess) -> None:
    """As a power cut does: no goodbye, to the whole group; then none of it is left."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid or 0, signal.SIGKILL)
    process.kill()  # one that has no group yet
    process.join()
    deadline = time.monotonic() + SECONDS
    while left(process.pid or 0):
        assert time.monotonic() < deadline, "a process of the group outlives it"


def left(group: int) -> list[int]:
    """The processes of a group that still run."""
    running = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it ended while we looked
            state, _parent, its_group = stat.read_text().rpartition(") ")[2].split()[:3]
            if int(its_group) == group and state not in "ZX":
                running.append(int(stat.parent.name))
    return running
