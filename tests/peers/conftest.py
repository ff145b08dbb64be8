"""Fixtures of the comparisons with the official client."""

from collections.abc import Iterator

import pytest

from tests.peers.official import SCRIPTS


@pytest.fixture(scope="session", autouse=True)
def _processes_end() -> Iterator[None]:
    yield
    SCRIPTS.close()
