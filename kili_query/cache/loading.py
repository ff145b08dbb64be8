"""Labels of files on their way into a cache, for people without an account."""

from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any

from attrs import define, field

from kili_query.counting.label import CONTENT, content_of, mistaken_for_label
from kili_query.errors import SourceError, UnknownContentError
from kili_query.scanning import LabelSource, Place, Problem, ProblemKind, Record, read_labels

_KEPT_OF_ASSETS = ("id", "externalId", "status", "resolution")


@define
class Loaded:
    """Labels of a source, each with an id, and the problems that were found.

    Attributes:
        source: where the labels are read.
        assets: what is known of assets, by id.
        problems: the records that are not labels, and the fields that cannot be kept as they are.
    """

    source: LabelSource
    assets: Mapping[str, Mapping[str, Any]] = field(factory=dict)
    problems: list[Problem] = field(factory=list)
    _numbers: dict[str, int] = field(factory=dict)
    _place: Place | None = None

    def __iter__(self) -> Iterator[dict[str, Any]]:
        for record in read_labels(self.source):
            if isinstance(record, Problem):
                self.problems.append(record)
            elif CONTENT not in record.label and (looks := mistaken_for_label(record.label)):
                self.problems.append(Problem(record.place, ProblemKind.UNKNOWN, f"no `{CONTENT}`{looks}"))
            else:
                self._place = record.place
                yield self._label(record)

    def note(self, faults: list[str]) -> None:
        """Move the faults of the label that was read last to the problems."""
        while faults and self._place is not None:
            self.problems.append(Problem(self._place, ProblemKind.MALFORMED, faults.pop(0)))

    def refuse_without_labels(self) -> None:
        """Raise if there were records, and not one of them was a label.

        Raises:
            SourceError: quotes the first one.
        """
        if self.problems and self._place is None:
            raise SourceError(f"nothing could be read as a label: {self.problems[0]}")

    def _label(self, record: Record) -> dict[str, Any]:
        label = dict(record.label)
        try:
            label[CONTENT] = content_of(label)
        except UnknownContentError:
            label[CONTENT] = None
        asset = label.get("labelOf")
        asset_id = asset.get("id") if isinstance(asset, Mapping) else label.get("assetId")
        if (known := self.assets.get(str(asset_id))) is not None:
            label["labelOf"] = {**known, **(asset if isinstance(asset, Mapping) else {})}
        if isinstance(label.get("id"), bool) or not isinstance(label.get("id"), str | int | float):
            label["id"] = self._made_id(label)
        return label

    def _made_id(self, label: Mapping[str, Any]) -> str:
        """Return an id for a label that has none, as in raw exports: the same when the export is read again."""
        parts = (label.get("labelOf"), label.get("author"), label.get("createdAt"), label.get("labelType"))
        digest = blake2b(repr(parts).encode("utf-8", "backslashreplace"), digest_size=12).hexdigest()
        number = self._numbers[digest] = self._numbers.get(digest, 0) + 1
        return f"made-{digest}" if number == 1 else f"made-{digest}-{number}"


def assets_of(source: LabelSource | None) -> dict[str, dict[str, Any]]:
    """Return the fields of assets that rows of labels repeat, by the id of the asset."""
    assets: dict[str, dict[str, Any]] = {}
    for record in () if source is None else read_labels(source, at=""):
        if isinstance(record, Record) and "id" in record.label:
            asset = record.label
            assets[str(asset["id"])] = {name: asset.get(name) for name in _KEPT_OF_ASSETS}
    return assets
