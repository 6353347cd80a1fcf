"""Staff see who signed a file of a message, and whether it is who sent it (G02; LG-20, OG-30)."""

from dataclasses import replace
from pathlib import Path

import pytest
import sqlalchemy as sa
from flask import Flask

from models.identifiers import Identifiers
from models.identities import Identity
from models.people import User
from models.threads import Message, MessageFile
from tests.browser import Browser
from tests.cast import Cast
from tests.signing import ANNA_CODE, LIGA, container, signed_pdf, trusting, xades
from tests.standing import change, fetch, main
from tests.writing import PDF, nothing_written, write

__all__ = ["nothing_written"]

ONE = "/staff/inbox/1"
VALID = "valid and trusted; whether it was revoked is not checked"


@pytest.fixture
def ilze(app: Flask, tmp_path: Path) -> Browser:
    """An agent, where our authority is trusted and a bank has proved Anna's code."""
    (tmp_path / "trust").mkdir()
    held = app.extensions["ekabinets"]
    settings = held.settings.model_copy(update={"trust_dir": str(trusting(tmp_path / "trust"))})
    app.extensions["ekabinets"] = replace(held, settings=settings)
    ((anna,),) = fetch(app, sa.select(User.id).where(User.username == "anna"))
    proved = {"family": "bank", "provider": "Banka", "issuer": "b", "subject": "a", "code_hash": Identifiers("i" * 40).hash(ANNA_CODE)}
    with held.database.write() as session:
        session.add(Identity(user_id=anna, **proved))
    browser = Browser(app)
    browser.log_in("ilze")
    return browser


def checks(app: Flask) -> list[str]:
    """The addresses at which the signatures of the files are checked."""
    ours = sa.select(MessageFile.public_id).join(Message, Message.id == MessageFile.message_id).where(Message.thread_id == 1).order_by(MessageFile.id)
    return [f"{ONE}/files/{number}/signatures" for (number,) in fetch(app, ours)]


def test_who_signed_is_compared_with_who_sent_it(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    write(anna, cast, "submission", {"iesniegums.edoc": container(signatures=[xades()]), "otrs.asice": container(signatures=[xades(who=LIGA)]), "ligums.pdf": signed_pdf()})
    links = checks(app)
    assert {*links} <= ilze.get(ONE).links.keys()
    own, other, paper = (main(ilze.get(link)) for link in links)
    assert f"Signatures: {VALID}" in own and own.rstrip().endswith(f"{VALID}; the sender’s personal code")
    assert "LĪGA OZOLIŅA" in other and "not the sender’s personal code" in other
    assert "ligums.pdf" in paper and "the sender’s personal code" in paper


def test_what_nobody_signed_says_so_and_a_picture_has_nothing_to_check(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    write(anna, cast, files={"a.pdf": PDF})
    [link] = checks(app)
    assert "Signatures: " in main(ilze.get(link)) and VALID not in main(ilze.get(link))
    change(app, sa.update(MessageFile).values(name="a.jpg"))
    assert ilze.client.get(link).status_code == 404 and "signatures" not in ilze.get(ONE).html


def test_nobody_else_opens_the_page_and_no_other_conversation_leads_to_it(anna: Browser, ilze: Browser, app: Flask, cast: Cast):
    write(anna, cast, files={"a.pdf": PDF})
    [link] = checks(app)
    assert anna.client.get(link).status_code == 404
    assert ilze.client.get(link.replace("/inbox/1/", "/inbox/9001/")).status_code == 404
