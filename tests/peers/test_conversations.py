"""Conversations: the shapes of `llm.export` are those that the library of the official client gives.

Its own `llm.export` of release 26.2.4 fails on every asset with a label in projects of type LLM_STATIC and
LLM_INSTR_FOLLOWING, so that the library is asked alone.
"""

import json
import subprocess
from pathlib import Path
from random import Random
from typing import Any

import pytest

from kili_query.client.conversations import conversation_label
from kili_query.errors import MalformedLabelError
from kili_query.export import write
from tests.peers.official import LATEST, official_python

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
    ran = subprocess.run(
        [official_python(LATEST), "-W", "ignore", Path(__file__).with_name("conversation_shapes.py")],
        input=json.dumps({"static": static, "rlhf": rlhf}),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr[-3000:]
    told = json.loads(ran.stdout)
    assert isinstance(told, dict)
    return told


def messages_of(random: Random) -> list[dict[str, Any]]:
    roles = ["USER", *random.choices(["USER", "ASSISTANT"], k=random.randint(0, 5))]
    return [
        {"id": f"m{number}", "externalId": random.choice([None, f"e{number}"]), "role": role, "content": "x"}
        for number, role in enumerate(roles)
    ]


def annotations_of(random: Random, messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    made = []
    for number in range(random.randint(0, 6)):
        job = random.choice(list(JOBS))
        item = random.choice(messages)["id"]
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
