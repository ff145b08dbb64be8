"""``kili-query match``: the labels that match a query."""

from collections.abc import Iterable, Iterator
from textwrap import indent
from typing import Annotated, TextIO, TypeAlias

import typer
from attrs import frozen

from kili_query.cli.arguments import (
    At,
    JsonOption,
    LabelsArgument,
    OnMalformed,
    OntologyOption,
    OutputOption,
    PolicyOption,
    QueryArgument,
)
from kili_query.cli.exit_status import FINE, NEGATIVE
from kili_query.cli.inputs import find_ontology, load_ontology, load_query, refuse_two_readers
from kili_query.cli.mistakes import refuse_swapped, refuse_unreadable, tell_report, tell_unseen
from kili_query.cli.output import opened, tell, to_json
from kili_query.cli.packing import PACKED, check_suffix
from kili_query.cli.progress import progress
from kili_query.counting import CountPolicy
from kili_query.diagnostics.layout import printable
from kili_query.errors import DataError
from kili_query.scanning import Judged, Judgements, LabelNames, Report, judge_labels, scan
from kili_query.targets.explain import Explanation


def match(
    query: QueryArgument,
    labels: LabelsArgument,
    ontology: OntologyOption = None,
    count: Annotated[bool, typer.Option("--count", help="Print only how many labels match.")] = False,
    explain: Annotated[bool, typer.Option("--explain", help="Print why each label matches or does not.")] = False,
    output: OutputOption = None,
    policy: PolicyOption = "objects",
    on_malformed: OnMalformed = "skip",
    at: At = "jsonResponse",
    as_json: JsonOption = False,
) -> int:
    """Print the labels that match a query.

    A summary, and which labels could not be judged, goes to standard error.
    Exit status: 0 when something matched, 1 when nothing did, 2 for a bad query, bad input or bad usage.

    \b
    kili-query match 'OBJECTS.PERSON.count >= 3' labels.ndjson --ontology project.json
    kili-query match 'SCENE.NIGHT' export.zip -o night.ndjson
    """
    if count and explain:
        raise typer.BadParameter("not with --count", param_hint="'--explain'")
    refuse_two_readers(query, labels)
    refuse_swapped(query, labels)
    check_suffix(output, *_written(as_json=as_json, is_text=count or explain))
    ontology = find_ontology(ontology, labels)
    loaded = load_ontology(ontology)
    counting = CountPolicy(policy)
    asked = load_query(query, loaded, policy=counting)
    names = LabelNames() if loaded is None else None
    failures: list[DataError] = []
    with opened(output, [*labels, ontology]) as out:
        with progress(None if count else out.stream) as advance:
            items: Iterable[Item]
            if explain:
                judge = asked.compile(ontology=loaded, policy=counting).explain
                judged = judge_labels(labels, judge, at=at, on_malformed=on_malformed, progress=advance, names=names)
                items, report = _explained(judged), judged.report
            else:
                matching = scan(
                    labels,
                    asked,
                    ontology=loaded,
                    policy=counting,
                    at=at,
                    on_malformed=on_malformed,
                    progress=advance,
                    names=names,
                )
                items, report = matching, matching.report
            items = _until_broken(items, failures)
            if as_json:
                _write_json(items, report, out.stream, is_counted=count)
            else:
                _write(items, report, out.stream, failures, is_counted=count)
        if not as_json and (report.read or not failures):
            tell_report(report, str(report).partition("\n")[0])
        if failures:
            raise failures[0]  # inside, so that no file appears
        refuse_unreadable(report)
        tell_unseen(asked, names)
        if not report.read and output is not None:
            out.abandon()
            tell(f"no label was read: {output} was not written")
    return FINE if report.matched else NEGATIVE


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


def _explained(labels: Judgements[Judged[Explanation]]) -> Iterator[Explained]:
    for label, explanation in labels:
        yield Explained(label.get("id"), labels.report.read, explanation)


def _written(*, as_json: bool, is_text: bool) -> tuple[str, tuple[str, ...]]:
    """What is written, and the suffixes that promise it."""
    if as_json:
        return "JSON", (".json", *PACKED)
    return ("text", (".txt", *PACKED)) if is_text else ("NDJSON", (".ndjson", ".jsonl", ".json", *PACKED))


Item: TypeAlias = dict[str, object] | Explained


def _until_broken(items: Iterable[Item], failures: list[DataError]) -> Iterator[Item]:
    """The items up to where the source cannot be read on: they are written all the same, and then it fails."""
    try:
        yield from items
    except DataError as failure:
        failures.append(failure)


def _write(items: Iterable[Item], report: Report, out: TextIO, failures: list[DataError], *, is_counted: bool) -> None:
    if is_counted:
        number = sum(1 for _ in items)
        if not failures and not report.unreadable:  # a number would look like the answer
            print(number, file=out)
        return
    for item in items:
        out.write(str(item) if isinstance(item, Explained) else to_json(item, out) + "\n")


def _write_json(items: Iterable[Item], report: Report, out: TextIO, *, is_counted: bool) -> None:
    """One JSON object, written as it comes, for there may be many labels; the report, known last, stands last."""
    if is_counted:
        out.write(f'{{"count": {sum(1 for _ in items)}')
    else:
        separator = '{\n"labels": [\n'  # over lines, so that what reads labels does not take it for one a line
        for item in items:
            out.write(separator + to_json(item.to_dict() if isinstance(item, Explained) else item, out))
            separator = ",\n"
        out.write("\n]" if separator == ",\n" else '{"labels": []')
    out.write(f', "report": {to_json(report.to_dict(), out)}}}\n')
