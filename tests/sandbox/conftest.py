"""The command, as soon as it is started."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forking import forked_command


@pytest.fixture(scope="session")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A script that is the command, which has imported the server."""
    with forked_command(tmp_path_factory.mktemp("bin"), "kili_query.cli.serve", "kili_query.sandbox") as script:
        yield script
