"""The demo of each of the five sites."""

import shutil
from collections.abc import Iterator

import pytest

from tests.demo.folders import SITES, Demo, demo_of


@pytest.fixture(params=SITES)
def demo(request: pytest.FixtureRequest) -> Demo:
    return demo_of(request.param)


@pytest.fixture(scope="session", autouse=True)
def _clean() -> Iterator[None]:
    yield
    if demo_of.cache_info().currsize:
        for name in SITES:
            shutil.rmtree(demo_of(name).folder, ignore_errors=True)
