"""The worker: one process beside the web server that does what is due, again and again, until it is told to end."""

import logging
import signal
import threading

from flask import Flask
from sqlalchemy.exc import OperationalError

from jobs.mail import Post
from jobs.notices import announce_due
from models.quarantine import scan_waiting
from models.registrations import settle
from models.scanner import scanner_of
from models.types import utc_now

log = logging.getLogger("ekabinets.worker")
_PAUSE = 1.0  # seconds between looks when nothing is due


def run(app: Flask) -> None:
    """Work until SIGTERM or Ctrl-C; what was begun is finished. For the main thread of a process."""
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: ended.set())
    post = Post(app)
    held = post.held
    scanner = scanner_of(held.settings)
    with app.app_context():
        while not ended.is_set():
            try:
                announce_due(post.held)
                settle(held.database, utc_now())
                busy = post.send_due()
                if held.settings.scanner:
                    busy += scan_waiting(held.database, held.storage, scanner, utc_now())
            except OperationalError as error:  # the database is away: so are the letters, for now
                log.warning("the database cannot be used: %s", type(error).__name__)
                busy = 0
            if not busy:
                ended.wait(_PAUSE)
