"""The demo's letters: a real SMTP server that keeps them, and the page that shows them."""

import smtplib
import subprocess
import sys
import time
from email.message import EmailMessage
from pathlib import Path

from flask import Flask

from tests.browser import Browser
from tests.postgres import free_port

ROOT = Path(__file__).parents[2]


def letter(subject: str, body: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Subject"] = "noreply@localhost", "anna@example.com", subject
    message.set_content(body)
    return message


def test_the_server_keeps_every_letter_in_order_and_ends_when_told(tmp_path: Path):
    port, folder = free_port(), tmp_path / "letters"
    server = subprocess.Popen([sys.executable, "-m", "demo.mailserver", "--folder", str(folder), "--port", str(port)], cwd=ROOT)
    deadline = time.monotonic() + 60
    while True:
        try:
            with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
                for number in range(3):
                    client.send_message(letter(f"Ziņa {number}", "Sveiki"))
            break
        except ConnectionRefusedError:
            assert server.poll() is None and time.monotonic() < deadline
    server.terminate()
    assert server.wait(timeout=30) == 0
    kept = [file.read_text("utf-8") for file in sorted(folder.iterdir())]
    assert ["=?utf-8?q?Zi=C5=86a?= " + str(n) in text for n, text in enumerate(kept)] == [True] * 3


def test_the_page_shows_the_newest_letter_on_top_with_its_links(app: Flask, browser: Browser, tmp_path: Path):
    assert "There are no letters yet." in browser.get("/demo/mailbox").text
    folder = app.extensions["ekabinets"].settings.files_dir.parent / "letters"
    folder.mkdir()
    for number, body in enumerate(("<script>alert(1)</script>", "Open\nhttp://localhost/password/reset/abc")):
        (folder / f"2026-{number}.eml").write_bytes(letter(f"Letter {number}", body).as_bytes())
    page = browser.get("/demo/mailbox")
    assert page.text.index("Letter 1") < page.text.index("Letter 0") and "http://localhost/password/reset/abc" in page.links
    assert "<script>alert" not in page.html and "To: anna@example.com" in page.text


def test_outside_the_demo_there_is_no_mailbox(make_app):
    app = make_app(demo=False, today=None)
    assert app.test_client().get("/demo/mailbox").status_code == 404 and "mailbox" not in app.blueprints
