"""Data sets of real labels, in a folder beside the checkout; without them, the tests that need one are skipped."""

import os
from pathlib import Path

import pytest

__all__ = ["data_set"]

_FOLDER = Path(os.environ.get("KILI_QUERY_DATA", Path(__file__).resolve().parents[2] / "shared" / "data"))


def data_set(name: str) -> Path:
    """The folder of a data set: ``project.json``, ``assets.ndjson``, ``labels.ndjson``."""
    folder = _FOLDER / name
    if not (folder / "labels.ndjson").exists():
        pytest.skip(f"the data set `{name}` is not in {_FOLDER}: KILI_QUERY_DATA names another folder")
    return folder
