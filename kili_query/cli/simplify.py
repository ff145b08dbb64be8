"""``kili-query simplify``: the shortest way to say a query."""

from typing import Annotated

import typer

from kili_query.ast import Constant
from kili_query.cli import FINE
from kili_query.cli.arguments import JsonOption, OntologyOption, PolicyOption, QueryArgument, VerboseOption
from kili_query.cli.inputs import find_ontology, judge_query, load_ontology, read_query
from kili_query.cli.output import print_json, tell, tell_diagnostics
from kili_query.counting import CountPolicy
from kili_query.diagnostics import Code
from kili_query.diagnostics.layout import display_width, printable
from kili_query.logic import Simplification, ontology_facts, simplify_steps
from kili_query.syntax import print_tree
from kili_query.targets.as_written import expands, keep_operators


def simplify(
    query: QueryArgument,
    ontology: OntologyOption = None,
    policy: PolicyOption = "objects",
    trace: Annotated[bool, typer.Option("--trace", help="Print each step that changed the query.")] = False,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> int:
    """Print the shortest query found that matches the same labels.

    With an ontology, names are resolved, and what no label that obeys it can hold is left out: such a text is for
    reading, not for running. A pattern that stands for many categories is kept, unless --verbose or --json asks for
    them. Exit status: 0 when it was printed, 2 for a bad query or project.

    \b
    kili-query simplify 'NOT (A.B.count < 3 OR A.B.count < 5)' --trace
    """
    loaded = load_ontology(find_ontology(ontology))
    given, warnings = judge_query(*read_query(query), loaded, CountPolicy(policy))
    bound = given.tree if loaded is None else given.bind(loaded).tree
    is_short = not verbose and not as_json and expands(given.tree, bound)
    if not is_short:  # the answer leaves them out
        warnings = [one for one in warnings if one.code is not Code.REDUNDANT_CLAUSE]
    if warnings:
        tell_diagnostics(warnings)
    tree = given.tree if is_short else bound
    facts = () if loaded is None or is_short else ontology_facts([tree], loaded, video=policy)
    found = simplify_steps(tree, facts=facts)
    shown = [(step.name, print_tree(keep_operators(step.after, tree))) for step in found.steps]
    simplified = print_tree(keep_operators(found.tree, tree))
    if as_json:
        steps = [{"name": name, "after": text} for name, text in shown]
        print_json({"query": str(given), "simplified": simplified, "note": found.note, "steps": steps})
        return FINE
    if trace:
        traced = [("as written", str(given)), *shown]
        changes = [step for step, before in zip(traced, [("", ""), *traced], strict=False) if step[1] != before[1]]
        width = max(display_width(name) for name, _ in [*changes, ("simplified", "")])
        for name, text in [*changes, ("simplified", simplified)]:
            print(f"{name:<{width}}  {printable(text)}")
    else:
        print(printable(simplified))
    remarks = _remarks(found)
    if is_short:
        remarks.append("patterns are kept as written (--verbose names their categories)")
    elif loaded is not None and simplify_steps(tree).tree != found.tree:
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
