"""What one running instance is told: typed, loud and few; from a TOML file and the environment.

`EKABINETS_<KEY>` overrides the file; `EKABINETS_<KEY>_FILE` names a file that holds the value (for secrets).
What is about the operator and not about the machine stands in `models.site`.
"""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from models import toml
from models.providers import Eparaksts, Gateway, Provider, read_toml

PREFIX = "EKABINETS_"
_HOSTS = ("trusted_hosts", "card_ocsp")  # lists, with commas between them in the environment
CONFIG = PREFIX + "CONFIG"  # path of the file; the only variable that is not itself a setting

# Of keys that may hold a secret: never in a repr, so never in a log.
Secret = Annotated[str, Field(min_length=32, repr=False)]
Count = Annotated[int, Field(ge=1)]


class SettingsError(ValueError):
    """A setting is unknown, missing or wrong. The message names keys and what is expected, never a value."""


def _origin(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("http", "https") or not parts.hostname or url != f"{parts.scheme}://{parts.netloc}":
        raise ValueError("expected http(s)://host[:port] and nothing after it")
    return url


def _outside(url: str) -> str:
    parts = urlsplit(url)
    if url and (parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment or "@" in parts.netloc):
        raise ValueError("expected https://host[:port]/path")
    return url


def _instance(values: dict[str, Any], name: str) -> str:
    return f"instance/{Path(values['site']).stem}/{name}"


class Settings(BaseModel):
    """The settings of one instance. Relative paths start at the working directory."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    site: Annotated[str, Field(min_length=1)]  # a name in sites/, or the path of a site file
    secret_key: Secret  # signs CSRF tokens and the like
    identifier_key: Secret  # keyed hash and encryption of personal codes (decisions.md 31)
    database_url: str = Field(
        default_factory=lambda data: f"sqlite:///{_instance(data, 'ekabinets.sqlite3')}", repr=False
    )
    files_dir: Path = Field(default_factory=lambda data: Path(_instance(data, "files")))
    storage: Annotated[str, Field(pattern=r"^(s3://[a-z0-9][a-z0-9.-]+(/[\w./-]*)?)?$")] = ""  # empty: files_dir
    s3_endpoint: Annotated[str, AfterValidator(lambda url: url and _origin(url))] = ""  # empty: Amazon's own
    s3_region: str = "eu-north-1"
    s3_key_id: str = Field("", repr=False)
    s3_secret: str = Field("", repr=False)
    trust_dir: str = ""  # a folder with certificates of authorities whose signatures are believed; empty: nobody's
    scanner: Annotated[str, Field(pattern=r"^(clamd://([\w.-]+(:[0-9]+)?|/[\w./-]+))?$")] = ""  # empty: none
    base_url: Annotated[str, AfterValidator(_origin)] = "http://localhost:8000"
    trusted_hosts: tuple[str, ...] = Field(
        default_factory=lambda data: (str(urlsplit(data["base_url"]).hostname),), min_length=1
    )
    proxy_hops: int = Field(0, ge=0)  # reverse proxies whose X-Forwarded-… headers are believed
    demo: bool = False
    today: date | None = None  # the business day; only a demo may move it (decisions.md 32)
    limiter_storage: str = Field("memory://", repr=False)
    argon2_memory_kib: int = Field(19456, ge=8)  # these two: security.md rule 9
    argon2_time: Count = 2
    argon2_parallel_hashes: Count = 2  # hashes at one time; more wait, then 503
    pdf_seconds: Count = 20
    smtp_host: str = ""  # empty: letters wait
    smtp_port: Annotated[int, Field(ge=1, le=65535)] = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: str = Field("", repr=False)
    mail_from: str = "noreply@localhost"  # the address that letters come from
    # These three as tables of the file, or as TOML in the environment (docs/identity.md).
    providers: Annotated[tuple[Provider, ...], BeforeValidator(read_toml)] = ()  # banks and brokers
    eparaksts: Annotated[Eparaksts | None, BeforeValidator(read_toml)] = None
    payments: Annotated[Gateway | None, BeforeValidator(read_toml)] = None  # of the provider that the site names
    provider_seconds: Count = 5  # that one of them may take to answer
    card_ocsp: tuple[str, ...] = ()  # hosts that are asked whether an identity card is still good; empty: nobody
    # The billing system on the other side (docs/integration.md); empty: there is none.
    webhook_url: Annotated[str, AfterValidator(_outside)] = ""  # what is told of readings, messages and contacts
    webhook_secret: Annotated[str, Field(pattern=r"^(.{32,})?$", repr=False)] = ""
    horizon_url: Annotated[str, AfterValidator(_outside)] = ""  # up to /rest
    horizon_user: str = ""
    horizon_password: str = Field("", repr=False)
    emails_dir: str = ""  # a Maildir, or a folder of .eml files, with readings (docs/operating.md); empty: none
    undo_seconds: int = Field(15, ge=0, le=600)  # in which staff can take an answer back; the worker sends it then
    session_idle_minutes: Count = 30
    session_hours: Count = 12
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"

    @property
    def is_secure(self) -> bool:
        """Whether people reach us by TLS; decides `Secure` and `__Host-` of cookies."""
        return self.base_url.startswith("https://")

    def cookie(self, name: str) -> str:
        """What one of our cookies is called: bound to this very host where we are reached by TLS (decisions.md 9)."""
        return f"__Host-{name}" if self.is_secure else name

    @property
    def idle(self) -> timedelta:
        """After how long without an act a session ends."""
        return timedelta(minutes=self.session_idle_minutes)

    @property
    def authorities(self) -> Path | None:
        """The folder with certificates of authorities, or None."""
        return Path(self.trust_dir) if self.trust_dir else None

    @property
    def is_production(self) -> bool:
        """Whether strangers may reach it: no demo, and an address that is not this machine's own."""
        return not self.demo and urlsplit(self.base_url).hostname not in ("localhost", "127.0.0.1", "::1")

    def unsafe(self) -> list[str]:
        """What production must not have, a sentence each that names the key and never a value (security rule 19)."""
        found = {
            "demo: is on; demo people and their passwords are public": self.demo,
            "base_url: expected https://…; cookies and passwords travel unprotected": not self.is_secure,
            "argon2_memory_kib, argon2_time: cheaper than 19456 and 2": (
                self.argon2_memory_kib < 19456 or self.argon2_time < 2
            ),
            "trusted_hosts: any host is trusted": "*" in self.trusted_hosts,
            "secret_key, identifier_key: the same key for two purposes": self.secret_key == self.identifier_key,
            "smtp_security: is none; letters travel unprotected": (
                self.smtp_security == "none" and self.smtp_host not in ("", "localhost", "127.0.0.1", "::1")
            ),
            "s3_endpoint: expected https://…; files travel unprotected": self.s3_endpoint.startswith("http://"),
            "webhook_url, horizon_url: expected https://…; data of people travel unprotected": (
                self.webhook_url.startswith("http:") or self.horizon_url.startswith("http:")
            ),
            "mail_from: is not an address of yours": bool(self.smtp_host) and self.mail_from.endswith("@localhost"),
        }
        return [problem for problem, is_there in found.items() if is_there]

    @model_validator(mode="after")
    def _a_bucket_has_its_key(self) -> Self:
        if self.storage and not (self.s3_key_id and self.s3_secret):
            raise ValueError("s3_key_id, s3_secret: expected where storage is s3://…")
        return self

    @model_validator(mode="after")
    def _a_hook_is_signed(self) -> Self:
        if self.webhook_url and not self.webhook_secret:
            raise ValueError("webhook_secret: expected where there is a webhook_url")
        return self

    @model_validator(mode="after")
    def _only_a_demo_moves_the_calendar(self) -> Self:
        if self.today and not self.demo:
            raise ValueError("today: only allowed when demo is true")
        return self


def load_settings(environ: Mapping[str, str], file: Path | None = None) -> Settings:
    """Settings from `file` (else the one that EKABINETS_CONFIG names, else none) and the environment over it.

    An empty variable counts as not set. Raises `SettingsError`, naming everything that is wrong at once.
    """
    if file is None and environ.get(CONFIG):
        file = Path(environ[CONFIG])
    values = _from_file(file) if file else {}
    values |= dict(_from_environment(environ))
    try:
        return Settings.model_validate(values)
    except ValidationError as error:
        raise SettingsError("; ".join(toml.problems(error))) from None


def _from_file(file: Path) -> dict[str, Any]:
    values = toml.read(file, SettingsError)
    if unknown := values.keys() - Settings.model_fields:
        raise SettingsError(f"{file}: unknown key {', '.join(sorted(unknown))}")
    return values


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    for variable in sorted(environ):
        if not variable.startswith(PREFIX) or variable == CONFIG or not environ[variable]:
            continue
        key = variable.removeprefix(PREFIX).removesuffix("_FILE").lower()
        if key not in Settings.model_fields:
            raise SettingsError(f"{variable}: unknown key")
        value = environ[variable]
        if variable.endswith("_FILE"):
            if environ.get(variable.removesuffix("_FILE")):
                raise SettingsError(f"{variable}: the value is given twice, here and without _FILE")
            value = _content(variable, Path(value))
        yield (key, [host.strip() for host in value.split(",") if host.strip()] if key in _HOSTS else value)


def _content(variable: str, path: Path) -> str:
    try:
        return path.read_text("utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{variable}: {path} cannot be read ({type(error).__name__})") from None
