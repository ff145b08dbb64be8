"""``kili-query simplify``: the shortest way to say a query."""

from typing import Annotated

import typer

from kili_query.ast import Constant
from kili_query.cli.arguments import JsonOption, OntologyOption, PolicyOption, QueryArgument
from kili_query.cli.exit_status import FINE
from kili_query.cli.inputs import find_ontology, judge_query, load_ontology, read_query
from kili_query.cli.output import print_json, tell, tell_diagnostics
from kili_query.counting import CountPolicy
from kili_query.diagnostics import Code
from kili_query.diagnostics.layout import display_width, printable
from kili_query.logic import Simplification, ontology_facts, simplify_steps
from kili_query.syntax import print_tree


def simplify(
    query: QueryArgument,
    ontology: OntologyOption = None,
    policy: PolicyOption = "objects",
    trace: Annotated[bool, typer.Option("--trace", help="Print each step that changed the query.")] = False,
    as_json: JsonOption = False,
) -> int:
    """Print the shortest query found that matches the same labels.

    With an ontology, names are resolved, and what no label that obeys it can hold is left out: such a text is for
    reading, not for running. Exit status: 0 when it was printed, 2 for a bad query or project.

    \b
    kili-query simplify 'NOT (A.B.count < 3 OR A.B.count < 5)' --trace
    """
    loaded = load_ontology(find_ontology(ontology))
    given, warnings = judge_query(*read_query(query), loaded, CountPolicy(policy))
    warnings = [one for one in warnings if one.code is not Code.REDUNDANT_CLAUSE]  # the answer leaves it out
    if warnings:
        tell_diagnostics(warnings)
    tree = given.tree if loaded is None else given.bind(loaded).tree
    found = simplify_steps(tree, facts=() if loaded is None else ontology_facts([tree], loaded, video=policy))
    if as_json:
        print_json(_as_json(str(given), found))
        return FINE
    if trace:
        steps = [("as written", str(given)), *((step.name, print_tree(step.after)) for step in found.steps)]
        width = max(display_width(name) for name, _ in [*steps, ("simplified", "")])
        for name, text in [*steps, ("simplified", print_tree(found.tree))]:
            print(f"{name:<{width}}  {printable(text)}")
    else:
        print(printable(print_tree(found.tree)))
    remarks = _remarks(found)
    if loaded is not None and simplify_steps(tree).tree != found.tree:
        remarks.append("equivalent on labels that obey the ontology: for reading, not for running")
    for remark in remarks:
        tell(f"note: {remark}")
    return FINE


def _remarks(found: Simplification) -> list[str]:
    remarks = []
    if isinstance(found.tree, Constant):
        remarks.append("every label matches" if found.tree.value else "no label can match")
    if found.note and found.steps:
        remarks.append(f"the query stays as it is: {found.note}")
    return remarks


def _as_json(text: str, found: Simplification) -> dict[str, object]:
    return {
        "query": text,
        "simplified": print_tree(found.tree),
        "note": found.note,
        "steps": [{"name": step.name, "after": print_tree(step.after)} for step in found.steps],
    }
