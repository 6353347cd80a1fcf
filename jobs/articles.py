"""`flask help publish`: articles are files of a folder, one for each language (G07)."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, get_args

import click
import sqlalchemy as sa
from flask.cli import AppGroup
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from sqlmodel import Session, col

from auth.access import Right, access, opens
from auth.state import state
from models import articles
from models.articles import Article, ArticleText, Topic
from models.audit import Actor
from models.database import Database
from models.rules.articles import faults
from models.site import FOLDER, Language, Site
from models.toml import problems

SHIPPED = FOLDER / "help"
group = AppGroup("help", help="Help articles.")
_NAME = re.compile(r"([a-z0-9]+(?:-[a-z0-9]+)*)\.(" + "|".join(get_args(Language)) + ")")
_OURS = Actor(None, "command")


class HelpError(click.ClickException):
    """Articles cannot be published; the message names file and line of each fault."""


def _known(section: str) -> str:
    if section not in access().sections:
        raise ValueError(f"expected one of {', '.join(access().sections)}")
    return section


class Draft(BaseModel):
    """A file: the text of an article in one language, below a head of `key: value` lines."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    title: str = Field(min_length=1, max_length=120)
    topic: Topic
    position: int = Field(ge=1, le=999)
    section: Annotated[str, AfterValidator(_known)] | None = None  # the article is for sites that offer it
    body: str = Field(min_length=1, max_length=20_000)

    @property
    def about(self) -> tuple[Any, ...]:
        """What is the same in each language."""
        return self.topic, self.position, self.section


Drafts = Mapping[str, Mapping[str, Draft]]  # slug → language → draft


@dataclass
class Published:
    """The slugs of what became of a folder."""

    new: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  # staff have changed these
    untranslated: list[str] = field(default_factory=list)  # shown in the site's first language


def read_folder(folder: Path, first: str) -> Drafts:
    """The drafts in `SLUG.LANGUAGE.md` files. Raises `HelpError` with all that is wrong, or where there is none."""
    drafts: dict[str, dict[str, Draft]] = {}
    wrong: list[str] = []
    for file in sorted(folder.glob("*.md")):
        name = _NAME.fullmatch(file.stem)
        if name is None or len(name[1]) > 60:
            wrong.append(f"{file.name}:1: expected a name such as how-to-pay.{first}.md")
            continue
        try:
            drafts.setdefault(name[1], {})[name[2]] = _draft(file)
        except HelpError as error:
            wrong.append(error.message)
    unread = {line.partition(".")[0] for line in wrong}
    wrong += [fault for slug in drafts.keys() - unread for fault in _uneven(slug, drafts[slug], first)]
    if not drafts and not wrong:
        wrong.append(f"{folder}: there are no articles")
    if wrong:
        raise HelpError("\n".join(sorted(wrong)))
    return drafts


def _draft(file: Path) -> Draft:
    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise HelpError(f"{file.name}:1: expected UTF-8") from None
    head, _, body = text.partition("\n\n")
    keys = [line.partition(":") for line in head.splitlines()]
    lines = {key.strip(): number for number, (key, _, _) in enumerate(keys, 1)}
    wrong = [f"{number}: {fault}" for number, fault in faults(text)]
    try:
        draft = Draft.model_validate({key.strip(): value.strip() for key, _, value in keys} | {"body": body.strip()})
    except ValidationError as error:
        wrong = [f"{lines.get(one.partition(':')[0], 1)}: {one}" for one in problems(error)] + wrong
    if wrong:
        raise HelpError("\n".join(f"{file.name}:{one}" for one in wrong))
    return draft


def _uneven(slug: str, texts: Mapping[str, Draft], first: str) -> Iterator[str]:
    if first not in texts:
        yield f"{slug}.{first}.md:1: expected this file, for every article is in the first language of the site"
        return
    for language, draft in texts.items():
        if draft.about != texts[first].about:
            yield f"{slug}.{language}.md:1: expected topic, position and section as in {slug}.{first}.md"


def publish(database: Database, site: Site, folder: Path, *, force: bool = False) -> Published:
    """Let the articles be those of the folder, as far as they are about what the site offers. Raises `HelpError`.

    What staff have changed stays as it is, unless `force`.
    """
    drafts, done = read_folder(folder, site.languages[0]), Published()
    with database.write() as session:
        held = {row.slug: row for row in session.scalars(sa.select(Article)).all()}
        done.kept = sorted(slug for slug, row in held.items() if row.edited_at and not force)
        held = {slug: row for slug, row in held.items() if slug not in done.kept}
        for slug, texts in drafts.items():
            section = texts[site.languages[0]].section
            if slug in done.kept or (section and opens(site, section) < Right.VIEW):
                continue
            article = held.pop(slug, None)
            of_site = {str(language): texts[language] for language in site.languages if language in texts}
            _publish(session, article, slug, of_site, done)
            done.untranslated += [f"{slug}.{language}" for language in site.languages if language not in texts]
        for article in (one for one in held.values() if one.published_at):
            article.edited_at = None
            articles.withdraw(session, _OURS, article)
            done.withdrawn.append(article.slug)
    return done


def _publish(session: Session, held: Article | None, slug: str, texts: Mapping[str, Draft], done: Published) -> None:
    first, draft = next(iter(texts.items()))
    article = held or Article(slug=slug, topic=draft.topic, position=draft.position, language=first)
    says = {language: (one.title, one.body) for language, one in texts.items()}
    of_it = col(ArticleText.article_id) == article.id
    stored = {row.language: (row.title, row.body) for row in session.scalars(sa.select(ArticleText).where(of_it))}
    about = (draft.topic, draft.position, first)
    same = (article.topic, article.position, article.language, stored) == (*about, says)
    if same and article.published_at and not article.edited_at:
        return
    (done.changed if article.published_at else done.new).append(slug)
    article.topic, article.position, article.language = about
    article.edited_at = None
    articles.publish(session, _OURS, article, says)


@group.command("publish")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path), default=SHIPPED)
@click.option("--force", is_flag=True, help="Those, too, that staff have changed on a page.")
def publish_folder(folder: Path, force: bool) -> None:
    """Let the articles be those of FOLDER (docs/operating.md); without one, those that come with the product."""
    held = state()
    done = publish(held.database, held.site, folder, force=force)
    for what, slugs in vars(done).items():
        if slugs:
            click.echo(f"{what}: {', '.join(slugs)}")
    if not (done.new or done.changed or done.withdrawn):
        click.echo("Nothing was changed.")
