"""The labels of a source that match, as a stream."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias

from attrs import define

from kili_query._extras import has_extra
from kili_query.counting import CountPolicy
from kili_query.errors import LabelError, MalformedLabelError, UnknownContentError
from kili_query.ontology import Ontology, OntologySource
from kili_query.query import Query, validate
from kili_query.scanning.names import LabelNames
from kili_query.scanning.places import Fault, Problem
from kili_query.scanning.report import Report
from kili_query.scanning.sources import ProgressCallback, Source, read_with
from kili_query.scanning.verdicts import Judge, Misses, Verdict
from kili_query.scanning.workers import LinesReader
from kili_query.targets.closures import Matcher

__all__ = ["OnProblem", "Scan", "scan", "scan_matches"]

OnProblem: TypeAlias = Literal["skip", "raise"]


class Scan(Iterator[dict[str, Any]]):
    """The matching labels, one after another, as `json.loads` returns them.

    Leave it early by ``close()``, or use it in a ``with`` statement, and its files are closed at once.

    Attributes:
        report: what was read so far.
    """

    def __init__(self, labels: Generator[dict[str, object]], report: Report) -> None:
        self._labels = labels
        self.report = report

    def __next__(self) -> dict[str, Any]:
        return next(self._labels)

    def close(self) -> None:
        """Read no further."""
        self._labels.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


def scan(
    source: Source,
    query: str | Query,
    *,
    ontology: OntologySource | None = None,
    policy: CountPolicy = CountPolicy(),  # noqa: B008 - frozen
    at: str = "jsonResponse",
    on_malformed: OnProblem = "skip",
    on_unknown: OnProblem = "skip",
    progress: ProgressCallback | None = None,
    workers: int = 1,
) -> Scan:
    """Stream the matching labels of files, archives, streams or lists, in constant memory.

    Args:
        source: a path, ``-`` for standard input, an open file, label dicts; or a list of these. NDJSON, a JSON array
            or the official client's raw export (folder or zip), also compressed with gzip or zstd.
        query: a query or its text.
        ontology: the project's, or the path of its file; the query is checked against it and bound to it.
        policy: what one object is.
        at: the field of a label that holds its content, an object or JSON text; empty when each record is the content.
        on_malformed: ``"skip"`` leaves out and reports what is malformed, broken lines too; ``"raise"`` stops at it.
        on_unknown: the same for labels without content.
        progress: called now and then with the bytes read so far and, where it is known, their total.
        workers: how many processes may share the work. Files of lines that are not compressed are shared, large ones;
            all else one process reads. The result is the same, in the same order.

    Returns:
        An iterator over the matching labels, as they were read, in the order of the source. Its ``report`` counts what
        was read, matched, unknown and malformed so far. A label from an asset's document gets a ``labelOf``.

    Raises:
        QueryError: the text is not a query, or the ontology has no such job or category; at once.
        OntologyError: the file of the ontology cannot be read or has another shape; at once.
        SourceError: the source does not exist or holds no labels, at once; or it cannot be read to its end, after what
            could be read was given.
        MalformedLabelError, UnknownContentError: while iterating, where asked for; the message names the place.

    >>> label = {"id": "a", "jsonResponse": {"SKY": {"categories": [{"name": "BLUE"}]}}}
    >>> labels = scan([label, {"id": "b", "jsonResponse": "{}"}, {"id": "c"}], "SKY.BLUE.count == 0")
    >>> [found["id"] for found in labels]
    ['b']
    >>> print(labels.report)
    3 read: 1 matched, 1 not matched, 1 unknown, 0 malformed
      unknown: <labels>: [2]: no `jsonResponse`
    """
    known = Ontology.if_given(ontology)
    matches = validate(query, known, policy=policy).compile(ontology=known, policy=policy)
    return scan_matches(
        source, matches, at=at, on_malformed=on_malformed, on_unknown=on_unknown, progress=progress, workers=workers
    )


def scan_matches(
    source: Source,
    matches: Callable[[object], bool],
    *,
    at: str = "jsonResponse",
    on_malformed: OnProblem = "skip",
    on_unknown: OnProblem = "skip",
    progress: ProgressCallback | None = None,
    workers: int = 1,
    names: LabelNames | None = None,
) -> Scan:
    """Stream the labels whose content a function says yes to.

    Args:
        source: see `read_labels`.
        matches: given the decoded content of a label; may raise the errors below.
        at: the field of a label that holds its content; empty when each record is the content itself.
        on_malformed: ``"skip"`` leaves out and reports what is malformed, ``"raise"`` stops at it.
        on_unknown: the same for labels without content.
        progress: see `read_labels`.
        workers: how many processes may share the work, where ``matches`` is a compiled query.
        names: where the names in the first labels are noted; of those that other processes judge, none.

    Returns:
        An iterator over the labels, as they were read, with a ``report``.

    Raises:
        SourceError: the source does not exist, at once; it cannot be read to its end, after what could be read.
        MalformedLabelError, UnknownContentError: while iterating, where asked for; the message names the place.

    >>> labels = scan_matches([{"id": "a", "jsonResponse": {}}, {"id": "b"}], lambda content: content == {})
    >>> [label["id"] for label in labels]
    ['a']
    >>> print(labels.report)
    2 read: 1 matched, 0 not matched, 1 unknown, 0 malformed
      unknown: <labels>: [1]: no `jsonResponse`
    """
    for name, choice in (("on_malformed", on_malformed), ("on_unknown", on_unknown)):
        if choice not in ("skip", "raise"):
            raise ValueError(f'`{name}` is "skip" or "raise", not {choice!r}')
    if workers < 1:
        raise ValueError(f"`workers` is 1 or more, not {workers}")
    raised = {Fault.UNKNOWN} if on_unknown == "raise" else set()
    raised |= {Fault.MALFORMED, Fault.BROKEN} if on_malformed == "raise" else set()
    report = Report()
    is_fast = has_extra("fast")
    read_lines = None
    if workers > 1 and isinstance(matches, Matcher):
        read_lines = LinesReader(matches, at, is_fast=is_fast, workers=workers)
    verdicts = read_with(
        source,
        Judge(matches, at, is_fast=is_fast, names=names),
        progress=progress,
        read_lines=read_lines,
        on_end=_UnreadableSources(report).end,
    )
    return Scan(_matching(verdicts, raised, report), report)


@define
class _UnreadableSources:
    """Notes in a report the sources of which nothing could be judged."""

    report: Report
    _read: int = 0
    _judged: int = 0

    def end(self, name: str) -> None:
        """A source was read to its end."""
        if self.report.read > self._read and self.report.judged == self._judged:
            self.report.unreadable.append(name)
        self._read, self._judged = self.report.read, self.report.judged


def _matching(verdicts: Generator[Verdict], raised: set[Fault], report: Report) -> Generator[dict[str, object]]:
    with closing(verdicts):
        for verdict in verdicts:
            if isinstance(verdict, Misses):
                report.read += verdict.number
                continue
            report.read += 1
            if isinstance(verdict, Problem):
                report.note(verdict)
                if verdict.fault in raised:
                    raise _error(verdict)
            else:
                report.matched += 1
                yield verdict.label
    report.is_complete = True


def _error(problem: Problem) -> LabelError:
    kind = UnknownContentError if problem.fault is Fault.UNKNOWN else MalformedLabelError
    return kind(f"{problem.place}: {problem.reason}", problem.path)
