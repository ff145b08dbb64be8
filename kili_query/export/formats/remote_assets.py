"""``images/remote_assets.csv``: the URL of the image of each label file, in an archive without media."""

import csv
import json
from collections.abc import Iterable, Mapping

from kili_query.export.asset import Asset
from kili_query.export.context import Export
from kili_query.export.format import Entry
from kili_query.export.media import numbered
from kili_query.export.scratch import GatheredText

_PATH = "images/remote_assets.csv"
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_HEADER = ("external id", "url", "label file")


class RemoteAssets:
    """The rows of one export: external id, URL, and label file below ``labels/``.

    A frame of a video has its own URL if the asset lists one, otherwise that of the video. Files without a URL are left
    out, and without any row there is no file.
    """

    def __init__(self, export: Export) -> None:
        self._text = GatheredText(export.scratch / "remote_assets.csv")
        self._rows = csv.writer(self._text)
        self._is_empty = True

    def add(self, asset: Asset, files: Iterable[tuple[int | None, str]]) -> None:
        """Add the label files of an asset, each with the number of its frame."""
        content = asset.document.get("content")
        urls = _frame_urls(asset.document.get("jsonContent"))
        rows = [
            _harmless(asset.external_id, url, file)
            for number, file in files
            if (url := content if number is None else urls.get(number, content)) and isinstance(url, str)
        ]
        if rows:
            self._rows.writerows([_HEADER, *rows] if self._is_empty else rows)
            self._is_empty = False

    def entries(self) -> list[Entry]:
        """Return the file, if there is one."""
        path = self._text.finish()
        return [] if path is None else [Entry(_PATH, path)]


def _harmless(external_id: str, url: str, file: str) -> tuple[str, str, str]:
    """Return a row that is safe in a spreadsheet: text that it would run as a formula gets a prefix.

    >>> _harmless("=1+1", "https://cdn.example.org/a", "-1.txt")
    ("'=1+1", 'https://cdn.example.org/a', './-1.txt')
    """
    if external_id.startswith(_FORMULA):
        external_id = f"'{external_id}"
    if url.startswith(_FORMULA):
        url = f"'{url}"
    if file.startswith(_FORMULA):
        file = f"./{file}"  # the path still leads to the file
    return external_id, url, file


def _frame_urls(value: object) -> dict[int, str]:
    """Return the URLs of frames by number, from a list, a map from numbers, or the JSON text of one."""
    if isinstance(value, str) and value.lstrip()[:1] in ("[", "{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    if isinstance(value, list):
        value = dict(enumerate(value))
    if not isinstance(value, Mapping):
        return {}
    return numbered(value)
