"""The files of `deploy/`: what the programs that read them say, and what they must know of the application."""

import re
import subprocess
from pathlib import Path

import pytest
from flask import Flask

from models.settings import load_settings
from scripts.cluster import Cluster
from tests.tools import require

DEPLOY = Path(__file__).parents[2] / "deploy"
NGINX = (DEPLOY / "nginx.conf").read_text()


def test_nginx_takes_the_reference_as_it_stands_but_for_ports_and_folders(tmp_path: Path):
    Cluster(tmp_path / "cluster", {}).prepare()
    told = subprocess.run([require("nginx"), "-t", "-p", tmp_path / "cluster", "-c", "nginx.conf"], capture_output=True, text=True)
    assert told.returncode == 0 and "[warn]" not in told.stderr, told.stderr


def test_systemd_takes_the_units_and_finds_them_locked_down(tmp_path: Path):
    units = []
    for kind in ("web", "worker"):
        units.append(tmp_path / f"ekabinets-{kind}@8001.service")
        units[-1].write_text((DEPLOY / "systemd" / f"ekabinets-{kind}@.service").read_text())
        assert "\nExecStart=/usr/bin/env .venv/bin/python " in units[-1].read_text(), "as /opt/ekabinets/… it would change under a running process"
    told = subprocess.run([require("systemd-analyze"), "verify", *units], capture_output=True, text=True)
    assert told.returncode == 0 and "ekabinets" not in told.stderr, told.stderr
    for unit in units:  # 0: nothing can be done from it, 10: everything
        subprocess.run([require("systemd-analyze"), "security", "--offline=true", "--threshold=25", unit], check=True, capture_output=True)


def test_compose_takes_the_file_and_starts_what_the_cluster_starts():
    told = subprocess.run([require("docker-compose"), "-f", DEPLOY / "compose.yaml", "config", "--services"], capture_output=True, text=True)
    assert told.returncode == 0, told.stderr
    assert {*told.stdout.split()} == {"nginx", "web1", "web2", "web3", "worker1", "worker2", "postgres", "redis"}


def test_every_port_of_compose_stands_behind_its_nginx():
    servers = re.findall(r"server (\w+):(\d+)", (DEPLOY / "compose-upstream.conf").read_text())
    assert servers == [(f"web{n}", "8000") for n in (1, 2, 3)]
    assert re.findall(r"server 127.0.0.1:(\d+)", (DEPLOY / "upstream.conf").read_text()) == ["8001", "8002", "8003"]


def test_the_example_settings_are_settings_and_safe(tmp_path: Path):
    settings = load_settings({"EKABINETS_SECRET_KEY": "s" * 40, "EKABINETS_IDENTIFIER_KEY": "i" * 40}, DEPLOY / "ekabinets.toml")
    assert settings.unsafe() == [] and settings.is_production


def test_files_are_let_through_where_a_view_takes_them_and_nowhere_else(app: Flask):
    large = re.compile(re.search(r"location ~ (\S+) \{\n\s+client_max_body_size 110m", NGINX)[1])
    takes = {rule.rule for rule in app.url_map.iter_rules() if hasattr(app.view_functions[rule.endpoint], "takes")}
    assert takes and all(large.match(rule) for rule in takes), {rule for rule in takes if not large.match(rule)}
    first = {rule.split("/")[1] for rule in takes}
    assert {*large.pattern.partition("(")[2].partition(")")[0].split("|")} == first


def test_no_link_that_opens_something_is_written_into_the_log(app: Flask):
    kept_out = re.compile(re.search(r"~(\S*\(\?<named>\S+)", NGINX)[1].replace("?<", "?P<"))
    secret = {rule.rule for rule in app.url_map.iter_rules() if rule.arguments & {"token", "signature"}}
    assert secret and all(kept_out.match(before + rule) for rule in secret for before in ("", "/away.html|")), {rule for rule in secret if not kept_out.match(rule)}
    assert re.search(r"error_log \S+ crit;", NGINX), "below that nginx writes whole addresses"


def test_what_an_instance_answers_goes_through_and_a_file_of_the_other_version_is_asked_for_elsewhere():
    assert "proxy_intercept_errors" not in NGINX
    static = re.search(r"location /static/ \{(.*?)\}", NGINX, re.DOTALL)[1]
    assert re.search(r"proxy_next_upstream [^;]*http_404;", static)


@pytest.mark.parametrize("language", ["lv", "en", "ru"])
def test_the_page_for_when_nothing_answers_says_so_in_every_language(language: str):
    assert f'lang="{language}"' in (DEPLOY / "away.html").read_text("utf-8")
