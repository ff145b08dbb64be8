"""Scans: the labels of a source that match a query, or a verdict on each, as a stream."""

from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from types import TracebackType
from typing import Any, Literal, Self, TypeAlias, TypeVar

from attrs import define

from kili_query.counting import CountPolicy
from kili_query.diagnostics.layout import text_as_html
from kili_query.errors import LabelError, MalformedLabelError, UnknownContentError
from kili_query.extras import has_extra
from kili_query.ontology import Ontology, OntologySource
from kili_query.places import Problem, ProblemKind
from kili_query.query import Query, validate
from kili_query.scanning.judging import Judge, Judged, Judgement, Misses
from kili_query.scanning.objects import Engine
from kili_query.scanning.report import LabelNames, Report
from kili_query.scanning.sources import LabelSource, ProgressCallback, ReadLines, own_ontology, read_with, with_datasets
from kili_query.scanning.workers import LinesReader

OnProblem: TypeAlias = Literal["skip", "raise"]

_T = TypeVar("_T")


class Judgements(Iterator[_T]):
    """A stream with a report.

    Leave it early by ``close()``, or use it in a ``with`` statement, and its files are closed at once.

    Attributes:
        report: what was read so far.
    """

    def __init__(self, items: Generator[_T], report: Report) -> None:
        self._items = items
        self.report = report

    def __next__(self) -> _T:
        return next(self._items)

    def close(self) -> None:
        """Read no further."""
        self._items.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class Scan(Judgements[dict[str, Any]]):
    """The matching labels, one after another, as `json.loads` returns them."""

    def _repr_html_(self) -> str:
        """Return what notebooks show: the report so far. No label is read for that."""
        return text_as_html(f"scan: {self.report}")


def scan(
    source: LabelSource,
    query: str | Query,
    *,
    ontology: OntologySource | None = None,
    policy: CountPolicy = CountPolicy(),  # noqa: B008 - frozen
    at: str = "jsonResponse",
    on_malformed: OnProblem = "skip",
    on_unknown: OnProblem = "skip",
    progress: ProgressCallback | None = None,
    workers: int = 1,
    names: LabelNames | None = None,
    shapes: bool = True,
    dataset_ontology: bool = True,
) -> Scan:
    """Stream the matching labels of files, archives, streams or lists, in constant memory.

    Args:
        source: a path, ``-`` for standard input, an open file, label dicts; or a list of these. NDJSON, a JSON array
            or the official client's raw export (folder or zip), also compressed with gzip or zstd; or a dataset of
            another tool, see `kili_query.datasets`.
        query: a query or its text.
        ontology: the project's, or the path of its file; the query is checked against it and bound to it. By default
            that of the dataset, where the source is one, or of several datasets together.
        policy: what one object is.
        at: the field of a label that holds its content, an object or JSON text; empty when each record is the content.
        on_malformed: ``"skip"`` leaves out and reports malformed labels and broken lines; ``"raise"`` stops at the
            first.
        on_unknown: the same for labels without content.
        progress: called now and then with the bytes read so far and, where it is known, their total.
        workers: how many processes may share the work. Only uncompressed NDJSON of 64 MiB or more is split across
            processes. The result is the same, in the same order.
        names: collects the jobs and categories of the first labels, except of those that other processes judge.
        shapes: False leaves out of the labels of a dataset what counting does not need, which is faster.
        dataset_ontology: False does not use the ontology of a dataset, so that names are not checked unless an
            ``ontology`` is given; a category is then only known by its key.

    Returns:
        An iterator over the matching labels, as they were read, in the order of the source. Its ``report`` counts what
        was read, matched, unknown and malformed so far. A label from an asset's document gets a ``labelOf``.

    Raises:
        QueryError: the text is not a query, or the ontology has no such job or category; at once.
        OntologyError: the file of the ontology cannot be read or has another shape; at once.
        SourceError: the source does not exist or holds no labels, at once; or it cannot be read to its end, after
            everything before that point was returned.
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
    asked = validate(query, known, policy=policy)
    source = with_datasets(source)
    if known is None and dataset_ontology and (known := own_ontology(source)) is not None:
        asked = validate(asked, known, policy=policy)
    engine: Engine
    if has_extra("fast"):
        engine = asked.compile_bytes(ontology=known, policy=policy, at=at)
    else:
        engine = asked.compile(ontology=known, policy=policy)
    raised = _raised(on_malformed, on_unknown)
    if workers < 1:
        raise ValueError(f"`workers` must be 1 or more, not {workers}")
    read_lines = LinesReader(engine, at, workers=workers) if workers > 1 else None
    report = Report()
    judged = _judged(source, Judge.of_query(engine, at, names, is_whole=shapes), report, raised, progress, read_lines)
    return Scan(_matching(judged), report)


def judge_labels(
    source: LabelSource,
    judge: Callable[[object], _T],
    *,
    at: str = "jsonResponse",
    on_malformed: OnProblem = "skip",
    on_unknown: OnProblem = "skip",
    progress: ProgressCallback | None = None,
    names: LabelNames | None = None,
) -> Judgements[Judged[_T]]:
    """Stream every label with the verdict of a function on its content.

    Args:
        source: see `scan`, as are all other arguments.
        judge: called with the decoded content of a label; may raise the errors below.
        at: the field of a label that holds its content; empty when each record is the content itself.
        on_malformed: what to do with malformed labels and broken lines.
        on_unknown: what to do with labels without content.
        progress: called now and then with the bytes read.
        names: collects the jobs and categories of the first labels.

    Returns:
        The labels with their verdicts. The ``report`` counts those as matched whose verdict is true.

    Raises:
        SourceError: the source does not exist, at once; or it cannot be read to its end.
        MalformedLabelError, UnknownContentError: while iterating, where asked for; the message names the place.

    >>> labels = judge_labels([{"id": "a", "jsonResponse": {"SKY": {}}}, {"id": "b"}], len)
    >>> [(one.label["id"], one.verdict) for one in labels]
    [('a', 1)]
    >>> print(labels.report)
    2 read: 1 matched, 0 not matched, 1 unknown, 0 malformed
      unknown: <labels>: [1]: no `jsonResponse`
    """
    raised = _raised(on_malformed, on_unknown)
    report = Report()
    return Judgements(_judged(source, Judge(judge, at, names), report, raised, progress), report)


def _raised(on_malformed: OnProblem, on_unknown: OnProblem) -> set[ProblemKind]:
    """Return the faults that stop a scan."""
    for name, choice in (("on_malformed", on_malformed), ("on_unknown", on_unknown)):
        if choice not in ("skip", "raise"):
            raise ValueError(f'`{name}` must be "skip" or "raise", not {choice!r}')
    raised = {ProblemKind.UNKNOWN} if on_unknown == "raise" else set()
    return raised | ({ProblemKind.MALFORMED, ProblemKind.BROKEN} if on_malformed == "raise" else set())


def _judged(
    source: LabelSource,
    judge: Judge[_T],
    report: Report,
    raised: set[ProblemKind],
    progress: ProgressCallback | None,
    read_lines: ReadLines[Judgement[_T]] | None = None,
) -> Generator[Judged[_T]]:
    on_end = _UnreadableSources(report).end
    return _reported(read_with(source, judge, progress=progress, read_lines=read_lines, on_end=on_end), report, raised)


@define
class _UnreadableSources:
    """Notes in a report the sources of which nothing could be judged."""

    report: Report
    _read: int = 0
    _judged: int = 0

    def end(self, name: str) -> None:
        """Note that a source was read to its end."""
        if self.report.read > self._read and self.report.judged == self._judged:
            self.report.unreadable.append(name)
        self._read, self._judged = self.report.read, self.report.judged


def _reported(judgements: Generator[Judgement[_T]], report: Report, raised: set[ProblemKind]) -> Generator[Judged[_T]]:
    with closing(judgements):
        for judgement in judgements:
            if isinstance(judgement, Misses):
                report.read += judgement.number
                continue
            report.read += 1
            if isinstance(judgement, Problem):
                report.note(judgement)
                if judgement.fault in raised:
                    raise _error(judgement)
            else:
                report.matched += bool(judgement.verdict)
                yield judgement
    report.is_complete = True


def _matching(judged: Generator[Judged[bool]]) -> Generator[dict[str, object]]:
    with closing(judged):
        for label, is_match in judged:
            if is_match:
                yield label


def _error(problem: Problem) -> LabelError:
    kind = UnknownContentError if problem.fault is ProblemKind.UNKNOWN else MalformedLabelError
    return kind(f"{problem.place}: {problem.reason}", problem.path)
