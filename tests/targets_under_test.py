"""The targets that every case and differential test asks, each as one function with one vocabulary of verdicts."""

import json
from collections.abc import Callable

from attrs import field, frozen

import kili_query as kq
from kili_query.targets.raw_bytes import compile_bytes
from tests import reference
from tests.tables_under_test import TABLE_TARGETS, JudgeAll, bound_tree, expected, once


@frozen
class Target:
    """A target: ``judge(query, ontology, content)`` answers match, reject, unknown or malformed."""

    name: str
    judge: Callable[[kq.Query, kq.Ontology | None, object], str]

    @property
    def n_together(self) -> int:
        """How many cases may share their labels: a statement over the long layout reads the same tables for each."""
        return 50 if self.name.startswith("long sql") else 1

    def answers(self, query: kq.Query, ontology: kq.Ontology | None, contents: list[object]) -> list[str]:
        """The verdicts on labels."""
        return [self.judge(query, ontology, content) for content in contents]

    def expected(self, query: kq.Query, ontology: kq.Ontology | None, content: object, verdict: str) -> str:
        """What this target has to say of a label that is judged so."""
        return verdict


@frozen
class TableTarget(Target):
    """A target that is given all labels at once, reads each in full, and may be unable to say a query."""

    name: str
    judge_all: JudgeAll
    judge: Callable[[kq.Query, kq.Ontology | None, object], str] = field(init=False)

    @judge.default
    def _one(self) -> Callable[[kq.Query, kq.Ontology | None, object], str]:
        return lambda query, ontology, content: self.judge_all(query, ontology, [content])[0]

    def answers(self, query: kq.Query, ontology: kq.Ontology | None, contents: list[object]) -> list[str]:
        return self.judge_all(query, ontology, contents)

    def expected(self, query: kq.Query, ontology: kq.Ontology | None, content: object, verdict: str) -> str:
        return expected(query, ontology, content, verdict, is_sql=" sql " in self.name)


def _told(judge: Callable[[], bool]) -> str:
    try:
        return "match" if judge() else "reject"
    except kq.UnknownContentError:
        return "unknown"
    except kq.MalformedLabelError:
        return "malformed"


def _reference(query: kq.Query, ontology: kq.Ontology | None, content: object) -> str:
    tree = bound_tree(query, ontology)
    return _told(lambda: reference.matches(tree, content, ontology=ontology))


def _closures(query: kq.Query, ontology: kq.Ontology | None, content: object) -> str:
    return _told(lambda: _compiled(query, ontology)(content))


@once
def _compiled(query: kq.Query, ontology: kq.Ontology | None) -> Callable[[object], bool]:
    return query.compile(ontology=ontology)


def _bytes(query: kq.Query, ontology: kq.Ontology | None, content: object) -> str:
    at, label = ("", content) if isinstance(content, str) else ("jsonResponse", {"id": "a", "jsonResponse": content})
    return _told(lambda: _compiled_for_bytes(query, ontology, at)(json.dumps(label).encode()))


@once
def _compiled_for_bytes(query: kq.Query, ontology: kq.Ontology | None, at: str) -> Callable[[bytes], bool]:
    return compile_bytes(bound_tree(query, ontology), ontology=ontology, at=at)


TARGETS = [Target("reference", _reference), Target("closures", _closures), Target("bytes", _bytes)]
TARGETS += [TableTarget(name, judge_all) for name, judge_all in TABLE_TARGETS.items()]
