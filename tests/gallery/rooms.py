"""The gallery, hung once for a run, in three languages; and its door, for a real browser."""

import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from app import create_app
from tests.conftest import Templates, settings_for
from tests.gallery import Gallery, Sight
from tests.gallery.furniture import furnish
from tests.gallery.scenes import SCENES
from tests.journeys.looking import AXE
from views.assets import Assets
from views.language import LANGUAGES
from views.limits import limiter


@pytest.fixture(scope="module")
def galleries(templates: Templates, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Gallery]:
    """Each language's pages, from a database of its own."""
    return {language: _hang(templates, tmp_path_factory.mktemp(language), language) for language in LANGUAGES}


def _hang(templates: Templates, folder: Path, language: str) -> Gallery:
    for url in templates.copy("sqlite", True, folder):
        shutil.copytree(templates.folder / "files", folder / "files", dirs_exist_ok=True)
        app = create_app(settings_for(url, folder))
        gallery = Gallery(app, templates.casts["sqlite"], language)
        extra = furnish(app)
        with app.app_context():
            limiter.reset()
        for scene in SCENES:
            scene(gallery, extra)
        app.extensions["ekabinets"].database.dispose()
    return gallery


@contextmanager
def opened(assets: Assets, sights: Sequence[Sight]) -> Iterator[str]:
    """Show these pages to browsers, by their numbers below the address that is given, with the files they need."""

    class Door(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            file, number = assets.by_name.get(self.path.rpartition("/")[2]), self.path.strip("/")
            if number.isdigit():
                self._send(200, sights[int(number)].html.encode(), "text/html; charset=utf-8", "no-store")
            elif self.path == "/axe.js":
                self._send(200, AXE.encode(), "text/javascript", "max-age=3600")
            elif file:
                self._send(200, file.plain, file.media_type, "max-age=3600")
            else:
                self._send(404, b"", "text/plain", "no-store")

        def _send(self, status: int, body: bytes, kind: str, keep: str) -> None:
            self.send_response(status)
            for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), "Cache-Control": keep}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Door) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
