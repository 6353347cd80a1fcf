"""create_app: the wiring, and nothing else."""

import gc

gc.disable()  # until everything is imported: a fifth of the time that a start takes

import logging
import os
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from typing import Any

import click
from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from auth import guard
from auth import state as request_state
from auth.access import unreachable
from auth.methods.outside import Outside
from auth.methods.password import Passwords
from auth.state import State
from jobs import Commands
from models.clock import Clock
from models.database import Database
from models.settings import CONFIG, Settings, SettingsError, load_settings
from models.site import SiteError, load_site
from models.storages import storage_of
from models.tills import till_of
from views import errors, language, limits, pages
from views.assets import Assets
from views.einvoices import attachment
from views.routes import Routes
from views.wire import WireRequest

# The modules of `views/` with routes.
_PAGES = [import_module(f"views.{name}") for name in (
    "absences", "account", "activity", "api", "asking", "attorneys", "backchannel", "calendars", "cards", "checks",
    "colleagues", "composing", "copies", "customers", "desk_work", "desks", "documents", "einvoices", "emails",
    "factors", "handovers", "health", "help", "identities", "inbox", "invitations", "invoices", "leaks", "login",
    "messages", "meters", "notices", "notifications", "offline", "outside", "passwords", "payments", "photos",
    "preview", "profile", "properties", "reading_links", "reading_mails", "receipts", "registration", "replies",
    "reports", "review", "search", "second", "slips", "staff", "staff_documents", "staff_imports", "staff_notices",
    "staff_payments", "staff_texts", "statements", "told", "users", "windows",
)]  # fmt: skip
gc.freeze()  # what was imported stays: the first collection need not look at it all
gc.enable()


def create_app(settings: Settings | None = None, **overrides: Any) -> Flask:
    """The application for `settings`, or for those of the environment; `overrides` replace single parts in tests."""
    settings = settings or load_settings(os.environ, _config_file())
    site = load_site(settings.site)
    if problems := unreachable(site):
        raise SiteError("; ".join(problems))
    commanded = click.get_current_context(silent=True)  # a command may still start, so that `flask check` can say it
    if settings.is_production and not commanded and (problems := settings.unsafe()):
        raise SettingsError("; ".join(problems))
    app = Flask(__name__, static_folder=None)
    app.config.update(
        SECRET_KEY=None,  # Flask's own signed session is not used
        TRUSTED_HOSTS=list(settings.trusted_hosts),
        MAX_CONTENT_LENGTH=1_000_000,
        MAX_FORM_MEMORY_SIZE=500_000,
        MAX_FORM_PARTS=500,
        PROVIDE_AUTOMATIC_OPTIONS=False,
    )
    app.request_class = WireRequest
    app.url_map.merge_slashes = False  # "//help" is no page of ours, and never sent on to a host called help
    pages.install(app)  # the languages come before the database: its driver moves into the memory that they leave
    language.init_languages(app, site.languages, site.zone, words="components/words.html")
    database = Database(settings.database_url)
    parts = {
        "settings": settings, "site": site, "database": database, "outside": Outside(site, settings, database),
        "storage": storage_of(settings), "clock": Clock(site.zone, settings.today),
        "till": till_of(site, settings, database),
        "passwords": Passwords(settings.argon2_memory_kib, settings.argon2_time, settings.argon2_parallel_hashes),
    }  # fmt: skip
    app.extensions["ekabinets"] = State(**{**parts, **overrides})
    card = app.extensions["ekabinets"].outside.card
    app.extensions |= {"columns": _columns, "door": _door, "invoice_pdf": attachment}
    app.extensions["assets"] = Assets(site, card and card.script)
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    if settings.proxy_hops:
        hops = settings.proxy_hops
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]  # Flask's documented way
    for routes in (part for module in _PAGES for part in vars(module).values() if isinstance(part, Routes)):
        app.register_blueprint(routes)
    if settings.demo:
        from demo.mailbox import mailbox  # here, because nothing of the demo belongs into production (ASVS 15.2.3)

        app.register_blueprint(mailbox)
    request_state.install(app)
    guard.install(app)
    app.before_request(pages.settle_language)
    limits.install(app, settings.limiter_storage)
    errors.install(app)
    app.cli = Commands(app)
    return app


def server() -> Flask:
    """The application for a server process: what starting took goes back, and the garbage collector leaves it alone."""
    app = create_app()
    gc.collect()
    gc.freeze()
    import ctypes  # here, where nothing more is imported

    with suppress(AttributeError):  # not every C library has it
        ctypes.CDLL(None).malloc_trim(0)
    return app


def _columns(kind: str) -> Any:
    """What the exchange tells of a table's columns; it is loaded where somebody asks."""
    from jobs.exchange.samples import columns  # a process starts without it

    return columns(kind)


def _door() -> Any:
    """Where the API meets the exchange; as above."""
    from jobs.exchange import door  # as above

    return door


def _config_file() -> Path | None:
    path = os.environ.get(CONFIG)
    return Path(path) if path else None
