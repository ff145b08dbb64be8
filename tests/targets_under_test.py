"""The targets that every case and every differential test asks, each as one function with one vocabulary of verdicts."""

from collections.abc import Callable

from attrs import frozen

import kili_query as kq
from tests import reference


@frozen
class Target:
    """A target: ``judge(query, ontology, content)`` answers match, reject, unknown or malformed."""

    name: str
    judge: Callable[[kq.Query, kq.Ontology | None, object], str]


def _told(judge: Callable[[], bool]) -> str:
    try:
        return "match" if judge() else "reject"
    except kq.UnknownContentError:
        return "unknown"
    except kq.MalformedLabelError:
        return "malformed"


def _reference(query: kq.Query, ontology: kq.Ontology | None, content: object) -> str:
    tree = query.tree if ontology is None else query.bind(ontology).tree
    return _told(lambda: reference.matches(tree, content, ontology=ontology))


def _closures(query: kq.Query, ontology: kq.Ontology | None, content: object) -> str:
    return _told(lambda: query.compile(ontology=ontology)(content))


TARGETS = [Target("reference", _reference), Target("closures", _closures)]
