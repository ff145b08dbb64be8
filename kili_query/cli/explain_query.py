"""The explanation of a query: its tree, the verdicts on it, its plan, and the share of labels that it matches."""

import sys
from collections.abc import Iterator
from textwrap import indent
from typing import TYPE_CHECKING, assert_never

from attrs import frozen

from kili_query.ast import And, Comparison, Constant, Exists, Linear, Membership, Not, Or, Predicate, Relation
from kili_query.cache_folder import is_cache
from kili_query.cli.arguments import at_most
from kili_query.cli.caches import expected_of, readable
from kili_query.cli.inputs import find_ontology, judge_query, load_ontology, read_query, refuse_two_readers
from kili_query.cli.mistakes import refuse_unreadable, tell_report, tell_unseen
from kili_query.cli.output import diagnostics_text, paint, print_json, tell
from kili_query.cli.progress import progress
from kili_query.diagnostics import Diagnostic
from kili_query.diagnostics.layout import counted, printable, start_of
from kili_query.diagnostics.render import as_json as diagnostic_as_json
from kili_query.logic import Example, Verdict, simplify
from kili_query.ontology import Ontology
from kili_query.planning import ServerProfile
from kili_query.query import Plan, Query, query_of
from kili_query.scanning import LabelNames, Report, judge_labels
from kili_query.syntax import print_tree
from kili_query.targets.as_written import expands, keep_operators, shown_example
from kili_query.targets.closures import compile_closure
from kili_query.verdicts import always_true, satisfiable, verdict_text

if TYPE_CHECKING:
    from kili_query.cache import Expected

_MOST_CHARACTERS = 240


@frozen
class _Share:
    """How many of some labels match.

    Attributes:
        judged: labels whose content could be read.
        pushed: those that meet what the server is asked.
        matched: those that meet the query.
        report: of the scan.
    """

    judged: int
    pushed: int
    matched: int
    report: Report

    def __str__(self) -> str:
        return f"pushed    {self.share_of(self.pushed)}\nquery     {self.share_of(self.matched)}"

    def share_of(self, number: int) -> str:
        """In words, for a share of a sample is an estimate."""
        if not self.judged:
            return "unknown: no label could be read"
        return f"about {100 * number / self.judged:.0f} % of {counted(self.judged, 'label')} read ({number})"


@frozen
class _Explained:
    """All that is told of a query."""

    query: Query
    diagnostics: list[Diagnostic]
    satisfiable: Verdict
    always_true: Verdict
    simplified: Query
    plan: Plan
    share: _Share | None
    expected: "Expected | None"
    is_short: bool

    @property
    def verdict(self) -> str:
        """Which labels match, in words."""
        return verdict_text(self.satisfiable, self.always_true)

    def sections(self) -> Iterator[tuple[str, str]]:
        yield "query", print_tree(self.query.tree)
        yield "tree", "\n".join(_rows(self.query.tree))
        yield "verdict", "\n".join([self.verdict, *self.examples()])
        yield "simplified", str(self.simplified)
        yield "plan for the server", "\n".join(self.plan_lines())
        if self.expected is not None:
            yield "expected of the server", str(self.expected)
        if self.share is not None:
            yield "labels", str(self.share)

    def examples(self) -> Iterator[str]:
        if self.always_true.value is not True and self.satisfiable.example is not None:
            yield f"one that does: {self.example_text(self.satisfiable.example)}"
        if self.satisfiable.value is not False and self.always_true.counterexample is not None:
            yield f"one that does not: {self.example_text(self.always_true.counterexample)}"

    def example_text(self, example: Example) -> str:
        return shown_example(example) if self.is_short else str(example)

    def plan_lines(self) -> Iterator[str]:
        """The plan; in short, with the query as it was written, and so the residual if it says the same."""
        if not self.is_short:
            yield from self.plan.explain().split("\n")
            return
        as_written = {str(self.plan.query): str(self.query)}
        if self.plan.residual is not None and self.plan.residual.tree == simplify(self.plan.query.tree):
            as_written[str(self.plan.residual)] = str(self.simplified)
        width = len("residual  ")
        for line in self.plan.explain().split("\n"):
            text = as_written.get(line[width:], line[width:])
            yield line[:width] + clipped(text)

    def to_dict(self) -> dict[str, object]:
        residual = self.plan.residual
        return {
            "query": str(self.query),
            "tree": _tree_as_json(self.query.tree),
            "diagnostics": [diagnostic_as_json(one) for one in [*self.diagnostics, *self.plan.diagnostics]],
            "satisfiable": self.satisfiable.value,
            "always_true": self.always_true.value,
            "verdict": self.verdict,
            "simplified": str(self.simplified),
            "plan": {
                "never": self.plan.never,
                "exact": self.plan.is_exact,
                "pushed": str(self.plan.pushed),
                "server_filter": self.plan.server_filter,
                "residual": None if residual is None else str(residual),
            },
            "expected": None if self.expected is None else self.expected.to_dict(),
            "labels": None if self.share is None else _share_as_json(self.share),
        }


def explain_query(
    argument: str,
    ontology_path: str | None,
    profile: ServerProfile,
    labels: str | None,
    sample: int | None,
    cache: str | None,
    *,
    as_json: bool,
    is_verbose: bool,
) -> None:
    """Print what becomes of a query.

    Args:
        argument: the query, or ``-``.
        ontology_path: a file, or None.
        profile: what the server is trusted with.
        labels: a source of labels, or None.
        sample: how many of them to read; None for all.
        cache: a label cache, or None: that of the labels, if they are one.
        as_json: print JSON.
        is_verbose: print what patterns expand to.
    """
    refuse_two_readers(argument, [labels or ""])
    if cache is None and labels is not None and is_cache(labels):
        cache = labels
    source = labels if cache is None else cache
    path = find_ontology(ontology_path, [] if source is None else [source])
    ontology = load_ontology(path)
    query, found = judge_query(*read_query(argument), ontology)
    plan = query.plan(ontology, profile=profile)
    is_short = not is_verbose and not as_json and expands(query.tree, plan.query.tree)
    simplified = query.simplify(None if is_short else ontology)
    explained = _Explained(
        query,
        found,
        satisfiable(query, ontology),
        always_true(query, ontology),
        query_of(keep_operators(simplified.tree, query.tree if is_short else plan.query.tree)),
        plan,
        None if labels is None else _sample(labels, plan, ontology, sample),
        None if cache is None else _expected(cache, plan, path, profile),
        is_short,
    )
    if as_json:
        print_json(explained.to_dict())
        return
    for title, text in explained.sections():
        lines = "\n".join(map(printable, text.split("\n")))
        print(f"{paint('message', title, sys.stdout)}\n{indent(lines, '  ')}")
    if found:
        print(f"\n{diagnostics_text(found, sys.stdout)}")
    if explained.share is not None:
        _tell(explained.share)


def _expected(cache: str, plan: Plan, ontology: str | None, profile: ServerProfile) -> "Expected | None":
    """Return what a cache lets expect; say so if it cannot, because its labels are counted by another ontology."""
    found = expected_of(cache, plan.query, ontology, profile)
    if found is None:
        tell(f"note: labels of {cache} are counted by its own ontology: without `--ontology`, it says what to expect")
    return found


def _sample(source: str, plan: Plan, ontology: Ontology | None, limit: int | None) -> _Share:
    """Judge the first labels of a source."""
    query, pushed = (compile_closure(one.tree, ontology=ontology) for one in (plan.query, plan.pushed))
    names = LabelNames() if ontology is None else None
    judged = pushed_to = matched = 0
    with progress() as advance:
        labels = judge_labels(
            readable([source]), lambda content: (query(content), pushed(content)), progress=advance, names=names
        )
        for _, (is_match, is_pushed) in at_most(labels, limit):
            judged, matched, pushed_to = judged + 1, matched + is_match, pushed_to + is_pushed
    refuse_unreadable(labels.report)
    tell_unseen(plan.query, names)
    return _Share(judged, pushed_to, matched, labels.report)


def _tell(share: _Share) -> None:
    """Report labels that could not be judged, on standard error."""
    report = share.report
    if report.unknown or report.malformed:
        heading = f"{report.read} read: {share.judged} judged, {report.unknown} unknown, {report.malformed} malformed"
        tell_report(report, heading)


def _share_as_json(share: _Share) -> dict[str, object]:
    return {
        "read": share.report.read,
        "judged": share.judged,
        "pushed": share.pushed,
        "matched": share.matched,
        "unknown": share.report.unknown,
        "malformed": share.report.malformed,
        "is_complete": share.report.is_complete,
    }


def _rows(tree: Predicate, depth: int = 0) -> Iterator[str]:
    """The tree as written, a line for each node, operands indented below what joins them."""
    joint, operands = _joint(tree)
    yield "  " * depth + (joint or print_tree(tree))
    for operand in operands:
        yield from _rows(operand, depth + 1)


def _tree_as_json(tree: Predicate) -> dict[str, object]:
    joint, operands = _joint(tree)
    if joint is None:
        return {"text": print_tree(tree)}
    return {"text": print_tree(tree), "joint": joint, "operands": [_tree_as_json(one) for one in operands]}


def _joint(tree: Predicate) -> tuple[str | None, tuple[Predicate, ...]]:
    """Return the operator of a node and its operands; None for a leaf."""
    match tree:
        case And(operands):
            return "AND", operands
        case Or(operands):
            return "OR", operands
        case Not(operand):
            return "NOT", (operand,)
        case Comparison() | Linear() | Constant() | Exists() | Relation() | Membership():
            return None, ()
        case _:
            assert_never(tree)


def clipped(text: str) -> str:
    """Return a text, cut between two words if it is long.

    >>> clipped("word " * 100)[-60:]
    'ord word word word … (500 characters; --verbose prints them)'
    """
    if len(text) <= _MOST_CHARACTERS:
        return text
    return f"{start_of(text, _MOST_CHARACTERS)} ({len(text):,} characters; --verbose prints them)"
