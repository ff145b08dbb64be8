"""Closures answer as the reference does, on any query and any label."""

from _harness import instrumented, run
from hypothesis import given, settings
from hypothesis import strategies as st

with instrumented(__name__):
    from kili_query.ast import Predicate
    from kili_query.counting import CountPolicy
    from kili_query.ontology import Ontology
    from tests import strategies
    from tests.targets.test_closures_agree import ANY_LABEL, assert_agreement


@settings(database=None, deadline=None)
@given(strategies.trees(), ANY_LABEL, st.none() | strategies.ontologies(), strategies.policies)
def agreement(tree: Predicate, label: object, ontology: Ontology | None, policy: CountPolicy) -> None:
    """The property, for what hypothesis makes of the bytes."""
    assert_agreement(tree, label, ontology, policy)


def one_input(data: bytes) -> None:
    """Judge one label by one query, both drawn from the bytes."""
    agreement.hypothesis.fuzz_one_input(data)


if __name__ == "__main__":
    run(one_input)
