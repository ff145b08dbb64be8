"""Conversations: both clients list the same contents, and export LLM_RLHF alike.

In projects of type LLM_STATIC and LLM_INSTR_FOLLOWING the `llm.export` of release 26.2.4 fails on every asset with a
label. There, the shapes are those that the library gives that its exports use.
"""

import json
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kili_query.client.conversations import conversation_label
from kili_query.errors import MalformedLabelError
from kili_query.export import write
from kili_query.sandbox import Sandbox
from tests.peers.label_project import PROJECT_ID
from tests.peers.official import LATEST, OURS, SCRIPTS
from tests.peers.test_label_methods import ROOT, Ran, call_methods, read_records

LEVELS = ("completion", "conversation", "round")
TASKS = ("CLASSIFICATION", "TRANSCRIPTION", "COMPARISON")
JOBS = {f"{level}-{task}": {"mlTask": task, "level": level} for level in LEVELS for task in TASKS}
JOBS["usual"] = {"mlTask": "CLASSIFICATION"}
CHILD = {"mlTask": "TRANSCRIPTION", "isChild": True, "content": {"input": "textField"}}
CHOICES = {name: {"name": name, "children": ["WHY", "MORE"]} for name in ("GOOD", "BAD")}
RLHF = {
    "KIND": {"mlTask": "CLASSIFICATION", "content": {"input": "checkbox", "categories": CHOICES}},
    "WHY": CHILD,
    "MORE": {"mlTask": "CLASSIFICATION", "isChild": True, "content": {"input": "radio", "categories": CHOICES}},
    "NOTE": CHILD | {"isChild": False},
    "BOX": {"mlTask": "OBJECT_DETECTION", "tools": ["rectangle"], "content": {"categories": CHOICES}},
}


def asked(static: list[Any], rlhf: list[Any]) -> dict[str, list[Any]]:
    told = SCRIPTS.run(LATEST, "conversation_shapes.py", {"static": static, "rlhf": rlhf})
    assert isinstance(told, dict)
    return told


def messages_of(random: Random) -> list[dict[str, Any]]:
    roles = ["USER", *random.choices(["USER", "ASSISTANT"], k=random.randint(0, 5))]
    return [
        {"id": f"m{number}", "externalId": random.choice([None, f"e{number}"]), "role": role, "content": "x"}
        for number, role in enumerate(roles)
    ]


def annotations_of(random: Random, messages: list[dict[str, Any]], *, may_mislead: bool = True) -> list[dict[str, Any]]:
    """Answers; some about a round are about an answer in it, unless they may not be."""
    made = []
    for number in range(random.randint(0, 6)):
        job = random.choice(list(JOBS))
        is_of_round = JOBS[job].get("level", "round") == "round"
        about = [one for one in messages if may_mislead or not is_of_round or one["role"] == "USER"]
        item = random.choice(about)["id"]
        first, second = (random.choice(messages)["id"] for _ in range(2))
        value = {
            "CLASSIFICATION": {"categories": random.choices(["GOOD", "BAD"], k=random.randint(1, 2))},
            "TRANSCRIPTION": {"text": f"text {number}"},
            "COMPARISON": {"choice": {"code": "A_1", "firstId": first, "secondId": second}},
        }[JOBS[job]["mlTask"]]
        made.append({"id": f"a{number}", "job": job, "path": [], "chatItemId": item, "annotationValue": value})
    return made


def response_of(random: Random, jobs: tuple[str, ...] = ("KIND", "NOTE", "BOX"), depth: int = 0) -> dict[str, Any]:
    response: dict[str, Any] = {}
    for job in random.sample(jobs, k=random.randint(0, len(jobs))):
        if RLHF[job]["mlTask"] == "TRANSCRIPTION":
            response[job] = {"text": f"about {job}"}
        elif job == "BOX":
            response[job] = {"annotations": []}
        else:
            names = random.sample(["GOOD", "BAD"], k=random.randint(1, 2))
            below = [response_of(random, ("WHY", "MORE"), depth + 1) if depth < 2 else {} for _ in names]
            named = zip(names, below, strict=True)
            response[job] = {"categories": [{"name": name, "children": children} for name, children in named]}
    return response


@pytest.fixture(scope="module")
def compared(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[Any], list[Any], dict[str, list[Any]], Path]:
    random = Random(26)
    static = []
    for _ in range(300):
        messages = messages_of(random)
        static.append([annotations_of(random, messages), messages, JOBS])
    folder = tmp_path_factory.mktemp("chats")
    chat = {"version": "0.1", "prompts": [{"prompt": "q", "completions": [{"content": "a"}, {"content": "b"}]}] * 2}
    (folder / "chat.json").write_text(json.dumps(chat))
    metadata = {"chat_id": "c", "models": "m1___m2", "chat_item_ids": "1___2___3___4___5___6"}
    asset = {"id": "a", "externalId": "chat", "status": "LABELED", "jsonMetadata": metadata}
    label = {"assetId": "a", "author": {"email": "x@y.z"}, "createdAt": "2024-01-01T00:00:00Z", "labelType": "REVIEW"}
    rlhf = []
    for _ in range(60):
        labels = [{**label, "jsonResponse": response_of(random)} for _ in range(2)]
        rlhf.append([{**asset, "content": str(folder / "chat.json"), "labels": labels}, {"jobs": RLHF}])
    return static, rlhf, asked(static, rlhf), folder


def test_answers_stand_where_the_official_library_puts_them(
    compared: tuple[list[Any], list[Any], dict[str, list[Any]], Path],
) -> None:
    static, _, told, _ = compared
    levels = {name: str(job.get("level", "round")) for name, job in JOBS.items()}
    refused = 0
    for (annotations, messages, _), official in zip(static, told["static"], strict=True):
        if official is None:
            refused += 1
            with pytest.raises(MalformedLabelError, match="must be about a prompt"):
                conversation_label(annotations, messages, levels)
        else:
            assert json.loads(json.dumps(conversation_label(annotations, messages, levels))) == official
    assert 0 < refused < len(static) / 2


def test_rows_of_llm_rlhf(compared: tuple[list[Any], list[Any], dict[str, list[Any]], Path]) -> None:
    _, rlhf, told, folder = compared
    project = {"id": "p", "inputType": "LLM_RLHF", "jsonInterface": {"jobs": RLHF}}
    for [asset, _], official in zip(rlhf, told["rlhf"], strict=True):
        labels = [{**one, "id": f"l{number}"} for number, one in enumerate(asset["labels"])]
        own = {**{key: value for key, value in asset.items() if key != "labels"}, "content": "chat.json"}
        out = folder / "out.json"
        write(
            labels,
            [own],
            project,
            fmt="llm_rlhf",
            to=out,
            with_assets=True,
            media_root=folder,
            export_type="normal",
        )
        assert json.loads(out.read_text()) == official


def write_project(folder: Path, kind: str, jobs: object, assets: list[Any], labels: list[Any]) -> Path:
    folder.mkdir()
    project = {"id": PROJECT_ID, "title": "Chats", "inputType": kind, "jsonInterface": {"jobs": jobs}}
    (folder / "project.json").write_text(json.dumps(project))
    for name, rows in (("assets", assets), ("labels", labels)):
        (folder / f"{name}.ndjson").write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def ran(client: str, project: Path, steps: list[dict[str, Any]], home: Path) -> Ran:
    home.mkdir()
    with Sandbox(project) as box:
        section = {"endpoint": box.endpoint, "api_key": box.api_key, "steps": steps}
        [records] = call_methods(client, [section], home)
        return read_records(records, box)


def step(method: str, **arguments: Any) -> dict[str, Any]:
    given = {"project_id": PROJECT_ID, "disable_tqdm": True, **arguments}
    return {"name": f"{method} {arguments}", "method": method, "arguments": given}


@pytest.mark.parametrize("kind", ["LLM_STATIC", "LLM_INSTR_FOLLOWING"])
def test_contents_are_equal(tmp_path: Path, kind: str) -> None:
    random = Random(len(kind))
    assets, labels, static = [], [], []
    for number in range(30):
        messages = messages_of(random)
        annotations = annotations_of(random, messages, may_mislead=False)
        static.append([[*annotations], messages, JOBS])
        for index, one in enumerate([one for one in annotations if "categories" in one["annotationValue"]]):
            name = one["annotationValue"]["categories"][0]
            below = {"id": f"c{index}", "job": "CHILD", "path": [[one["id"], name]], "annotationValue": {"text": "why"}}
            below["chatItemId"] = messages[0]["id"]
            annotations.append(below)
        created = f"2024-01-01T00:00:{number:02}.000Z"
        assets.append({"id": f"a{number}", "externalId": f"chat {number}", "chatItems": messages, "createdAt": created})
        label = {"id": f"label-{number}", "assetId": f"a{number}", "labelType": "DEFAULT", "createdAt": created}
        labels.append({**label, "jsonResponse": "{}", "annotations": annotations})
    jobs = {**JOBS, "CHILD": {"mlTask": "TRANSCRIPTION", "isChild": True, "level": "completion"}}
    project = write_project(tmp_path / "p", kind, jobs, assets, labels)
    made = {"KIND": {"categories": [{"name": "GOOD", "children": {"CHILD": {"text": "short"}}}]}, "NOTE": {"text": "x"}}
    new = {"asset_id_array": ["a0"], "json_response_array": [made]}
    fields = ["id", "jsonResponse"]
    steps = [
        step("assets", fields=["id", "labels.id", "labels.jsonResponse"]),
        step("llm.export"),
        step("append_labels", **new),
        step("labels", fields=fields),
    ]
    theirs, ours = (ran(client, project, steps, tmp_path / client) for client in (LATEST, OURS))
    in_assets, in_export, _, listed = (one["name"] for one in steps)
    own = ours.outcomes[listed].result
    assert isinstance(own, list)
    official = theirs.outcomes[listed].result
    assert isinstance(official, list)
    assert [{key: one[key] for key in fields} for one in official] == own
    assert own[-1]["jsonResponse"] == made
    assert sum(len(one["jsonResponse"]) for one in own) > 40
    assets_of_theirs = theirs.outcomes[in_assets].result
    assert isinstance(assets_of_theirs, list)
    contents = [label["jsonResponse"] for asset in assets_of_theirs for label in asset["labels"]]
    assert contents == [one["jsonResponse"] for one in own[:-1]]
    assert theirs.outcomes[in_export].error == "another: KeyError"
    exported = ours.outcomes[in_export].result
    assert isinstance(exported, list)
    shapes = asked(static, [])["static"]
    answers = [{**one["label"], "completion": _without_child(one["label"]["completion"])} for one in exported]
    assert answers == shapes
    assert [len(one["chatItems"]) for one in exported] == [len(messages) for _, messages, _ in static]


def _without_child(answers: dict[str, Any]) -> dict[str, Any]:
    return {job: one for job, one in answers.items() if job != "CHILD"}


def test_exports_of_llm_rlhf_are_equal(tmp_path: Path) -> None:
    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            pass

    random = Random(7)
    web = tmp_path / "web"
    web.mkdir()
    chat = {"version": "0.1", "prompts": [{"prompt": "q", "completions": [{"content": "a"}, {"content": "b"}]}]}
    (web / "chat.json").write_text(json.dumps(chat))
    types = ["DEFAULT", "REVIEW", "PREDICTION"]
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(web))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        content = f"http://127.0.0.1:{server.server_address[1]}/chat.json"
        metadata = {"chat_id": "c", "models": "m1___m2"}
        assets = [
            {"id": f"a{number}", "externalId": f"chat-{number}", "content": content, "jsonMetadata": metadata}
            for number in range(12)
        ]
        labels = [
            {
                "id": f"label-{number}",
                "assetId": f"a{number % 10}",
                "labelType": types[number % 3],
                "isSentBackToQueue": number % 4 == 0,
                "createdAt": f"2024-01-01T00:00:{number:02}.000Z",
                "jsonResponse": response_of(random),
            }
            for number in range(30)
        ]
        project = write_project(tmp_path / "p", "LLM_RLHF", RLHF, assets, labels)
        steps = [
            step("llm.export"),
            step("llm.export", label_type_in=["PREDICTION"], include_sent_back_labels=True),
            step("llm.export", asset_ids=["a1", "a2"]),
            step("llm.export", external_ids=["chat-3"]),
            step("llm.export", status_in=["REVIEWED"]),
        ]
        theirs, ours = (ran(client, project, steps, tmp_path / client) for client in (LATEST, OURS))
        server.shutdown()
    for one in steps:
        found, official = ours.outcomes[one["name"]].result, theirs.outcomes[one["name"]].result
        assert isinstance(found, list), ours.outcomes[one["name"]]
        assert found == official
        assert found


def test_the_difference_is_documented() -> None:
    assert "\n### Exports of conversations\n" in (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
