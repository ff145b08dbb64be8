"""``kili-query count``: how many objects labels hold."""

import sys
from collections.abc import Iterable, Sequence

from kili_query.cli import FINE
from kili_query.cli.arguments import (
    At,
    JsonLinesOption,
    JsonOption,
    LabelsArgument,
    OnMalformed,
    OntologyOfLabelsOption,
    PolicyOption,
)
from kili_query.cli.caches import reading_of
from kili_query.cli.inputs import find_ontology, load_ontology
from kili_query.cli.output import paint, table, terminal_width
from kili_query.cli.tally import CategoryTotals, Pair, print_totals, tally
from kili_query.counting import CountPolicy
from kili_query.ontology import Ontology


def count(
    labels: LabelsArgument,
    ontology: OntologyOfLabelsOption = None,
    policy: PolicyOption = "objects",
    on_malformed: OnMalformed = "skip",
    at: At = "jsonResponse",
    as_json: JsonOption = False,
    as_jsonl: JsonLinesOption = False,
) -> int:
    """Count the objects of every category, and the labels with any.

    With an ontology, categories that no label holds are listed too. Exit status: 0 when labels were counted, 2 for
    bad input or bad usage.

    \b
    kili-query count labels.ndjson --ontology project.json
    """
    path = find_ontology(ontology, labels)
    loaded = load_ontology(path)
    counting = CountPolicy(policy)
    cache = reading_of(labels, None, path, counting, at)
    found = tally(labels, ontology=loaded, policy=counting, at=at, on_malformed=on_malformed, cache=cache)
    keys = ("job", "category", "labels", "objects")
    rows = [(*pair, found.of(pair).total(), found.objects(pair)) for pair in _pairs(found, loaded)]
    counters = (dict(zip(keys, row, strict=True)) for row in rows)
    print_totals(found, counters, "counters", lambda: _table(keys, rows), as_json=as_json, as_jsonl=as_jsonl)
    return FINE


def _table(titles: Sequence[str], rows: Iterable[Sequence[str | int]]) -> str:
    head, *lines = table(titles, rows, terminal_width(sys.stdout)).split("\n")
    return "\n".join([paint("message", head, sys.stdout), *lines])


def _pairs(found: CategoryTotals, ontology: Ontology | None) -> list[Pair]:
    """Return the pairs of the ontology in its order, then the others, the most frequent of each job first."""
    declared = dict.fromkeys([] if ontology is None else ontology.pairs())
    others = [pair for pair in found.occurrences if pair not in declared]
    others.sort(key=lambda pair: (pair[0], -found.objects(pair), pair[1]))
    return [*declared, *others]
