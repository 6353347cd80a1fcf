"""Virus scanning by clamd's protocol, and what happens to files that no scanner has cleared (ASVS 5.4.3)."""

import io
from datetime import timedelta
from pathlib import Path

import pytest

from models import quarantine
from models.database import Database
from models.files import FolderStorage
from models.intake import take_all
from models.quarantine import HeldBack, Quarantined, scan_waiting
from models.scanner import Clamd, Scanner, ScannerAway, scanner_of
from models.types import utc_now
from tests.clamserver import MARKER, clam_server
from tests.conftest import settings_for

PDF = b"%PDF-1.7 "
AWAY = "clamd://127.0.0.1:9"


def held(database: Database, name: str) -> str | None:
    """What the quarantine says of a file; None: nothing."""
    with database.read() as connection:
        try:
            quarantine.check(connection, name)
        except HeldBack as back:
            return str(back)
    return None


@pytest.fixture
def waiting(database: Database, tmp_path: Path) -> tuple[FolderStorage, str, str]:
    """A clean and a bad file that came while the scanner was away."""
    storage = FolderStorage(tmp_path / "files")
    names = [storage.put(PDF), storage.put(PDF + MARKER)]
    with database.write() as session:
        for name in names:
            quarantine.hold(session, name)
            quarantine.hold(session, name)
    return storage, *names


@pytest.mark.parametrize("socket", [False, True])
def test_the_scanner_is_asked_by_its_own_protocol(tmp_path: Path, socket: bool):
    with clam_server(tmp_path / "clamd.socket" if socket else None) as url:
        clamd = scanner_of(settings_for("sqlite://", tmp_path, scanner=url))
        assert clamd.scan(io.BytesIO(PDF)) == "" == clamd.scan(io.BytesIO(b""))
        assert clamd.scan(io.BytesIO(b"x" * 300_000 + MARKER + b"y" * 300_000)) == "Test.Marker"


@pytest.mark.parametrize("answer", [b"", b"INSTREAM size limit exceeded. ERROR\0", b"stream: \0", b"OK\0", b"stream: OK", b"x" * 5000, b"stream: OK FOUND OK\0"])
def test_an_answer_that_is_no_ok_clears_nothing(answer: bytes):
    with clam_server(answer=answer) as url, pytest.raises(ScannerAway):
        Clamd(url).scan(io.BytesIO(PDF))


@pytest.mark.parametrize("url", [AWAY, "clamd:///no/such/socket", "clamd://127.0.0.1:99999", "clamd://no-such-host.invalid"])
def test_a_scanner_that_cannot_be_reached_is_away(url: str):
    with pytest.raises(ScannerAway):
        Clamd(url).scan(io.BytesIO(PDF))


def test_a_form_with_a_virus_is_refused_by_the_files_name_and_waits_while_the_scanner_is_away():
    files = [("a.pdf", PDF), ("b.pdf", PDF + MARKER)]
    with clam_server() as url:
        taken, refused = take_all(((name, io.BytesIO(data)) for name, data in files), Clamd(url))
    assert [(one.name, one.waits) for one in taken] == [("a.pdf", False)]
    assert [(one.name, one.reason) for one in refused] == [("b.pdf", "virus")]
    taken, refused = take_all(((name, io.BytesIO(data)) for name, data in files), Clamd(AWAY))
    assert [one.waits for one in taken] == [True, True] and not refused
    assert not take_all([("b.pdf", io.BytesIO(PDF + MARKER))], Scanner())[0][0].waits


def test_what_waits_is_cleared_or_kept_for_good_when_the_scanner_is_back(database: Database, waiting):
    storage, clean, bad = waiting
    assert (held(database, clean), held(database, bad), held(database, "0" * 64)) == ("", "", None)
    with clam_server() as url:
        assert scan_waiting(database, storage, Clamd(url), utc_now()) == 2
        assert (held(database, clean), held(database, bad)) == (None, "Test.Marker")
        assert scan_waiting(database, storage, Clamd(url), utc_now() + timedelta(days=1)) == 0, "what was found is not asked again"


def test_while_the_scanner_is_away_everything_waits_and_is_tried_again_later(database: Database, waiting):
    storage, clean, bad = waiting
    now = utc_now()
    for scanner in (Clamd(AWAY), Refusing()):
        assert scan_waiting(database, storage, scanner, now) == 0
    assert (held(database, clean), held(database, bad)) == ("", "")
    with clam_server() as url:
        assert scan_waiting(database, storage, Clamd(url), now) == 0, "not at once"
        assert scan_waiting(database, storage, Clamd(url), now + timedelta(minutes=5)) == 2


class Refusing(Scanner):
    """One that must not be asked: it is not yet time."""

    def scan(self, file: io.BytesIO) -> str:
        raise AssertionError


def test_a_file_that_is_lost_is_not_waited_for(database: Database, tmp_path: Path):
    with database.write() as session:
        session.add(Quarantined(file_hash="0" * 64))
    twin: Scanner = Scanner()
    assert scan_waiting(database, FolderStorage(tmp_path), twin, utc_now()) == 1 and held(database, "0" * 64) is None
