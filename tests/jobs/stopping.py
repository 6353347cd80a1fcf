"""A worker that makes one copy, or purges, and is killed at a named point: `python -m tests.jobs.stopping POINT`."""

import os
import signal
import sys
from unittest.mock import patch

from app import create_app
from jobs import copies as jobs
from models import copies, outbox, retention
from models.files import FolderStorage, Storage

# Where: before this is done, or (True) after it.
POINTS = {
    "claimed": (jobs, "_write", False),
    "written": (Storage, "put", False),
    "stored": (copies, "finish", False),
    "told": (outbox, "write_to", True),  # not yet committed
    "finished": (jobs, "make_due", True),
    "removed": (FolderStorage, "remove", True),  # the file, not yet its row
    "batch": (retention, "_batch", True),
}


def main(point: str) -> None:
    """Work until that point."""
    owner, name, after = POINTS[point]
    original = getattr(owner, name)

    def die(*args: object, **more: object) -> object:
        outcome = original(*args, **more) if after else None
        if outcome != 0:  # a batch without rows is none
            os.kill(os.getpid(), signal.SIGKILL)
        return outcome

    app = create_app()
    held = app.extensions["ekabinets"]
    with patch.object(owner, name, die), app.app_context():
        if point in ("removed", "batch"):
            sum(retention.purge(held.database, held.storage, held.site, held.clock))
        else:
            jobs.make_due(app)


if __name__ == "__main__":
    main(sys.argv[1])
