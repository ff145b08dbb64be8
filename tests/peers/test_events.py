"""The change feed: the official client lists what ours lists, and its library knows each event of the sandbox."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeAlias

import pytest

from kili_query.client import KiliClient
from kili_query.errors import FeedUnavailable
from kili_query.protocol import EventName
from kili_query.sandbox import Sandbox
from tests.peers.label_project import PROJECT_ID, write_image_project
from tests.peers.official import LATEST, SCRIPTS

EDITED = "label.workflow.edited"

Records: TypeAlias = list[dict[str, Any]]


def official(box: Sandbox, calls: Sequence[dict[str, object]], home: Path) -> Records:
    """What the official client gets, in an environment and with a home of its own."""
    script = {"api_key": box.api_key, "endpoint": box.endpoint}
    script["calls"] = [{"project_id": PROJECT_ID, **arguments} for arguments in calls]  # type: ignore[assignment]
    records = SCRIPTS.run(LATEST, "event_calls.py", script, home)
    assert isinstance(records, list)
    return records


def write(client: KiliClient) -> None:
    """Something of each kind that the feed reports, and of those that it does not."""
    content = {"SCENE": {"categories": [{"name": "DAY"}]}}
    assets = [f"asset-{number:03}" for number in range(100)]
    for label_type in ("DEFAULT", "REVIEW", "AUTOSAVE", "INFERENCE"):
        client.append_labels(assets[:2], json_response_array=[content] * 2, label_type=label_type)  # type: ignore[call-overload]
    for _ in range(2):
        client.append_labels(
            assets, json_response_array=[content] * 100, label_type="PREDICTION", model_name="m", overwrite=True
        )
    client.create_honeypot(content, asset_id="asset-009")
    client.update_properties_in_label("label-020", seconds_to_label=7)
    client.delete_labels(["label-004"])


def test_lists_are_equal(tmp_path: Path) -> None:
    with (
        Sandbox(write_image_project(tmp_path / "p")) as box,
        KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client,
    ):
        write(client)
        found = list(client.events(PROJECT_ID))
        ids, times = [event["id"] for event in found], [event["createdAt"] for event in found]
        same: list[dict[str, Any]] = [
            {},
            {"order": "desc", "skip": 3},
            {"skip": 150, "fields": []},
            {"event": EDITED},
            {"event": "label.workflow.validated"},
            {"created_at_gte": times[300], "created_at_lte": times[400]},
            {"created_at_lte": "2024-01-31"},
            {"user_id": "user-ann", "order": "desc"},
            {"organization_id": "another"},
            {"fields": ["id", "event"], "event": EventName.HONEYPOT_CREATED},
        ]
        windows: list[dict[str, Any]] = [
            {"from_event_id": ids[150]},
            {"from_event_id": ids[150], "until_event_id": ids[400]},
            {"from_event_id": ids[150], "until_event_id": ids[400], "order": "desc"},
        ]
        records = official(box, [*same, *windows, {"from_event_id": "gone"}], tmp_path)
        ours = [client.events.list(PROJECT_ID, **arguments) for arguments in (*same, *windows)]

    *listed, refused = records
    assert [record["result"] for record in listed[: len(same)]] == ours[: len(same)]
    for arguments, record, own in zip(windows, listed[len(same) :], ours[len(same) :], strict=True):
        # the official client passes on the ends of the window, which ours leaves out
        ends = {arguments.get("from_event_id"), arguments.get("until_event_id")}
        assert [event for event in record["result"] if event["id"] not in ends] == own
    assert "there is no event `gone`" in refused["error"]

    assert len(found) > 500, "more pages than one"
    assert {event["event"] for event in found} == set(EventName)
    models = dict(zip((event["event"] for event in found), records[0]["models"], strict=True))
    assert models[EDITED] == "LabelWorkflowEditedEvent"
    assert len(set(models.values())) == len(EventName)


def test_the_difference_is_documented() -> None:
    text = (Path(__file__).resolve().parents[2] / "docs" / "differences.md").read_text(encoding="utf-8")
    assert "\n### The change feed\n" in text


def test_an_account_without_a_feed(tmp_path: Path) -> None:
    with (
        Sandbox(write_image_project(tmp_path / "p"), has_feed=False) as box,
        KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client,
    ):
        [record] = official(box, [{}], tmp_path)
        assert "events" in record["error"] or "EventsWhere" in record["error"]
        with pytest.raises(FeedUnavailable):
            next(client.events(PROJECT_ID))
