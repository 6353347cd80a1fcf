"""Settings: typed, loud and few."""

from datetime import date
from pathlib import Path

import pytest

from models.settings import Settings, SettingsError, load_settings

SECRET = "not-to-be-shown-" * 3
LEAST = {
    "EKABINETS_SITE": "riverside",
    "EKABINETS_SECRET_KEY": SECRET,
    "EKABINETS_IDENTIFIER_KEY": SECRET[::-1],
}

# The public surface: every key with its default, "required" where there is none.
GOLDEN = {
    "site": "required",
    "secret_key": "required",
    "identifier_key": "required",
    "database_url": "sqlite:///instance/riverside/ekabinets.sqlite3",
    "files_dir": "instance/riverside/files",
    "storage": "",
    "s3_endpoint": "",
    "s3_region": "eu-north-1",
    "s3_key_id": "",
    "s3_secret": "",
    "trust_dir": "",
    "scanner": "",
    "emails_dir": "",
    "base_url": "http://localhost:8000",
    "trusted_hosts": "('localhost',)",
    "proxy_hops": "0",
    "demo": "False",
    "today": "None",
    "limiter_storage": "memory://",
    "argon2_memory_kib": "19456",
    "argon2_time": "2",
    "argon2_parallel_hashes": "2",
    "pdf_seconds": "20",
    "smtp_host": "",
    "smtp_port": "587",
    "smtp_security": "starttls",
    "smtp_user": "",
    "smtp_password": "",
    "mail_from": "noreply@localhost",
    "webhook_url": "",
    "webhook_secret": "",
    "horizon_url": "",
    "horizon_user": "",
    "horizon_password": "",
    "undo_seconds": "15",
    "session_idle_minutes": "30",
    "session_hours": "12",
    "providers": "()",
    "eparaksts": "None", "payments": "None",
    "provider_seconds": "5",
    "card_ocsp": "()",
    "log_level": "INFO",
}

TABLES = {
    "providers": '[[providers]]\nslug = "a"\nname = "A"\nissuer = "https://a.example"\nclient_id = "c"\nsecret = "zq-not-shown"',
    "eparaksts": '[eparaksts]\nclient_id = "c"\nsecret = "zq-not-shown"',
    "payments": '[payments]\nclient_id = "c"\nsecret = "zq-not-shown"',
}

BAD = {
    "database_url": None,  # any text goes; the engine judges it
    "files_dir": None,
    "trust_dir": None,
    "limiter_storage": None,
    **dict.fromkeys(("smtp_host", "smtp_user", "smtp_password", "mail_from")),  # the mail server judges them
    "storage": "/files",
    "s3_endpoint": "files.example",
    "scanner": "localhost:3310",
    **dict.fromkeys(("s3_region", "s3_key_id", "s3_secret")),  # the S3 server judges them
    "site": None,
    "trusted_hosts": None,
    "log_level": "LOUD",
    "base_url": "localhost/portal",
    "emails_dir": None,
    "horizon_user": None,
    "horizon_password": None,
    "card_ocsp": None,  # what is no host is the host of no card
}


def load(**values: str) -> Settings:
    return load_settings(LEAST | {f"EKABINETS_{key.upper()}": value for key, value in values.items()})


def refusal(environ: dict[str, str], file: Path | None = None) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(environ, file)
    assert caught.value.__suppress_context__ or not caught.value.__context__  # no traceback shows the value
    return str(caught.value)


def test_the_settings_are_these_with_these_defaults() -> None:
    settings = load()
    shown = {
        key: "required" if field.is_required() else str(getattr(settings, key))
        for key, field in Settings.model_fields.items()
    }
    assert shown == GOLDEN


def test_the_environment_wins_over_the_file(tmp_path: Path) -> None:
    file = tmp_path / "ekabinets.toml"
    file.write_text('site = "riverside"\nproxy_hops = 1\npdf_seconds = 9\ntrusted_hosts = ["a.example"]\n')
    environ = LEAST | {"EKABINETS_CONFIG": str(file), "EKABINETS_PROXY_HOPS": "2"}
    settings = load_settings(environ)
    assert (settings.proxy_hops, settings.pdf_seconds, settings.trusted_hosts) == (2, 9, ("a.example",))


@pytest.mark.parametrize("key", GOLDEN)
def test_every_value_may_come_from_a_file_of_its_own(key: str, tmp_path: Path) -> None:
    wanted = load(demo="true", today="2026-11-30", **TABLES)
    file = tmp_path / "value"
    values = {name: getattr(wanted, name) for name in GOLDEN}
    file.write_text(TABLES.get(key, f"{','.join(values[key]) if key in ('trusted_hosts', 'card_ocsp') else values[key]}\n"))
    environ = LEAST | {"EKABINETS_DEMO": "true", "EKABINETS_TODAY": "2026-11-30"}
    environ |= {f"EKABINETS_{name.upper()}": text for name, text in TABLES.items()}
    environ.pop(f"EKABINETS_{key.upper()}", None)
    assert load_settings(environ | {f"EKABINETS_{key.upper()}_FILE": str(file)}) == wanted


def test_a_value_given_twice_is_refused(tmp_path: Path) -> None:
    message = refusal(LEAST | {"EKABINETS_SECRET_KEY_FILE": str(tmp_path / "key")})
    assert "EKABINETS_SECRET_KEY_FILE" in message and "twice" in message


def test_a_file_that_cannot_be_read_is_named_with_its_variable(tmp_path: Path) -> None:
    environ = {"EKABINETS_SECRET_KEY_FILE": str(tmp_path / "nowhere")}
    assert refusal(environ).startswith("EKABINETS_SECRET_KEY_FILE: ") and "nowhere" in refusal(environ)
    assert "nowhere.toml" in refusal(LEAST, tmp_path / "nowhere.toml")


def test_an_unknown_variable_stops_the_start_and_is_named() -> None:
    assert refusal(LEAST | {"EKABINETS_SESION_HOURS": "3"}) == "EKABINETS_SESION_HOURS: unknown key"
    assert refusal(LEAST | {"EKABINETS_SALT_FILE": "/a"}) == "EKABINETS_SALT_FILE: unknown key"


def test_an_unknown_key_of_the_file_stops_the_start_and_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ekabinets.toml"
    file.write_text("sesion_hours = 3\n")
    assert refusal(LEAST, file) == f"{file}: unknown key sesion_hours"


def test_a_file_that_is_not_toml_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ekabinets.toml"
    file.write_text("demo is true\n")
    assert refusal(LEAST, file).startswith(f"{file}: ")


@pytest.mark.parametrize("key", [key for key in GOLDEN if BAD.get(key, "") is not None])
def test_a_bad_value_names_its_key_and_is_never_echoed(key: str) -> None:
    value = BAD.get(key, "zq-not-shown")
    message = refusal(LEAST | {f"EKABINETS_{key.upper()}": value, "EKABINETS_DEMO": "zq-not-shown"})
    assert f"{key}: " in message and len(message.partition(f"{key}: ")[2]) > 10
    assert value not in message and "zq-not-shown" not in message


@pytest.mark.parametrize("key", ["argon2_time", "argon2_parallel_hashes", "pdf_seconds", "session_hours"])
def test_a_count_of_zero_is_refused(key: str) -> None:
    assert (
        refusal(LEAST | {f"EKABINETS_{key.upper()}": "0"})
        == f"{key}: Input should be greater than or equal to 1"
    )


def test_everything_missing_is_told_at_once() -> None:
    message = refusal({})
    assert message == "site: Field required; secret_key: Field required; identifier_key: Field required"


def test_a_secret_of_31_characters_is_too_short() -> None:
    assert "at least 32" in refusal(LEAST | {"EKABINETS_SECRET_KEY": "s" * 31})
    assert load(secret_key="s" * 32).secret_key == "s" * 32


def test_secrets_are_not_in_the_printed_form() -> None:
    shown = repr(
        load(database_url=f"postgresql+psycopg://u:{SECRET}@h/d", limiter_storage=f"redis://:{SECRET}@h")
    )
    assert SECRET not in shown and SECRET[::-1] not in shown


def test_only_a_demo_moves_the_calendar() -> None:
    assert refusal(LEAST | {"EKABINETS_TODAY": "2026-11-30"}) == "today: only allowed when demo is true"
    assert load(demo="true", today="2026-11-30").today == date(2026, 11, 30)


def test_an_empty_variable_counts_as_not_set() -> None:
    assert load(today="", proxy_hops="") == load()


def test_folders_take_the_name_of_a_site_given_as_a_path() -> None:
    settings = load(site="/etc/ekabinets/harbour.toml")
    assert settings.files_dir == Path("instance/harbour/files")
    assert settings.database_url == "sqlite:///instance/harbour/ekabinets.sqlite3"


def test_the_host_of_the_base_url_is_trusted_unless_hosts_are_listed() -> None:
    assert load(base_url="https://my.example:8443").trusted_hosts == ("my.example",)
    assert load(trusted_hosts="a.example, b.example,").trusted_hosts == ("a.example", "b.example")
    assert refusal(LEAST | {"EKABINETS_TRUSTED_HOSTS": " , "}).startswith("trusted_hosts: ")


@pytest.mark.parametrize(
    "url", ["my.example", "ftp://my.example", "https://", "https://my.example/portal", "https://a/"]
)
def test_a_base_url_that_is_no_origin_is_refused(url: str) -> None:
    assert refusal(LEAST | {"EKABINETS_BASE_URL": url}).startswith("base_url: expected http(s)://host[:port]")


def test_cookies_are_host_bound_exactly_under_tls() -> None:
    plain, secure = load(), load(base_url="https://my.example")
    assert (plain.is_secure, plain.cookie("session")) == (False, "session")
    assert (secure.is_secure, secure.cookie("session")) == (True, "__Host-session")


def test_settings_cannot_be_changed_later() -> None:
    with pytest.raises(ValueError, match="frozen"):
        load().demo = True  # type: ignore[misc]
