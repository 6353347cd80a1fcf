"""E-mails with readings are taken from a folder or standard input, once, as text (D26)."""

import logging
import time
from collections.abc import Callable
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from jobs import emails
from jobs.emails import LARGEST, take, take_due
from models.reading_mails import ReadingMail
from models.rules.reading_mail import LONGEST, own_words
from tests.mails import ANNA, letter
from tests.standing import fetch

Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask) -> Run:
    return lambda source, data=None: app.test_cli_runner().invoke(args=["emails", "take", f"{source}"], input=data)


def kept(app: Flask) -> list[Any]:
    return [*fetch(app, sa.select(ReadingMail.subject, ReadingMail.sender, ReadingMail.text, ReadingMail.files).order_by(ReadingMail.id))]


def text_of(app: Flask, message: EmailMessage | bytes) -> str:
    """What is kept of the text."""
    assert take(app.extensions["ekabinets"], message if isinstance(message, bytes) else message.as_bytes()) == ""
    return str(kept(app)[-1].text)


def html(markup: str) -> EmailMessage:
    message = letter()
    message.set_content(markup, subtype="html")
    return message


def test_a_folder_is_taken_and_its_files_stand_aside(app: Flask, run: Run, tmp_path: Path):
    (tmp_path / "1.eml").write_bytes(letter().as_bytes())
    (tmp_path / "note.txt").write_text("no e-mail")
    assert run(tmp_path).output == "1 e-mails\n" and kept(app) == [("Rādījumi", "anna@example.com", ANNA, 0)]
    assert (tmp_path / "taken" / "1.eml").is_file() and not (tmp_path / "1.eml").exists() and (tmp_path / "note.txt").exists()
    assert run(tmp_path).output == "0 e-mails\n" and run(tmp_path / "nowhere").exit_code == 2


def test_a_maildir_is_taken_and_its_messages_are_seen(app: Flask, run: Run, tmp_path: Path):
    for name in ("new", "cur", "tmp"):
        (tmp_path / name).mkdir()
    (tmp_path / "new" / "1.host").write_bytes(letter().as_bytes())
    assert run(tmp_path).output == "1 e-mails\n" and len(kept(app)) == 1 and (tmp_path / "cur" / "1.host:2,S").is_file()


def test_one_comes_by_standard_input_and_the_same_is_one(app: Flask, run: Run):
    data = letter(Message_ID="<1@example.com>", Date="Mon, 23 Nov 2026 10:00:00 +0200").as_bytes()
    assert run("-", data).output == "" and run("-", data + b"X-Hop: 2").exit_code == 0 and len(kept(app)) == 1
    assert run("-", letter(Message_ID="<1@example.com>", sender="other@example.com").as_bytes()).output == "" and len(kept(app)) == 2, "by somebody else"
    assert run("-", letter().as_bytes()).output == "" and run("-", letter().as_bytes()).exit_code == 0 and len(kept(app)) == 3
    away = run("-", letter(Auto_Submitted="auto-replied").as_bytes())
    assert away.exit_code == 1 and "the e-mail was written by a machine" in away.output and len(kept(app)) == 3


def test_the_worker_takes_what_lies_in_the_folder_of_the_settings(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    held = app.extensions["ekabinets"]
    assert take_due(held) == 0
    held = replace(held, settings=held.settings.model_copy(update={"emails_dir": f"{tmp_path}"}))
    monkeypatch.setattr(emails, "_BATCH", 2)
    for number in range(3):
        (tmp_path / f"{number}.eml").write_bytes(letter(f"{number}").as_bytes())
    assert [take_due(held) for _ in range(3)] == [2, 1, 0] and len(kept(app)) == 3


def test_a_folder_that_cannot_be_used_is_said_and_stops_nothing(app: Flask, tmp_path: Path, caplog: pytest.LogCaptureFixture):
    (tmp_path / "taken").write_text("in the way")
    (tmp_path / "1.eml").write_bytes(letter().as_bytes())
    with caplog.at_level(logging.WARNING, "ekabinets.emails"):
        assert take_due(app.extensions["ekabinets"], f"{tmp_path}") == 0
    assert "the folder of e-mails cannot be used" in caplog.text


def test_what_cannot_be_opened_stops_nothing_after_it(app: Flask, tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "0.eml").mkdir()
    (tmp_path / "1.eml").symlink_to(tmp_path / "nowhere")
    for number in range(2, 5):
        (tmp_path / f"{number}.eml").write_bytes(letter(f"{number}").as_bytes())
    opened = Path.open
    monkeypatch.setattr(emails, "_BATCH", 1)
    monkeypatch.setattr(Path, "open", lambda file, mode: opened(file if file.name != "3.eml" else tmp_path / "moved meanwhile", mode))
    assert [take_due(app.extensions["ekabinets"], f"{tmp_path}") for _ in range(3)] == [1, 1, 0]
    assert sorted(row.text for row in kept(app)) == ["2", "4"] and "the e-mail 3.eml cannot be taken" in caplog.text


def test_a_file_of_the_same_name_keeps_the_earlier_one(app: Flask, tmp_path: Path):
    for text in ("one", "two"):
        (tmp_path / "1.eml").write_bytes(letter(text).as_bytes())
        assert take_due(app.extensions["ekabinets"], f"{tmp_path}") == 1
    found = {file.name: file.read_text() for file in (tmp_path / "taken").iterdir()}
    assert len(found) == 2 and "one" in found.pop("1.eml") and "two" in found.popitem()[1]


def test_a_turn_ends_in_time(app: Flask, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    (tmp_path / "1.eml").write_bytes(letter().as_bytes())
    monkeypatch.setattr(emails, "_TURN", 0)
    assert take_due(app.extensions["ekabinets"], f"{tmp_path}") == 0 and kept(app) == []


@pytest.mark.parametrize(("data", "why"), [
    (b"x" * (LARGEST + 1), "is larger than 25 MB"), (letter(Auto_Submitted="auto-replied").as_bytes(), "was written by a machine"),
    (b"From: " + b"<" * 10_001 + b"\n\nx", "has a header that is too long"),
    (b"".join(b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (number, number) for number in range(3000)), "cannot be read"),
])  # fmt: skip
def test_what_is_not_taken_has_its_reason_and_stands_aside(app: Flask, tmp_path: Path, caplog: pytest.LogCaptureFixture, data: bytes, why: str):
    (tmp_path / "1.eml").write_bytes(data)
    with caplog.at_level(logging.WARNING, "ekabinets.emails"):
        assert take_due(app.extensions["ekabinets"], f"{tmp_path}") == 1
    assert f"the e-mail 1.eml {why}" in caplog.text and kept(app) == [] and (tmp_path / "taken" / "1.eml").exists()


_MIXED = b"From: a@example.com\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n"


@pytest.mark.parametrize("data", [
    _MIXED + b"--x\nContent-Type: text/plain\nContent-Disposition: attachment" + b"; a=b" * 128_000 + b"\n\nhi\n--x--\n",
    _MIXED + b"--x\n\n\n" * 4_000_000 + b"--x--\n", b"From: a@example.com\n\n" + b"a\n" * 12_000_000,
])  # fmt: skip
def test_what_was_made_to_take_hours_or_all_memory_is_refused_soon(app: Flask, monkeypatch: pytest.MonkeyPatch, data: bytes):
    monkeypatch.setattr(emails, "_LIMITS", replace(emails._LIMITS, wall_seconds=4))
    began = time.monotonic()
    assert "cannot be read" in take(app.extensions["ekabinets"], data) and time.monotonic() - began < 8


@pytest.mark.parametrize("charset", ["punycode", "idna", "rot13", "unicode_escape", "nobody"])
def test_a_charset_that_no_program_of_mail_writes_is_read_as_utf_8(app: Flask, charset: str):
    data = f"From: a@example.com\nContent-Type: text/plain; charset={charset}\n\naukstais ūdens 1-".encode() + b"a" * 640_000
    assert text_of(app, data).startswith("aukstais ūdens 1-a")


def test_the_largest_that_is_taken_is_read(app: Flask):
    message = letter()
    message.add_attachment(b"\xff" * 18_000_000, maintype="image", subtype="jpeg", filename="meter.jpg")
    assert text_of(app, message) == ANNA and kept(app)[0].files == 1


@pytest.mark.parametrize("data", [
    b"", b"\0", b"no header at all", b"Subject: =?utf-8?q?=00=ff?=\nFrom: <\n\nx", b"From: \xff\xfe\nSubject: \xff\n\n\xff aukstais 1", b"Content-Type: text/plain; charset=nobody\n\naukstais 1",
    b"Content-Type: multipart/mixed\n\nx", b"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Transfer-Encoding: base64\n\n!!!\n--a--", b"Content-Type: text/html\n\n<p", b"Content-Type: text/html\n\n<![x",
    b"Content-Type: message/rfc822\n\nSubject: x\n\naukstais 1", b"From: =?\nSubject: =?utf-8?b?!?=\nMessage-ID: <\n\n", b"Content-Type: text/plain; charset=utf-16\n\na", b"From: \"\n\n", b"Content-Type: ;\nContent-Disposition: ;;\n\nx",
])  # fmt: skip
def test_a_broken_one_stops_nothing(app: Flask, data: bytes):
    why = take(app.extensions["ekabinets"], data)
    assert why == "" or "cannot be read" in why
    assert all("\0" not in row.text + row.subject + row.sender for row in kept(app))


def test_of_html_alone_the_text_is_kept_and_what_it_quotes_is_marked(app: Flask):
    said = text_of(app, html("<html><head><title>T</title><style>p{x:1}</style></head><body><p>Aukstais&nbsp;<b>126,5</b></p><table><tr><td>karstais</td><td>88</td></tr></table><script>alert(1)</script><blockquote>karstais 5</blockquote></body></html>"))
    assert said.split() == ["Aukstais", "126,5", "karstais", "88", "--", "karstais", "5", "--"] and own_words("", said).split()[-1] == "88"


@pytest.mark.parametrize(("markup", "said"), [
    ("<!--[if gte mso 9]><xml>21</xml><![endif]--><p>auksts 1</p>", "auksts 1"), ("<style>a<b>7</style>auksts&#32;1", "auksts 1"), ("auksts 1<script>7", "auksts 1"), ("a < b > 1", "a < b > 1"), ("<![x auksts", ""), ("auksts<br/>1", "auksts\n1"),
])  # fmt: skip
def test_of_markup_nothing_is_kept(app: Flask, markup: str, said: str):
    assert text_of(app, html(markup)) == said


@pytest.mark.parametrize("piece", ["<", "<br>", "<!", "<!--", "<a ", "&", "<script>", "<a b=\""])
def test_no_page_takes_a_long_time(app: Flask, piece: str):
    text_of(app, html(piece * (500_000 // len(piece))))


def test_text_is_taken_before_html_and_files_are_counted_not_kept(app: Flask):
    message = letter("Rādījumi foto")
    message.add_alternative("<p>other</p>", subtype="html")
    message.add_attachment(b"\xff\xd8\xff", maintype="image", subtype="jpeg", filename="meter.jpg")
    assert text_of(app, message) == "Rādījumi foto" and kept(app)[0].files == 1


def test_in_whatever_charset_it_is_written(app: Flask):
    for charset in ("windows-1257", "iso-8859-13", "utf-8"):
        message = letter(subject=charset)
        message.set_content("Aukstais ūdens 126,5", charset=charset)
        assert text_of(app, message) == "Aukstais ūdens 126,5"
    message.set_content("Горячая 88", charset="koi8-r")
    assert text_of(app, message) == "Горячая 88"


def test_what_is_long_is_cut(app: Flask):
    assert len(text_of(app, letter("x" * 70_000 + "\n" + "y" * 70_000, subject="s" * 400))) == LONGEST and len(kept(app)[0].subject) == 200
    many = letter()
    for number in range(120):
        many.add_attachment(f"part {number}".encode(), maintype="application", subtype="pdf", filename=f"{number}.pdf")
    assert text_of(app, many) == ANNA and kept(app)[-1].files < 100


def test_a_mail_that_is_passed_on_as_a_file_is_read(app: Flask):
    message = letter("Skatīt pielikumu")
    message.add_attachment(letter("aukstais 126,5"))
    assert "aukstais 126,5" in text_of(app, message)
