"""What an export holds, as values: equal where two archives mean the same."""

import csv
import io
import json
import zipfile
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TypeAlias
from xml.etree import ElementTree

import yaml

__all__ = ["Files", "read_archive"]

Files: TypeAlias = Mapping[str, object]
"""The content of each file, by its name."""


def read_archive(path: Path) -> Files:
    """The files of an archive; folders tell nothing."""
    with zipfile.ZipFile(path) as archive:
        return {name: _content(name, archive.read(name)) for name in archive.namelist() if not name.endswith("/")}


def _content(name: str, data: bytes) -> object:
    if name == "README.kili.txt":
        return [line for line in data.decode().splitlines() if line.startswith("- ") and "Export date" not in line]
    if name.endswith(".txt") and "labels" in name.split("/"):  # of YOLO, where the order of lines tells nothing
        return sorted([_number(float(one)) for one in line.split()] for line in data.decode().splitlines())
    return next((read(data) for ending, read in _READERS.items() if name.endswith(ending)), sha256(data).hexdigest())


def _number(value: float) -> float:
    """The number, without the last digits: how often it was rounded on its way differs."""
    return float(f"{value:.9g}")


def _json(data: bytes) -> object:
    return _rounded(json.loads(data))


def _rounded(value: object) -> object:
    match value:
        case dict():
            return {key: _rounded(one) for key, one in value.items()}
        case list():
            return [_rounded(one) for one in value]
        case float():
            return _number(value)
        case _:
            return value


def _xml(data: bytes) -> object:
    def told(element: ElementTree.Element) -> object:
        return [element.tag, (element.text or "").strip(), [told(child) for child in element]]

    return told(ElementTree.fromstring(data))


_READERS: Mapping[str, Callable[[bytes], object]] = {
    ".json": _json,
    ".geojson": _json,
    ".xml": _xml,
    ".yaml": yaml.safe_load,
    ".csv": lambda data: list(csv.reader(io.StringIO(data.decode()))),
    "classes.txt": lambda data: data.decode().splitlines(),
}
