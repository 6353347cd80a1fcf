"""Programs that some tests need besides Python."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

PACKAGES = {
    "zbarimg": "zbar-tools", "java": "default-jre-headless", "nginx": "nginx-light", "systemd-analyze": "systemd",
} | dict.fromkeys(
    ("pdffonts", "pdfimages", "pdfinfo", "pdftoppm", "pdftotext"), "poppler-utils"
)


def require(tool: str) -> str:
    """The path of a program. Without it the test is left out on a laptop and fails where CI=true."""
    path = shutil.which(tool, path=f"{os.environ['PATH']}:/usr/sbin")  # where nobody but root looks by himself
    if path:
        return path
    reason = f"{tool} is missing: install the package {PACKAGES.get(tool, tool)}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def run(tool: str, *arguments: str | Path) -> str:
    """What a program prints."""
    return subprocess.run([require(tool), *arguments], capture_output=True, check=True, text=True).stdout
