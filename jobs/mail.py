"""The post: takes letters from the outbox, writes each in its reader's language and hands it to the SMTP server."""

import logging
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, formataddr
from functools import cached_property
from typing import Any
from urllib.parse import urlsplit

from flask import Flask

from auth.state import State
from jobs.letters import KINDS, Link
from models import announcements, einvoices, noticeboard, outbox, preferences, reading_links, tokens
from models.rules.mail import header_safe
from models.types import AnyRow, utc_now

log = logging.getLogger("ekabinets.mail")
BATCH = 250
_TIMEOUT = 30.0  # seconds that the server may be silent
_TURN = timedelta(seconds=20)  # after which letters to many let others by
_HURRY = timedelta(minutes=1)  # before a lease ends no other letter is begun


class Post:
    """Sends what is due. Several of them may run at once, in any number of processes."""

    def __init__(self, app: Flask) -> None:
        """With the application's settings, database and languages; nothing is connected yet."""
        self.app = app
        self.held: State = app.extensions["ekabinets"]
        self.environments: dict[str, Any] = app.extensions["languages"]
        self._host = urlsplit(self.held.settings.base_url).hostname
        # What a notice says, as read for this batch, and the letter that was made of it, by language and notice.
        self._said: dict[tuple[str, int], dict[str, Any]] = {}
        self._made: dict[tuple[str, int], tuple[dict[str, Any], bytes]] = {}

    def send_due(self) -> int:
        """Claim a batch and send it; how many letters were claimed."""
        self._said.clear()  # a notice may have been withdrawn or changed since the batch before
        with self.held.database.write() as session:
            letters = outbox.claim(session, utc_now(), BATCH)
        if not letters:
            self._made.clear()
        else:
            left, wait = self._deliver(letters)
            if left:
                with self.held.database.write() as session:
                    outbox.give_back(session, left, utc_now() + wait)
        return len(letters)

    def _deliver(self, letters: Sequence[AnyRow]) -> tuple[list[int], timedelta]:
        """Send them over one connection; the numbers of those that were not tried, and how long they are to wait.

        They wait while the server is away. Letters to many stop after a turn too: with files that have to be made,
        a batch takes minutes, and somebody's new password may have come behind it.
        """
        tried, wait, turn_ends = set[int](), timedelta(0), utc_now() + _TURN
        try:
            with self._server() as server, self.held.database.each() as noting:
                self._noting = noting  # one connection for a batch; a new one for each letter would cost more than that
                for letter in letters:
                    stops = letter.leased_until - _HURRY
                    if utc_now() > (min(stops, turn_ends) if tried and letter.rank == outbox.MANY else stops):
                        break
                    tried.add(letter.id)
                    self._send(server, letter)
        except (OSError, smtplib.SMTPException) as error:  # not about one letter: `_send` keeps those to itself
            log.warning("the mail server cannot be used: %s", type(error).__name__)
            wait = outbox.WAITS[0]
        return [letter.id for letter in letters if letter.id not in tried], wait

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        return ssl.create_default_context()  # reads all authorities: 0.1 s, so once and only where it is needed

    @contextmanager
    def _server(self) -> Iterator[smtplib.SMTP]:
        settings = self.held.settings
        tls = {"context": self._tls} if settings.smtp_security == "tls" else {}
        kind: Any = smtplib.SMTP_SSL if tls else smtplib.SMTP
        with kind(settings.smtp_host, settings.smtp_port, timeout=_TIMEOUT, **tls) as server:
            if settings.smtp_security == "starttls":
                server.starttls(context=self._tls)
            if settings.smtp_user:
                server.login(settings.smtp_user, settings.smtp_password)
            yield server

    def _send(self, server: smtplib.SMTP, letter: AnyRow) -> None:
        """One letter, and what became of it. Raises what means that the server is gone."""
        error, for_good = "", False
        try:
            server.sendmail(self.held.settings.mail_from, letter.address, self.wire(letter))
        except smtplib.SMTPServerDisconnected:
            self._mark(letter, "the server hung up", for_good=False)
            raise
        except smtplib.SMTPRecipientsRefused as refused:
            code, text = next(iter(refused.recipients.values()))
            error, for_good = f"{code} {_words(text)}", code >= 500
        except smtplib.SMTPResponseException as refused:
            error, for_good = f"{refused.smtp_code} {_words(refused.smtp_error)}", refused.smtp_code >= 500
        except OSError:
            self._mark(letter, "the connection broke", for_good=False)
            raise
        except Exception as broken:  # of its template or of its address: no other letter may wait for that
            log.exception("letter %s (%s) cannot be written", letter.id, letter.kind)
            error = type(broken).__name__
        self._mark(letter, error, for_good=for_good)

    def _mark(self, letter: AnyRow, error: str, *, for_good: bool) -> None:
        if not error:
            outbox.mark_sent(self._noting, letter.id)
            return
        with self.held.database.write() as session:
            outbox.mark_failed(session, letter, utc_now(), error, for_good=for_good)

    def wire(self, letter: AnyRow) -> bytes:
        """The letter as it is sent, with the same Message-ID at each try. What is the same for many is made once."""
        if not (header_safe(letter.address) and letter.address.isascii()):
            raise ValueError("a header would break")
        same = self._notice(letter) if "notice" in letter.detail else self.compose(letter, letter.detail)
        return "".join(f"{name}: {value}\r\n" for name, value in self._own_headers(letter)).encode() + same

    def _own_headers(self, letter: AnyRow) -> Iterator[tuple[str, str]]:
        settings = self.held.settings
        yield "To", letter.address
        yield "Date", format_datetime(letter.created_at)
        yield "Message-ID", f"<{letter.id}.{letter.created_at:%Y%m%d%H%M%S}@{self._host}>"
        if letter.rank == outbox.MANY:
            kind = "notices" if letter.kind == announcements.KIND else letter.kind
            token = preferences.token(settings.secret_key, letter.user_id, kind)
            yield "List-Unsubscribe", f"<{settings.base_url}/unsubscribe/{token}>"
            yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"

    def compose(self, letter: AnyRow, detail: dict[str, Any]) -> bytes:
        """The letter as its reader sees it: text and HTML. What is hers alone stands in `_own_headers`."""
        settings, site, language = self.held.settings, self.held.site, self._language(letter)
        environment = self.environments[language]
        context = {"site": site, "base_url": settings.base_url, "language": language, "at": letter.created_at}
        pdf = self._pdf(letter)
        words = context | {"link": self._link(letter)} | self._with_links(letter, detail) | {"attached": bool(pdf)}
        written = environment.get_template(f"mail/{letter.kind}.txt").make_module(words)
        subject, text = str(written.subject).strip(), str(written).strip() + "\n"
        if not header_safe(subject):
            raise ValueError("a header would break")
        message = EmailMessage()
        message["From"] = formataddr((site.name, settings.mail_from))
        message["Subject"] = subject
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(text)
        paragraphs = [paragraph.splitlines() for paragraph in text.strip().split("\n\n")]
        page = environment.get_template("mail/_letter.html")
        message.add_alternative(page.render(context | {"paragraphs": paragraphs, "subject": subject}), subtype="html")
        if pdf:
            message.add_attachment(pdf, maintype="application", subtype="pdf", filename=f"{detail['number']}.pdf")
        message["Content-Language"] = language  # last: contents move their Content-… headers to a part
        return message.as_bytes(policy=SMTP)

    def _pdf(self, letter: AnyRow) -> bytes | None:
        """The file that an e-invoice carries: asked for now, because she may not be its customer's any more."""
        if letter.kind != einvoices.KIND or not letter.detail["attached"] or "test" in letter.detail:
            return None
        make = self.app.extensions["invoice_pdf"]
        pdf: bytes | None = make(self.app, letter.user_id, letter.detail["iid"], self._language(letter))
        return pdf

    def _with_links(self, letter: AnyRow, detail: dict[str, Any]) -> dict[str, Any]:
        """Links to readings are made now, as all links are."""
        if letter.kind not in reading_links.REMINDERS:
            return detail
        takes = letter.kind == "reading_reminder" and self.held.site.reading_links
        return detail | {"at": reading_links.of_reminder(self.held.settings.secret_key if takes else "", detail)}

    def _language(self, letter: AnyRow) -> str:
        return letter.language if letter.language in self.environments else self.held.site.languages[0]

    def _notice(self, letter: AnyRow) -> bytes:
        """The letter of a notice, made anew only where the notice says something else than in the batch before."""
        language, number = key = self._language(letter), letter.detail["notice"]
        if key not in self._said:
            with self.held.database.read() as connection:
                row = noticeboard.text(connection, number, language, self.held.site.languages[0])
            said = {"title": row.title, "body": row.body, "nid": row.public_id, "emergency": row.emergency}
            self._said[key] = said
            if key not in self._made or self._made[key][0] != said:
                self._made[key] = said, self.compose(letter, said)
        return self._made[key][1]

    def _link(self, letter: AnyRow) -> str:
        """The letter's link, with a new secret at each try: what an earlier one may have carried is void."""
        link = KINDS[letter.kind]
        if not isinstance(link, Link):
            return self.held.settings.base_url + link if link else ""
        if "test" in letter.detail:
            return self.held.settings.base_url + link.path.format("test")
        with self.held.database.write() as session:
            secret = tokens.issue(
                session, link.purpose, letter.user_id, link.lifetime, utc_now(), letter.detail.get("mandate"),
                **letter.detail, address=letter.address,
            )  # fmt: skip
        return self.held.settings.base_url + link.path.format(secret)


def _words(text: bytes | str) -> str:
    return text.decode("utf-8", "replace") if isinstance(text, bytes) else text
