"""`flask check`: what is unsafe or missing is named, and what is wrong does not start (security rule 19)."""

from pathlib import Path

import click
import pytest
from click.testing import Result
from flask import Flask

from app import create_app
from models.database import Database
from models.settings import SettingsError
from models.site import FOLDER, SiteError
from tests.conftest import settings_for
from tests.signing import trusting

SAFE = {
    "base_url": "https://portal.example",
    "demo": False,
    "today": None,
    "argon2_memory_kib": 19456,
    "argon2_time": 2,
}


def check(tmp_path: Path, *words: str, **changed: object) -> Result:
    with click.Context(click.Command("check")):  # as `flask check` starts it
        app = create_app(settings_for(f"sqlite:///{tmp_path}/x.sqlite3", tmp_path, **changed))
    return app.test_cli_runner().invoke(args=["check", *words])


@pytest.mark.parametrize("site", sorted(file.stem for file in FOLDER.glob("*.toml") if file.stem != "common"))
def test_every_shipped_site_passes(tmp_path: Path, site: str):
    assert (check(tmp_path, site=site).exit_code, check(tmp_path, "--deploy", site=site, **SAFE).exit_code) == (0, 0)


def test_a_laptop_may_be_what_production_may_not(tmp_path: Path):
    assert check(tmp_path).exit_code == 0
    result = check(tmp_path, "--deploy", trusted_hosts=["*"], identifier_key="s" * 40)
    assert result.exit_code == 1
    for key in ("demo:", "base_url:", "argon2_memory_kib", "trusted_hosts:", "secret_key, identifier_key:"):
        assert key in result.stderr, key


@pytest.mark.parametrize(("changed", "named"), [
    ({"demo": True}, "demo:"), ({"base_url": "http://portal.example"}, "base_url:"), ({"argon2_memory_kib": 19455}, "argon2_memory_kib"),
    ({"smtp_host": "mail.example", "mail_from": "a@b.lv", "smtp_security": "none"}, "smtp_security:"), ({"smtp_host": "mail.example"}, "mail_from:"),
    ({"s3_endpoint": "http://files.example"}, "s3_endpoint:"), ({"argon2_time": 1}, "argon2_time"), ({"trusted_hosts": ["portal.example", "*"]}, "trusted_hosts:"), ({"identifier_key": "s" * 40}, "identifier_key:"),
])  # fmt: skip
def test_each_unsafe_setting_is_named_alone(tmp_path: Path, changed: dict[str, object], named: str):
    result = check(tmp_path, "--deploy", **SAFE | changed)
    lines = result.stderr.splitlines()
    assert result.exit_code == 1 and len(lines) == 1 and named in lines[0]
    assert "s" * 40 not in result.output, "no secret is ever shown"


def test_a_storage_that_takes_no_file_is_named(tmp_path: Path):
    (tmp_path / "files").write_text("a file where the folder should be")
    result = check(tmp_path, "--deploy", **SAFE)
    assert result.exit_code == 1 and result.stderr.startswith("storage: cannot be used (")
    assert check(tmp_path, **SAFE).exit_code == 0, "only the deploy check tries it"


def test_authorities_that_cannot_be_read_are_named(tmp_path: Path):
    result = check(tmp_path, "--deploy", trust_dir=str(tmp_path / "none"), **SAFE)
    assert result.exit_code == 1 and result.stderr.startswith("trust_dir: cannot be used (")
    (tmp_path / "trust").mkdir()
    assert check(tmp_path, "--deploy", trust_dir=str(trusting(tmp_path / "trust")), **SAFE).exit_code == 0


def test_in_production_nothing_unsafe_starts(tmp_path: Path):
    url = f"sqlite:///{tmp_path}/x.sqlite3"
    assert create_app(settings_for(url, tmp_path, **SAFE)).extensions["ekabinets"].settings.is_production
    with pytest.raises(SettingsError, match="argon2_memory_kib, argon2_time: cheaper"):
        create_app(settings_for(url, tmp_path, **SAFE | {"argon2_time": 1}))


def site_file(tmp_path: Path, changes: dict[str, str]) -> str:
    """A shipped site with some of its lines replaced."""
    text = (FOLDER / "ogre.toml").read_text("utf-8")
    for old, new in changes.items():
        assert old in text, old
        text = text.replace(old, new)
    (tmp_path / "changed.toml").write_text(text, "utf-8")
    return str(tmp_path / "changed.toml")


@pytest.mark.parametrize(("changes", "named"), [
    ({'login = ["bank", "eparaksts", "password"]': 'login = ["password"]', "banks =": "#", "eparaksts = [": "#", "ways =": "#"}, "house_file is offered, but no login"),
    ({'login = ["bank", "eparaksts", "password"]': 'login = ["password"]', "banks =": "#", "eparaksts = [": "#"}, "identity needs bank or eparaksts in login"),
    ({'ways = ["identity"]': 'ways = ["code"]', 'proof = "number"': ""}, "registration.proof"),
    ({'"house_file", "users"': '"cellar", "users"'}, "unknown section cellar"),
    ({'slug = "ogre"': 'slug = "ogre"\ncolor = "#fff"'}, "color"),
])  # fmt: skip
def test_a_site_that_cannot_work_does_not_start(tmp_path: Path, changes: dict[str, str], named: str):
    with pytest.raises(SiteError, match=named):
        create_app(settings_for(f"sqlite:///{tmp_path}/x.sqlite3", tmp_path, site=site_file(tmp_path, changes)))


def start(monkeypatch: pytest.MonkeyPatch, **environment: str) -> Flask:
    """Start as a server does: from the environment alone."""
    for name in ("SITE", "SECRET_KEY", "IDENTIFIER_KEY", "DATABASE_URL", "CONFIG"):
        monkeypatch.delenv(f"EKABINETS_{name}", raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(f"EKABINETS_{name}", value)
    return create_app()


def test_an_unknown_key_stops_the_start_and_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    right = {
        "SITE": "ludza",
        "SECRET_KEY": "s" * 40,
        "IDENTIFIER_KEY": "i" * 40,
        "DATABASE_URL": f"sqlite:///{tmp_path}/x.sqlite3",
    }
    assert start(monkeypatch, **right).extensions["ekabinets"].site.slug == "ludza"
    with pytest.raises(SettingsError, match="EKABINETS_SESION_HOURS: unknown key"):
        start(monkeypatch, **right, SESION_HOURS="12")


def test_an_unknown_key_in_the_file_stops_the_start_too(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    file = tmp_path / "portal.toml"
    file.write_text('site = "ludza"\nsesion_hours = 12\n', "utf-8")
    with pytest.raises(SettingsError, match=r"portal\.toml: unknown key sesion_hours"):
        start(monkeypatch, CONFIG=str(file), SECRET_KEY="s" * 40, IDENTIFIER_KEY="i" * 40)


def test_without_a_secret_nothing_starts(monkeypatch: pytest.MonkeyPatch):
    with pytest.raises(SettingsError, match="secret_key"):
        start(monkeypatch, SITE="ludza", IDENTIFIER_KEY="i" * 40)


def test_the_day_moves_only_in_the_demo(tmp_path: Path):
    with pytest.raises(ValueError, match="today: only allowed when demo is true"):
        settings_for("sqlite://", tmp_path, demo=False)


def test_the_schema_is_made_by_a_command(tmp_path: Path):
    app = create_app(settings_for(f"sqlite:///{tmp_path}/new.sqlite3", tmp_path))
    assert app.test_client().get("/health/ready").status_code == 503
    assert app.test_cli_runner().invoke(args=["db", "upgrade"]).exit_code == 0
    assert app.test_client().get("/health/ready").status_code == 200
    app.extensions["ekabinets"].database.dispose()


def test_starting_connects_to_nothing(tmp_path: Path):
    app = create_app(settings_for("postgresql+psycopg://nobody@127.0.0.1:1/none", tmp_path))
    assert isinstance(app.extensions["ekabinets"].database, Database)
    assert app.test_client().get("/health/live").status_code == 200
