"""The process that checks the signatures of one file on stdin: `python -m models.signatures_child`.

It is started by `models.signatures` with the file's kind, the folder of the authorities' certificates ("": none) and
the moment. It prints a report, or fails; it reaches no network and starts no program.
"""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from models.confined import answer
from models.signatures import Report, State, report_of, write

_REFUSED = (
    "socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.sendmsg", "socket.bind",
    "subprocess.Popen", "os.exec", "os.fork", "os.posix_spawn", "os.system",
)  # fmt: skip


def stay_inside(event: str, _arguments: Sequence[object]) -> None:
    """An audit hook: whatever library wants out, it cannot."""
    if event in _REFUSED:
        raise PermissionError(event)


def report(kind: str, data: bytes, folder: Path | None, now: datetime) -> Report:
    """What is known of a file of this kind. Raises as `certificates.anchors`, and whatever a parser raises."""
    from models.certificates import Judge, Refused, Unclear  # these after the limits are set
    from models.signatures_container import signatures_of as of_container
    from models.signatures_pdf import signatures_of as of_pdf

    try:
        return report_of((of_pdf if kind == "pdf" else of_container)(data, Judge(folder, now)))
    except Refused as refused:
        return Report(State.INVALID, str(refused))
    except Unclear as unclear:
        return Report(State.UNCHECKED, str(unclear))


def check(data: bytes) -> bytes:
    """The same, written for the parent."""
    kind, folder, moment = sys.argv[1:4]
    return write(report(kind, data, Path(folder) if folder else None, datetime.fromisoformat(moment)))


if __name__ == "__main__":
    sys.addaudithook(stay_inside)
    sys.exit(answer(check))
