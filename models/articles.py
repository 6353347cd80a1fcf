"""Help articles (G05, G07; LG-22, OG-01): the tables, what a reader is shown, how they are searched and written.

An article is shown in the reader's language, else in its own: the site's first when it was published, which always is
there. Articles are tens, so a search reads those that may suit and ranks them (`models.rules.articles`).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from enum import StrEnum
from itertools import count
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection
from sqlmodel import Field, Session, SQLModel, col

from models.audit import Actor, record
from models.rules.articles import LONGEST, WORDS, fold, kept, rank, searched, stem
from models.types import AnyRow, AnySelect, Changed, Numbered, choice, utc_now

MOST_MISSES = 1000  # different texts of a day: whoever fills the table with nonsense cannot fill the disk


class Topic(StrEnum):
    """The groups of the help page, in its order."""

    ACCESS = "access"
    READINGS = "readings"
    INVOICES = "invoices"
    HOUSE = "house"
    PEOPLE = "people"
    DATA = "data"


class Article(Numbered, table=True):
    """An article; withdrawn where `published_at` is empty."""

    slug: str = Field(unique=True, max_length=60)
    topic: Topic = choice(Topic)
    position: int  # among all articles: the order of a topic's
    language: str = Field(max_length=2)  # in which its text always is
    published_at: datetime | None = None
    edited_at: datetime | None = None  # when staff have changed it last, whose it is then: files leave it alone


class ArticleText(SQLModel, table=True):
    """What it says in one language; `folded` is title and body as they are searched, after a space."""

    __tablename__ = "article_text"

    article_id: int = Field(foreign_key="article.id", primary_key=True)
    language: str = Field(primary_key=True, max_length=2)
    title: str = Field(max_length=120)
    body: str = Field(max_length=20_000)
    folded: str


class SearchMiss(SQLModel, table=True):
    """How often a text was searched on a day without a hit: the list of what to write next. Nobody stands in it."""

    __tablename__ = "search_miss"

    day: date = Field(primary_key=True)
    language: str = Field(primary_key=True, max_length=2)
    text: str = Field(primary_key=True, max_length=LONGEST)
    times: int


_OWN = sa.orm.aliased(ArticleText, name="own")
_LANGUAGE = sa.func.coalesce(
    sa.select(col(_OWN.language))
    .where(col(_OWN.article_id) == col(Article.id), col(_OWN.language) == sa.bindparam("language"))
    .scalar_subquery(),
    col(Article.language),
)
_ALL: AnySelect = (
    sa.select(col(Article.slug), col(Article.topic), col(ArticleText.title), col(ArticleText.language))
    .join(ArticleText, sa.and_(col(ArticleText.article_id) == col(Article.id), col(ArticleText.language) == _LANGUAGE))
    .where(col(Article.published_at).is_not(None))
    .order_by(col(Article.position), col(Article.slug))
)
_ONE = _ALL.add_columns(col(ArticleText.body)).where(col(Article.slug) == sa.bindparam("slug"))
_LIKE = [f"like{number}" for number in range(2 * WORDS)]
_CANDIDATES = (
    _ALL.add_columns(col(ArticleText.folded))
    .where(sa.or_(*(col(ArticleText.folded).like(sa.bindparam(name)) for name in _LIKE)))
    .limit(sa.literal_column("200"))
)
_MISSED = sa.text(
    "INSERT INTO search_miss (day, language, text, times) SELECT :day, :language, :text, 1"
    " WHERE (SELECT count(*) FROM search_miss WHERE day = :day) < :most"
    " ON CONFLICT (day, language, text) DO UPDATE SET times = search_miss.times + 1"
).bindparams(sa.bindparam("day", type_=sa.Date), most=MOST_MISSES)
_TIMES = sa.func.sum(col(SearchMiss.times)).label("times")
_MISSES = (
    sa.select(col(SearchMiss.text), col(SearchMiss.language), _TIMES, sa.func.max(col(SearchMiss.day)).label("last"))
    .where(col(SearchMiss.day) >= sa.bindparam("since"))
    .group_by(col(SearchMiss.text), col(SearchMiss.language))
    .order_by(_TIMES.desc(), col(SearchMiss.text), col(SearchMiss.language))
    .limit(sa.literal_column("200"))
)
_TABLE: sa.Table = Article.__table__  # type: ignore[attr-defined]
_HELD: AnySelect = sa.select(_TABLE).where(_TABLE.c.id == sa.bindparam("number"))
_TEXTS = sa.select(ArticleText.__table__).where(  # type: ignore[attr-defined]
    col(ArticleText.article_id) == sa.bindparam("number")
)
_EVERY = (
    sa.select(_TABLE, col(ArticleText.language).label("said_in"), col(ArticleText.title))
    .join(ArticleText, col(ArticleText.article_id) == _TABLE.c.id)
    .order_by(_TABLE.c.position, _TABLE.c.slug, col(ArticleText.language))
)
Titles = dict[str, str]  # by language
Said = Mapping[str, tuple[str, str]]  # title and body by language


def contents(connection: Connection, language: str) -> dict[Topic, list[AnyRow]]:
    """Every published article by its topic: slug, title and the language that it is in."""
    found = connection.execute(_ALL, {"language": language}).fetchall()
    groups = {topic: [row for row in found if row.topic is topic] for topic in Topic}
    return {topic: group for topic, group in groups.items() if group}


def one(connection: Connection, slug: str, language: str) -> AnyRow | None:
    """A published article with its body, and the language that it is in; None where there is none."""
    if not slug.isascii() or not slug.isprintable():  # such as a NUL, which PostgreSQL would refuse
        return None
    return connection.execute(_ONE, {"slug": slug, "language": language}).first()


def search(session: Connection | Session, language: str, text: str, limit: int) -> list[AnyRow]:
    """The published articles that suit `text` best, at most `limit`: slug, title and the language that it is in.

    One statement. Case, diacritics and endings do not matter, nor, where nothing is found so, one wrong letter. Those
    with the most of the words count, at least half of them; and words in a title count more.
    """
    words = searched(text)
    if not words:
        return []
    # What a word begins with; and its middle, for where the wrong letter is before it.
    likes = [like for word in words for like in (f"% {word[:3]}%", f"%{stem(word)[3:6] or word[:3]}%")]
    values = dict(zip(_LIKE, likes + likes[:1] * len(_LIKE), strict=False))
    found = session.execute(_CANDIDATES, {"language": language, **values}).fetchall()
    for forgiving in (False, True):  # a word as it is written is no mistyped other one
        ranks = {row.slug: rank(words, fold(row.title), row.folded, forgiving=forgiving) for row in found}
        if any(ranks.values()):
            break
    least = max(ranks.values(), default=0) // 100 * 100 or 1
    return sorted((row for row in found if ranks[row.slug] >= least), key=lambda row: -ranks[row.slug])[:limit]


def missed(session: Session, language: str, text: str, today: date) -> None:
    """Count a search without a hit; one that `kept` leaves out is not, nor the 1001st different text of a day."""
    if folded := kept(text):
        session.execute(_MISSED, {"day": today, "language": language, "text": folded})


def misses(connection: Connection, since: date) -> Sequence[AnyRow]:
    """What was searched in vain since that day: text, language, how many times, on which day last; at most 200."""
    return connection.execute(_MISSES, {"since": since}).fetchall()


def everything(connection: Connection) -> dict[Topic, list[tuple[AnyRow, Titles]]]:
    """For staff: every article by its topic, withdrawn or not, with its titles."""
    groups: dict[Topic, dict[int, tuple[AnyRow, Titles]]] = {topic: {} for topic in Topic}
    for row in connection.execute(_EVERY):
        groups[row.topic].setdefault(row.id, (row, {}))[1][row.said_in] = row.title
    return {topic: [*group.values()] for topic, group in groups.items() if group}


def held(connection: Connection, number: int) -> AnyRow | None:
    """An article, withdrawn or not."""
    return connection.execute(_HELD, {"number": number}).first()


def texts(connection: Connection, number: int) -> Said:
    """What it says."""
    return {row.language: (row.title, row.body) for row in connection.execute(_TEXTS, {"number": number})}


def version(article: AnyRow | Article) -> str:
    """Another one after each change."""
    return f"{article.edited_at} {article.published_at}"


def to_edit(session: Session, number: int, seen: str) -> Article:
    """An article that staff change, who have opened this `version` of it. Raises `Changed`."""
    article = session.get_one(Article, number, with_for_update=True)
    if version(article) != seen:
        raise Changed
    article.edited_at = utc_now()
    return article


def new_slug(session: Session, title: str) -> str:
    """For the address of an article with this title."""
    begin = re.sub("[^a-z0-9]+", "-", fold(title))[:50].strip("-") or "article"
    taken = {"suggestions", *session.scalars(sa.select(col(Article.slug)))}  # the first is a page of its own
    return next(slug for slug in (f"{begin}-{n}" if n > 1 else begin for n in count(1)) if slug not in taken)


def publish(session: Session, actor: Actor, article: Article, said: Said, **noted: Any) -> None:
    """Show an article, a new one as well, with these texts."""
    article.published_at = utc_now()
    session.add(article)
    session.flush()
    session.execute(sa.delete(ArticleText).where(col(ArticleText.article_id) == article.id))
    for language, (title, body) in said.items():
        words = {"title": title, "body": body, "folded": f" {fold(f'{title} {body}')}"}
        session.execute(sa.insert(ArticleText).values(article_id=article.id, language=language, **words))
    record(session, actor, "article.published", object_type="article", object_id=article.id, **noted)


def withdraw(session: Session, actor: Actor, article: Article, **noted: Any) -> None:
    """Show it to nobody."""
    article.published_at = None
    record(session, actor, "article.withdrawn", object_type="article", object_id=article.id, **noted)
