"""Static files: read, joined with the site's colours, hashed and compressed once at start (decisions.md 10)."""

import base64
import gzip
import hashlib
import re
from dataclasses import dataclass
from pathlib import Path

from models.rules.colours import derive
from models.site import Site

FOLDER = Path(__file__).parents[1] / "static"
FILES = {
    "app.css": "app.css",
    "staff.css": "staff.css",
    "app.js": "app.js",
    "htmx.js": "vendor/htmx.min.js",
    "staff.js": "staff.js",
    "offline.js": "offline.js",
    "sw.js": "sw.js",
    "gone.js": "gone.js",
    "favicon.svg": "favicon.svg",
}
MEDIA_TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}
THEMES = ("light", "dark")
# What htmx does here, sent once with its script and not with each page.
HTMX_CONFIG = (
    '{"includeIndicatorStyles":false,"allowEval":false,"allowScriptTags":false,"selfRequestsOnly":true,'
    '"disableInheritance":true,"historyCacheSize":0,"refreshOnHistoryMiss":true,"historyRestoreAsHxRequest":false,'
    '"timeout":20000,"responseHandling":[{"code":"204","swap":false},{"code":"[23]..","swap":true},'
    '{"code":"(400|401|403|404|409|410|413|422|429)","swap":true},{"code":"[45]..","swap":false,"error":true}]}'
)


@dataclass(frozen=True)
class Asset:
    """One file as it is sent: plain and gzipped."""

    name: str
    media_type: str
    plain: bytes
    zipped: bytes


class Assets:
    """The files of one site by their hashed names; the stylesheet also as text for a first visit."""

    def __init__(self, site: Site, card_script: Path | None = None) -> None:
        """Reads every file; a missing one stops the start. `card_script`: the operator's, that reads identity cards."""
        self.by_name: dict[str, Asset] = {}
        self.urls: dict[str, str] = {}
        for name, path in FILES.items():
            self._add(name, _served(name, (FOLDER / path).read_bytes(), site))
        for theme in THEMES:
            css = self.content("app.css").decode()
            self._add(f"{theme}.css", _in_theme(css, theme).encode())
        if card_script:
            self._add("card.js", card_script.read_bytes())
        self.css = self.content("app.css").decode()
        digest = hashlib.sha256(self.css.encode()).digest()
        self.css_hash = "sha256-" + base64.b64encode(digest).decode()  # what allows it inline in the CSP

    def url(self, name: str) -> str:
        """Where a file is; the name changes with its content, so it may be cached for ever."""
        return self.urls[name]

    def content(self, name: str) -> bytes:
        """What is in a file."""
        return self.by_name[self.urls[name].rpartition("/")[2]].plain

    def _add(self, name: str, content: bytes) -> None:
        stem, dot, ending = name.rpartition(".")
        hashed = f"{stem}.{hashlib.sha256(content).hexdigest()[:10]}{dot}{ending}"
        media_type = MEDIA_TYPES[ending]
        self.by_name[hashed] = Asset(hashed, media_type, content, gzip.compress(content, 9, mtime=0))
        self.urls[name] = f"/static/{hashed}"


def _in_theme(css: str, theme: str) -> str:
    """The stylesheet of people who want it always light or always dark: the device is asked no longer.

    Where it forces its own colours upon pages it still is, for drawings have to fit to these.
    """
    if theme == "light":
        css = css.replace("(prefers-color-scheme:dark){", "(prefers-color-scheme:dark) and (forced-colors:active){")
    else:
        asked = r"@media ([^{]*) and \(prefers-color-scheme:dark\){"
        css = re.sub(asked, r"@media \1 and (prefers-color-scheme:dark),\1 and (forced-colors:none){", css)
    return css.replace("color-scheme:light dark", f"color-scheme:{theme}")


def _served(name: str, content: bytes, site: Site) -> bytes:
    if name == "htmx.js":
        return content + f";Object.assign(htmx.config,{HTMX_CONFIG})".encode()
    if not name.endswith((".css", ".svg")):
        return content
    colours = vars(derive(site.colour))
    text = re.sub(r"SITE\(([a-z-]+)\)", lambda match: colours[match[1].replace("-", "_")], content.decode())
    if name.endswith(".css"):  # comments and line ends are for readers of the source
        text = re.sub(r"/\*.*?\*/\s*|(?<=[{};,])\s*\n\s*|\n", "", text, flags=re.S)
    return text.encode()
