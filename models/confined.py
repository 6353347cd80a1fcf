"""What a child process does for its part: it gives up most of what it could do, then reads, works and prints.

It is started, fed and killed by `models.children`. Nothing else is imported here, so that it starts at once.
"""

import ctypes
import logging
import os
import resource
import signal
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress

LARGEST_FILE = 32 * 1024 * 1024
PR_SET_PDEATHSIG = 1


def confine(parent: int, cpu_seconds: int, memory_bytes: int) -> None:
    """Die with the parent; take no more than this. What a system lacks (macOS, some limits) is left out."""
    with suppress(AttributeError, OSError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before we asked to be told
        os._exit(1)
    for limit, value in (
        (resource.RLIMIT_AS, memory_bytes),
        (resource.RLIMIT_CPU, cpu_seconds),
        (resource.RLIMIT_FSIZE, LARGEST_FILE),
        (resource.RLIMIT_NOFILE, 64),
        (resource.RLIMIT_CORE, 0),  # a core file would hold what it read
    ):
        with suppress(ValueError, OSError):
            resource.setrlimit(limit, (value, value))


def answer(work: Callable[[bytes], bytes]) -> int:
    """The child's side: confined by its last three arguments, it prints what `work` makes of its input.

    Returns the exit code. What goes wrong is told by type and place: a message could quote what was read.
    """
    parent, cpu_seconds, memory_bytes = map(int, sys.argv[-3:])
    confine(parent, cpu_seconds, memory_bytes)
    logging.disable()
    result = os.dup(1)
    os.dup2(2, 1)  # a library that prints must not print into the result
    try:
        made = work(sys.stdin.buffer.read())
    except Exception as error:
        sys.stderr.write(f"{type(error).__name__}\n" + "".join(traceback.format_tb(error.__traceback__)))
        return 1
    with open(result, "wb") as stdout:  # noqa: PTH123  # a descriptor, not a path
        stdout.write(made)
    return 0
