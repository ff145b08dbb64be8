"""Facts: every label that obeys an ontology meets them."""

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from kili_query.ast import And, CompareOp, Comparison, Counter
from kili_query.counting import CountPolicy, count
from kili_query.logic import always_true, implies, ontology_facts, satisfiable
from kili_query.logic.evaluate import holds
from kili_query.ontology import Ontology
from kili_query.syntax import parse_tree, print_tree
from tests import strategies

STREET = Ontology.load(Path(__file__).parents[1] / "data" / "ontology_street.json")


def facts_about(*texts: str, ontology: Ontology = STREET, labels_are_complete: bool = False) -> list[str]:
    trees = [parse_tree(text) for text in texts]
    found = ontology_facts(trees, ontology, labels_are_complete=labels_are_complete)
    return [print_tree(fact.predicate) for fact in found]


@given(data=st.data(), ontology=strategies.ontologies(("IMAGE", "VIDEO", "LLM_STATIC", None)))
@settings(max_examples=50)
def test_labels_that_obey_an_ontology_meet_its_facts(data: st.DataObject, ontology: Ontology) -> None:
    pairs = list(ontology.pairs())
    chosen = data.draw(st.lists(st.sampled_from(pairs), max_size=5)) if pairs else []
    trees = [Comparison(Counter(*pair), CompareOp.GT, 0) for pair in chosen]
    counts = count(data.draw(strategies.contents_of(ontology)), ontology=ontology)
    for fact in ontology_facts(trees, ontology):
        mentioned = {Counter(*pair): number for pair, number in counts.items()}
        # one free parent that nothing is asked of stands for all: give it what all of them count
        others = (Counter(*pair) for pair in pairs if pair not in chosen)
        free = {one: sum(counts.values()) for one in others if is_free(one, ontology)}
        assert holds(fact.predicate, mentioned | free), f"{print_tree(fact.predicate)}: {fact.reason}"


def is_free(counter: Counter, ontology: Ontology) -> bool:
    job = ontology.jobs[counter.job]
    return not job.is_child and not job.is_classification


def test_a_radio_job_holds_one_category() -> None:
    assert facts_about('"not"."in" AND "not"."count"') == [
        '"not"."in".count <= 1',
        '"not".count.count <= 1',
        '"not"."in".count + "not".count.count <= 1',
    ]


def test_a_checkbox_job_may_hold_several() -> None:
    assert facts_about("WEATHER.RAIN AND WEATHER.SUN") == ["WEATHER.RAIN.count <= 1", "WEATHER.SUN.count <= 1"]


def test_annotations_have_no_bound() -> None:
    assert facts_about("BOXES.PERSON AND BOXES.CAR AND NOWHERE.X") == []


def test_a_child_hangs_on_its_parents() -> None:
    assert facts_about("SIZE.SMALL") == ["BOXES.PERSON.count - SIZE.SMALL.count >= 0"]
    assert facts_about("WHY.FAR AND SIZE.SMALL") == [
        "SIZE.SMALL.count - WHY.FAR.count >= 0",
        "BOXES.PERSON.count - SIZE.SMALL.count >= 0",
    ]
    assert facts_about("LOST.YES") == ["LOST.YES.count == 0"]


def test_each_point_of_a_pose_may_hold_a_child() -> None:
    assert satisfiable(parse_tree("BENT.YES.count == 2 AND BODY.ARM.count == 1"), STREET)
    assert satisfiable(parse_tree("BENT.YES.count == 3 AND BODY.ARM.count == 1"), STREET).value is False


def test_in_a_video_each_frame_may_hold_another_category() -> None:
    video = Ontology(STREET.jobs, "VIDEO")
    tree = parse_tree('"not"."in" AND "not"."count"')
    assert satisfiable(tree, STREET).value is False
    found = satisfiable(tree, video)
    assert found.example is not None
    assert found.example.json_response is not None
    assert count(found.example.json_response, ontology=video) == found.example.counts
    assert satisfiable(parse_tree("WEATHER.RAIN.count > 1"), video).value is False


def test_complete_labels_hold_what_is_required() -> None:
    nothing = parse_tree("BOXES.count == 0")
    assert satisfiable(nothing, STREET)
    assert satisfiable(nothing, STREET, labels_are_complete=True).value is False
    assert implies(parse_tree("WEATHER.RAIN.count == 0"), parse_tree("WEATHER.SUN"), STREET, labels_are_complete=True)
    found = satisfiable(parse_tree("BODY.ARM"), STREET, labels_are_complete=True)
    assert found.example is not None
    assert {job for job, _ in found.example.counts} == {"BODY", "BOXES", "WEATHER"}


def test_facts_are_asked_for_with_an_ontology_alone() -> None:
    tree = parse_tree("WEATHER.RAIN.count <= 1")
    assert always_true(tree, STREET)
    assert always_true(tree).value is False


def _choice(*categories: str, **more: object) -> dict[str, object]:
    return {
        "mlTask": "CLASSIFICATION",
        "required": 1,
        "content": {"input": "radio", "categories": {name: more.get(name, {}) for name in categories}},
    }


def test_a_parent_is_no_stand_in_for_what_else_a_required_job_may_hold() -> None:
    kind = {**_choice("ADS", "SCAM"), "isChild": True}
    jobs = {"SPAM": _choice("NO", "YES", YES={"children": ["KIND"]}), "KIND": kind}
    ontology = Ontology.from_json_interface({"jobs": jobs})
    for text, wanted in {
        "KIND.ADS": True,
        "KIND.ADS AND SPAM.NO": False,
        "NOT SPAM.YES AND NOT SPAM.NO": False,
        "NOT SPAM.YES": True,
    }.items():
        assert satisfiable(parse_tree(text), ontology, labels_are_complete=True).value is wanted, text


@given(data=st.data(), ontology=strategies.ontologies(("IMAGE",)))
def test_complete_labels_are_never_called_impossible(data: st.DataObject, ontology: Ontology) -> None:
    """What a complete label counts can be: each counter alone, and all of them together."""
    label = data.draw(strategies.contents_of(ontology, is_complete=True))
    found = count(label, ontology=ontology)
    leaves = [Comparison(Counter(*pair), CompareOp.EQ, number) for pair, number in found.items()]
    for tree in (*leaves, And(tuple(leaves))):
        assert satisfiable(tree, ontology, labels_are_complete=True).value is not False, print_tree(tree)


@given(data=st.data(), ontology=strategies.ontologies(("VIDEO", None)), policy=strategies.policies)
def test_videos_meet_the_facts_of_their_policy(data: st.DataObject, ontology: Ontology, policy: CountPolicy) -> None:
    label = data.draw(strategies.contents_of(ontology))
    found = count(label, ontology=ontology, policy=policy)
    leaves = [Comparison(Counter(*pair), CompareOp.EQ, number) for pair, number in found.items()]
    for leaf in (*leaves, And(tuple(leaves))):
        assert satisfiable(leaf, ontology, video=policy.video).value is not False, print_tree(leaf)


def test_objects_of_a_child_job_stand_only_below_its_parents() -> None:
    jobs = {
        "R": {
            "mlTask": "CLASSIFICATION",
            "content": {"input": "radio", "categories": {"A": {"children": ["K"]}, "B": {}}},
        },
        "K": {"mlTask": "OBJECT_DETECTION", "isChild": True, "content": {"categories": {"X": {}}}},
    }
    ontology = Ontology.from_json_interface({"jobs": jobs}, input_type="IMAGE")
    assert facts_about("K.X", ontology=ontology) == ["K.X.count == 0 OR R.A.count >= 1", "R.A.count <= 1"]
