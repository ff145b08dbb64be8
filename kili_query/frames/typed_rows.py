"""Make rows of a table from ordinary labels by decoding only what a row needs into typed structs.

INVARIANT: the row of a label that is added here equals the one from `kili_query.counting.count` and `metadata_of`. All
other labels are left to them, so this module reports no errors.
"""

from typing import cast

from msgspec import Struct

from kili_query.counting import Rules
from kili_query.counting.typed import LabelReader, TooDeep, TypedSite, numbers_of_objects, with_all_below
from kili_query.frames.counting_columns import Columns
from kili_query.labels.columns import NO_METADATA, Metadata

_MAX_EXACT = 2.0**53


class _Asset(Struct, gc=False):
    id: str | None = None
    externalId: str | None = None  # noqa: N815 - the service's name


class _Author(Struct, gc=False):
    email: str | None = None


class _Row(Struct, gc=False):
    """Metadata of a label."""

    id: str | None = None
    assetId: str | None = None  # noqa: N815
    labelOf: _Asset | None = None  # noqa: N815
    author: _Author | None = None
    createdAt: str | None = None  # noqa: N815
    labelType: str | None = None  # noqa: N815
    modelName: str | None = None  # noqa: N815
    secondsToLabel: float | None = None  # noqa: N815
    isLatestLabelForUser: bool | None = None  # noqa: N815


class TypedRows:
    """Adds rows to columns. Each method returns whether it succeeded; if not, the columns are unchanged."""

    def __init__(self, rules: Rules, at: str, columns: Columns) -> None:
        self._rules = rules
        self._columns = columns
        self._has_metadata = bool(at)
        self._read = None if at in _Row.__struct_fields__ else LabelReader(rules, at, base=_Row if at else Struct)

    def add_bytes(self, data: bytes) -> bool:
        """Add a label as JSON bytes."""
        found = None if self._read is None else self._read(data)
        if found is None:
            return False
        metadata = _metadata(cast("_Row", found[0])) if self._has_metadata else NO_METADATA
        return metadata is not None and self._add(metadata, found[1])

    def add_decoded(self, metadata: Metadata, content: object) -> bool:
        """Add a decoded content."""
        sites = None if self._read is None else self._read.convert(content)
        return sites is not None and self._add(metadata, sites)

    def _add(self, metadata: Metadata, sites: list[TypedSite]) -> bool:
        try:
            sites = with_all_below(sites)
        except TooDeep:
            return False
        self._columns.objects.extend(numbers_of_objects(sites, self._columns.codes, self._rules))
        self._columns.add_row(metadata)
        return True


def _metadata(row: _Row) -> Metadata | None:
    if row.secondsToLabel is not None and abs(row.secondsToLabel) > _MAX_EXACT:
        return None  # it may be a whole number that no float holds
    asset, author = row.labelOf, row.author
    return (
        row.id,
        row.assetId if row.assetId is not None or asset is None else asset.id,
        None if asset is None else asset.externalId,
        None if author is None else author.email,
        row.createdAt,
        row.labelType,
        row.modelName,
        row.secondsToLabel,
        row.isLatestLabelForUser,
    )
