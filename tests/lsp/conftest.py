"""The command, as soon as it is started."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.forking import forked_command


@pytest.fixture(scope="session")
def forked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A script that is the command. The libraries of the protocol take longest to import, so it has imported them."""
    with forked_command(
        tmp_path_factory.mktemp("bin"),
        "kili_query.cli.lsp",
        "kili_query.datasets.recognition",
        "kili_query.lsp.server",
        "kili_query.scanning",
    ) as script:
        yield script
