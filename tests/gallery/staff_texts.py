"""Help articles and the operator's texts as staff write them: lists, previews, what is wrong, two at once, what is to come."""

from datetime import timedelta

import sqlalchemy as sa

from models.articles import Article, ArticleText, SearchMiss
from models.overrides import TextOverride
from models.people import User
from models.types import Role
from tests.cast import TODAY
from tests.gallery import Gallery, Visitor
from tests.gallery.furniture import Extra
from tests.standing import change, fetch
from views.limits import limiter

HELP, TEXTS = "/staff/help", "/staff/texts"
SAID = {"topic": "house", "position": "1", "title_lv": "Lifts nestrādā", "body_lv": "## Ko darīt\n\n- Zvaniet\n- [Rakstiet](/messages/new)"}
SAYS = {"body_lv": "Cits teksts.\n\nAr divām rindkopām.", "body_en": "Another text.", "body_ru": "Другой текст.", "from": f"{TODAY}"}


def tells(gallery: Gallery, extra: Extra) -> None:
    """An agent reads; a supervisor writes articles and texts; then all is as it was."""
    limiter.reset()
    agent = gallery.visitor("ilze", again=True)
    change(gallery.app, sa.insert(SearchMiss).values([{"text": "balkons", "language": "lv", "times": 12, "day": TODAY}, {"text": "подвал", "language": "ru", "times": 1, "day": TODAY}]))
    for path in (HELP, f"{HELP}/1", TEXTS, f"{TEXTS}/terms", f"{TEXTS}/missed_reading"):
        agent.get(path)
    change(gallery.app, sa.update(User).where(User.username == "ilze").values(role=Role.SUPERVISOR))
    ilze = gallery.visitor("ilze", again=True)
    _articles(gallery, ilze)
    _texts(gallery, ilze)
    change(gallery.app, sa.update(User).where(User.username == "ilze").values(role=Role.AGENT))
    limiter.reset()


def _articles(gallery: Gallery, ilze: Visitor) -> None:
    new, fields = f"{HELP}/new", ilze.get(f"{HELP}/new").form(f"{HELP}/new").fields
    for path in (HELP, f"{new}?title_ru=подвал"):
        ilze.get(path)
    change(gallery.app, sa.delete(SearchMiss))
    wrong = {"title_lv": "", "body_lv": "<b>", "title_ru": "Лифт", "position": "0", "topic": "", "act": "publish"}
    for sent in (wrong, {"act": "?"}, {"act": "preview", "title_en": "No lift", "body_en": "Call us."}, {"act": "publish"}):
        ilze.post(new, fields | SAID | sent)
    number = fetch(gallery.app, sa.select(sa.func.max(Article.id)))[0][0]
    one = f"{HELP}/{number}"
    opened = ilze.get(one).form(one).fields
    for once in ("a", "b"):
        ilze.post(one, opened | SAID | {"act": "publish", "once": once * 16})
    ilze.post(one, ilze.get(one).form(one).fields | {"act": "withdraw"})
    for path in (one, HELP):
        ilze.get(path)
    change(gallery.app, sa.delete(ArticleText).where(ArticleText.article_id == number))
    change(gallery.app, sa.delete(Article).where(Article.id == number))


def _texts(gallery: Gallery, ilze: Visitor) -> None:
    one, fields = f"{TEXTS}/terms", ilze.get(f"{TEXTS}/terms").form(f"{TEXTS}/terms").fields
    for sent in ({"act": "preview", "body_lv": "", "body_en": "{x}", "from": "2001-01-01"}, {"act": "?"}, {"act": "preview"}, {"act": "save"}, {"act": "save", "once": "b" * 16}):
        ilze.post(one, fields | SAYS | sent)
    for act, ahead, more in (("reset", 9, {}), ("save", 5, {"body_ru": "Ещё один."})):
        again = ilze.get(one).form(one).fields
        ilze.post(one, again | SAYS | more | {"act": act, "from": f"{TODAY + timedelta(ahead)}"})
    ilze.get(one)
    change(gallery.app, sa.update(TextOverride).values(created_by_user_id=None))
    for path in (one, TEXTS, "/terms"):
        ilze.get(path)
    gallery.visitor("anna").get("/profile")
    ilze.post(one, ilze.get(one).form(one).fields | {"act": "withdraw"})
    change(gallery.app, sa.delete(TextOverride))
