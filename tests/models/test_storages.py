"""Both storages keep the same promises: a folder, and a bucket of a real S3 server."""

import ssl
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from threading import Barrier, Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from models.files import FileMissing, FolderStorage, Storage, StorageAway, TooLarge
from models.settings import Settings, SettingsError, load_settings
from models.storages import storage_of, storage_problems
from models.types import utc_now
from tests.conftest import settings_for
from tests.models.test_files import BAD_NAMES, NEVER_STORED
from tests.s3server import bucket, s3_server

ROOT = Path(__file__).parents[2]
HOUR = timedelta(hours=1)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of an S3 server of this machine."""
    with s3_server() as url:
        yield url


def settings_of(endpoint: str, folder: Path, **changed: object) -> Settings:
    values = {"storage": f"s3://{bucket(endpoint)}/site/files", "s3_endpoint": endpoint, "s3_key_id": "k", "s3_secret": "s", "demo": False, "today": None}
    return settings_for("sqlite://", folder, **(values | changed))


@pytest.fixture(params=["folder", "s3"])
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Storage:
    if request.param == "folder":
        return storage_of(settings_for("sqlite://", tmp_path))
    return storage_of(settings_of(request.getfixturevalue("server"), tmp_path))


class Endless(BytesIO):
    """A file that never ends; `given` counts what was read of it."""

    given = 0

    def read(self, size: int | None = -1) -> bytes:
        assert size is not None and size > 0
        self.given += size
        return b"x" * size


@pytest.mark.parametrize("data", [b"", b"x", b"\x00\xff" * 4_000_000], ids=["empty", "one byte", "eight megabytes"])
def test_what_was_put_comes_back(storage: Storage, data: bytes):
    name = storage.put(BytesIO(data))
    assert name == sha256(data).hexdigest() == storage.put(data)
    assert (storage.open(name), storage.size(name), storage.exists(name)) == (data, len(data), True)


def test_a_file_is_stored_from_its_start(storage: Storage):
    file = BytesIO(b"invoice")
    file.read(3)
    assert storage.open(storage.put(file)) == b"invoice"


@pytest.mark.parametrize("name", [NEVER_STORED, *BAD_NAMES])
def test_a_name_that_no_file_has_is_missing(storage: Storage, name: str):
    assert not storage.exists(name)
    for ask in (storage.open, storage.size, lambda name: storage.remove(name, utc_now())):
        with pytest.raises(FileMissing):
            ask(name)


def test_more_than_is_allowed_is_refused_before_it_is_read_and_nothing_is_stored(storage: Storage):
    """ASVS 5.2.1."""
    before, endless = {*storage.names()}, Endless()
    assert storage.exists(storage.put(b"x" * 1000, limit=1000))
    with pytest.raises(TooLarge):
        storage.put(b"y" * 1001, limit=1000)
    with pytest.raises(TooLarge):
        storage.put(endless, limit=1000)
    assert endless.given < 1_000_000 and len({*storage.names()} - before) == 1


def test_every_file_is_listed_with_its_date_and_removed_unless_it_is_younger(storage: Storage):
    name = storage.put(b"somebody put this just now")
    listed = dict(storage.names())
    assert abs(listed[name] - utc_now()) < HOUR
    assert not storage.remove(name, before=utc_now() - HOUR) and storage.exists(name)
    assert storage.remove(name, before=utc_now() + HOUR) and not storage.exists(name)
    assert name not in dict(storage.names())


def test_many_threads_that_put_the_same_bytes_make_one_file(storage: Storage):
    before, start, data = len([*storage.names()]), Barrier(8), b"the same invoice" * 10_000

    def put(_: int) -> str:
        start.wait()
        return storage.put(data)

    with ThreadPoolExecutor(8) as pool:
        (name,) = {*pool.map(put, range(8))}
    assert storage.open(name) == data and len([*storage.names()]) == before + 1


def test_a_storage_that_works_has_no_problem_and_keeps_nothing_of_the_trial(storage: Storage):
    before = {*storage.names()}
    assert storage_problems(storage) == [] and {*storage.names()} == before


def test_what_another_site_keeps_in_the_same_bucket_is_not_seen(server: str, tmp_path: Path):
    shared = bucket(server)
    ours, theirs = (storage_of(settings_of(server, tmp_path, storage=f"s3://{shared}/{name}")) for name in ("a", "b"))
    name = theirs.put(b"theirs")
    assert not ours.exists(name) and dict(ours.names()) == {} and [*dict(theirs.names())] == [name]


AWAY = {
    "nobody answers": {"s3_endpoint": "http://127.0.0.1:9"},
    "there is no such bucket": {"storage": "s3://no-such-bucket"},
    "it speaks no http": {"s3_endpoint": "https://127.0.0.1:9"},
}


@pytest.mark.parametrize("changed", AWAY.values(), ids=AWAY)
def test_a_server_that_is_away_is_no_missing_file(server: str, tmp_path: Path, changed: dict[str, str]):
    storage = storage_of(settings_of(server, tmp_path, **changed))
    with pytest.raises(StorageAway):
        storage.put(b"invoice")
    if "endpoint" in str(changed):
        for ask in (storage.open, storage.size, storage.exists):
            with pytest.raises(StorageAway):
                ask(NEVER_STORED)
    assert storage_problems(storage)[0].startswith("storage: cannot be used (")


def test_a_full_disk_is_a_storage_that_is_away(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageAway):
        FolderStorage(tmp_path / "files").put(b"invoice")
    assert storage_problems(FolderStorage(tmp_path / "files")) == ["storage: cannot be used (No space left on device)"]


def test_a_bucket_is_not_named_without_its_key():
    least = {"EKABINETS_SITE": "x", "EKABINETS_SECRET_KEY": "s" * 40, "EKABINETS_IDENTIFIER_KEY": "i" * 40}
    for url, more in (("s3://files", {}), ("s3://Files", {"S3_KEY_ID": "k", "S3_SECRET": "s"}), ("/files", {}), ("s3://", {})):
        with pytest.raises(SettingsError, match=r"storage|s3_key_id"):
            load_settings(least | {"EKABINETS_STORAGE": url} | {f"EKABINETS_{key}": value for key, value in more.items()})


def test_its_secret_comes_from_a_file_and_is_never_shown(tmp_path: Path):
    (tmp_path / "secret").write_text("very secret\n")
    least = {"EKABINETS_SITE": "x", "EKABINETS_SECRET_KEY": "s" * 40, "EKABINETS_IDENTIFIER_KEY": "i" * 40}
    settings = load_settings(least | {"EKABINETS_STORAGE": "s3://files", "EKABINETS_S3_KEY_ID": "key id", "EKABINETS_S3_SECRET_FILE": str(tmp_path / "secret")})
    assert settings.s3_secret == "very secret" and "very secret" not in repr(settings) and "key id" not in repr(settings)


def test_a_server_loads_no_library_of_what_it_does_not_use_and_no_command(tmp_path: Path):
    look = f"import sys; from app import create_app; from tests.conftest import settings_for; from pathlib import Path\ncreate_app(settings_for('sqlite://', Path({str(tmp_path)!r}))); sys.exit(any(name in sys.modules for name in ('obstore', 'PIL', 'jobs.commands')))"
    assert subprocess.run([sys.executable, "-c", look], cwd=ROOT, check=False).returncode == 0


def test_a_server_whose_certificate_nobody_vouches_for_is_told_nothing(tmp_path: Path):
    asked: list[str] = []

    class Anybody(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            asked.append(self.path)
            self.send_error(404)

    with ThreadingHTTPServer(("127.0.0.1", 0), Anybody) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self_signed(tmp_path / "both.pem"))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        storage = storage_of(settings_for("sqlite://", tmp_path, storage="s3://files", s3_endpoint=f"https://localhost:{server.server_port}", s3_key_id="k", s3_secret="s"))
        with pytest.raises(StorageAway):
            storage.put(b"invoice")
        server.shutdown()
    assert asked == []


def self_signed(path: Path) -> Path:
    """A key and its certificate for localhost, in one file."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(utc_now() - HOUR).not_valid_after(utc_now() + HOUR).add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
    secret = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path.write_bytes(secret + made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    return path
