"""Heavy or risky work in a child process: fed, limited, killed on its limits, and nothing of it stays (rule 13).

What the child does for its part is in `models.confined`.
"""

import logging
import math
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from models.types import utc_now

log = logging.getLogger(__name__)

ROOT = Path(__file__).resolve().parent.parent
FOLDER = "ekabinets-child-"  # how the temporary folder of a child begins
ABANDONED = 3600  # seconds after which nobody works in it any more


class Ended(Exception):
    """A child gave no result. `code`: "too_long" (stopped at a time limit) or "failed"."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Limits:
    """What one child may take: seconds by the clock, bytes of memory, seconds of waiting for its turn."""

    wall_seconds: float = 20
    memory_bytes: int = 600 * 1024 * 1024
    wait_seconds: float = 5


def run(command: Sequence[str], data: bytes, limits: Limits) -> bytes:
    """What a child prints that reads `data` and ends with this call. Raises `Ended`.

    `command`: this Python, "-m", a module that calls `confined.answer`, and arguments of its own.
    Its output goes to files in a folder that lives as long as the call: bounded, and nothing stays.
    """
    cpu_seconds = math.ceil(limits.wall_seconds) + 1
    _sweep()
    with (
        tempfile.TemporaryDirectory(prefix=FOLDER) as folder,
        tempfile.TemporaryFile(dir=folder) as out,
        tempfile.TemporaryFile(dir=folder) as err,
    ):
        child = subprocess.Popen(  # noqa: S603  # our own module
            [*command, str(os.getpid()), str(cpu_seconds), str(limits.memory_bytes)],
            stdin=subprocess.PIPE, stdout=out, stderr=err, cwd=ROOT, env={"TMPDIR": folder}, start_new_session=True,
        )  # fmt: skip
        try:
            child.communicate(data, timeout=limits.wall_seconds)
        except subprocess.TimeoutExpired:
            raise Ended("too_long") from None
        finally:
            _end(child)
        out.seek(0)
        err.seek(0)
        if child.returncode == 0:
            return out.read()
        log.warning("%s ended with %s: %s", command[2], child.returncode, err.read(4000).decode(errors="replace"))
        raise Ended("too_long" if child.returncode == -signal.SIGXCPU else "failed")


def _sweep() -> None:
    """Remove the folders that a killed server left: somebody's data may lie in them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER}*"):
        with suppress(OSError):  # another does the same
            if utc_now().timestamp() - folder.stat().st_mtime > ABANDONED:
                shutil.rmtree(folder)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Whatever happened, nothing of the child is left: kill its group and collect it."""
    if child.returncode is None:  # not collected yet, so its number is still its own
        with suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()
