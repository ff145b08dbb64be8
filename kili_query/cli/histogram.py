"""``kili-query histogram``: how many labels hold 0, 1, 2, … objects of a category."""

import shutil
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from kili_query.ast.walk import matches_pattern
from kili_query.builder import job as job_called
from kili_query.cli import FINE, CommandError
from kili_query.cli.arguments import (
    At,
    JsonLinesOption,
    JsonOption,
    LabelsArgument,
    OnMalformed,
    OntologyOfLabelsOption,
    PolicyOption,
)
from kili_query.cli.caches import names_for, reading_of
from kili_query.cli.completion import complete_category, complete_job
from kili_query.cli.inputs import find_ontology, load_ontology
from kili_query.cli.output import paint
from kili_query.cli.tally import CategoryTotals, Pair, print_totals, tally
from kili_query.counting import CountPolicy
from kili_query.diagnostics.layout import counted, printable
from kili_query.ontology import Ontology
from kili_query.ontology.seen import unseen_names
from kili_query.scanning import LabelNames
from kili_query.statistics import Bin, bins_of
from kili_query.syntax import print_name

_MAX_WIDTH = 100


def histogram(
    labels: LabelsArgument,
    ontology: OntologyOfLabelsOption = None,
    job: Annotated[
        str | None,
        typer.Option("--job", metavar="JOB", help="Only this job; * is a wildcard.", autocompletion=complete_job),
    ] = None,
    category: Annotated[
        str | None,
        typer.Option(
            "--category",
            metavar="CATEGORY",
            help="Only this category; * is a wildcard.",
            autocompletion=complete_category,
        ),
    ] = None,
    policy: PolicyOption = "objects",
    on_malformed: OnMalformed = "skip",
    at: At = "jsonResponse",
    as_json: JsonOption = False,
    as_jsonl: JsonLinesOption = False,
) -> int:
    """Draw how many labels hold 0, 1, 2, … objects of each category.

    Without --job and --category: of each category that a label holds. Exit status: 0 when labels were counted, 2 for
    a category that is not there, bad input or bad usage.

    \b
    kili-query histogram labels.ndjson --job OBJECTS --category PERSON
    """
    path = find_ontology(ontology, labels)
    loaded = load_ontology(path, labels)
    counting = CountPolicy(policy)
    cache = reading_of(labels, None, path, counting, at)
    names = names_for(loaded, cache)
    wanted = _selection(job, category, loaded, names)
    found = tally(labels, ontology=loaded, policy=counting, at=at, on_malformed=on_malformed, names=names, cache=cache)
    pairs = wanted(sorted(found.occurrences, key=lambda pair: (pair[0], -found.objects(pair), pair[1])))
    rows = (as_json_object(found, pair) for pair in pairs)
    nothing = f"nothing to draw: {'no label holds such a category' if found.labels else 'there is no label'}"
    print_totals(
        found,
        rows,
        "histograms",
        lambda: "\n\n".join(block(found, pair) for pair in pairs) or nothing,
        as_json=as_json,
        as_jsonl=as_jsonl,
    )
    return FINE


Selection = Callable[[Sequence[Pair]], Sequence[Pair]]


def _selection(job: str | None, category: str | None, ontology: Ontology | None, names: LabelNames | None) -> Selection:
    """Which of the pairs found are asked for; what is asked for by name is shown even if no label holds it.

    Raises:
        QueryError: the ontology has no such job or category; without one, what is returned raises a `CommandError`
            where no label holds them.
    """
    if job is None and category is None:
        return lambda found: found
    job_name, category_name = job or "*", category or "*"
    if ontology is not None:
        asked = job_called(job_name)[category_name].exists.bind(ontology).counters
        return lambda found: [*(pair for pair in found if pair in asked), *sorted(asked - set(found))]
    query = job_called(job_name)[category_name].exists
    job_pieces, category_pieces = tuple(job_name.split("*")), tuple(category_name.split("*"))

    def held(found: Sequence[Pair]) -> Sequence[Pair]:
        jobs = set() if names is None else names.jobs
        for slip in unseen_names(query.tree, found, jobs) if found or jobs else ():
            raise CommandError(
                f"no label holds it: {slip.message}{'' if slip.help is None else f': {slip.help.text}'} "
                "(with --ontology, a category that no label holds is drawn too)"
            )
        return [
            pair for pair in found if matches_pattern(job_pieces, pair[0]) and matches_pattern(category_pieces, pair[1])
        ]

    return held


def draw(bins: Sequence[Bin], width: int, block: str = "█") -> str:
    """One bar for each bin, the longest as long as the width in characters allows.

    >>> print(draw([Bin(0, 0, 3), Bin(1, 1, 6), Bin(2, 2, 0)], 20))
    0  ████████ 3
    1  ███████████████ 6
    2  0
    """
    names = [str(one) for one in bins]
    name_width = max(map(len, names))
    most = max(one.labels for one in bins)
    space = max(1, width - name_width - 3 - len(str(most)))
    lines = []
    for name, one in zip(names, bins, strict=True):
        length = -(-one.labels * space // most) if most else 0  # rounded up: a label is never invisible
        lines.append(f"{name:>{name_width}}  {block * length}{' ' * bool(length)}{one.labels}")
    return "\n".join(lines)


def block(found: CategoryTotals, pair: Pair) -> str:
    """The histogram of one category under a heading, as wide as the terminal."""
    title = printable(f"{print_name(pair[0])}.{print_name(pair[1])}")
    held = found.of(pair).total()
    heading = f"{title}: {found.objects(pair)} in {held} of {counted(found.labels, 'label')}"
    width = min(shutil.get_terminal_size().columns, _MAX_WIDTH)
    return paint("message", heading, sys.stdout) + "\n" + draw(bins_of(found.of(pair), found.labels), width, _ink())


def _ink() -> str:
    try:
        "█".encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        return "#"
    return "█"


def as_json_object(found: CategoryTotals, pair: Pair) -> dict[str, object]:
    """The histogram of one category as JSON has it."""
    return {
        "job": pair[0],
        "category": pair[1],
        "labels": found.of(pair).total(),
        "objects": found.objects(pair),
        "bins": [
            {"from": one.first, "to": one.last, "labels": one.labels} for one in bins_of(found.of(pair), found.labels)
        ],
    }
