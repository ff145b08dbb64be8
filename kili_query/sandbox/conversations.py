"""Labels of conversations, whose answers the service serves as annotations."""

import json
from collections.abc import Iterator, Mapping, Sequence
from itertools import count

from kili_query.sandbox.database import Row

_TYPES = {
    "categories": "ClassificationAnnotation",
    "choice": "ComparisonAnnotation",
    "orders": "RankingAnnotation",
    "text": "TranscriptionAnnotation",
}


def served(annotations: Sequence[Row], label_id: object) -> list[Row]:
    """Return annotations from a file with what they may lack there: the label, and the name of their type."""
    return [{"__typename": _type_of(one), **one, "labelId": label_id} for one in annotations]


def annotations_of(text: str, label_id: object) -> list[Row]:
    """Return annotations that say what a content says; they are about no message.

    >>> text = '{"KIND": {"categories": [{"name": "GOOD", "children": {"WHY": {"text": "short"}}}]}}'
    >>> for one in annotations_of(text, "l"):
    ...     print(one["id"], one["job"], one["path"], one["annotationValue"])
    l-0 KIND [] {'categories': ['GOOD']}
    l-1 WHY [['l-0', 'GOOD']] {'text': 'short'}
    """
    try:
        content = json.loads(text) if text else None
    except ValueError:  # a label that no search finds
        return []
    ids = (f"{label_id}-{number}" for number in count())
    return served([*_answers(content, (), ids)], label_id)


def _answers(jobs: object, path: tuple[tuple[str, str], ...], ids: Iterator[str]) -> Iterator[Row]:
    for job, payload in jobs.items() if isinstance(jobs, Mapping) else ():
        if not isinstance(payload, Mapping):
            continue
        if isinstance(listed := payload.get("categories"), list):
            for category in listed:
                name = category.get("name") if isinstance(category, Mapping) else None
                if isinstance(name, str):
                    own = next(ids)
                    yield _answer(own, job, path, {"categories": [name]})
                    yield from _answers(category.get("children"), (*path, (own, name)), ids)
            continue
        for key in ("choice", "orders", "text"):
            if key in payload:
                yield _answer(next(ids), job, path, {key: payload[key]})


def _answer(own: str, job: str, path: tuple[tuple[str, str], ...], value: Row) -> Row:
    return {"id": own, "job": job, "path": [list(step) for step in path], "annotationValue": value}


def _type_of(annotation: Row) -> str:
    value = annotation.get("annotationValue")
    return next((_TYPES[key] for key in _TYPES if isinstance(value, Mapping) and key in value), "Annotation")
