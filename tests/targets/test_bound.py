"""A query bound to an ontology means what was written, on labels that obey the ontology and on those that do not."""

import json

from hypothesis import assume, given, settings
from hypothesis import strategies as st

import kili_query as kq
from kili_query.ast import Predicate
from kili_query.counting import CountPolicy
from kili_query.diagnostics import Severity
from kili_query.ontology import Ontology
from kili_query.ontology.check import check_names
from kili_query.planning import DEFAULT_PROFILE, STRICT_PROFILE
from kili_query.query import query_of
from tests import reference, strategies
from tests.dense import World
from tests.targets_under_test import TARGETS

SEEDS = st.integers(0, 2**32 - 1)


def labels(ontology: Ontology) -> st.SearchStrategy[object]:
    """Of the right shape; old ones hold what another ontology allowed, or any job anywhere."""
    wild = strategies.video_contents() if ontology.is_video else strategies.contents()
    wild = wild.filter(lambda label: reference.is_well_formed(label, ontology))
    return st.one_of(strategies.contents_of(ontology), strategies.broken_contents_of(ontology), wild)


@st.composite
def checked(draw: st.DrawFn, ontology: Ontology) -> Predicate:
    """A tree in the names of an ontology that its checks find no fault with."""
    any_tree = st.builds(strategies.named_by, strategies.trees(), st.just(ontology), SEEDS)
    tree = draw(st.one_of(any_tree, strategies.bracket_trees(ontology), strategies.bracket_trees(ontology)))
    assume(not list(check_names(tree, ontology)))
    return tree


@settings(max_examples=20)  # drawing a query that has no errors takes long
@given(st.data(), strategies.ontologies(), strategies.policies)
def test_every_way_of_a_bound_query(data: st.DataObject, ontology: Ontology, policy: CountPolicy) -> None:
    query = query_of(data.draw(checked(ontology)))
    bound = query.bind(ontology)
    assert bound.bind(ontology) is bound
    assert kq.validate(bound, ontology) is bound
    both = bound | ~bound
    assert both.bind(ontology) is both
    trusting, strict = (query.plan(ontology, profile=one, policy=policy) for one in (DEFAULT_PROFILE, STRICT_PROFILE))
    for label in data.draw(st.lists(labels(ontology), min_size=4, max_size=4)):
        expected = reference.matches(query.tree, label, ontology=ontology, policy=policy, binds=True)
        for one in (query, bound, bound.simplify()):
            assert one.compile(ontology=ontology, policy=policy)(label) is expected, str(one)
        for plan in (trusting, strict):
            pushed = plan.pushed.compile(ontology=ontology, policy=policy)(label)
            assert pushed or not expected, f"lost by {plan}"
            kept = plan.residual is None or plan.residual.compile(ontology=ontology, policy=policy)(label)
            assert (pushed and kept) is expected, str(plan)


def test_small_worlds_where_everything_meets() -> None:
    for seed in range(12):  # `fuzz/worlds_agree.py` tries others
        assert_world(World(seed))


def assert_world(world: World) -> None:
    """Every way of a query about a world answers as the reference does on the query as written."""
    labels = [world.label(obeys=obeys) for obeys in (True, False, False, False)]
    for text in (world.query() for _ in range(4)):
        if any(found.severity is Severity.ERROR for found in kq.check(text, world.ontology)):
            continue
        query = kq.parse(text)
        plan = query.plan(world.ontology)
        ways = query.compile(ontology=world.ontology), query.bind(world.ontology).simplify().compile()
        of_bytes = query.compile_bytes(ontology=world.ontology, at="")
        for label in labels:
            wanted = reference.matches(query.tree, label, ontology=world.ontology, binds=True)
            assert [way(label) for way in ways] == [wanted, wanted], (text, label)
            assert of_bytes(json.dumps(label).encode()) is wanted, (text, label)
            pushed = plan.pushed.compile(ontology=world.ontology)(label)
            kept = plan.residual is None or plan.residual.compile(ontology=world.ontology)(label)
            assert (pushed and kept) is wanted, (text, label)
            explanation = ways[0].explain(label)
            assert explanation.matches is wanted, (text, label)
            assert explanation.change is None or explanation.change.deltas, (text, label)


@settings(max_examples=12)  # each is put to ten engines, and so is every case of `tests/cases`
@given(st.data(), strategies.ontologies())
def test_every_engine_answers_as_the_reference(data: st.DataObject, ontology: Ontology) -> None:
    query = query_of(data.draw(checked(ontology)))
    contents = [data.draw(labels(ontology)) for _ in range(6)]
    verdicts = [
        "match" if reference.matches(query.tree, content, ontology=ontology, binds=True) else "reject"
        for content in contents
    ]
    for target in TARGETS:
        if "postgres" in target.name:
            continue  # a server, and slow for so many small tables; `tests/sql` asks it
        expected = [target.expected(query, ontology, *row) for row in zip(contents, verdicts, strict=True)]
        assert target.answers(query, ontology, contents) == expected, target.name
