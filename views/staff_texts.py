"""What the operator tells everybody, written by staff: help articles, and texts such as the terms (G05, G07, I10)."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

from flask import Response, abort, request
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from auth.access import Right, staff_right
from auth.state import reading, somebody, state, writing
from models import articles, overrides
from models.articles import Article, Topic
from models.audit import content_hash, receipt
from models.rules.articles import LONGEST, Block, blocks, faults
from models.rules.days import parse_day
from models.site import PAGES, WRITTEN
from models.types import AnyRow, Changed, is_public_id, new_public_id, utc_now
from views.language import text
from views.pages import page, redirect_to
from views.routes import Routes
from views.staff_notices import Words, clean, said_in

staff_texts = Routes("staff_texts", __name__)
_HELP, _TEXTS = "/staff/help", "/staff/texts"
_BODY = 20_000  # characters
_MISSED = timedelta(days=30)  # in which something was searched without a hit


@staff_texts.get(_HELP, "staff texts view")
def list_articles() -> Response:
    """Every article by its topic, and what was searched without a hit."""
    misses = articles.misses(reading(), state().clock.today() - _MISSED)
    return _page("staff/articles.html", topics=articles.everything(reading()), misses=misses)


def _page(template: str, **words: Any) -> Response:
    decides = staff_right("texts", somebody().role) >= Right.ACT
    return page(template, decides=decides, done=request.args.get("done", ""), **words)


@staff_texts.get(_HELP + "/new", "staff texts act")
def new_article() -> Response:
    """An empty form; with the title that somebody has searched."""
    names = [f"title_{code}" for code in state().site.languages]
    return _article(None, {name: clean(request.args.get(name, ""))[:LONGEST] for name in names})


@staff_texts.get(_HELP + "/<artid>", "staff texts view")
def show_article(artid: AnyRow) -> Response:
    """One of them, to be changed; who may not sees it as readers do."""
    return _article(artid, {})


def _article(row: AnyRow | None, typed: Words, status: int = 200, **words: Any) -> Response:
    fresh = {"once": new_public_id(), "topic": "", "position": "999", "seen": ""}  # where readers find it last
    said = articles.texts(reading(), row.id) if row else {}
    if row:
        fresh |= {"topic": row.topic, "position": f"{row.position}", "seen": articles.version(row)}
        for code, (title, body) in said.items():
            fresh |= {f"title_{code}": title, f"body_{code}": body}
    values: dict[str, Any] = {"wrong": {}, "preview": {}, "article": row, "now": _shown(said), "topics": [*Topic]}
    return _page("staff/article.html", status=status, typed=fresh | typed, **values | words)


def _shown(said: articles.Said) -> dict[str, tuple[str, list[Block]]]:
    """As readers see it."""
    return {code: (title, blocks(body)) for code, (title, body) in said.items()}


@staff_texts.post(_HELP + "/new", "staff texts act")
@staff_texts.post(_HELP + "/<artid>", "staff texts act")
def save_article(artid: AnyRow | None = None) -> Response:
    """Look at it as readers will see it, publish it, or withdraw it."""
    act, typed = _sent("preview", "publish", *["withdraw"] * bool(artid))
    wrong = Words()
    said = {} if act == "withdraw" else _read(typed, wrong)
    if wrong:
        return _article(artid, typed, 422, wrong=wrong)
    if act == "preview":
        return _article(artid, typed, preview=_shown(said))
    clash = _clash(typed, lambda session, noted: _store(session, artid, act, typed, said, noted))
    if clash is None:
        return redirect_to(f"{_HELP}?done={act}")
    return _article(articles.held(reading(), artid.id if artid else clash), _unseen(typed), 409)


def _read(typed: Words, wrong: Words) -> articles.Said:
    position = typed.get("position", "")
    if typed.get("topic") not in [*Topic]:
        wrong["topic"] = text("Choose a topic")
    if not (position.isdecimal() and len(position) < 4 and int(position)):
        wrong["position"] = text("Enter a whole number from 1 to 999")
    said = said_in(typed, wrong, _BODY)
    for code, (_, body) in said.items():
        for number, _ in faults(body):
            wrong.setdefault(f"body_{code}", text("Line %(number)s is not as the rules above say", number=number))
    return said


def _sent(*acts: str) -> tuple[str, Words]:
    """What a form wants, and what was typed into it."""
    typed = {name: clean(value, 2 * _BODY) for name, value in request.form.items()}
    if typed.get("act") not in acts or not is_public_id(typed.get("once", "")):
        abort(400)
    return typed["act"], typed


def _unseen(typed: Words) -> Words:
    return {name: value for name, value in typed.items() if name not in ("seen", "once")}


def _clash(typed: Words, store: Callable[[Session, Words], None]) -> int | None:
    """Store what was typed, unless this very form was taken before: None.

    Else it would be over another change: the number of what this form has made when it said something else, or 0.
    """
    hashed = content_hash({name: value for name, value in typed.items() if name != "csrf_token"})
    try:
        with writing() as session:
            store(session, {"once": typed["once"], "content_hash": hashed})
    except (Changed, IntegrityError):
        before = receipt(reading(), typed["once"], somebody().user_id)
        if before is None or before.content_hash != hashed:
            return (before and before.object_id) or 0
    return None


def _store(session: Session, row: AnyRow | None, act: str, typed: Words, said: articles.Said, noted: Words) -> None:
    actor, first = somebody().actor(), state().site.languages[0]
    if row:
        article = articles.to_edit(session, row.id, typed.get("seen", ""))
    else:
        slug = articles.new_slug(session, said[first][0])
        article = Article(slug=slug, topic=Topic.ACCESS, position=0, language=first, edited_at=utc_now())
    if act == "withdraw":
        articles.withdraw(session, actor, article, **noted)
        return
    article.topic, article.position, article.language = Topic(typed["topic"]), int(typed["position"]), first
    articles.publish(session, actor, article, said, **noted)


@staff_texts.get(_TEXTS, "staff texts view")
def list_texts() -> Response:
    """The texts that staff may write: as the site's file says, or since when by whom otherwise."""
    changes = overrides.text_changes(reading(), state().clock.today())
    return _page("staff/texts.html", keys=WRITTEN, changes=changes)


@staff_texts.get(_TEXTS + "/<key>", "staff texts view")
def show_text(key: str) -> Response:
    """One of them as it is today, to be changed by who may."""
    return _text(key, {})


def _text(key: str, typed: Words, status: int = 200, **words: Any) -> Response:
    site, today = state().site, state().clock.today()
    changes = overrides.text_changes(reading(), today)
    said = overrides.said(site, changes, key)
    fresh = {"once": new_public_id(), "from": f"{today}", "seen": overrides.version(changes, key)}
    fresh |= {f"body_{code}": body for code, body in said.items()}
    values: dict[str, Any] = {"wrong": {}, "preview": {}, "now": _paragraphs(said), "names": [*site.facts]}
    values |= {"pages": PAGES, "later": any(then for (of, _), (_, then) in changes.items() if of == key)}
    return _page("staff/text.html", status=status, key=key, changes=changes, typed=fresh | typed, **values | words)


def _paragraphs(said: Words) -> dict[str, list[str]]:
    return {code: state().site.paragraphs(body) for code, body in said.items()}


@staff_texts.post(_TEXTS + "/<key>", "staff texts act")
def save_text(key: str) -> Response:
    """Look at it, save it from a day on, go back to the site's file, or take back what is to come."""
    act, typed = _sent("preview", "save", "reset", "withdraw")
    said, day, wrong = overrides.said(state().site, {}, key), parse_day(typed.get("from", "")), Words()
    if act in ("preview", "save"):
        said = {code: typed.get(f"body_{code}", "") for code in said}
        wrong = {f"body_{code}": fault for code, body in said.items() if (fault := _fault(body))}
    if act == "withdraw":
        day = None
    elif not day or day < state().clock.today():
        wrong["from"] = text("Enter a day that is not over")
    if wrong:
        return _text(key, typed, 422, wrong=wrong)
    if act == "preview":
        return _text(key, typed, preview=_paragraphs(said))
    if _clash(typed, lambda session, noted: _change(session, key, typed.get("seen", ""), said, day, noted)) is not None:
        return _text(key, _unseen(typed), 409)
    return redirect_to(f"{_TEXTS}?done={act}")


def _change(session: Session, key: str, seen: str, said: Words, day: date | None, noted: Words) -> None:
    """From a day on; None: what is to come is taken back."""
    actor, today = somebody().actor(), state().clock.today()
    if overrides.version(overrides.text_changes(session.connection(), today), key) != seen:
        raise Changed
    if day:
        overrides.change_text(session, actor, state().site, key, said, day, **noted)
    else:
        overrides.withdraw_text(session, actor, key, today, **noted)


def _fault(body: str) -> str:
    """What is wrong with a text."""
    if not 0 < len(body) <= _BODY:
        return text("Write a text of at most %(most)s characters", most=_BODY)
    if "{" in "".join(state().site.paragraphs(body)):
        return text("Only the names above can stand in braces")
    return ""
