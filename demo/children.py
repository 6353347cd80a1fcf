"""Child processes that live and die together: with each other, and with the process that started them."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue

SECONDS = 5.0  # that a child has for ending by itself
_PR_SET_PDEATHSIG = 1


def free_port(wished: int = 0) -> int:
    """A port that nobody has: the wished one, if it is free."""
    try:
        with socket.create_server(("127.0.0.1", wished)) as probe:
            return int(probe.getsockname()[1])
    except (OSError, OverflowError):
        return free_port()


class Children:
    """Starts children; tells when one ends, or a person sends Ctrl-C or SIGTERM. For the main thread."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        """Take over Ctrl-C and SIGTERM."""
        self._environment = environment
        self._processes: list[subprocess.Popen[bytes]] = []
        self._ends: SimpleQueue[tuple[str, int] | None] = SimpleQueue()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda _number, _frame: self._ends.put(None))

    def start(self, name: str, *command: str) -> None:
        """Start a child in a process group of its own, so that Ctrl-C reaches us alone."""
        process = subprocess.Popen(  # noqa: S603  # the commands are ours
            command, env=self._environment, stdin=subprocess.DEVNULL, process_group=0,
            preexec_fn=_dies_with(os.getpid()),
        )  # fmt: skip
        self._processes.append(process)
        threading.Thread(target=lambda: self._ends.put((name, process.wait())), daemon=True).start()

    def ended(self, seconds: float | None = None) -> int | None:
        """Wait for the first end: the exit code to end with, 0 by a person's wish. None after `seconds`."""
        try:
            end = self._ends.get(timeout=seconds)
        except Empty:
            return None
        if end is None:
            return 0
        name, code = end
        print(f"The {name} ended with code {code}, so everything else was ended too.", file=sys.stderr)
        return code if code >= 0 else 128 - code

    def stop(self) -> None:
        """End all of them: politely, and after `SECONDS` by force, with all that they have started."""
        deadline = time.monotonic() + SECONDS
        self._signal(signal.SIGTERM)
        for process in self._processes:
            with suppress(subprocess.TimeoutExpired):
                process.wait(max(0.0, deadline - time.monotonic()))
        self._signal(signal.SIGKILL)
        for process in self._processes:
            process.wait()

    def _signal(self, number: int) -> None:
        for process in self._processes:
            with suppress(ProcessLookupError, PermissionError):  # macOS says the latter of a group of zombies
                os.killpg(process.pid, number)


def _dies_with(parent: int) -> Callable[[], None] | None:
    """What a child does first, so that it ends even when we are killed: Linux only."""
    if sys.platform != "linux":
        return None
    libc = ctypes.CDLL(None)

    def promise() -> None:
        libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # we were killed in between
            os._exit(1)

    return promise
