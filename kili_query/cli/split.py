"""``kili-query split``: reproducible parts of labels."""

import json
import os
import re
import stat
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from math import nan
from pathlib import Path
from typing import Annotated

import typer

from kili_query.cli import FINE, NEGATIVE
from kili_query.cli.arguments import At, JsonOption, LabelsArgument, OntologyOfLabelsOption, PolicyOption
from kili_query.cli.caches import readable
from kili_query.cli.datasets import STDIN, dataset_of_ontology
from kili_query.cli.inputs import find_ontology, load_ontology, load_query
from kili_query.cli.mistakes import refuse_unreadable, tell_report
from kili_query.cli.output import print_json, table, tell, to_json
from kili_query.counting import CountPolicy
from kili_query.diagnostics.layout import counted
from kili_query.errors import SourceError
from kili_query.ontology import Ontology
from kili_query.output_files import cannot_write, hidden_folder
from kili_query.scanning import Problem, Report, read_labels
from kili_query.splitting import Subset
from kili_query.splitting import split as split_assets

_SHARE = re.compile(r"(?<![=<>!\s])(?<!\.count)=(\d+(?:\.\d+)?%|[01]?\.\d+|1(?:\.0*)?)\Z")
_NAME = re.compile(r"[\w-][\w.-]*\Z")
_MOST_SHOWN = 5


def split(
    labels: LabelsArgument,
    output: Annotated[
        str, typer.Option("--output", "-o", metavar="FOLDER", help="The folder to write the parts to; it must be new.")
    ],
    into: Annotated[
        list[str] | None,
        typer.Option(
            "--into",
            metavar="NAME=SHARE",
            help="A part and its share of the assets, such as val=20%; repeat it for several. [default: part=100%]",
        ),
    ] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            "--by",
            metavar="QUERY[=SHARE]",
            help="A query that each part holds in the same share as the whole, or in the share that you give: "
            "'OBJECTS.PERSON=50%'; repeat it for several.",
        ),
    ] = None,
    size: Annotated[
        int | None,
        typer.Option(
            "--size", metavar="N", min=1, help="How many assets to take in all. [default: as many as possible]"
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Another number gives other parts.")] = 0,
    ontology: OntologyOfLabelsOption = None,
    policy: PolicyOption = "objects",
    at: At = "jsonResponse",
    as_json: JsonOption = False,
) -> int:
    """Divide labels into parts, with wanted shares of what matches queries.

    No asset is in two parts, and the same command gives the same parts. Each part is a file of labels in FOLDER, beside
    a project.json with the ontology. Exit status: 0 when each part has a label, 1 when one has none, 2 for a bad query,
    bad input or bad usage.

    \b
    kili-query split labels.ndjson --into train=80% --into val=20% --by OBJECTS.PERSON -o parts
    kili-query split instances.json --by 'OBJECTS.person=50%' --size 200 -o half
    """
    for source in labels:
        _refuse_stream(source)
    if not output:
        raise typer.BadParameter("name a folder", param_hint="'--output'")
    if os.path.lexists(output):
        raise typer.BadParameter(f"`{output}` exists: name a new folder", param_hint="'--output'")
    parts_wanted = dict(_named_share(one) for one in into or ["part=100%"])
    if len({name.casefold() for name in parts_wanted}) < len(into or []):  # some file systems see no difference
        raise typer.BadParameter("two parts have the same name", param_hint="'--into'")
    path = find_ontology(ontology, labels)
    loaded = load_ontology(path, labels)
    counting = CountPolicy(policy)
    asked = [(load_query(text, loaded, policy=counting), share) for text, share in map(_query_share, by or [])]
    shares = {query: share for query, share in asked if share is not None}
    if shares and any(share is None for _, share in asked):
        raise typer.BadParameter("give every query a share, or none", param_hint="'--by'")
    if shares and len(shares) < len(asked):
        raise typer.BadParameter("two queries are the same: leave one of them out", param_hint="'--by'")
    parts, report = split_assets(
        readable(labels),
        parts_wanted,
        by=shares or [query for query, _ in asked],
        size=size,
        seed=seed,
        ontology=loaded,
        policy=counting,
        at=at,
        dataset_ontology=False,  # what is to be used is given
    )
    judged = f"{report.read} read: {report.judged} judged, {report.unknown} unknown, {report.malformed} malformed"
    tell_report(report, judged)
    refuse_unreadable(report)
    problems: list[Problem] = []
    numbers = _write(parts, _labels(labels, at, problems), output, _project(path, loaded))
    _tell_unwritten(problems, report)
    rows = [_row(part, numbers[part.name]) for part in parts]
    if as_json:
        print_json({"folder": output, "parts": rows, "report": report.to_dict()})
    else:
        print(table(list(rows[0]), ([*row.values()] for row in rows)))
    return FINE if all(numbers.values()) else NEGATIVE


def _refuse_stream(source: str) -> None:
    """Refuse what gives its labels only once, such as a pipe."""
    try:
        mode = stat.S_IFIFO if source == STDIN else os.stat(source).st_mode
    except (OSError, ValueError) as error:  # a ValueError for a zero byte in the path
        raise SourceError.of(source, error) from error
    if not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
        raise typer.BadParameter(
            f"labels are read twice, which `{source}` cannot be: write them to a file first", param_hint="'LABELS'"
        )


def _named_share(text: str) -> tuple[str, float]:
    name, _, share = text.rpartition("=")
    if not _NAME.match(name):
        raise typer.BadParameter(
            f"`{text}` must be a name, which becomes that of a file, and a share: val=20%", param_hint="'--into'"
        )
    return name, _share(share, text, "--into")


def _query_share(text: str) -> tuple[str, float | None]:
    """Take a query and a share apart.

    >>> _query_share("OBJECTS.PERSON.count == 1"), _query_share("OBJECTS.PERSON=.5")
    (('OBJECTS.PERSON.count == 1', None), ('OBJECTS.PERSON', 0.5))
    """
    found = _SHARE.search(text)
    return (text, None) if found is None else (text[: found.start()], _share(found[1], text, "--by"))


def _share(share: str, text: str, option: str) -> float:
    try:
        value = float(share.removesuffix("%")) / (100 if share.endswith("%") else 1)
    except ValueError:
        value = nan
    if not 0 <= value <= 1:
        raise typer.BadParameter(f"the share in `{text}` must be 0 to 1, or 0% to 100%", param_hint=f"'{option}'")
    return value


def _write(
    parts: Sequence[Subset], labels: Iterator[dict[str, object]], output: str, project: object
) -> dict[str, int]:
    """Write a folder, which appears once it is complete; return the number of labels in each part."""
    numbers = dict.fromkeys((part.name for part in parts), 0)
    target = Path(output)
    with hidden_folder(target.absolute().parent) as scratch:
        folder = scratch / "parts"
        try:
            folder.mkdir()
            with ExitStack() as stack:
                files = {
                    part.name: stack.enter_context((folder / f"{part.name}.ndjson").open("w", encoding="utf-8"))
                    for part in parts
                }
                for label in labels:
                    for part in parts:
                        if label in part:
                            files[part.name].write(f"{to_json(label, files[part.name])}\n")
                            numbers[part.name] += 1
            if project is not None:
                (folder / "project.json").write_text(json.dumps(project, indent=1), encoding="utf-8")
            folder.rename(target)
        except OSError as error:
            raise cannot_write(output, error) from error
    return numbers


def _labels(labels: list[str], at: str, problems: list[Problem]) -> Iterator[dict[str, object]]:
    for record in read_labels(readable(labels), at=at):
        if isinstance(record, Problem):
            problems.append(record)
        else:
            yield record.label


def _tell_unwritten(problems: Sequence[Problem], report: Report) -> None:
    """Report labels of datasets that were judged, for which no shape is read, but cannot be written."""
    number = len(problems) - report.unknown - report.malformed
    if number > 0:
        known = set(report.problems)
        shown = [f"  {one}" for one in problems if one not in known][: min(number, _MOST_SHOWN)]
        tell("\n".join([f"{counted(number, 'label')} in no part, because they cannot be written:", *shown]))


def _project(path: str | None, ontology: Ontology | None) -> object:
    if ontology is None:
        return None
    dataset = None if path is None else dataset_of_ontology(path)
    return ontology.to_project() if dataset is None else dataset.project


def _row(part: Subset, labels: int) -> dict[str, str | int]:
    return {"part": part.name, "assets": len(part.assets), "labels": labels, **part.matching}
