"""What holds for each format: an item counts the same with shapes and without, and every dataset gives an ontology."""

from pathlib import Path

import pytest

import kili_query as kq
from kili_query.datasets import DatasetItem, format_of, open_dataset
from kili_query.ontology import Ontology, VideoPolicy

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


@pytest.mark.parametrize(("name", "sample"), samples())
def test_a_sample_is_recognized_and_counts_the_same_with_shapes(name: str, sample: str) -> None:
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


@pytest.mark.parametrize(("name", "sample"), samples())
def test_reading_a_sample_twice_gives_the_same(name: str, sample: str) -> None:
    first, second = (open_dataset(SAMPLES / name / sample, fmt=name) for _ in range(2))
    assert first.jobs == second.jobs
    assert list(first.labels()) == list(first.labels()) == list(second.labels())
    assert first.kept == second.kept
    assert first.notes == second.notes
