"""Banks, brokers and eParaksts as this instance is configured: who can be asked, and asking them (A08, A09)."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from auth.methods.base import Begun, Person, Refused
from models.database import Database
from models.identifiers import Identifiers, IdentifierUnreadable
from models.providers import TILL_HOSTS, Documents
from models.remote import ProviderAway, Remote
from models.settings import Settings, SettingsError
from models.site import FOLDER, Site
from models.types import utc_now

if TYPE_CHECKING:
    from auth.methods.eparaksts import Service
    from auth.methods.oidc import Oidc
    from auth.methods.webeid import Cards

CARD = "/login/card"  # the page with the question to a card
SCRIPT = "web-eid.js"  # as an operator gets it from Web eID, beside the certificates (*.pem) of who issues cards
_HINT = "id_token_hint"  # what a sealed id_token is for
KINDS = {"mobile": "eParaksts mobile", "eid": "eParaksts eID", "card": "Web eID"}  # names, the same in every language


class Outside:
    """The providers of one running application. Asking one imports what it takes; starting does not."""

    def __init__(self, site: Site, settings: Settings, database: Database) -> None:
        """Nothing is asked yet."""
        self._settings, self._documents = settings, Documents(database)
        self._remote = Remote(settings.provider_seconds)
        banks = {one.slug: one for one in settings.providers if "bank" in site.login}
        self.card = _cards(site, settings, self._remote)
        signs: tuple[str, ...] = site.eparaksts if settings.eparaksts and "eparaksts" in site.login else ()
        signs += ("card",) if self.card else ()
        self._banks = banks
        # Family → name in the address → what the button says.
        self.offered: Mapping[str, Mapping[str, str]] = {
            "bank": {slug: one.name for slug, one in banks.items()}, "eparaksts": {kind: KINDS[kind] for kind in signs},
        }  # fmt: skip
        places = [place for one in banks.values() for place in (one.issuer, *one.pages)]
        if settings.eparaksts and "eparaksts" in site.login:
            places += [settings.eparaksts.host, *settings.eparaksts.pages]
        if settings.payments and site.payments:
            places += [settings.payments.host or TILL_HOSTS[site.payments], *settings.payments.pages]
        # Where a form of ours may lead to in the end, for the Content-Security-Policy.
        self.origins = sorted({"{0.scheme}://{0.netloc}".format(urlsplit(place)) for place in places})

    def begin(self, family: str, name: str, language: str) -> Begun:
        """Where to send somebody. Raises `ProviderAway`; the caller has looked into `offered`."""
        back = self._back(family, name)
        if family == "bank":
            return self._oidc(name).begin(back, language)
        if name == "card" and self.card:
            return self.card.begin(CARD)
        return self._eparaksts().begin(name, back, language)

    def finish(self, family: str, name: str, answer: Mapping[str, str], begun: Begun) -> Person:
        """Who came back. Raises `Cancelled`, `Refused` or `ProviderAway`."""
        back = self._back(family, name)
        if family == "bank":
            person = self._oidc(name).finish(answer, begun, back, int(utc_now().timestamp()))
            if hint := person.told.get("id_token"):
                person = replace(person, told={**person.told, "id_token": self._keys().seal(hint, _HINT)})
            return person
        if name == "card" and self.card:
            return self.card.finish(answer.get("answer", ""), begun, utc_now())
        return self._eparaksts().finish(answer, begun, back)

    def farewell(self, told_by: str, sealed: str | None) -> str | None:
        """Where somebody whose session here has ended signs out at her provider; None where that is not to be."""
        back, service = f"{self._settings.base_url}/signed-out", self._settings.eparaksts
        if service and told_by == service.host:
            return self._eparaksts().logout(back)
        bank = next((slug for slug, one in self._banks.items() if one.issuer == told_by and one.logout), None)
        try:
            hint = self._keys().unseal(sealed, _HINT) if sealed else ""
            return self._oidc(bank).farewell(back, hint) if bank else None
        except (ProviderAway, IdentifierUnreadable):
            return None

    def ended(self, name: str, token: str) -> tuple[str, dict[str, str], str]:
        """Whose sessions a bank ends: its issuer, `subject` and `sid`, and the token's own name.

        Raises `Refused` or `ProviderAway`.
        """
        if name not in self._banks or not self._banks[name].backchannel_logout:
            raise Refused("no logout from there")
        return (self._banks[name].issuer, *self._oidc(name).ended(token, int(utc_now().timestamp())))

    def _keys(self) -> Identifiers:
        return Identifiers(self._settings.identifier_key)

    def _back(self, family: str, name: str) -> str:
        return f"{self._settings.base_url}/login/{family}/{name}/return"

    def _oidc(self, name: str) -> "Oidc":
        from auth.methods.oidc import Oidc  # here, because most requests never need it

        return Oidc(self._banks[name], self._documents, self._remote)

    def _eparaksts(self) -> "Service":
        from auth.methods.eparaksts import Service  # as above

        return Service(self._settings.eparaksts, self._remote)  # type: ignore[arg-type]  # `offered` says that it is there


def _cards(site: Site, settings: Settings, remote: Remote) -> "Cards | None":
    """The cards of a site that has what they need. Raises `SettingsError` where a file of theirs is broken."""
    place = settings.site if "/" in settings.site or settings.site.endswith(".toml") else FOLDER / settings.site
    folder = Path(place).with_suffix("")  # beside the site's file, of the same name
    if "eparaksts" not in site.login or not (folder / SCRIPT).is_file():
        return None
    from auth.methods.webeid import Cards  # as above

    try:
        cards = Cards(folder / SCRIPT, settings.base_url, settings.card_ocsp, remote)
    except ValueError:
        raise SettingsError(f"{folder}: a certificate cannot be read") from None
    return cards if cards.trusted else None
