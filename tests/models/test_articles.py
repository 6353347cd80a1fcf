"""The search as one statement, and the count of what is not found: bounded, exact when several search at once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
import sqlalchemy as sa
from flask import Flask

from models import articles
from models.articles import Article, ArticleText, SearchMiss, Topic
from models.database import Database
from models.rules.articles import fold
from models.types import utc_now
from tests.standing import change, fetch

DAY = date(2026, 11, 30)


def write(database: Database, slug: str, title: str, body: str = "-", language: str = "lv", topic: Topic = Topic.DATA) -> None:
    """One published article."""
    with database.write() as session:
        article = Article(slug=slug, topic=topic, position=1, language=language, published_at=utc_now())
        session.add(article)
        session.flush()
        session.add(ArticleText(article_id=article.id, language=language, title=title, body=body, folded=f" {fold(f'{title} {body}')}"))


def found(database: Database, text: str, language: str = "lv", limit: int = 10) -> list[str]:
    with database.read() as connection:
        return [row.slug for row in articles.search(connection, language, text, limit)]


def test_what_suits_best_comes_first_and_no_more_than_was_asked_for(database: Database):
    write(database, "in-text", "Par maksājumiem", "Kā saprast rēķinu.")
    write(database, "in-title", "Rēķins", "Par to.")
    write(database, "both", "Rēķina apmaksa", "Rēķins.")
    write(database, "else", "Balkons", "Zieds.")
    assert found(database, "rekins") == ["both", "in-title", "in-text"] and found(database, "rēķina apmaksa") == ["both"]
    assert found(database, "rekins", limit=1) == ["both"]


def test_who_says_more_is_shown_less_until_nothing_has_it_all(database: Database):
    write(database, "one", "Rēķins", "Par to.")
    write(database, "two", "Rēķina apmaksa", "Par to.")
    assert found(database, "rēķina apmaksa") == ["two"] and {*found(database, "rēķins balkonā")} == {"one", "two"}
    assert found(database, "rēķins jumtam balkonā") == []


def test_a_unit_of_work_can_search_as_well(database: Database):
    write(database, "a", "Rēķins")
    with database.write() as session:
        assert [tuple(row)[:3] for row in articles.search(session, "lv", "rekins", 5)] == [("a", Topic.DATA, "Rēķins")]


@pytest.mark.parametrize("text", ["", " ", "%", "_", "\\", "'; DROP TABLE article; --", "\x00", "\ud800", "%%%" * 900, "x" * 70_000, "[a-z]*"])
def test_no_search_is_a_pattern_or_breaks_anything(database: Database, text: str):
    write(database, "a", "Rēķins")
    assert found(database, text) == []


def test_a_wrong_letter_is_forgiven_wherever_it_is(database: Database):
    write(database, "a", "Skaitītājs")
    for typed in ("skaititajs", "zkaititajs", "skoititajs", "skajtitajs", "skaitktajs", "skaititojs"):
        assert found(database, typed) == ["a"], typed
    assert found(database, "zkoititajz") == []


def test_each_language_is_searched_alone_and_the_first_where_there_is_no_text(database: Database):
    write(database, "a", "Rēķins")
    with database.write() as session:
        session.add(ArticleText(article_id=1, language="ru", title="Счёт", body="-", folded=" счет"))
    assert found(database, "счет", "ru") == ["a"] and found(database, "rekins", "ru") == [] and found(database, "rekins", "en") == ["a"]


def test_the_list_has_the_topics_in_their_order_without_empty_ones(database: Database):
    for slug, topic in (("d", Topic.DATA), ("a", Topic.ACCESS), ("b", Topic.ACCESS)):
        write(database, slug, slug, topic=topic)
    with database.read() as connection:
        assert {topic: [row.slug for row in rows] for topic, rows in articles.contents(connection, "ru").items()} == {Topic.ACCESS: ["a", "b"], Topic.DATA: ["d"]}
        assert [*articles.contents(connection, "ru")] == [Topic.ACCESS, Topic.DATA]


def test_a_thousand_different_texts_are_kept_in_a_day(app: Flask):
    database: Database = app.extensions["ekabinets"].database
    change(app, sa.insert(SearchMiss).values([{"day": DAY, "language": "lv", "text": f"text {n}", "times": 1} for n in range(articles.MOST_MISSES - 1)]))
    for text in ("one more", "and another"):
        with database.write() as session:
            articles.missed(session, "lv", text, DAY)
    count = sa.select(sa.func.count()).select_from(SearchMiss)
    assert fetch(app, count)[0][0] == 1000 and fetch(app, count.where(SearchMiss.text == "one more"))[0][0] == 1
    with database.write() as session:
        articles.missed(session, "lv", "and another", date(2026, 12, 1))
    assert fetch(app, count)[0][0] == 1001


def test_several_at_once_are_counted_one_by_one(app: Flask):
    database: Database = app.extensions["ekabinets"].database

    def miss(_number: int) -> None:
        with database.write() as session:
            articles.missed(session, "lv", "balkons", DAY)

    with ThreadPoolExecutor(4) as pool:
        [*pool.map(miss, range(20))]
    assert [row.times for row in fetch(app, sa.select(SearchMiss.times))] == [20]
