"""No label that matches is lost by what is pushed, and what is left to evaluate keeps no other."""

from functools import partial

from _harness import instrumented, run
from hypothesis import assume, given, settings
from hypothesis import strategies as st

with instrumented(__name__):
    from kili_query.ast import Predicate
    from kili_query.errors import MalformedLabelError
    from kili_query.ontology import Ontology
    from kili_query.planning import ServerProfile
    from kili_query.planning.weaken import Target
    from kili_query.targets.base import CORE
    from tests import reference, strategies
    from tests.planning.judges import PROFILES, assert_kept_whole, found_by, server_counts, targets


@settings(database=None, deadline=None)
@given(
    strategies.trees(),
    strategies.contents() | strategies.video_contents(),
    st.none() | strategies.ontologies(),
    st.sampled_from(PROFILES),
)
def soundness(tree: Predicate, label: object, ontology: Ontology | None, profile: ServerProfile) -> None:
    """The property, for what hypothesis makes of the bytes: for all targets, and for a server that misbehaves."""

    def judge(part: Predicate) -> bool:
        return reference.matches(part, label, ontology=ontology)

    try:
        counts = server_counts(label, profile, ontology)
    except MalformedLabelError:
        assume(False)
    for target in targets(ontology):
        assert_kept_whole(tree, target, judge, judge)
    server = Target(CORE, profile=profile, ontology=ontology)
    assert_kept_whole(tree, server, judge, partial(found_by, counts=counts, profile=profile))


def one_input(data: bytes) -> None:
    """Plan one query, and judge one label, both drawn from the bytes."""
    soundness.hypothesis.fuzz_one_input(data)


if __name__ == "__main__":
    run(one_input)
