"""Banks, brokers and eParaksts as this instance is configured: who can be asked, and asking them (A08, A09)."""

import time
from collections.abc import Mapping
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from auth.methods.base import Begun, Person
from auth.methods.remote import Remote
from models.database import Database
from models.providers import Documents
from models.settings import Settings
from models.site import Site

if TYPE_CHECKING:
    from auth.methods.eparaksts import Service
    from auth.methods.oidc import Oidc

KINDS = {"mobile": "eParaksts mobile", "eid": "eParaksts eID"}  # names, the same in every language


class Outside:
    """The providers of one running application. Asking one imports what it takes; starting does not."""

    def __init__(self, site: Site, settings: Settings, database: Database) -> None:
        """Nothing is asked yet."""
        self._settings, self._documents = settings, Documents(database)
        self._remote = Remote(settings.provider_seconds)
        banks = {one.slug: one for one in settings.providers if "bank" in site.login}
        signs = site.eparaksts if settings.eparaksts and "eparaksts" in site.login else ()
        self._banks = banks
        # Family → name in the address → what the button says.
        self.offered: Mapping[str, Mapping[str, str]] = {
            "bank": {slug: one.name for slug, one in banks.items()}, "eparaksts": {kind: KINDS[kind] for kind in signs},
        }  # fmt: skip
        places = [one.issuer for one in banks.values()]
        places += [settings.eparaksts.host] if signs and settings.eparaksts else []
        # Where a form of ours may lead to in the end, for the Content-Security-Policy.
        self.origins = sorted({"{0.scheme}://{0.netloc}".format(urlsplit(place)) for place in places})

    def begin(self, family: str, name: str, language: str) -> Begun:
        """Where to send somebody. Raises `ProviderAway`; the caller has looked into `offered`."""
        back = self._back(family, name)
        if family == "bank":
            return self._oidc(name).begin(back, language)
        return self._eparaksts().begin(name, back, language)

    def finish(self, family: str, name: str, answer: Mapping[str, str], begun: Begun) -> Person:
        """Who came back. Raises `Cancelled`, `Refused` or `ProviderAway`."""
        back = self._back(family, name)
        if family == "bank":
            return self._oidc(name).finish(answer, begun, back, int(time.time()))
        return self._eparaksts().finish(answer, begun, back)

    def _back(self, family: str, name: str) -> str:
        return f"{self._settings.base_url}/login/{family}/{name}/return"

    def _oidc(self, name: str) -> "Oidc":
        from auth.methods.oidc import Oidc  # here, because most requests never need it

        return Oidc(self._banks[name], self._documents, self._remote)

    def _eparaksts(self) -> "Service":
        from auth.methods.eparaksts import Service  # as above

        return Service(self._settings.eparaksts, self._remote)  # type: ignore[arg-type]  # `offered` says that it is there
