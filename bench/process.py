"""A server's process, as it starts and after many pages: `python -m bench.process REQUESTS`, people as JSON on stdin.

It imports nothing before the application does, so that the figures are the server's.
"""

import json
import os
import resource
import subprocess
import sys
from collections.abc import Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from bench.ask import Person
    from models.settings import Settings

_PDF = ("xhtml2pdf", "reportlab")


def environment(settings: "Settings") -> dict[str, str]:
    """What a process of its own needs to know."""
    return {
        "PATH": os.environ["PATH"], "EKABINETS_SITE": settings.site, "EKABINETS_SECRET_KEY": settings.secret_key,
        "EKABINETS_IDENTIFIER_KEY": settings.identifier_key, "EKABINETS_DATABASE_URL": settings.database_url,
        "EKABINETS_FILES_DIR": str(settings.files_dir), "EKABINETS_DEMO": "1", "EKABINETS_TODAY": str(settings.today),
        "EKABINETS_BASE_URL": settings.base_url, "EKABINETS_LOG_LEVEL": settings.log_level,
    }  # fmt: skip


def measure(settings: "Settings", people: Sequence["Person"], requests: int) -> dict[str, Any]:
    """CPU seconds of the start, memory after it and after so many home pages, and which PDF modules are loaded."""
    for number in (0, requests):  # the first leaves the modules compiled, as an installation does
        done = subprocess.run(  # noqa: S603  # our own
            [sys.executable, "-OO", "-m", "bench.process", str(number)], env=environment(settings),
            input=json.dumps([vars(person) for person in people]), stdout=subprocess.PIPE, text=True, check=True,
        )  # fmt: skip
    return dict(json.loads(done.stdout))


def main() -> None:
    """Start as a server does, then answer."""
    from app import server

    app = server()
    use = resource.getrusage(resource.RUSAGE_SELF)
    start = {"start, CPU seconds": use.ru_utime + use.ru_stime, "memory after start, MB": _memory()[0]}
    from bench.ask import Person, request

    people = [Person(**one) for one in json.load(sys.stdin)]
    for person in islice(cycle(people), int(sys.argv[1])):
        request(app, f"/properties/{person.place}", person)()
    memory, mapped = _memory()
    end = {"memory after the pages, MB": memory, "of these files that are mapped, MB": mapped}
    print(json.dumps(start | end | {"PDF modules": sum(name.startswith(_PDF) for name in sys.modules)}))


def _memory() -> tuple[float, float]:
    """Megabytes in memory now, and those of them that are mapped files."""
    lines = (line.split() for line in Path("/proc/self/status").read_text().splitlines())
    sizes = {line[0]: int(line[1]) / 1024 for line in lines if line[0] in ("VmRSS:", "RssFile:")}
    return sizes["VmRSS:"], sizes["RssFile:"]


if __name__ == "__main__":
    main()
