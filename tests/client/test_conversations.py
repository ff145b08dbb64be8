"""Exports of conversations: their shapes, what is asked for, and what is said when something is wrong."""

import json
from collections.abc import Iterator, Mapping
from itertools import cycle
from typing import Any

import pytest

from kili_query.client import KiliClient, Request
from kili_query.client.testing import FakeService
from kili_query.errors import (
    ArgumentError,
    DataError,
    IncompatibleArgumentsError,
    MalformedLabelError,
    ServiceError,
    TransportError,
)
from kili_query.export import NotCompatibleInputType
from kili_query.sandbox import Sandbox
from tests.client.plain_box import client_of, settle, small_pages
from tests.client.test_bad_days import FAULTS, Fault
from tests.each import for_each

PROJECT = "p"
JOBS = {
    "TONE": {"mlTask": "CLASSIFICATION", "level": "completion"},
    "WHY": {"mlTask": "TRANSCRIPTION", "level": "completion", "isChild": True},
    "BEST": {"mlTask": "COMPARISON", "level": "round"},
    "OK": {"mlTask": "CLASSIFICATION"},
    "NOTE": {"mlTask": "TRANSCRIPTION", "level": "conversation"},
}
MESSAGES = [
    {"id": "m1", "externalId": "question", "content": "2+2?", "role": "USER"},
    {"id": "m2", "externalId": "answer", "content": "4", "role": "ASSISTANT", "modelName": None, "modelId": "pm"},
    {"id": "m3", "externalId": None, "content": "5", "role": "ASSISTANT", "modelName": "other", "modelId": "pm"},
    {"id": "m4", "externalId": "again", "content": "Sure?", "role": "USER"},
    {"id": "m5", "externalId": "yes", "content": "Yes", "role": "ASSISTANT", "modelId": "unknown"},
]


def answer(job: str, item: str | None = None, /, **value: object) -> dict[str, Any]:
    return {"id": f"{job}-{item}", "job": job, "path": [], "chatItemId": item, "annotationValue": value}


ANSWERS = [
    answer("TONE", "m2", categories=["SHORT"]),
    answer("TONE", "m3", categories=["LONG", "RUDE"]),
    {**answer("WHY", "m3", text="rambles"), "path": [["TONE-m3", "LONG"]]},
    answer("BEST", "m1", choice={"code": "A_2", "firstId": "m2", "secondId": "m3"}),
    answer("OK", "m4", categories=["FINE"]),
    answer("NOTE", text="good"),
]


def label(number: int, annotations: object = (), **more: object) -> dict[str, Any]:
    return {
        "id": f"l{number}",
        "author": {"email": f"{number}@example.org"},
        "labelType": "DEFAULT",
        "isSentBackToQueue": False,
        "annotations": list(annotations) if isinstance(annotations, tuple) else annotations,
        "chatItems": MESSAGES,
        **more,
    }


def asset(number: int, *labels: dict[str, Any], **more: object) -> dict[str, Any]:
    models = [{"id": "pm", "configuration": {"model": "small-1"}, "projectModelId": "x"}]
    return {
        "id": f"a{number}",
        "externalId": f"chat-{number}",
        "jsonMetadata": "{}",
        "assetProjectModels": models,
        "labels": list(labels),
        **more,
    }


def service_of(*assets: object, kind: str = "LLM_STATIC", jobs: Mapping[str, object] = JOBS) -> FakeService:
    interface = json.dumps({"jobs": jobs})
    answers = {"projects": [{"inputType": kind, "jsonInterface": interface}], "assets": assets, "chatItems": MESSAGES}
    return FakeService(answers)


def exported(service: FakeService, **arguments: Any) -> list[dict[str, Any]]:
    with KiliClient(transport=service, disable_tqdm=True) as client:
        return client.llm.export(PROJECT, **arguments)


@pytest.mark.parametrize("kind", ["LLM_STATIC", "LLM_INSTR_FOLLOWING"])
def test_the_answers_stand_beside_what_they_are_about(kind: str) -> None:
    service = service_of(asset(1, label(1, ANSWERS), jsonMetadata='{"models": "small-1", "city": "Oslo"}'), kind=kind)
    [item] = exported(service)
    assert list(item) == ["chatItems", "externalId", "label", "labeler", "metadata"]
    assert item["label"] == {
        "completion": {
            "TONE": {"answer": {"categories": ["SHORT"]}, "m3": {"categories": ["LONG", "RUDE"]}},
            "WHY": {"m3": {"text": "rambles"}},
        },
        "conversation": {"NOTE": {"text": "good"}},
        "round": {
            "BEST": {0: {"code": "A_2", "firstId": "answer", "secondId": "m3"}},
            "OK": {1: {"categories": ["FINE"]}},
        },
    }
    assert item["chatItems"][:2] == [
        {"content": "2+2?", "externalId": "question", "modelName": None, "role": "USER"},
        {"content": "4", "externalId": "answer", "modelName": "small-1", "role": "ASSISTANT"},
    ]
    assert [one["modelName"] for one in item["chatItems"][2:]] == ["other", None, "unknown"]
    assert (item["externalId"], item["labeler"]) == ("chat-1", "1@example.org")
    assert item["metadata"] == {"models": "small-1"}


def test_the_last_label_that_is_kept_is_exported() -> None:
    service = service_of(
        asset(
            1, label(1), label(2, labelType="REVIEW"), label(3, isSentBackToQueue=True), label(4, labelType="AUTOSAVE")
        ),
        asset(2, label(5, labelType="PREDICTION")),
        asset(3, label(6), label(7, isSentBackToQueue=None)),
    )
    assert [item["labeler"][0] for item in exported(service)] == ["2", "6"]
    assert [item["labeler"][0] for item in exported(service, include_sent_back_labels=True)] == ["3", "7"]
    assert [item["labeler"][0] for item in exported(service, label_type_in=["PREDICTION"])] == ["5"]
    assert service.variables()["where"]["label"] == {"typeIn": ["PREDICTION"]}


def test_messages_are_asked_for_if_the_label_has_none() -> None:
    service = service_of(asset(1, label(1, ANSWERS, chatItems=None)))
    [item] = exported(service)
    assert [one["content"] for one in item["chatItems"]] == ["2+2?", "4", "5", "Sure?", "Yes"]
    assert service.requests[-1].operation.name == "chatItems"
    assert service.variables() == {"where": {"assetId": "a1"}}


def test_filters() -> None:
    service = service_of(asset(1, label(1)))
    exported(service, asset_ids=["a1"], status_in=["LABELED"])
    where = service.variables()["where"]
    assert (where["idIn"], where["statusIn"]) == (["a1"], ["LABELED"])
    exported(service, external_ids=["chat-1"])
    assert service.variables()["where"]["idIn"] == ["a1"]


def test_answers_to_jobs_of_another_interface_are_told() -> None:
    service = service_of(asset(1, label(1, [*ANSWERS, answer("OLD", "m1", text="x")])))
    with pytest.warns(UserWarning, match="answers to jobs that the interface does not have are left out: `OLD`"):
        [item] = exported(service)
    assert "OLD" not in str(item["label"])


@pytest.mark.parametrize(
    ("odd", "message"),
    [
        (answer("TONE", None, categories=["SHORT"]), "label `l1`: an answer to `TONE` must be about a message"),
        (answer("TONE", "gone", categories=["SHORT"]), "an answer to `TONE` must be about a message"),
        (answer("OK", "m2", categories=["FINE"]), "an answer to `OK` must be about a prompt"),
        ({"job": "OK", "chatItemId": "m1"}, "the answer to `OK` is not understood"),
    ],
)
def test_an_answer_that_is_about_nothing_is_an_error(odd: dict[str, Any], message: str) -> None:
    with pytest.raises(MalformedLabelError, match=message) as error:
        exported(service_of(asset(1, label(1, [ANSWERS[0], odd]))))
    assert error.value.path == "annotations[1]"


def test_an_unknown_level_is_an_error_even_without_labels() -> None:
    with pytest.raises(DataError, match="the job `TONE` has the level 'token'"):
        exported(service_of(jobs={"TONE": {"mlTask": "CLASSIFICATION", "level": "token"}}))


@pytest.mark.parametrize("kind", ["IMAGE", "TEXT", None])
def test_other_projects(kind: str) -> None:
    service = service_of(asset(1, label(1)), kind=kind)
    with pytest.raises(NotCompatibleInputType, match=rf"`llm.export` is for conversations.* {kind}"):
        exported(service)
    assert [request.operation.name for request in service.requests] == ["projects"]


@pytest.mark.parametrize(
    ("arguments", "kind", "message"),
    [
        ({"asset_ids": ["a"], "external_ids": ["b"]}, IncompatibleArgumentsError, "give one of them"),
        ({"asset_ids": []}, ArgumentError, "`asset_ids` is empty"),
        ({"label_type_in": ["MINE"]}, ArgumentError, "`label_type_in.*` must be one of"),
        ({"status_in": ["DONE"]}, ArgumentError, "`status_in.*` must be one of"),
        ({"statusin": ["TODO"]}, TypeError, "KiliClient.llm.export.* did you mean `status_in`"),
    ],
)
def test_wrong_arguments_come_before_any_request(
    arguments: dict[str, Any], kind: type[Exception], message: str
) -> None:
    def refuse(request: Request) -> object:
        raise AssertionError(request)

    with pytest.raises(kind, match=message):
        exported(FakeService(refuse), **arguments)


@pytest.fixture(scope="module")
def chats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Sandbox, KiliClient]]:
    """A server of two pages of conversations, half of them without messages, and a client whose pauses take no time."""
    folder = tmp_path_factory.mktemp("chats")
    project = {"id": PROJECT, "title": "Chats", "inputType": "LLM_STATIC", "jsonInterface": {"jobs": JOBS}}
    (folder / "project.json").write_text(json.dumps(project))
    numbers = range(12)
    rows: dict[str, list[dict[str, Any]]] = {
        "assets": [
            {"id": f"a{number:02}", "externalId": f"{number}", "chatItems": MESSAGES if number % 2 else []}
            for number in numbers
        ],
        "labels": [
            {
                "id": f"l{number:02}",
                "assetId": f"a{number:02}",
                "jsonResponse": "{}",
                "annotations": ANSWERS if number % 2 else [answer("NOTE", text="good")],
            }
            for number in numbers
        ],
    }
    for name, listed in rows.items():
        (folder / f"{name}.ndjson").write_text("".join(json.dumps(row) + "\n" for row in listed))
    with small_pages(), Sandbox(folder) as box, client_of(box) as (client, _):
        yield box, client


def test_a_fault_that_hits_one_request(chats: tuple[Sandbox, KiliClient]) -> None:
    box, client = chats
    settle(client)
    box.faults.clear()
    wanted = client.llm.export(PROJECT)
    assert [len(item["chatItems"]) for item in wanted] == [0, 5] * 6
    number = len(box.faults.seen)
    assert {name for seen in box.faults.seen for name in seen.operations} >= {"projects", "assets", "chatItems"}

    @for_each(zip(FAULTS.values(), cycle((0, number // 2, number - 1)), strict=False))
    def hits(case: tuple[Fault, int]) -> None:
        fault, position = case
        settle(client)
        box.faults.clear()
        box.faults.inject(f"{fault.once}+{position}")
        if fault.passes:
            assert client.llm.export(PROJECT) == wanted
        else:
            with pytest.raises(ServiceError, match=fault.words) as raised:
                client.llm.export(PROJECT)
            assert type(raised.value) is fault.error
        assert any(seen.faults for seen in box.faults.seen), "the fault hit nothing"

    hits()


def test_messages_that_are_no_list(chats: tuple[Sandbox, KiliClient]) -> None:
    box, client = chats
    settle(client)
    box.faults.clear()
    box.faults.inject("wrong-type:chatItems")
    with pytest.raises(TransportError, match="the answer is not a list of messages: a text"):
        client.llm.export(PROJECT)
