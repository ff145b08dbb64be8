"""A query bound to an ontology means what was written, on labels that obey the ontology and on those that do not."""

from contextlib import suppress

from hypothesis import assume, given, settings
from hypothesis import strategies as st

import kili_query as kq
from kili_query.ast import Predicate
from kili_query.counting import CountPolicy
from kili_query.errors import MalformedLabelError
from kili_query.ontology import Ontology, check_names
from kili_query.planning import STRICT_PROFILE
from kili_query.query import query_of
from tests import reference, strategies
from tests.targets_under_test import TARGETS

SEEDS = st.integers(0, 2**32 - 1)


@st.composite
def labels(draw: st.DrawFn, ontology: Ontology) -> object:
    """Of the right shape; old ones hold any job anywhere."""
    old = strategies.video_contents() if ontology.is_video else strategies.contents()
    label = draw(strategies.contents_of(ontology) | old)
    with suppress(MalformedLabelError):
        reference.count(label, ontology=ontology)
        return label
    return {}


@st.composite
def checked(draw: st.DrawFn, ontology: Ontology) -> Predicate:
    """A tree in the names of an ontology that its checks find no fault with."""
    tree = strategies.named_by(draw(strategies.trees()), ontology, draw(SEEDS))
    assume(not list(check_names(tree, ontology)))
    return tree


@given(st.data(), strategies.ontologies(), strategies.policies)
def test_every_way_of_a_bound_query(data: st.DataObject, ontology: Ontology, policy: CountPolicy) -> None:
    query = query_of(data.draw(checked(ontology)))
    label = data.draw(labels(ontology))
    expected = reference.matches(query.tree, label, ontology=ontology, policy=policy, binds=True)
    bound = query.bind(ontology)
    assert bound.bind(ontology) is bound
    assert kq.validate(bound, ontology) is bound
    both = bound | ~bound
    assert both.bind(ontology) is both
    assert query.compile(ontology=ontology, policy=policy)(label) is expected
    assert bound.simplify().compile(ontology=ontology, policy=policy)(label) is expected
    for plan in (query.plan(ontology, policy=policy), query.plan(ontology, profile=STRICT_PROFILE, policy=policy)):
        pushed = plan.pushed.compile(ontology=ontology, policy=policy)(label)
        assert pushed or not expected, f"lost by {plan}"
        kept = plan.residual is None or plan.residual.compile(ontology=ontology, policy=policy)(label)
        assert (pushed and kept) is expected, str(plan)


@settings(max_examples=25)
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
