"""Build a table of counts from labels."""

import json
import os
from collections.abc import Callable, Iterable, Iterator
from typing import IO, TYPE_CHECKING, TypeGuard

import pyarrow as pa

from kili_query.counting import DEFAULT_POLICY, CountPolicy, Rules, count
from kili_query.errors import MalformedLabelError, UnknownContentError
from kili_query.extras import has_extra
from kili_query.frames.counting_columns import Columns
from kili_query.labels.columns import NO_METADATA, Metadata, metadata_of
from kili_query.ontology import Ontology, OntologySource
from kili_query.scanning import LabelSource, Place, Problem, ProblemKind, content_of, read_labels
from kili_query.scanning.labels import labels_in

if TYPE_CHECKING:
    from kili_query.frames.typed_rows import TypedRows

_UNKNOWN, _MALFORMED = "unknown", "malformed"
_NOWHERE = Place("<labels>")


def count_table(
    labels: LabelSource | Iterable[bytes],
    ontology: OntologySource | None = None,
    *,
    policy: CountPolicy = DEFAULT_POLICY,
    at: str = "jsonResponse",
) -> pa.Table:
    """Count every category of every job of many labels, as a table with one column for each counter.

    Args:
        labels: anything that `kili_query.scanning` reads. A list may also hold labels as JSON bytes, which is fastest
            with the extra ``fast``.
        ontology: the project's ontology, or the path of its file. Each of its (job, category) pairs gets a column,
            even if no label has it. It also says whether the project is a video project, and which jobs count only at
            the root.
        policy: the rule for objects in videos.
        at: the field of a label that holds its content; empty if each record is the content itself.

    Returns:
        One row per label, in order. First come the columns ``id``, ``assetId``, ``externalId``, ``authorEmail``,
        ``createdAt``, ``labelType``, ``modelName`` (text), ``secondsToLabel`` (float64) and ``isLatestLabelForUser``
        (bool), null if absent. Then comes ``fault``: null if the counts are known, ``unknown`` for a label without
        content, ``malformed`` for a malformed label or a record that is not a label. Then come the counts, int32, in
        objects per label, named ``JOB/CATEGORY`` with ``/`` and ``%`` percent-encoded inside a name: the pairs of the
        ontology in its order, then other pairs by name. Counts of a label with a fault are null, not zero.

    Raises:
        SourceError: a file cannot be read.
        MalformedLabelError: a metadata field of a label has a value of the wrong type, or one that a table cannot
            hold, such as a lone surrogate or a number above 2**53; the message names label and field.

    Note:
        The whole label is read. A label that is malformed anywhere is ``malformed`` here, even if a query that does not
        touch that part could evaluate it.

    >>> boxes = [{"mid": "a", "categories": [{"name": "CAR"}]}, {"mid": "b", "categories": [{"name": "CAR"}]}]
    >>> labels = [{"id": "1", "jsonResponse": {"OBJECTS": {"annotations": boxes}}}, {"id": "2"}]
    >>> count_table(labels).select(["id", "fault", "OBJECTS/CAR"]).to_pylist()
    [{'id': '1', 'fault': None, 'OBJECTS/CAR': 2}, {'id': '2', 'fault': 'unknown', 'OBJECTS/CAR': None}]
    """
    known = Ontology.if_given(ontology)
    columns = Columns(() if known is None else known.pairs())
    typed = typed_rows(Rules.of(policy, known), at, columns)

    def careful(content: object) -> dict[tuple[str, str], int]:
        return count(content, ontology=known, policy=policy)

    _Reader(columns, typed, careful, at).add_all(_items(labels, at))
    return columns.to_table()


def typed_rows(rules: Rules, at: str, columns: Columns) -> "TypedRows | None":
    """Return the fast reader of ordinary labels; None if msgspec is not installed."""
    if not has_extra("fast"):
        return None
    from kili_query.frames.typed_rows import TypedRows

    return TypedRows(rules, at, columns)


def _items(labels: LabelSource | Iterable[bytes], at: str) -> Iterator[object]:
    """Yield labels, as bytes or decoded; a record that is not a label becomes a problem."""
    if not _is_file(labels):
        if isinstance(labels, bytes | bytearray | dict) or not isinstance(labels, Iterable):
            kind = type(labels).__name__
            raise TypeError(f"labels must be a path, an open file or a list of labels, not `{kind}`")
        for item in labels:
            if not isinstance(item, bytes) and _is_file(item):
                yield from _items(item, at)
            else:
                yield item
    else:
        for record in read_labels(labels, at=at):
            yield record if isinstance(record, Problem) else record.label


def _is_file(source: object) -> TypeGuard[str | os.PathLike[str] | IO[bytes] | IO[str]]:
    return isinstance(source, str | os.PathLike) or hasattr(source, "read")


class _Reader:
    """Adds labels to columns, by typed decoding if possible."""

    def __init__(
        self,
        columns: Columns,
        typed: "TypedRows | None",
        careful: Callable[[object], dict[tuple[str, str], int]],
        at: str,
    ) -> None:
        self._columns = columns
        self._typed = typed
        self._careful = careful
        self._at = at

    def add_all(self, items: Iterable[object]) -> None:
        """Add labels, as bytes or decoded, and problems."""
        typed = self._typed
        for item in items:
            if typed is None or not isinstance(item, bytes) or not typed.add_bytes(item):
                self._add(item)

    def _add(self, item: object) -> None:
        """Add an item that typed decoding of bytes does not handle."""
        if isinstance(item, bytes):
            self._add_bytes(item)
        elif isinstance(item, bytearray | memoryview):
            self.add_all([bytes(item)])
        elif isinstance(item, Problem):
            self._columns.add_row(NO_METADATA, _MALFORMED)
        elif self._at:
            self._add_label(item)
        else:
            self._add_content(NO_METADATA, item)

    def _add_bytes(self, data: bytes) -> None:
        try:
            value = json.loads(str(data, "utf-8"))
        except (ValueError, RecursionError):
            self._columns.add_row(NO_METADATA, _MALFORMED)
        else:
            self._add(
                value
                if value is None or isinstance(value, dict)
                else Problem(_NOWHERE, ProblemKind.BROKEN, "not a label")
            )

    def _add_label(self, value: object) -> None:
        for record in labels_in(value, _NOWHERE, self._at):
            if isinstance(record, Problem):
                self._add(record)
                continue
            metadata = _metadata(record.label)
            try:
                content = content_of(record.label, self._at)
            except UnknownContentError:
                self._columns.add_row(metadata, _UNKNOWN)
            else:
                self._add_content(metadata, content)

    def _add_content(self, metadata: Metadata, content: object) -> None:
        if self._typed is not None and self._typed.add_decoded(metadata, content):
            return
        try:
            self._columns.add_counts(metadata, self._careful(content))
        except UnknownContentError:
            self._columns.add_row(metadata, _UNKNOWN)
        except MalformedLabelError:
            self._columns.add_row(metadata, _MALFORMED)


def _metadata(label: dict[str, object]) -> Metadata:
    try:
        return metadata_of(label)
    except MalformedLabelError as error:
        name = str(label.get("id", "?"))[:60].encode("utf-8", "backslashreplace").decode()
        raise MalformedLabelError(f"label `{name}`: {error.message}", error.path) from error
