"""The process that checks the signatures of one file on stdin: `python -m models.signatures_child`.

It is started by `models.signatures` with the file's kind, the folder of the authorities' certificates ("": none) and
the moment. It prints a report, or fails; it reaches no network and starts no program.
"""

import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from models.confined import answer

_REFUSED = ("socket.connect", "socket.getaddrinfo", "socket.sendto", "socket.bind", "subprocess.Popen", "os.exec")


def stay_inside(event: str, _arguments: Sequence[object]) -> None:
    """An audit hook: whatever library wants out, it cannot."""
    if event in _REFUSED:
        raise PermissionError(event)


def check(data: bytes) -> bytes:
    """The report on a file."""
    from models import signatures  # all of these after the limits are set
    from models.certificates import Judge, Refused, Unclear
    from models.signatures_container import signatures_of as of_container
    from models.signatures_pdf import signatures_of as of_pdf

    kind, folder, moment = sys.argv[1:4]
    judge = Judge(Path(folder) if folder else None, datetime.fromisoformat(moment))
    try:
        report = signatures.report_of((of_pdf if kind == "pdf" else of_container)(data, judge))
    except Refused as refused:
        report = signatures.Report(signatures.State.INVALID, str(refused))
    except Unclear as unclear:
        report = signatures.Report(signatures.State.UNCHECKED, str(unclear))
    return signatures.write(report)


if __name__ == "__main__":
    sys.addaudithook(stay_inside)
    sys.exit(answer(check))
