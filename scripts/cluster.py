"""Three web instances behind nginx, two workers, PostgreSQL and Redis on this machine, without containers.

    make cluster [SITE=ogre] [PORT=8443]

It is `deploy/` as it stands: the reference configuration of nginx, only with other ports and a certificate of its own.
Every part is a program of Debian's packages, and nothing outlives the run.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from types import TracebackType

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from demo import run
from deploy import roll
from models.types import utc_now
from tests.postgres import free_port, fresh_database, postgres_server

ROOT = Path(__file__).parents[1]
HOST = "localhost"


class Cluster:
    """The processes of one installation; `instances` are the ports of its web servers."""

    def __init__(
        self, folder: Path, environment: Mapping[str, str], port: int = 0, webs: int = 3, workers: int = 2
    ) -> None:
        """In a folder of its own, with the settings of `environment` but for what the cluster itself decides."""
        self.folder, self.port, self.redis_port = folder, port or free_port(), free_port()
        self.instances, self.workers = [free_port() for _ in range(webs)], workers
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.environment = {
            **os.environ, **environment, "PATH": f"{os.environ['PATH']}:/usr/sbin", "EKABINETS_PROXY_HOPS": "1",
            "EKABINETS_BASE_URL": self.url, "EKABINETS_TRUSTED_HOSTS": HOST,
            "EKABINETS_LIMITER_STORAGE": f"redis://127.0.0.1:{self.redis_port}",
        }  # fmt: skip

    @property
    def url(self) -> str:
        """Where people come in."""
        return f"https://{HOST}:{self.port}"

    def __enter__(self) -> "Cluster":
        """Start all of it, and wait until it answers."""
        self.prepare()
        self.run("redis", "redis-server", "--port", str(self.redis_port), "--save", "", "--dir", str(self.folder))
        for port in self.instances:
            self.start(port)
        for number in range(self.workers):
            self.run(f"worker {number}", sys.executable, "-m", "flask", "--app", "app", "worker")
        for port in self.instances:
            self._wait(lambda port=port: roll.is_ready(port, HOST), f"instance {port}")
        self.run("nginx", "nginx", *self._nginx, "-g", "daemon off;")
        self._wait((self.folder / "nginx.pid").exists, "nginx")
        return self

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        for process in reversed(self.processes.values()):
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
        for process in self.processes.values():
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)

    def start(self, port: int) -> None:
        """Start a web instance, as its unit does."""
        unit = (ROOT / "deploy" / "systemd" / "ekabinets-web@.service").read_text()
        (command,) = (line.partition("=")[2] for line in unit.splitlines() if line.startswith("ExecStart="))
        words = command.replace("%i", str(port)).split()
        self.run(f"web {port}", sys.executable, *words[2:])  # not env and the python of its .venv

    def stop(self, port: int, number: signal.Signals = signal.SIGTERM) -> None:
        """End a web instance, kindly or not, and wait until it is gone."""
        process = self.processes.pop(f"web {port}")
        if number == signal.SIGKILL:
            os.killpg(process.pid, number)
        else:
            process.send_signal(number)
        process.wait(60)

    def restart(self, port: int) -> None:
        """End it kindly and start it again."""
        self.stop(port)
        self.start(port)

    def roll(self) -> None:
        """Restart every instance unnoticed."""
        roll.roll(self.instances, self.folder / "upstream.conf", HOST, self._reload, self.restart)

    @property
    def _nginx(self) -> list[str]:
        return ["-p", str(self.folder), "-c", "nginx.conf"]

    def _reload(self) -> None:
        command = ["nginx", *self._nginx, "-s", "reload"]
        subprocess.run(command, env=self.environment, check=True, stderr=subprocess.DEVNULL)  # noqa: S603  # ours

    def run(self, name: str, *words: str) -> None:
        """Start a program of the cluster; what it says goes into the folder."""
        log = (self.folder / f"{name}.log").open("ab")
        self.processes[name] = subprocess.Popen(  # noqa: S603  # our own words
            words, cwd=ROOT, env=self.environment, stdout=log, stderr=log, start_new_session=True
        )

    def _wait(self, done: Callable[[], bool], what: str) -> None:
        ends = time.monotonic() + 120
        while not done():
            ended = [name for name, process in self.processes.items() if process.poll() is not None]
            if ended or time.monotonic() > ends:
                logs = "".join((self.folder / f"{name}.log").read_text()[-2000:] for name in ended)
                raise RuntimeError(f"{what} did not start: {ended} {logs}")
            time.sleep(0.05)

    def prepare(self) -> None:
        """Write what nginx reads."""
        self.folder.mkdir(parents=True)
        plain = free_port()
        passing = "".join(f"  {of}_temp_path {of};\n" for of in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
        text = (ROOT / "deploy" / "nginx.conf").read_text()
        for old, new in (
            ("listen 443 ", f"listen 127.0.0.1:{self.port} "), ("listen 80 ", f"listen 127.0.0.1:{plain} "),
            ("listen 80;", f"listen 127.0.0.1:{plain};"), ("cabinet.example.lv", HOST),
            ("https://$host$request_uri", f"{self.url}$request_uri"), ("/run/nginx.pid", "nginx.pid"),
            ("/var/log/nginx/", ""), ("/var/cache/nginx/", ""), ("root /etc/nginx", f"root {self.folder}"),
            ("http {\n", f"http {{\n{passing}"),
        ):  # fmt: skip
            if old not in text:
                raise RuntimeError(f"deploy/nginx.conf: expected {old!r}")
            text = text.replace(old, new)
        user = "user root;\n" if os.geteuid() == 0 else ""  # else its workers could not read this folder
        (self.folder / "nginx.conf").write_text(user + text)
        shutil.copy(ROOT / "deploy" / "away.html", self.folder)
        servers = "".join(f"  server 127.0.0.1:{port} max_fails=1 fail_timeout=2s;\n" for port in self.instances)
        upstream = (ROOT / "deploy" / "upstream.conf").read_text()
        kept = [line for line in upstream.splitlines(keepends=True) if not line.lstrip().startswith("server ")]
        (self.folder / "upstream.conf").write_text("".join(kept).replace("{\n", "{\n" + servers, 1))
        _certify(self.folder)


def _certify(folder: Path) -> None:
    """A key and a certificate for HOST that nobody else believes."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST)])
    made = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(utc_now() - timedelta(days=1))
        .not_valid_after(utc_now() + timedelta(days=30))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    (folder / "tls.crt").write_bytes(made.public_bytes(pem))
    (folder / "tls.key").write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))


@dataclass(frozen=True)
class _Demo(run.Demo):
    """The demo of a site on another database, in a folder that passes."""

    url: str = ""

    @property
    def environment(self) -> dict[str, str]:
        return super().environment | {"EKABINETS_DATABASE_URL": self.url}


def main(arguments: Sequence[str] | None = None) -> int:
    """The demo of a site on a cluster, until Ctrl-C or SIGTERM."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with tempfile.TemporaryDirectory() as folder, postgres_server() as server, fresh_database(server, "cluster") as url:
        asked = run.read_arguments([*(sys.argv[1:] if arguments is None else arguments), "--data", folder])
        demo = _Demo(asked.site, asked.port, asked.data, asked.today, asked.mail_port, {}, url)
        run.prepare(demo)
        with Cluster(Path(folder) / "cluster", demo.environment, demo.port) as cluster:
            cluster.run("mail", *run.mail_server(demo))
            print(f"{cluster.url} (its certificate is its own; people as in make run). Ctrl-C ends it.", flush=True)
            with suppress(KeyboardInterrupt):
                signal.pause()
    return 0


if __name__ == "__main__":
    sys.exit(main())
