"""Conversations: answers are served as annotations, those of the files or what a content says."""

import json
from pathlib import Path

from hypothesis import given

from kili_query.client import KiliClient
from kili_query.conversations import rebuilt
from kili_query.sandbox import Sandbox
from kili_query.sandbox.conversations import annotations_of
from tests.strategies import conversations

PROJECT = "chats"
TWO = {"KIND": {"categories": [{"name": "GOOD"}, {"name": "GOOD"}]}}
ANSWERS = [
    {
        "id": f"x{number}",
        "job": "KIND",
        "path": [],
        "chatItemId": f"m{number}",
        "annotationValue": {"categories": ["GOOD"]},
    }
    for number in range(2)
]
FIELDS = "annotations { __typename id job path labelId ... on ClassificationAnnotation { chatItemId } }"


def box_of(folder: Path, kind: str = "LLM_STATIC") -> Sandbox:
    folder.mkdir(exist_ok=True)
    categories = {"GOOD": {"name": "Good", "children": []}}
    job = {"mlTask": "CLASSIFICATION", "content": {"input": "checkbox", "categories": categories}}
    project = {"id": PROJECT, "title": "t", "inputType": kind, "jsonInterface": {"jobs": {"KIND": job}}}
    messages = [{"id": f"m{number}", "role": "USER", "content": "Hi"} for number in range(2)]
    asset = {"id": "a", "externalId": "one", "chatItems": messages, "assetProjectModels": [{"id": "pm"}]}
    label = {"id": "l", "assetId": "a", "jsonResponse": "{}", "annotations": ANSWERS}
    (folder / "project.json").write_text(json.dumps(project))
    for name, row in (("assets", asset), ("labels", label)):
        (folder / f"{name}.ndjson").write_text(json.dumps(row))
    return Sandbox(folder)


def test_answers_of_a_file(tmp_path: Path) -> None:
    with box_of(tmp_path) as box, KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client:
        [label] = client.labels(PROJECT, fields=["id", FIELDS, "chatItems.id"])
        assert [one["chatItemId"] for one in label["annotations"]] == ["m0", "m1"]
        assert {(one["__typename"], one["labelId"]) for one in label["annotations"]} == {
            ("ClassificationAnnotation", "l")
        }
        assert label["chatItems"] == [{"id": "m0"}, {"id": "m1"}]
        assert client.labels(PROJECT, fields=["jsonResponse"]) == [{"jsonResponse": TWO}]
        assert client.count_labels(PROJECT, category_search="KIND.GOOD") == 1
        assert client.assets(PROJECT, fields=["assetProjectModels.id"]) == [{"assetProjectModels": [{"id": "pm"}]}]


def test_a_new_content_takes_the_place_of_the_answers(tmp_path: Path) -> None:
    one = {"KIND": {"categories": [{"name": "GOOD"}]}}
    with box_of(tmp_path) as box, KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client:
        client.update_properties_in_label("l", json_response=one)
        [label] = client.labels(PROJECT, fields=["id", FIELDS, "jsonResponse"])
        assert label["jsonResponse"] == one
        client.append_labels(["a"], json_response_array=[{}], disable_tqdm=True)
        assert client.labels(PROJECT, fields=["jsonResponse"])[1] == {"jsonResponse": {}}


def test_other_projects_have_no_annotations(tmp_path: Path) -> None:
    with box_of(tmp_path, "LLM_RLHF") as box, KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client:
        assert client.labels(PROJECT, fields=["annotations.id", "jsonResponse"]) == [
            {"annotations": [], "jsonResponse": TWO}
        ]


@given(told=conversations())
def test_annotations_say_what_the_content_says(told: tuple[object, dict[str, object]]) -> None:
    content = {job: one for job, one in told[1].items() if one != {"categories": []}}
    assert rebuilt(annotations_of(json.dumps(content), "l")) == _without_empty(content)


def _without_empty(jobs: object) -> object:
    """The jobs without those of no category, which leave nothing behind."""
    if isinstance(jobs, dict):
        kept = {key: _without_empty(one) for key, one in jobs.items() if one != {"categories": []}}
        return {key: one for key, one in kept.items() if not (key == "children" and one == {})}
    return [_without_empty(one) for one in jobs] if isinstance(jobs, list) else jobs


def test_contents_that_cannot_be_read() -> None:
    for text in ("", "{", "[]", "null", '{"A": 3}', '{"A": {"categories": [3, {"name": 5}]}}'):
        assert annotations_of(text, "l") == []
