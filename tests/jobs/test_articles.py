"""`flask help …`: a folder becomes the help pages, whole or not at all; and the articles that come with the product are true."""

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask
from werkzeug.exceptions import HTTPException

from app import create_app
from auth.access import Right, opens
from jobs.articles import SHIPPED, publish, read_folder
from models.articles import Article, ArticleText
from models.audit import AuditRow
from models.database import Database, metadata
from models.site import FOLDER, load_site
from models.types import utc_now
from tests.browser import Browser
from tests.conftest import settings_for
from tests.standing import change, dump, fetch
from views.language import LANGUAGES, catalogue

SITES = sorted(file.stem for file in FOLDER.glob("*.toml") if file.stem != "common")
PAYING = "title: {title}\ntopic: invoices\nposition: 5\n\nText.\n\n- One.\n"
Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two articles, one of them only in Latvian."""
    folder = tmp_path / "help"
    folder.mkdir()
    for name, title in {"pay.lv": "Kā maksāt", "pay.en": "How to pay", "pay.ru": "Как платить", "only.lv": "Tikai te"}.items():
        (folder / f"{name}.md").write_text(PAYING.format(title=title), "utf-8")
    return folder


@pytest.fixture
def run(make_app: Callable[..., Flask]) -> Iterator[Run]:
    """A command of an application whose help is empty."""
    app = make_app()
    for table in (ArticleText, Article):
        change(app, sa.delete(table))

    def do(*arguments: object) -> Result:
        return app.test_cli_runner().invoke(args=["help", *map(str, arguments)])

    do.app = app  # type: ignore[attr-defined]
    yield do


def acts(app: Flask) -> list[str]:
    return [row.action for row in fetch(app, sa.select(AuditRow.action).order_by(AuditRow.id)) if row.action.startswith("article.")]


def test_a_folder_is_published_and_a_second_time_changes_nothing(run: Run, folder: Path):
    first = run("publish", folder)
    assert (first.exit_code, first.output) == (0, "new: only, pay\nuntranslated: only.en, only.ru\n")
    page = Browser(run.app, "ru").get("/help")
    assert page.links["/help/pay"] == "Как платить" and page.links["/help/only"].startswith("Tikai te")
    before = dump(run.app)
    assert run("publish", folder).output == "untranslated: only.en, only.ru\nNothing was changed.\n"
    assert dump(run.app) == before and acts(run.app) == ["article.published"] * 2


def test_what_was_changed_is_changed_what_is_gone_is_withdrawn_and_can_come_back(run: Run, folder: Path):
    run("publish", folder)
    kept = (folder / "only.lv.md").read_text("utf-8")
    (folder / "only.lv.md").unlink()
    (folder / "pay.en.md").write_text(PAYING.format(title="How to pay us"), "utf-8")
    (folder / "pay.ru.md").unlink()
    assert run("publish", folder).output == "changed: pay\nwithdrawn: only\nuntranslated: pay.ru\n"
    browser = Browser(run.app)
    assert browser.get("/help/pay").headings == ["How to pay us"] and browser.client.get("/help/only").status_code == 404
    assert "/help/only" not in browser.get("/help").links and "/help/only" not in browser.get("/help?q=tikai").links
    (folder / "only.lv.md").write_text(kept, "utf-8")
    assert run("publish", folder).output.startswith("new: only\n") and browser.client.get("/help/only").status_code == 200
    assert acts(run.app) == ["article.published"] * 3 + ["article.withdrawn", "article.published"]


@pytest.mark.parametrize(("name", "text", "said"), [
    ("pay.lv", "title: A\ntopic: invoices\nposition: 5\n\nText.\n\n# Head\n", "pay.lv.md:7: expected paragraphs"),
    ("pay.lv", "title: A\ntopic: invoices\nposition: 5\n\n[a](javascript:x)\n", "pay.lv.md:5: expected a link"),
    ("pay.lv", "title: A\ntopic: money\nposition: 5\n\nText.\n", "pay.lv.md:2: topic: Input should be 'access'"),
    ("pay.lv", "title: A\ntopic: invoices\nposition: five\n\nText.\n", "pay.lv.md:3: position: "),
    ("pay.lv", "topic: invoices\nposition: 5\n\nText.\n", "pay.lv.md:1: title: Field required"),
    ("pay.lv", "title: A\ntopic: invoices\nposition: 5\nauthor: me\n\nText.\n", "pay.lv.md:4: author: Extra inputs"),
    ("pay.lv", "title: <b>\ntopic: invoices\nposition: 5\n\nText.\n", "pay.lv.md:1: expected paragraphs"),
    ("pay.lv", "title: A\ntopic: invoices\nposition: 5\nsection: money\n\nText.\n", "pay.lv.md:4: section: expected one of invoices, meters"),
    ("pay.lv", "title: A\ntopic: invoices\nposition: 5\n", "pay.lv.md:1: body: "),
    ("pay.lv", "", "pay.lv.md:1: "),
    ("pay.ru", "title: A\ntopic: access\nposition: 5\n\nText.\n", "pay.ru.md:1: expected topic, position and section as in pay.lv.md"),
    ("new.en", "title: A\ntopic: access\nposition: 5\n\nText.\n", "new.lv.md:1: expected this file"),
    ("new.de", "x", "new.de.md:1: expected a name such as"), ("New.lv", "x", "New.lv.md:1: expected a name such as"), ("new", "x", "new.md:1: expected a name such as"),
    ("a" * 61 + ".lv", "x", ":1: expected a name such as"),
])  # fmt: skip
def test_what_is_wrong_is_told_by_file_and_line_and_nothing_is_written(run: Run, folder: Path, name: str, text: str, said: str):
    before = dump(run.app)
    (folder / f"{name}.md").write_text(text, "utf-8")
    done = run("publish", folder)
    assert done.exit_code == 1 and said in done.output and "Traceback" not in done.output
    assert dump(run.app) == before


def test_all_faults_are_told_at_once(run: Run, folder: Path):
    (folder / "pay.en.md").write_text("title: A\ntopic: x\nposition: y\n\n# Head\n\n<b>\n", "utf-8")
    (folder / "only.lv.md").write_bytes(b"title: \xff")
    told = run("publish", folder).output.removeprefix("Error: ").splitlines()
    assert [line.rpartition(":")[0][:12] for line in told] == ["only.lv.md:1", "pay.en.md:2:", "pay.en.md:3:", "pay.en.md:5", "pay.en.md:7"]


def test_a_folder_without_articles_withdraws_nothing(run: Run, folder: Path, tmp_path: Path):
    run("publish", folder)
    (tmp_path / "empty").mkdir()
    done = run("publish", tmp_path / "empty")
    assert done.exit_code == 1 and "there are no articles" in done.output and Browser(run.app).get("/help/pay").headings == ["How to pay"]


def test_what_staff_have_changed_is_kept_unless_it_is_forced(run: Run, folder: Path):
    run("publish", folder)
    change(run.app, sa.update(ArticleText).where(ArticleText.language == "en").values(title="How to pay us"))
    change(run.app, sa.update(Article).where(Article.slug == "pay").values(edited_at=utc_now()))
    change(run.app, sa.update(Article).where(Article.slug == "only").values(edited_at=utc_now(), published_at=None))
    own = {"topic": "house", "position": 1, "language": "lv", "published_at": utc_now()}
    change(run.app, sa.insert(Article).values([{**own, "slug": "ours", "edited_at": utc_now()}, {**own, "slug": "gone", "edited_at": None}]))
    assert run("publish", folder).output == "withdrawn: gone\nkept: only, ours, pay\n"
    assert Browser(run.app).get("/help/pay").headings == ["How to pay us"] and Browser(run.app).client.get("/help/only").status_code == 404
    assert run("publish", folder, "--force").output == "new: only\nchanged: pay\nwithdrawn: ours\nuntranslated: only.en, only.ru\n"
    assert Browser(run.app).get("/help/pay").headings == ["How to pay"]
    assert run("publish", folder).output == "untranslated: only.en, only.ru\nNothing was changed.\n", "it is the folder's again"


@pytest.mark.parametrize("name", SITES)
def test_the_shipped_articles_are_published_at_every_site_as_far_as_it_offers_what_they_are_about(name: str, tmp_path: Path):
    site, database = load_site(name), Database(f"sqlite:///{tmp_path}/test.sqlite3")
    metadata().create_all(database.engine)
    done, drafts = publish(database, site, SHIPPED), read_folder(SHIPPED, "lv")
    left_out = {texts["lv"].section for slug, texts in drafts.items() if slug not in done.new}
    assert len(done.new) >= 10 and not (done.changed or done.withdrawn or done.untranslated)
    assert all(opens(site, section) < Right.VIEW for section in left_out) and ("house_file" in left_out) == (name == "gaze" or "house_file" not in site.sections)
    database.dispose()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_an_article_puts_into_quotation_marks_stands_on_a_page(language: str):
    said = {form for message in catalogue("lv") if message.id for form in ([message.id] if isinstance(message.id, str) else message.id)}
    if language != "en":
        said = {form for message in catalogue(language) if message.id for form in ([message.string] if isinstance(message.string, str) else message.string)}
    outside = {"Mēstules", "Спам"}  # folders of a mail program
    quoted = [one for texts in read_folder(SHIPPED, "lv").values() for pair in re.findall("“([^”]+)”|«([^»]+)»", texts[language].body) for one in pair if one]
    assert len(quoted) > 20 and {*quoted} - said - outside == set()


def test_every_link_of_a_shipped_article_leads_to_a_page(tmp_path: Path):
    drafts = read_folder(SHIPPED, "lv")
    finder = create_app(settings_for("sqlite://", tmp_path)).url_map.bind("localhost")
    for texts in drafts.values():
        links = [{*re.findall(r"\]\((/[^)]*)\)", draft.body)} for draft in texts.values()]
        assert links[0] == links[1] == links[2], "the same in each language"
        for link in links[0]:
            try:
                endpoint, values = finder.match(link)
            except HTTPException:
                pytest.fail(link)
            assert endpoint != "help.article" or values["slug"] in drafts, link
