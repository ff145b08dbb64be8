"""The format ``jsonl``: one label per line, with its asset under ``labelOf``, as `kili_query.scan` reads it.

It is one plain file, not an archive, and nothing is lost: labels and assets are written unchanged.
"""

from collections.abc import Iterable

from kili_query.export.asset import Asset, ExportedLabel
from kili_query.export.format import Entry, Format
from kili_query.export.formats.kili import dump


class _JsonlWriter:
    """Writes lines; paths of entries are ignored."""

    def asset(self, asset: Asset) -> Iterable[Entry]:
        return [Entry("", "".join([_line(asset, label) for label in asset.labels]).encode())]

    def close(self) -> Iterable[Entry]:
        return ()


def _line(asset: Asset, label: ExportedLabel) -> str:
    with label.named_in_errors():
        return dump({**label.document, "labelOf": dict(asset.document)}) + "\n"


JSONL = Format(
    name="jsonl",
    open=lambda _: _JsonlWriter(),
    is_archive=False,
    has_single_file=True,
    has_geotiffs=True,
    normalized=frozenset({None, True}),
    layouts=frozenset({"split"}),
    has_layouts=False,
    has_all_jobs=True,
    label_fields=("id", "secondsToLabel"),
)
