"""``kili-query match``: the labels that match a query."""

import os
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from itertools import chain
from textwrap import indent
from typing import Annotated, TextIO, TypeAlias

import typer
from attrs import frozen

from kili_query.cli import FINE, NEGATIVE, CommandError
from kili_query.cli.arguments import (
    At,
    JsonLinesOption,
    JsonOption,
    LabelsArgument,
    OnMalformed,
    OntologyOfLabelsOption,
    OutputOption,
    PolicyOption,
    QueryArgument,
    VerboseOption,
)
from kili_query.cli.caches import names_for, readable, reading_of
from kili_query.cli.inputs import find_ontology, load_ontology, load_query, refuse_two_readers
from kili_query.cli.mistakes import refuse_swapped, refuse_unreadable, tell_report, tell_unseen
from kili_query.cli.output import opened, tell, to_json
from kili_query.cli.progress import progress
from kili_query.cli.rows import (
    FieldsOption,
    IdsOption,
    RowLayout,
    UnseenFields,
    choose_layout,
    count_cells,
    field_cells,
    field_names,
    names_of,
    picked,
    write_rows,
)
from kili_query.counting import CountPolicy
from kili_query.diagnostics.layout import counted, printable
from kili_query.errors import DataError
from kili_query.scanning import Judged, Judgements, Report, content_of, judge_labels, scan
from kili_query.targets.as_written import Written
from kili_query.targets.explain import Explanation

_DEFAULT_FIELDS = ("id", "labelOf.externalId", "author.email")


def match(
    query: QueryArgument,
    labels: LabelsArgument,
    ontology: OntologyOfLabelsOption = None,
    count: Annotated[bool, typer.Option("--count", help="Print only how many labels match.")] = False,
    explain: Annotated[
        bool,
        typer.Option(
            "--explain", help="Print why each label matches or does not; with ids among LABELS, only for those."
        ),
    ] = False,
    fields: FieldsOption = None,
    ids: IdsOption = False,
    output: OutputOption = None,
    policy: PolicyOption = "objects",
    on_malformed: OnMalformed = "skip",
    at: At = "jsonResponse",
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
    as_jsonl: JsonLinesOption = False,
) -> int:
    """Print the labels that match a query.

    On a terminal, a table with the counts that the query names; in a pipe or a file, NDJSON. A summary, and which
    labels could not be judged, goes to standard error.
    Exit status: 0 when something matched, 1 when nothing did, 2 for a bad query, bad input or bad usage.

    \b
    kili-query match 'OBJECTS.PERSON.count >= 3' labels.ndjson --ontology project.json
    kili-query match 'SCENE.NIGHT' export.zip -o night.ndjson
    kili-query match 'SCENE.NIGHT' labels.ndjson --explain label030752
    """
    _refuse_together(count=count, explain=explain, ids=ids, fields=fields)
    refuse_two_readers(query, labels)
    wanted, labels = _split_ids(labels) if explain else ([], labels)
    refuse_swapped(query, labels)
    is_text = count or explain
    layout = choose_layout(
        output, as_json=as_json, as_jsonl=as_jsonl, ids=ids, otherwise=RowLayout.TEXT if is_text else None
    )
    ontology = find_ontology(ontology, labels)
    loaded = load_ontology(ontology, labels)
    counting = CountPolicy(policy)
    asked = load_query(query, loaded, policy=counting)
    cache = None if explain else reading_of(labels, asked, ontology, counting, at)
    names = names_for(loaded, cache)
    is_counted = count and cache is not None and cache.is_exact
    shown = ("id",) if ids else None if count or fields is None else field_names(fields, _DEFAULT_FIELDS)
    is_listed = cache is not None and shown is not None and cache.answers(shown)
    is_full = verbose or layout is not RowLayout.TEXT
    explainer = _Explainer(wanted, None if is_full else Written.of(asked.tree, asked.text))
    cells = field_cells(field_names(fields, _DEFAULT_FIELDS))
    unseen = UnseenFields(list(cells) if fields is not None else [])
    if fields is None:
        cells |= count_cells(asked, loaded, counting, lambda label: content_of(dict(label), at))
    failures: list[DataError] = []
    with opened(output, [*labels, ontology]) as out:
        with progress(None if count else out.stream) as advance:
            items: Iterable[Item]
            if explain:
                judge = asked.compile(ontology=loaded, policy=counting).explain
                judged = judge_labels(
                    readable(labels), judge, at=at, on_malformed=on_malformed, progress=advance, names=names
                )
                items, report = explainer.explained(judged), judged.report
            else:
                matching = scan(
                    readable(labels) if cache is None else [cache.stream(only_faulty=is_counted or is_listed)],
                    asked,
                    ontology=loaded,
                    policy=counting,
                    at=at,
                    on_malformed=on_malformed,
                    progress=advance,
                    names=names,
                    shapes=not (count or ids),
                    dataset_ontology=False,  # what is to be used is given
                )
                items, report = matching, matching.report
                if cache is not None and is_listed:
                    items = chain(cache.counted(matching, report), cache.labels())
                elif cache is not None:
                    items = (cache.counted if is_counted else cache.narrowed)(matching, report)
            items = _until_broken(items, failures)
            if count:
                _write_count(items, report, out.stream, layout, failures)
            elif layout is RowLayout.TEXT:
                out.stream.writelines(map(str, items))
            else:
                rows = map(partial(_row, fields=None if fields is None else tuple(cells), unseen=unseen), items)
                write_rows(
                    rows,
                    layout,
                    out.stream,
                    cells,
                    is_default=fields is None,
                    tail=lambda: {"report": report.to_dict()},
                )
        if layout is not RowLayout.DOCUMENT and (report.read or not failures):
            tell_report(report, str(report).partition("\n")[0])
        if failures:
            raise failures[0]  # inside, so that no file appears
        refuse_unreadable(report)
        explainer.refuse_missing(report)
        tell_unseen(asked, names)
        if report.matched:
            unseen.tell()
        if not report.read and output is not None:
            out.abandon()
            tell(f"no label was read: {output} was not written")
    return FINE if (explainer.matched if wanted else report.matched) else NEGATIVE


def _refuse_together(*, count: bool, explain: bool, ids: bool, fields: list[str] | None) -> None:
    given = {"--count": count, "--explain": explain, "--ids": ids, "--fields": fields is not None}
    first, *others = [name for name, is_given in given.items() if is_given] or [""]
    if others:
        raise typer.BadParameter(f"not with {first}", param_hint=f"'{others[0]}'")


def _split_ids(labels: list[str]) -> tuple[list[str], list[str]]:
    """Separate files from ids of labels. Without any file, every word counts as a missing file."""
    files = [one for one in labels if one == "-" or os.path.exists(one)]
    return ([one for one in labels if one not in files], files) if files else ([], labels)


@frozen
class Explained:
    """A label, known by its id or else by its number in the source, and why it matches or does not."""

    id: object
    number: int
    explanation: Explanation

    def __str__(self) -> str:
        name = f"label {self.number}" if self.id is None else printable(str(self.id))
        verdict = "matches" if self.explanation.matches else "does not match"
        lines = "\n".join(map(printable, str(self.explanation).split("\n")))
        return f"{name} {verdict}\n{indent(lines, '  ')}\n"

    def to_dict(self) -> dict[str, object]:
        return {
            "id": self.id,
            "number": self.number,
            "matches": self.explanation.matches,
            "explanation": self.explanation.to_dict(),
        }


class _Explainer:
    """Explains labels: all, or those that are asked for.

    Args:
        wanted: names of the labels to explain; all if there are none.
        written: the parts of the query as written, for patterns; None to print what they expand to.
    """

    def __init__(self, wanted: Sequence[str], written: Written | None) -> None:
        self._wanted, self._missing = set(wanted), set(wanted)
        self._written = written
        self.matched = 0

    def explained(self, labels: Judgements[Judged[Explanation]]) -> Iterator[Explained]:
        for label, explanation in labels:
            names = self._wanted & names_of(label) if self._wanted else {""}
            self._missing -= names
            if names:
                self.matched += explanation.matches
                shown = explanation if self._written is None else self._written.explanation(explanation)
                yield Explained(label.get("id"), labels.report.read, shown)

    def refuse_missing(self, report: Report) -> None:
        """Fail if a label that was asked for is not there."""
        for name in sorted(self._missing):
            judged = counted(report.judged, "label")
            raise CommandError(f"`{name}` is neither a file nor the id of a label that could be judged ({judged})")


Item: TypeAlias = dict[str, object] | Explained


def _row(item: Item, fields: tuple[str, ...] | None, unseen: UnseenFields) -> dict[str, object]:
    if isinstance(item, Explained):
        return item.to_dict()
    unseen.look_in(item)
    return item if fields is None else picked(item, fields)


def _until_broken(items: Iterable[Item], failures: list[DataError]) -> Iterator[Item]:
    """The items up to where the source cannot be read on: they are written all the same, and then it fails."""
    try:
        yield from items
    except DataError as failure:
        failures.append(failure)


def _write_count(
    items: Iterable[Item], report: Report, out: TextIO, layout: RowLayout, failures: list[DataError]
) -> None:
    for _ in items:
        pass
    number = report.matched
    if layout is RowLayout.TEXT:
        if not failures and not report.unreadable:  # a number would look like the answer
            print(number, file=out)
    else:
        out.write(f'{{"count": {number}, "report": {to_json(report.to_dict(), out)}}}\n')
