"""What holds for each format: an item counts the same with shapes and without, and every dataset gives an ontology."""

from pathlib import Path

import kili_query as kq
from kili_query.datasets import DatasetItem, format_of, open_dataset
from kili_query.ontology import Ontology, VideoPolicy
from tests.each import for_each

SAMPLES = Path(__file__).parent / "samples"


def samples() -> list[tuple[str, str]]:
    """Every folder of `samples` has the name of a format, and each file in it but READMEs is a dataset; so is each
    folder in it."""
    return [
        (folder.name, one.name)
        for folder in sorted(SAMPLES.iterdir())
        for one in sorted(folder.iterdir())
        if one.name != "README.md"
    ]


@for_each(samples())
def test_a_sample_is_recognized_and_counts_the_same_with_shapes(row: tuple[str, str]) -> None:
    name, sample = row
    path = SAMPLES / name / sample
    assert format_of(path) == name
    dataset = open_dataset(path)
    ontology = Ontology.from_json_interface(dataset.project["jsonInterface"], input_type=dataset.input_type)
    assert ontology == dataset.ontology
    items = list(dataset.items())
    policies: list[VideoPolicy] = ["objects", "key_frames", "frames"]
    for item in items:
        assert isinstance(item, DatasetItem), item
        if item.label is None:
            continue
        whole = item.read()
        for policy in map(kq.CountPolicy, policies):
            counts = kq.count(item.counted, ontology=ontology, policy=policy)
            assert counts == kq.count(whole, ontology=ontology, policy=policy)
            assert counts.keys() <= set(ontology.pairs())
    assert len([one for one in items if isinstance(one, DatasetItem) and one.label is not None]) == len(
        list(dataset.labels())
    )
    assert {one["id"] for one in dataset.assets()} == {one.asset["id"] for one in items if isinstance(one, DatasetItem)}


@for_each(samples())
def test_reading_a_sample_twice_gives_the_same(row: tuple[str, str]) -> None:
    name, sample = row
    first, second = (open_dataset(SAMPLES / name / sample, fmt=name) for _ in range(2))
    assert first.jobs == second.jobs
    assert list(first.labels()) == list(first.labels()) == list(second.labels())
    assert first.kept == second.kept
    assert first.notes == second.notes


@for_each(samples())
def test_labels_judged_by_their_objects_alone_are_judged_as_their_content_is(row: tuple[str, str]) -> None:
    name, sample = row
    dataset = open_dataset(SAMPLES / name / sample, fmt=name)
    items = [one for one in dataset.items() if isinstance(one, DatasetItem) and one.label is not None]
    for item in items:
        if item.objects is not None:
            content = item.counted
            assert content.keys() <= {"OBJECTS"}
            annotations = content.get("OBJECTS", {"annotations": []})["annotations"]
            assert {frozenset(one) for one in annotations} <= {frozenset({"mid", "categories"})}
            assert [one["categories"] for one in annotations] == [[{"name": key}] for key in item.objects]
            assert len({one["mid"] for one in annotations}) == len(annotations)
    names = [f"{job}.{category}" for job, category in dataset.ontology.pairs()]
    assert names == [f"{job}.{category}" for job, category in dataset.named_ontology.pairs()]
    queries = [f"{one}.count {bound}" for one in names for bound in ("== 0", ">= 2")]
    for one in names[:1]:
        queries += [f"NOT {one} OR {names[-1]}.count + {one}.count <= 4", f"{one.partition('.')[0]}.* AND NOT {one}"]
    for query in queries:
        matches = kq.parse(query).compile(ontology=dataset.ontology)
        expected = [item.sketch() for item in items if matches(item.counted)]
        assert list(kq.scan(dataset, query, shapes=False)) == expected, query


def test_formats_of_plain_objects_say_so() -> None:
    for sample in ("coco/supervision_boxes.json", "yolo/supervision_boxes"):
        items = [one for one in open_dataset(SAMPLES / sample).items() if isinstance(one, DatasetItem)]
        assert any(one.objects for one in items), sample
