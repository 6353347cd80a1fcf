"""Restart web instances one after another, so that nobody notices: nginx sends each no more requests before it ends.

    python3 deploy/roll.py --host cabinet.example.lv 8001 8002 8003

To be run on the machine of the instances, by who may call systemctl; needs nothing but Python. It stops at the first
instance that does not become ready: that one stays out, the others go on with the version that they have.
"""

import argparse
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path

_ESTABLISHED = "01"


class NotReady(Exception):
    """An instance did not end or did not answer in time."""


def roll(
    ports: Sequence[int], upstream: Path, host: str, reload: Callable[[], object], restart: Callable[[int], object],
    patience: float = 60,
) -> None:  # fmt: skip
    """Restart each: out of `upstream`, `reload`, no connection left, `restart`, ready, in again. Raises `NotReady`."""
    if len(ports) < 2:
        raise NotReady("one instance alone cannot be restarted unnoticed; start a second one")
    for port in ports:
        _mark(upstream, port, is_down=True)
        reload()
        _wait(lambda port=port: not connections(port), f"port {port}: requests are still under way", patience)
        restart(port)
        _wait(lambda port=port: is_ready(port, host), f"port {port}: is not ready; it stays out", patience)
        _mark(upstream, port, is_down=False)
        reload()


def _mark(upstream: Path, port: int, *, is_down: bool) -> None:
    """Set or take away `down` in the line of an instance."""
    lines = upstream.read_text().splitlines(keepends=True)
    found = [n for n, line in enumerate(lines) if f":{port} " in line or f":{port};" in line]
    if len(found) != 1:
        raise NotReady(f"{upstream}: expected one line with port {port}")
    line = lines[found[0]].replace(" down;", ";")
    lines[found[0]] = line.replace(";", " down;", 1) if is_down else line
    part = upstream.with_suffix(".part")
    part.write_text("".join(lines))
    part.replace(upstream)


def _wait(done: Callable[[], bool], otherwise: str, patience: float) -> None:
    ends = time.monotonic() + patience
    while not done():
        if time.monotonic() > ends:
            raise NotReady(otherwise)
        time.sleep(0.05)


def connections(port: int) -> int:
    """How many connections to a port of this machine are open."""
    rows = (line.split() for file in ("tcp", "tcp6") for line in Path(f"/proc/net/{file}").read_text().splitlines()[1:])
    return sum(row[1].endswith(f":{port:04X}") and row[3] == _ESTABLISHED for row in rows)


def is_ready(port: int, host: str) -> bool:
    """Whether an instance answers, and has its database."""
    request = urllib.request.Request(f"http://127.0.0.1:{port}/health/ready", headers={"Host": host})  # ours
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310  # as above
            return bool(answer.status == 200)
    except (OSError, urllib.error.HTTPError):
        return False


def main() -> int:
    """Roll the instances of this machine's systemd behind its nginx."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--host", required=True, help="the public name of the portal")
    parser.add_argument("--upstream", type=Path, default=Path("/etc/nginx/upstream.conf"))
    parser.add_argument("ports", type=int, nargs="+")
    asked = parser.parse_args()

    def systemctl(*words: str) -> None:
        subprocess.run(["systemctl", *words], check=True)  # noqa: S603, S607  # of this machine

    try:
        roll(
            asked.ports, asked.upstream, asked.host, lambda: systemctl("reload", "nginx"),
            lambda port: systemctl("restart", f"ekabinets-web@{port}"),
        )  # fmt: skip
    except (NotReady, subprocess.CalledProcessError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
