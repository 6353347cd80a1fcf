"""The supervisor's children: they end with it, however it ends."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WAITS = "print('up', flush=True); import signal; signal.pause()"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + WAITS.replace("pause()", "sigwait([])")
PARENT = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {WAITS!r}])"
SUPERVISOR = """
import os, sys
from demo import children
children.SECONDS = 0.5
family = children.Children(os.environ)
for code in sys.argv[1:]:
    family.start("child", sys.executable, "-c", code)
code = family.ended()
family.stop()
sys.exit(code)
"""


def supervise(*children: str) -> subprocess.Popen[str]:
    """Start a supervisor; its children write to its output, so the output ends when the last of them has."""
    command = [sys.executable, "-c", SUPERVISOR, *children]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_until_up(process: subprocess.Popen[str]) -> None:
    assert process.stdout and process.stdout.readline() == "up\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_and_sigterm_end_everything_with_code_zero(number: signal.Signals) -> None:
    process = supervise(WAITS)
    wait_until_up(process)
    process.send_signal(number)
    process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.parametrize("child", [STUBBORN, PARENT], ids=["one that ignores SIGTERM", "one with a child of its own"])
def test_a_child_is_ended_with_all_that_it_started(child: str) -> None:
    process = supervise(child)
    wait_until_up(process)
    process.terminate()
    process.communicate(timeout=60)
    assert process.returncode == 0


@pytest.mark.parametrize(
    ("child", "code"), [("import sys; sys.exit(7)", 7), ("import os; os.kill(os.getpid(), 9)", 137)]
)
def test_a_child_that_dies_ends_everything_with_its_code(child: str, code: int) -> None:
    process = supervise(WAITS, child)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == code
    assert "The child ended with code" in said


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child that its parent was killed")
def test_children_end_when_the_supervisor_is_killed() -> None:
    process = supervise(WAITS)
    wait_until_up(process)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
