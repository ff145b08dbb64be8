"""Closures answer as the reference does: verdicts, unknown and malformed included, on labels of every kind."""

from collections import Counter
from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st

from kili_query.ast import Predicate
from kili_query.counting import CountPolicy, Rules, count
from kili_query.counting.typed import LabelReader, TooDeep, numbers_of_objects, with_all_below
from kili_query.errors import MalformedLabelError, UnknownContentError
from kili_query.frames.counting_columns import Codes
from kili_query.ontology import Ontology
from kili_query.targets.closures import compile_closure
from tests import reference, strategies

MANY = settings(max_examples=40)  # `fuzz/closures_agree.py` tries the same with others, guided by coverage

ANY_LABEL = st.one_of(
    strategies.contents(),
    strategies.video_contents(),
    strategies.malformed_contents(),
    st.none() | strategies.json_values,
)


def told(answer: Callable[[], object]) -> object:
    """The answer, or the kind of fault and where it lies."""
    try:
        return answer()
    except UnknownContentError:
        return "unknown"
    except MalformedLabelError as error:
        return "malformed", error.path


def assert_agreement(tree: Predicate, label: object, ontology: Ontology | None, policy: CountPolicy) -> None:
    expected = told(lambda: reference.matches(tree, label, ontology=ontology, policy=policy))
    assert told(lambda: compile_closure(tree, ontology=ontology, policy=policy)(label)) == expected


@MANY
@given(strategies.core_trees(), ANY_LABEL, strategies.policies)
def test_without_ontology(tree: Predicate, label: object, policy: CountPolicy) -> None:
    assert_agreement(tree, label, None, policy)


@MANY
@given(strategies.core_trees(), ANY_LABEL, strategies.ontologies(), strategies.policies)
def test_with_ontology(tree: Predicate, label: object, ontology: Ontology, policy: CountPolicy) -> None:
    assert_agreement(tree, label, ontology, policy)


@MANY
@given(strategies.core_trees(depth=0), strategies.malformed_contents(), strategies.ontologies(("IMAGE",)))
def test_lookups_never_accept_more(tree: Predicate, label: object, ontology: Ontology) -> None:
    assert_agreement(tree, label, ontology, CountPolicy())


@MANY
@given(strategies.trees(), ANY_LABEL, st.none() | strategies.ontologies(), strategies.policies)
def test_sugar(tree: Predicate, label: object, ontology: Ontology | None, policy: CountPolicy) -> None:
    assert_agreement(tree, label, ontology, policy)


@MANY
@given(st.data(), strategies.trees(), strategies.ontologies(), strategies.policies)
def test_labels_that_obey(data: st.DataObject, tree: Predicate, ontology: Ontology, policy: CountPolicy) -> None:
    label = data.draw(strategies.contents_of(ontology))
    assert_agreement(tree, label, ontology, policy)
    assert bool(compile_closure(tree, ontology=ontology, policy=policy).explain(label)) is reference.matches(
        tree, label, ontology=ontology, policy=policy
    )


@MANY
@given(ANY_LABEL, st.none() | strategies.ontologies(), strategies.policies)
def test_count(label: object, ontology: Ontology | None, policy: CountPolicy) -> None:
    expected = told(lambda: reference.count(label, ontology=ontology, policy=policy))
    assert told(lambda: count(label, ontology=ontology, policy=policy)) == expected


@MANY
@given(ANY_LABEL | strategies.contents(depth=4), st.none() | strategies.ontologies(), strategies.policies)
def test_typed_count(label: object, ontology: Ontology | None, policy: CountPolicy) -> None:
    rules, codes = Rules.of(policy, ontology), Codes()
    try:
        sites = LabelReader(rules, "").convert(label)
        numbers = None if sites is None else list(numbers_of_objects(with_all_below(sites), codes, rules))
    except TooDeep:
        return
    if numbers is not None:
        counted = Counter(codes.counters[number] for number in numbers)
        assert counted == reference.count(label, ontology=ontology, policy=policy)
        assert set(codes.counters) == set(counted)
