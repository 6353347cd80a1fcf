"""A browser without JavaScript: follows links, fills forms as they stand in the page, and audits each page it sees."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.cast import PASSWORD

VOID = {"input", "img", "meta", "link", "br", "hr", "path", "rect", "line", "source"}


@dataclass
class Form:
    """One form of a page, with its fields as they would be sent."""

    method: str
    action: str
    fields: dict[str, Any] = field(default_factory=dict)
    choices: dict[str, list[str]] = field(default_factory=dict)  # checkboxes and radio buttons with their values

    def put(self, name: str, value: str) -> None:
        """One more field; several of a name are a list."""
        self.fields[name] = [*([held] if isinstance(held, str) else held), value] if (held := self.fields.get(name)) is not None else value


class Page(HTMLParser):
    """What a test wants to know of an answer's HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html, self.title, self.lang = html, "", ""
        self.words: list[str] = []
        self.headings: list[str] = []
        self.forms: list[Form] = []
        self.links: dict[str, str] = {}
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.inputs: list[dict[str, str]] = []
        self.faults: list[str] = []
        self.focus: list[dict[str, str]] = []
        self._open: list[str] = []
        self._href = ""
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        at = {name: value or "" for name, value in attrs}
        if tag not in VOID:
            self._open.append(tag)
        if "id" in at:
            self.ids.append(at["id"])
        if "autofocus" in at:
            self.focus.append(at)
        if "style" in at or any(name.startswith("on") for name in at) or (tag == "script" and "src" not in at):
            self.faults.append(f"inline style, handler or script: <{tag}>")
        special = {"html": self._root, "a": self._link, "label": self._label, "form": self._form}
        special |= dict.fromkeys(("input", "textarea", "select"), self._field)
        if tag in special:
            special[tag](at)

    def _root(self, at: dict[str, str]) -> None:
        self.lang = at.get("lang", "")

    def _link(self, at: dict[str, str]) -> None:
        if "href" in at:
            self._href = at["href"]
            self.links.setdefault(at["href"], "")

    def _label(self, at: dict[str, str]) -> None:
        self.labels.add(at.get("for", ""))

    def _form(self, at: dict[str, str]) -> None:
        self.forms.append(Form(at.get("method", "get"), at.get("action", "")))

    def _field(self, at: dict[str, str]) -> None:
        self.inputs.append(at)
        if not self.forms or "name" not in at:
            return
        form = self.forms[-1]
        if at.get("type") in ("checkbox", "radio"):
            form.choices.setdefault(at["name"], []).append(at.get("value", "on"))
            if "checked" in at:
                form.put(at["name"], at.get("value", "on"))
        else:
            form.put(at["name"], at.get("value", ""))

    def handle_endtag(self, tag: str) -> None:
        if tag in self._open:
            while self._open.pop() != tag:
                pass
        if tag == "a":
            self._href = ""

    def handle_data(self, data: str) -> None:
        if self._open and self._open[-1] == "title" and "svg" not in self._open:
            self.title += data
        if "h1" in self._open:
            self.headings.append(data.strip())
        if self._href:
            self.links[self._href] += data
        if not {"script", "style", "head"} & set(self._open):
            self.words.append(data)

    def audit(self) -> list[str]:
        """Faults that no page may have (architecture.md, habit 8)."""
        faults = list(self.faults)
        if not self.title.strip(" –"):
            faults.append("no title")
        if self.html.count("<h1") != 1:
            faults.append(f"{self.html.count('<h1')} h1")
        if self.lang not in ("lv", "en", "ru"):
            faults.append("no language")
        if len(self.ids) != len(set(self.ids)):
            faults.append(f"an id twice: {sorted(i for i in set(self.ids) if self.ids.count(i) > 1)}")
        for at in self.inputs:
            if at.get("type") != "hidden" and at.get("id") not in self.labels:
                faults.append(f"no label for {at.get('name')}")
        return faults

    def form(self, action: str) -> Form:
        """The form that posts to this address."""
        return next(form for form in self.forms if form.action == action)


class Client(FlaskClient):
    """Gives up where one address leads to another for ever."""

    def resolve_redirect(self, response: TestResponse, buffered: bool = False) -> TestResponse:
        """Open the next one."""
        assert len(response.history) < 10, f"led on and on, at last to {response.location}"
        return super().resolve_redirect(response, buffered)


class Browser:
    """One person's browser. `language` is chosen by the real link."""

    def __init__(self, app: Flask, language: str = "en") -> None:
        self.app = app
        self.client = Client(app, app.response_class)
        self.client.set_cookie("lang", language)
        self.response: TestResponse | None = None

    def get(self, path: str, **more: object) -> Page:
        """Open an address and follow its redirects."""
        return self._seen(self.client.get(path, follow_redirects=True, **more))

    def post(self, path: str, data: dict[str, str], follow: bool = True, **more: object) -> Page:
        """Send these very fields."""
        return self._seen(self.client.post(path, data=data, follow_redirects=follow, **more))

    def submit(self, page: Page, action: str, follow: bool = True, **changed: str) -> Page:
        """Send the form of a page as it stands, with these fields changed; None leaves one out."""
        fields = {**page.form(action).fields, **{name: value for name, value in changed.items()}}
        return self.post(action, {name: value for name, value in fields.items() if value is not None}, follow)

    def fill(self, page: Page, action: str, values: dict[str, str], **more: object) -> Page:
        """As `submit`, for field names that are no Python names."""
        return self.post(action, {**page.form(action).fields, **values}, **more)

    def log_in(self, username: str, password: str = PASSWORD, **fields: str) -> Page:
        """By the real door; staff with the code of their app, too."""
        from tests.staff import SECOND, STAFF, app_code  # here, because its helpers need a browser

        page = self.submit(self.get("/login"), "/login", username=username, password=password, **fields)
        if username in STAFF and self.response and self.response.request.path == SECOND:
            return self.submit(page, SECOND, code=app_code(self.app, username))
        return page

    @property
    def status(self) -> int:
        assert self.response is not None
        return self.response.status_code

    def _seen(self, response: TestResponse) -> Page:
        self.response = response
        page = Page(response.get_data(as_text=True) if response.mimetype == "text/html" else "")
        if response.mimetype == "text/html" and response.get_data():
            whole = "<html" in page.html
            faults = page.audit() if whole else page.faults
            assert not faults, f"{response.request.path}: {faults}"
        return page
