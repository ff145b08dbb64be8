"""The labels that an audit asks about, with our counts."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from attrs import frozen

from kili_query.client import KiliClient
from kili_query.counting import count
from kili_query.errors import LabelError
from kili_query.ontology import Ontology

Pair: TypeAlias = tuple[str, str]
"""A job and a category."""

_PIECE = 20
"""Number of labels per request: the smallest page size of any kind of project."""


@frozen
class SampledLabel:
    """A label and our counts.

    Attributes:
        id: the label's id.
        counts: the number of objects by pair, without zeros.
        repeated: the pairs with an object in several frames, where a server that counts each frame differs.
    """

    id: str
    counts: Mapping[Pair, int]
    repeated: frozenset[Pair] = frozenset()


@frozen
class Sample:
    """The labels that were read.

    Attributes:
        labels: the labels that we can count.
        unknown_ids: the labels whose content is absent or malformed.
    """

    labels: tuple[SampledLabel, ...]
    unknown_ids: tuple[str, ...]

    @property
    def size(self) -> int:
        """The number of labels that were read."""
        return len(self.labels) + len(self.unknown_ids)


def read_sample(client: KiliClient, project_id: str, ontology: Ontology, size: int) -> Sample:
    """Read labels that are evenly spread over the project.

    Raises:
        ServiceError, LabelError: as `KiliClient.labels` does.
    """
    total = client.count_labels(project_id)
    wanted = min(size, total)
    starts = range(0, wanted, _PIECE)
    rows: dict[str, object] = {}
    for number, start in enumerate(starts):
        first = min(_PIECE, wanted - start)
        skip = start + (total - wanted) * number // max(len(starts) - 1, 1)
        page = client.labels(project_id, fields=("id", "jsonResponse"), first=first, skip=skip, disable_tqdm=True)
        rows |= {str(row["id"]): row.get("jsonResponse") for row in page}
    return _counted(rows.items(), ontology)


def read_again(client: KiliClient, project_id: str, ontology: Ontology, ids: Sequence[str]) -> Sample:
    """Read some labels again; deleted ones are left out.

    Raises:
        ServiceError, LabelError: as `KiliClient.labels` does.
    """
    rows: dict[str, object] = {}
    for piece in pieces(ids, _PIECE):
        page = client.labels(
            project_id, fields=("id", "jsonResponse"), id_contains=piece, first=len(piece), disable_tqdm=True
        )
        rows |= {str(row["id"]): row.get("jsonResponse") for row in page}
    return _counted(rows.items(), ontology)


def pieces(ids: Sequence[str], size: int) -> Iterator[list[str]]:
    """Split the ids into lists of this size.

    >>> list(pieces("abc", 2))
    [['a', 'b'], ['c']]
    """
    return (list(ids[start : start + size]) for start in range(0, len(ids), size))


def _counted(rows: Iterable[tuple[str, object]], ontology: Ontology) -> Sample:
    labels: list[SampledLabel] = []
    unknown_ids: list[str] = []
    for label_id, content in rows:
        try:
            counts = count(content, ontology=ontology)
            repeated = _repeated(content, counts, ontology) if ontology.is_video else frozenset()
        except LabelError:
            unknown_ids.append(label_id)
        else:
            labels.append(SampledLabel(label_id, counts, frozenset(repeated)))
    return Sample(tuple(labels), tuple(unknown_ids))


def _repeated(content: object, counts: Mapping[Pair, int], ontology: Ontology) -> frozenset[Pair]:
    """Return the pairs whose count differs if each frame is counted separately."""
    assert isinstance(content, dict)  # otherwise it could not have been counted
    by_frame: dict[Pair, int] = {}
    for frame, held in content.items():
        for pair, number in count({frame: held}, ontology=ontology).items():
            by_frame[pair] = by_frame.get(pair, 0) + number
    return frozenset(pair for pair, number in by_frame.items() if number != counts.get(pair))
