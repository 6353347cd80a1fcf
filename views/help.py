"""Help, contacts and the operator's own texts: open to everyone (G06, G07; LU-01..04, OG-01)."""

from flask import Response, abort, g

from auth.state import reading, state
from models.overrides import text_for
from views.pages import assets, page, takes_gzip
from views.routes import Routes

help_pages = Routes("help", __name__)


@help_pages.get("/help", "public")
def show() -> Response:
    """How the e-cabinet is used; printable."""
    return page("help/page.html", current="help")


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
