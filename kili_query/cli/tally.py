"""How often each number of objects occurs among labels: what `count` sums up and `histogram` draws."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, TypeAlias

from attrs import frozen

from kili_query.cli.caches import readable
from kili_query.cli.mistakes import refuse_unreadable, tell_report
from kili_query.cli.progress import progress
from kili_query.cli.rows import RowLayout, choose_layout, print_rows
from kili_query.counting import CountPolicy, count
from kili_query.ontology import Ontology
from kili_query.scanning import LabelNames, OnProblem, Report, judge_labels

if TYPE_CHECKING:
    from kili_query.cache.reading import Reading

Pair: TypeAlias = tuple[str, str]


@frozen
class CategoryTotals:
    """The counts of many labels.

    Attributes:
        occurrences: by job and category, how many labels hold 1, 2, … objects; a pair that no label holds is missing.
        report: what was read; the labels that could be counted are its ``judged``.
    """

    occurrences: dict[Pair, Counter[int]]
    report: Report

    @property
    def labels(self) -> int:
        """How many labels were counted."""
        return self.report.judged

    def objects(self, pair: Pair) -> int:
        """How many objects of a category all labels hold together."""
        return sum(number * labels for number, labels in self.of(pair).items())

    def of(self, pair: Pair) -> Counter[int]:
        """How many labels hold 1, 2, … objects of a category."""
        return self.occurrences.get(pair, Counter())


def tally(
    source: Sequence[object],
    *,
    ontology: Ontology | None = None,
    policy: CountPolicy = CountPolicy(),  # noqa: B008 - frozen
    at: str = "jsonResponse",
    on_malformed: OnProblem = "skip",
    names: LabelNames | None = None,
    cache: "Reading | None" = None,
) -> CategoryTotals:
    """Count all labels of files, or of a list of labels; ``names`` takes what the first of them hold.

    The columns of a ``cache`` are counted instead of the source.

    Raises:
        DataError: a source cannot be read to its end, or nothing in it is a label; where asked for, a label is
            malformed.
    """
    occurrences: dict[Pair, Counter[int]] = {} if cache is None else cache.occurrences()

    with progress() as advance:
        labels = judge_labels(
            readable(source) if cache is None else [cache.stream(only_faulty=True)],
            lambda content: count(content, ontology=ontology, policy=policy),
            at=at,
            on_malformed=on_malformed,
            progress=advance,
            names=names,
        )
        for _, counts in labels if cache is None else cache.counted(labels, labels.report):
            for pair, number in counts.items():
                occurrences.setdefault(pair, Counter())[number] += 1
    refuse_unreadable(labels.report)
    return CategoryTotals(occurrences, labels.report)


def print_totals(
    found: CategoryTotals,
    rows: Iterable[Mapping[str, object]],
    key: str,
    text: Callable[[], str],
    *,
    as_json: bool,
    as_jsonl: bool,
) -> None:
    """Print rows, or a text, and say on standard error how many labels were counted, and which could not be."""
    report = found.report
    layout = choose_layout(None, as_json=as_json, as_jsonl=as_jsonl, otherwise=RowLayout.TEXT)
    print_rows(rows, layout, key, {"labels": found.labels, "report": report.to_dict()}, text)
    if layout is RowLayout.DOCUMENT:
        return
    broken = f" ({report.broken} not a label at all)" if report.broken else ""
    heading = (
        f"{report.read} read: {report.judged} counted, {report.unknown} unknown, {report.malformed} malformed{broken}"
    )
    tell_report(report, heading)
