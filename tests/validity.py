"""The checker of HTML, CSS and SVG that the standard's own site uses (vnu): one start of Java for all files."""

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tools import require

JAR = Path(__file__).parents[1] / ".checker/vnu.jar"  # scripts/checker.sh fetches it


def check(*paths: Path) -> Iterator[tuple[str, str]]:
    """The faults of files and of what is in folders, each with its place; warnings count too."""
    java = require("java")
    if not JAR.exists():
        reason = "the HTML checker is missing: run sh scripts/checker.sh"
        pytest.fail(reason) if os.environ.get("CI") == "true" else pytest.skip(reason)
    command = [java, "-Xss4m", "-jar", JAR, "--format", "json", "--stdout", "--also-check-css", "--also-check-svg", *paths]
    answer = subprocess.run(command, capture_output=True, check=False, text=True).stdout
    for message in json.loads(answer)["messages"]:
        if message["type"] == "error" or message.get("subType") == "warning":
            yield message["url"], f"{message['message']} {message.get('extract', '')}"
