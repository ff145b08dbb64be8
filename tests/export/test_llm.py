"""Conversations: the rows of the formats ``llm_v1`` and ``llm_dynamic_v1``."""

import json

from kili_query.export import write

NOTE = {"mlTask": "TRANSCRIPTION", "isChild": True, "content": {"input": "textField"}}


def classes(*names, children=(), **more):
    keys = {name: {"name": name, "children": list(children)} for name in names}
    return {"mlTask": "CLASSIFICATION", "content": {"input": "radio", "categories": keys}, **more}


def exported(folder, fmt, jobs, response, rounds=1, **metadata):
    prompts = [
        {"prompt": f"question {number}", "completions": [{"content": f"{answer}{number}"} for answer in "ab"]}
        for number in range(1, rounds + 1)
    ]
    (folder / "chat.json").write_text(json.dumps({"version": "0.1", "prompts": prompts}))
    asset = {"id": "1", "externalId": "c1", "content": "chat.json", "status": "LABELED", "jsonMetadata": metadata}
    label = {"assetId": "1", "labelType": "DEFAULT", "author": {"email": "l@example.org"}, "jsonResponse": response}
    project = {"id": "p", "inputType": "LLM_RLHF", "jsonInterface": {"jobs": jobs}}
    out = folder / "out.json"
    write([label], [asset], project, fmt=fmt, to=out, with_assets=True, media_root=folder)
    return json.loads(out.read_text())


def turns(row):
    return [(item["role"], item["content"], item["id"], item["model"]) for item in row["raw_data"]]


def test_all_of_a_conversation(tmp_path):
    jobs = {"CLS": classes("OK", children=["WHY"]), "WHY": NOTE}
    response = {"CLS": {"categories": [{"name": "OK", "children": {"WHY": {"text": "sum"}}}]}}
    [row] = exported(tmp_path, "llm_v1", jobs, response, chat_id="c", models="m1___m2")
    assert turns(row) == [
        ("user", "question 1", None, None),
        ("assistant", "a1", None, "m1"),
        ("assistant", "b1", None, "m2"),
    ]
    assert [label["label"] for label in row["labels"]] == [{"CLS": ["OK"], "CLS.OK.WHY": "sum"}]
    [row] = exported(tmp_path, "llm_v1", jobs, response, rounds=2, models="m1___m2")
    assert [model for *_, model in turns(row)] == [None, None, None, None, "m1", "m2"]


def test_every_completion_of_every_step_names_its_model(tmp_path):
    names = ("A_1", "B_1")
    jobs = {
        "CLASSIFICATION_JOB": classes("STEP_1", "STEP_2", children=["STEP_1_RANKING", "STEP_2_RANKING"]),
        **{f"STEP_{n}_RANKING": classes(*(f"STEP_{n}_{name}" for name in names), isChild=True) for n in (1, 2)},
    }
    chosen = {"STEP_1": "B_1", "STEP_2": "A_1"}
    steps = [
        {"name": step, "children": {f"{step}_RANKING": {"categories": [{"name": f"{step}_{one}"}]}}}
        for step, one in chosen.items()
    ]
    ids = "___".join(map(str, range(6)))
    response = {"CLASSIFICATION_JOB": {"categories": steps}}
    [row] = exported(tmp_path, "llm_dynamic_v1", jobs, response, rounds=2, models="m1___m2", chat_item_ids=ids)
    first = [("user", "question 1", "0", None), ("assistant", "a1", "1", "m1"), ("assistant", "b1", "2", "m2")]
    second = [("user", "question 2", "3", None), ("assistant", "a2", "4", "m1"), ("assistant", "b2", "5", "m2")]
    assert turns(row["0"]) == first
    assert turns(row["1"]) == [first[0], first[2], *second]
    assert [step["labels"][0]["label"] for step in row.values()] == [{"RANKING": ["B_1"]}, {"RANKING": ["A_1"]}]


def test_the_shape_of_release_26(tmp_path):
    jobs = {"CLS": classes("OK", children=["WHY"]), "WHY": NOTE, "NOTE": NOTE | {"isChild": False}}
    response = {"CLS": {"categories": [{"name": "OK", "children": {"WHY": {"text": "sum"}}}]}, "NOTE": {"text": "n"}}
    [row] = exported(tmp_path, "llm_rlhf", jobs, response, chat_id="c")
    answers = {"CLS": ["OK"], "CLS.OK.conversation": {"WHY": "sum"}, "NOTE": "n"}
    assert row["labels"][0]["label"] == {"conversation": answers}
    assert {**row, "labels": []} == {**exported(tmp_path, "llm_v1", jobs, response, chat_id="c")[0], "labels": []}
    [row] = exported(tmp_path, "llm_rlhf", jobs, {})
    assert row["labels"][0]["label"] == {}
    beside = {"CLS": {"categories": [{"name": "OK"}], "children": {"WHY": {"text": "sum"}}}}
    [row] = exported(tmp_path, "llm_rlhf", jobs, beside)
    assert row["labels"][0]["label"] == {"conversation": {"CLS": ["OK"], "CLS.OK.conversation": {"WHY": "sum"}}}
