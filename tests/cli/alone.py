"""The demo's labels without the project beside them, which commands would check names against."""

import shutil
from pathlib import Path

import pytest

from tests.cli.running import DEMO


@pytest.fixture(scope="session", name="labels")
def labels_alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Path(shutil.copy(DEMO / "labels.ndjson", tmp_path_factory.mktemp("labels")))
