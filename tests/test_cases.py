"""Every case, through the front of the compiler and by every target."""

from collections import defaultdict
from collections.abc import Iterator
from functools import cache

import pytest
from attrs import frozen

import kili_query as kq
from kili_query.ast import Predicate
from tests import reference
from tests.cases.loader import DATA, Case, load_cases
from tests.each import for_each
from tests.targets_under_test import TARGETS, Target

CASES = load_cases()


def ids(case: Case) -> str:
    return f"{case.place} {case.title}"


def ontology_of(case: Case) -> kq.Ontology | None:
    name = case.facts.get("ontology")
    return None if name is None else _loaded(name)


@cache
def _loaded(name: str) -> kq.Ontology:
    return kq.Ontology.load(DATA / name)


def read(case: Case) -> kq.Query:
    return _parsed(case.query, is_core=case.facts.get("dialect") == "core")


@cache
def _parsed(text: str, *, is_core: bool) -> kq.Query:
    """The query of a case; all targets and tests judge the same one, which nothing changes."""
    return kq.parse(text, dialect="core" if is_core else "extended")


LOGIC = {"KQ201", "KQ202", "KQ203", "KQ204"}
READABLE = [case for case in CASES if not any(finding.code.startswith("KQ0") for finding in case.findings)]
JUDGED = [case for case in CASES if case.rows]


def test_there_are_cases() -> None:
    assert len(CASES) > 200
    assert len({ids(case) for case in CASES}) == len(CASES)


@for_each(READABLE, ids)
def test_print_inverts_parse(case: Case) -> None:
    query = read(case)
    assert kq.parse(str(query)) == query
    assert str(kq.parse(str(query))) == str(query)
    if "printed" in case.facts:
        assert str(query) == case.facts["printed"]


@for_each(READABLE, ids)
def test_formatting_keeps_the_meaning(case: Case) -> None:
    query = read(case)
    formatted = query.format()
    again = kq.parse(formatted, dialect=query.dialect)
    assert again == query
    assert again.format() == formatted


@for_each([case for case in CASES if "core" in case.facts], ids)
def test_core_text(case: Case) -> None:
    query, wanted = read(case), case.facts["core"]
    if wanted == "-":
        with pytest.raises(kq.NotExpressible):
            query.to_server(ontology_of(case))
    else:
        assert query.to_server(ontology_of(case)) == wanted
        kq.parse(wanted, dialect="core")


@for_each([case for case in CASES if case.findings], ids)
def test_findings(case: Case) -> None:
    try:
        found = kq.check(read(case), ontology_of(case))
    except kq.QuerySyntaxError as error:
        found = list(error.diagnostics)
    if not any(one.code in LOGIC for one in case.findings):
        found = [one for one in found if one.code not in LOGIC]
    told = [(str(one.code), one.span.start, one.span.end, one.message) for one in found]
    assert told == [(one.code, one.start, one.end, one.message) for one in case.findings]


@for_each([case for case in CASES if not case.findings], ids)
def test_no_findings(case: Case) -> None:
    found = kq.check(read(case), ontology_of(case))
    assert [str(one) for one in found if one.code[2] in "01" or one.code in ("KQ205", "KQ206", "KQ207")] == []


# Simplifying and planning keep what labels match, not the order in which a malformed one is read.
WELL_FORMED = [case for case in READABLE if not case.place.startswith("malformed.case")]


def verdict_of(tree: Predicate, content: object, ontology: kq.Ontology | None) -> bool:
    return reference.matches(tree, content, ontology=ontology)


@for_each(WELL_FORMED, ids)
def test_simplified(case: Case) -> None:
    query = read(case)
    simple = query.simplify()
    assert len(str(simple)) <= len(str(query))
    assert simple.simplify() == simple
    if "simplified" in case.facts:
        assert str(simple) == case.facts["simplified"]


@for_each([case for case in WELL_FORMED if case.rows], ids)
def test_simplified_and_planned_alike(case: Case) -> None:
    ontology = ontology_of(case)
    query = read(case) if ontology is None else read(case).bind(ontology)
    plan = query.plan() if ontology is None else read(case).plan(ontology)
    for row in case.rows:
        if row.verdict in ("match", "reject"):
            matches = row.verdict == "match"
            assert verdict_of(query.simplify().tree, row.content, ontology) == matches, (
                f"{row.text}\n{query.simplify()}"
            )
            pushed = verdict_of(plan.cut.pushed, row.content, ontology)
            kept = plan.cut.residual is None or verdict_of(plan.cut.residual, row.content, ontology)
            assert pushed or not matches, f"lost: {row.text}\n{plan}"
            assert (pushed and kept) == matches, f"{row.text}\n{plan}"


@frozen
class Group:
    """Cases of one ontology, whose labels stand in one table."""

    cases: list[Case]
    contents: list[object]


@cache
def groups(size: int) -> list[Group]:
    """The cases with labels, in groups of up to so many."""
    together: dict[str | None, list[Case]] = defaultdict(list)
    for case in JUDGED:
        together[case.facts.get("ontology")].append(case)
    parts = [cases[at : at + size] for cases in together.values() for at in range(0, len(cases), size)]
    return [Group(cases, [row.content for case in cases for row in case.rows]) for cases in parts]


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: target.name)
def test_rows(target: Target) -> None:
    wrong = [line for group in groups(target.n_together) for line in wrong_in_group(group, target)]
    assert not wrong, "\n".join(wrong)


def wrong_in_group(group: Group, target: Target) -> Iterator[str]:
    """Ask each query of all labels of the group; those of its own case say what is right."""
    begin = 0
    for case in group.cases:
        answers = target.answers(read(case), ontology_of(case), group.contents)
        yield from wrong_answers(case, target, answers[begin : begin + len(case.rows)])
        begin += len(case.rows)


def wrong_answers(case: Case, target: Target, answers: list[str]) -> Iterator[str]:
    """One line for each row that a target judges wrongly, and one for a gap that it no longer has."""
    query, ontology = read(case), ontology_of(case)
    wrong = [
        f"{ids(case)}: {wanted} expected, got {got}: {row.text}\nquery: {query}\ntree: {query.tree!r}"
        for row, got in zip(case.rows, answers, strict=True)
        if got != (wanted := target.expected(query, ontology, row.content, row.verdict))
    ]
    if target.name not in case.gaps:
        yield from wrong
    elif not wrong:
        yield f"{ids(case)}: {target.name} answers correctly now: remove the gap ({case.gaps[target.name]})"
