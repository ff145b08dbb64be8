"""Contents of labels of conversations, whose answers the service may keep in `annotations` beside `jsonResponse`.

They are rebuilt by the rules of release 26 of the official client, with two exceptions: each category keeps its own
children, even if two of them answer one job, and annotations that cannot be read are an error, not an empty content.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import TypeAlias

from attrs import frozen

from kili_query.errors import UnknownContentError

ANNOTATIONS = "annotations"
"""The field of a label that holds its answers, where ``jsonResponse`` does not."""

_Path: TypeAlias = tuple[tuple[str, str], ...]
_Jobs: TypeAlias = dict[str, object]


@frozen
class _Answer:
    """One annotation.

    Attributes:
        path: the annotations above it, outermost first, each with the category that it hangs below.
        value: what is answered: ``categories``, ``text``, ``choice`` or ``orders``.
    """

    id: str
    job: str
    path: _Path
    value: Mapping[str, object]


def holds_answers(label: Mapping[str, object]) -> bool:
    """Whether there are annotations beside the content of a label."""
    return label.get(ANNOTATIONS) not in (None, [], ())


def rebuilt(annotations: object) -> _Jobs:
    """The content that annotations tell.

    Args:
        annotations: as the service gives them: each with ``id``, ``job``, ``path`` and ``annotationValue``.

    Raises:
        UnknownContentError: there is one that is not understood, or none that is an answer by itself.

    >>> kind = {"id": "1", "job": "KIND", "path": [], "annotationValue": {"categories": ["GOOD"]}}
    >>> why = {"id": "2", "job": "WHY", "path": [["1", "GOOD"]], "annotationValue": {"text": "short"}}
    >>> rebuilt([kind, why])
    {'KIND': {'categories': [{'name': 'GOOD', 'children': {'WHY': {'text': 'short'}}}]}}
    """
    if not isinstance(annotations, list | tuple):
        raise _unknown("it is not a list")
    below: dict[_Path, list[_Answer]] = {}
    for index, one in enumerate(annotations):
        answer = _read(one, index)
        below.setdefault(answer.path, []).append(answer)
    if annotations and () not in below:
        raise _unknown("none of them is an answer by itself")
    try:
        return _jobs(below.get((), ()), below)
    except RecursionError as error:
        raise _unknown("they are nested too deeply") from error


def _jobs(answers: Iterable[_Answer], below: Mapping[_Path, Sequence[_Answer]]) -> _Jobs:
    """A map of jobs: the choices of one job are put together, of other answers to one the first counts."""
    jobs: dict[str, dict[str, object]] = {}
    for answer in answers:
        match answer.value:
            case {"categories": [*names]}:
                found = jobs.setdefault(answer.job, {}).setdefault("categories", [])
                assert isinstance(found, list)
                found += [_category(str(name), answer, below) for name in names]
            case {"orders": [*orders]}:
                before = jobs.get(answer.job, {}).get("orders", [])
                assert isinstance(before, list)
                jobs[answer.job] = {"orders": sorted([*before, *orders], key=_rank)}
            case value:
                jobs.setdefault(answer.job, dict(value))
    return dict(jobs)


def _category(name: str, answer: _Answer, below: Mapping[_Path, Sequence[_Answer]]) -> dict[str, object]:
    children = _jobs(below.get((*answer.path, (answer.id, name)), ()), below)
    return {"name": name, "children": children} if children else {"name": name}


def _rank(order: object) -> int:
    rank = order.get("rank") if isinstance(order, Mapping) else None
    if not isinstance(rank, int):
        raise _unknown("a ranking has no `rank`")
    return rank


def _read(annotation: object, index: int) -> _Answer:
    match annotation:
        case {"id": str(id_), "job": str(job), "path": [*steps], "annotationValue": {} as value}:
            path = tuple((step[0], step[1]) for step in steps if _is_step(step))
            if len(path) == len(steps) and _is_answer(value):
                return _Answer(id_, job, path, value)
    kind = annotation.get("__typename") if isinstance(annotation, Mapping) else None
    raise _unknown(f"the entry {index} is not understood" + (f": a {kind}" if isinstance(kind, str) else ""))


def _is_step(step: object) -> bool:
    return isinstance(step, list | tuple) and len(step) == 2 and all(isinstance(one, str) for one in step)


def _is_answer(value: Mapping[str, object]) -> bool:
    match value:
        case {"categories": [*names]}:
            return all(isinstance(name, str) for name in names)
        case {"orders": [*_]} | {"text": str()} | {"choice": {}}:
            return True
        case _:
            return False


def _unknown(reason: str) -> UnknownContentError:
    return UnknownContentError(f"the content is in `{ANNOTATIONS}`, which cannot be read: {reason}")
