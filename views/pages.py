"""How a page is made: the shell around it, page or fragment, and the headers that every answer carries."""

import gzip
import re
from functools import cached_property
from typing import Any, cast
from urllib.parse import quote, urlencode

from flask import Flask, Response, current_app, g, make_response, request
from flask_htmx import HTMX
from markupsafe import Markup

from auth import csrf
from auth.state import state, visitor
from models.places import Place
from models.rules.identifiers import group_iban
from models.types import Role
from views.assets import Assets
from views.language import choose_language, offer_language, render
from views.menu import Item, menu

htmx = HTMX()
_FINE = {"wrong": "", "wait": None}  # what a page with a form is told where nothing is wrong
YEAR = 365 * 24 * 3600  # seconds
_GZIP = re.compile(r"(?<!\w)gzip(?!\s*;\s*q=0(\.0*)?\s*(,|$))")


class Shell:
    """What the layout needs on every page; parts that a page does not use cost nothing."""

    def __init__(self, place: Place | None, current: str) -> None:
        self._place, self.current = place, current
        self.state, self.visitor = state(), visitor()
        self.site, self.demo = self.state.site, self.state.settings.demo
        self.assets = assets()
        self.stylesheet = self.assets.url(f"{(self.visitor and self.visitor.theme) or 'app'}.css")

    @cached_property
    def place(self) -> Place | None:
        """Where the visitor stands: the page's own property, else her first; staff stand nowhere."""
        if self._place is None and self.visitor and self.visitor.role is Role.RESIDENT and "reach" in g:
            return next(iter(g.reach.places), None)
        return self._place

    @cached_property
    def acting(self) -> list[Place]:
        """By whose places she acts for others here (F08): by the page's own; on pages of none, by all she was lent."""
        person = self.visitor
        if person is None or person.step or person.role is not Role.RESIDENT or "reach" not in g:
            return []
        today = self.state.clock.today()
        lent = [one for one in ([self._place] if self._place else g.reach.places) if one.lent]
        return [*{one.customer_ids: one for one in lent if not one.has_ended(today)}.values()]

    @cached_property
    def menu(self) -> list[Item]:
        """The main menu; empty when nobody is here, or the portal is not open to her yet."""
        if self.visitor is None or self.visitor.step:
            return []
        return menu(self.site, self.visitor, self.place)

    @cached_property
    def first_visit(self) -> bool:
        """No cookie of ours: the stylesheet goes inline and saves a round trip (decisions.md 7)."""
        return not request.cookies

    @property
    def offer(self) -> str | None:
        """The browser's own language, offered in one line on a first visit."""
        if not self.first_visit:
            return None
        return offer_language(request.headers.get("Accept-Language"), g.language, self.site.languages)

    @cached_property
    def csrf(self) -> str:
        """The csrf token of this answer."""
        g.csrf_cookie = g.get("csrf_cookie") or csrf.new_cookie()
        g.csrf_used = True
        return csrf.token(self.state.settings.secret_key, g.csrf_cookie)

    @property
    def foot(self) -> Markup:
        """The contact block: the same on every page of a language, so rendered once."""
        made: dict[str, Markup] = current_app.extensions.setdefault("foot", {})
        if g.language not in made:
            made[g.language] = Markup(render("components/_foot.html", shell=self))  # noqa: S704  # our own template
        return made[g.language]

    @property
    def idle_seconds(self) -> int | None:
        """After how long without an act the session ends; None on a remembered device."""
        if self.visitor is None or self.visitor.remembered:
            return None
        return int(self.state.settings.idle.total_seconds())

    @cached_property
    def here(self) -> str:
        """The address of this page without its language."""
        return here()

    def in_language(self, language: str) -> str:
        """This very page in another language."""
        return f"{self.here}{'&' if '?' in self.here else '?'}lang={language}"


def assets() -> Assets:
    """The static files of the running application."""
    return cast(Assets, current_app.extensions["assets"])


def here() -> str:
    """This page's address with its query, `lang` apart. Always a path of ours, also where "//elsewhere" was asked."""
    query = urlencode([pair for pair in request.args.items(multi=True) if pair[0] != "lang"])
    return "/" + quote(request.path.lstrip("/")) + (f"?{query}" if query else "")


def takes_gzip() -> bool:
    """Whether the browser takes compressed answers."""
    return _GZIP.search(request.headers.get("Accept-Encoding", "")) is not None


def is_fragment() -> bool:
    """Whether htmx asks for a part of the page: the same URL, answered with the fragment alone."""
    return bool(htmx) and not request.headers.get("HX-History-Restore-Request")


def settle_language() -> None:
    """Fix the language of this request: a click on this device, then the profile, then the site's own.

    Runs after the guard, which knows whose profile it is.
    """
    allowed = state().site.languages
    person, clicked = visitor(), request.cookies.get(state().settings.cookie("lang"))
    profile = person.language if person else None
    g.language = choose_language(clicked, profile, None, allowed[0], allowed)


def page(
    template: str, *, status: int = 200, place: Place | None = None, current: str = "", **context: Any
) -> Response:
    """A whole page. `current` is the menu entry it belongs to; 409 to 499 mark its title as an error."""
    shell = Shell(place, current)
    response = _rendered(template, shell, status, context)
    if shell.first_visit:
        response.headers["X-First-Visit"] = "1"  # read and dropped by `finish`
    return response


def fragment(template: str, *, status: int = 200, place: Place | None = None, **context: Any) -> Response:
    """A part of a page, for htmx."""
    return _rendered(template, Shell(place, ""), status, context)


def _rendered(template: str, shell: Shell, status: int, context: dict[str, Any]) -> Response:
    if "language" not in g:  # what the guard refused
        settle_language()
    html = render(template, shell=shell, status=status, today=state().clock.today(), **_FINE | context)
    return make_response(html, status)


def redirect_to(path: str) -> Response:
    """303: after a POST, and wherever the address of a page is another one."""
    return Response("", 303, {"Location": path})


def safe_next(path: str | None) -> str | None:
    """A path of our own to go to after login, None for anything else (no open redirector, ASVS 3.7.2)."""
    if not path or not path.startswith("/") or path.startswith(("//", "/\\")) or "\\" in path:
        return None
    return path if path.isprintable() and not path.startswith(("/login", "/logout")) else None


def set_cookie(
    response: Response, name: str, value: str, *, max_age: int | None = None, http_only: bool = True
) -> None:
    """One of our few cookies (decisions.md 9)."""
    secure = state().settings.is_secure
    response.set_cookie(name, value, max_age=max_age, secure=secure, httponly=http_only, samesite="Lax", path="/")


def install(app: Flask) -> None:
    """Language switching before, headers and compression after each request; two filters of our own."""
    app.jinja_env.filters |= {"iban": group_iban, "plain_cents": lambda cents: f"{cents // 100}.{cents % 100:02d}"}
    htmx.init_app(app)
    app.before_request(_switch_language)
    app.after_request(_finish)


def _switch_language() -> Response | None:
    wished = request.args.get("lang")
    if wished is None or request.method not in ("GET", "HEAD"):
        return None
    response = redirect_to(here())
    if wished in state().site.languages:
        set_cookie(response, state().settings.cookie("lang"), wished, max_age=YEAR)
    return response


def _finish(response: Response) -> Response:
    first_visit = response.headers.pop("X-First-Visit", None)
    if g.get("csrf_used") and request.cookies.get(name := state().settings.cookie("csrf")) != g.csrf_cookie:
        set_cookie(response, name, g.csrf_cookie)
    _secure(response, assets().css_hash if first_visit else None)
    if response.mimetype == "text/html":
        response.headers["Content-Language"] = g.get("language", "lv")
        _compress(response)
    return response


_ALWAYS = (
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("X-Frame-Options", "DENY"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=()"),
    ("X-Robots-Tag", "noindex"),
    ("Server", "-"),  # else the server gives its own name
)


def _secure(response: Response, css_hash: str | None) -> None:
    style = f"'self' '{css_hash}'" if css_hash else "'self'"
    forms = " ".join(["'self'", *state().outside.origins])  # Chromium asks this of redirects after a form, too
    headers = response.headers
    # A file that is saved can do nothing where it is opened after all; browsers show no PDF in a sandbox.
    sandbox = "sandbox; " if headers.get("Content-Disposition", "").startswith("attachment") else ""
    headers["Content-Security-Policy"] = (
        f"{sandbox}default-src 'none'; script-src 'self'; style-src {style}; img-src 'self'; connect-src 'self'; "
        f"manifest-src 'self'; form-action {forms}; base-uri 'none'; frame-ancestors 'none'"
    )
    headers.extend(_ALWAYS)
    headers.setdefault("Cache-Control", "private, no-store")
    if headers["Cache-Control"].startswith("private"):
        headers.add("Vary", "Cookie, HX-Request, Accept-Encoding")
    if state().settings.is_secure:
        headers["Strict-Transport-Security"] = f"max-age={2 * YEAR}; includeSubDomains"


def _compress(response: Response) -> None:
    """gzip for pages: safe because the only secret in them is masked anew each time (decisions.md 8)."""
    if not takes_gzip() or len(body := response.get_data()) < 1000:
        return
    response.set_data(gzip.compress(body, 6, mtime=0))
    response.headers["Content-Encoding"] = "gzip"
