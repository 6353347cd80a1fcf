"""Asking a provider that is away, slow, endless or elsewhere (security rules 5, 13)."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from models import remote
from models.remote import ProviderAway, Remote
from tests.auth.certificates import self_signed
from tests.auth.sick import NO_ANSWERS, PACE, says, server


@pytest.mark.parametrize("kind", NO_ANSWERS)
def test_what_is_no_answer_ends_with_the_time_out(kind: str) -> None:
    with server(NO_ANSWERS[kind]) as address, pytest.raises(ProviderAway):
        Remote(seconds=0.3).ask(address)


def test_nobody_listens() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/x"
    with pytest.raises(ProviderAway):
        Remote().ask(address)
    with pytest.raises(ProviderAway):
        Remote().ask("http://no-such-host.invalid/")


def test_an_answer_is_what_it_says() -> None:
    with server(says(b'{"a": "\xc4\x81"}')) as address:
        assert Remote().ask(address) == Remote().ask(address, {"b": "c"}) == {"a": "ā"}


def test_one_who_hangs_leaves_the_other_threads_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(remote, "_PLACE_SECONDS", 0.05)
    began, end = threading.Event(), threading.Event()

    def hang(taken: socket.socket) -> None:
        began.set()
        end.wait(30)
        says(b"{}")(taken)

    portal = Remote()
    with server(hang) as address:
        first = threading.Thread(target=portal.ask, args=[address])
        first.start()
        began.wait(30)
        with pytest.raises(ProviderAway, match="busy"):
            portal.ask(address)
        end.set()
        first.join()
        assert portal.ask(address) == {}


@contextmanager
def secure_server(context: ssl.SSLContext) -> Iterator[str]:
    def answer(taken: socket.socket) -> None:
        with context.wrap_socket(taken, server_side=True) as secured:
            secured.recv(65536)
            says(b"{}")(secured)

    with server(answer, first_word=False) as address:
        yield address.replace("http:", "https:")


def test_only_a_certificate_that_somebody_vouches_for_is_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(self_signed(tmp_path))
    with secure_server(context) as address:
        with pytest.raises(ProviderAway, match="SSLCertVerificationError"):
            Remote().ask(address)
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "one.pem"))
        assert Remote().ask(address) == {}
        with pytest.raises(ProviderAway, match="SSLCertVerificationError"):
            Remote().ask(address.replace("127.0.0.1", "localhost"))  # vouched for another name


def test_a_handshake_that_hangs_ends_with_the_time_out() -> None:
    with server(lambda _taken: PACE.wait(30) and None, first_word=False) as address, pytest.raises(ProviderAway):
        Remote(seconds=0.3).ask(address.replace("http:", "https:"))
