"""Help, contacts and the operator's own texts: open to everyone (G05..G07; LU-01..04, LG-22, OG-01)."""

from contextlib import suppress
from urllib.parse import urlencode

from flask import Response, abort, g, request
from werkzeug.exceptions import TooManyRequests

from auth.state import reading, state, writing
from models import articles
from models.overrides import text_for
from models.rules.articles import LONGEST, blocks, searched
from views.limits import miss_limit
from views.notices import is_opened
from views.pages import assets, fragment, is_fragment, page, redirect_to, takes_gzip
from views.routes import Routes

help_pages = Routes("help", __name__)
_MOST = 10  # articles on the page of a search


@help_pages.get("/help", "public")
def show() -> Response:
    """The articles by topic; with `q` those that somebody searches, which proves nobody's presence (guard.QUIET)."""
    wanted = request.args.get("q", "")
    found = articles.search(reading(), g.language, wanted, _MOST) if searched(wanted) else None
    if found == [] and is_opened():
        with suppress(TooManyRequests):
            _miss(wanted)
    topics = {} if found else articles.contents(reading(), g.language)
    return page("help/page.html", current="help", wanted=wanted[:LONGEST], found=found, topics=topics)


@miss_limit
def _miss(wanted: str) -> None:
    """The second GET that writes (docs/decisions/0021): what people look for and do not find."""
    with writing() as session:
        articles.missed(session, g.language, wanted, state().clock.today())


@help_pages.get("/help/suggestions", "public")
def suggestions() -> Response:
    """The articles that suit the subject of a message as far as it is typed, for htmx; else they are searched."""
    typed = request.args.get("subject", "")
    if not is_fragment():
        return redirect_to(f"/help?{urlencode({'q': typed})}")
    return fragment("help/_suggestions.html", found=articles.search(reading(), g.language, typed, 3))


@help_pages.get("/help/<slug>", "public")
def article(slug: str) -> Response:
    """One article, in the reader's language or else in its own; printable."""
    found = articles.one(reading(), slug, g.language) or abort(404)
    return page("help/article.html", current="help", article=found, blocks=blocks(found.body))


@help_pages.get("/contact", "public")
def contact() -> Response:
    """Every way to reach the operator."""
    return page("help/contact.html")


@help_pages.get("/<any(terms, privacy, cookies, accessibility):key>", "public")
def legal(key: str) -> Response:
    """One of the operator's texts, as it is today."""
    held = state()
    text = text_for(reading(), held.site, key, g.language, held.clock.today())
    return page("help/legal.html", key=key, paragraphs=text)


@help_pages.get("/favicon.ico", "public")
@help_pages.get("/favicon.svg", "public")
def favicon() -> Response:
    """The site's sign in its colour, where browsers look for it unasked: a day, for this name has no hash."""
    return _asset(assets().url("favicon.svg").rpartition("/")[2], "public, max-age=86400")


@help_pages.get("/robots.txt", "public")
def robots() -> Response:
    """Nothing here is for search engines but the help page."""
    return Response("User-agent: *\nAllow: /help\nDisallow: /\n", mimetype="text/plain")


@help_pages.get("/.well-known/security.txt", "public")
def security_txt() -> Response:
    """Where to report a weakness (RFC 9116): the operator's own address."""
    emails = [contact.email for contact in state().site.contacts if contact.email]
    base = state().settings.base_url
    expires = f"{state().clock.today().year + 1}-12-31T23:59:59Z"
    lines = [
        *(f"Contact: mailto:{email}" for email in emails[:1]),
        f"Expires: {expires}",
        f"Canonical: {base}/.well-known/security.txt",
    ]
    return Response("\n".join(lines) + "\n", mimetype="text/plain")


@help_pages.get("/static/<name>", "public")
def static_file(name: str) -> Response:
    """A file whose name carries its hash: kept by browsers for a year."""
    return _asset(name)


def _asset(name: str, keep: str = "public, max-age=31536000, immutable") -> Response:
    found = assets().by_name.get(name)
    if found is None:
        abort(404)
    zipped = takes_gzip()
    response = Response(found.zipped if zipped else found.plain, mimetype=found.media_type)
    if zipped:
        response.headers["Content-Encoding"] = "gzip"
    response.headers["Cache-Control"] = keep
    response.headers["Vary"] = "Accept-Encoding"
    return response
