"""Calls as a user writes them, for a type checker; each ``type: ignore`` is a mistake that it must find. Never run."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

import kili_query as kq
from kili_query.client import KiliClient
from kili_query.labels import ParsedLabel


def right_calls(client: KiliClient) -> None:
    rows: list[dict[str, Any]] = client.labels("p", asset_status_in=("TODO",), honeypot_mark_gte=1, fields=["id"])
    lazy: Iterator[dict[str, Any]] = client.predictions("p", id_contains=["l"], first=3, as_generator=True)
    parsed: list[ParsedLabel] = client.labels("p", type_in=["REVIEW"], output_format="parsed_label")
    number: int = client.count_labels("p", category_search=kq.parse("A.B.count > 0"), user_id="u")
    assets: list[dict[str, Any]] = client.assets("p", "asset", 3, ["id"], skipped=True, metadata_where={"day": [1, 2]})
    pairs = [("Review", "DONE")]
    print(client.count_assets("p", step_name_and_status_in=pairs, group_name_in=["Cars"], assignee_in=["u"]))
    print(client.labels("p", asset_step_name_in=["Review"]), client.append_labels(["a"], [{}], step_name="Review"))
    frame: pd.DataFrame = client.assets("p", fields=["content"], format="pandas", download_media=True)
    print(frame)
    events: Iterator[dict[str, Any]] = client.events("p", from_event_id="e", event="asset.created", order="desc")
    print(events)
    print(rows, lazy, parsed, number, assets, client.count_assets("p", label_author_in=["Ann"]))


def right_calls_of_namespaces(client: KiliClient) -> None:
    rows: list[dict[str, Any]] = client.labels.list("p", ["id"], 3, filter={"type_in": ["REVIEW"]})
    lazy: Iterator[dict[str, Any]] = client.labels.list_as_generator("p", filter={"category_search": "A.B"})
    parsed: list[ParsedLabel] = client.labels.list("p", output_format="parsed_label")
    number: int = client.labels.count("p", {"user_id": "u"})
    made: list[dict[str, str]] = client.labels.create_review(project_id="p", asset_id="a", json_response={})
    project: dict[str, str] = client.labels.create_prediction(
        project_id="p", model_name="m", external_id_array=["e"], json_response_array=[{}], overwrite=True
    )
    deleted: list[str] = client.labels.delete(id="l")
    client.exports.coco("p", "a.zip", layout="merged", filter={"label_category_search": "A.B"}, with_assets=False)
    frame: pd.DataFrame = client.exports.dataframe("p", label_fields=["id"])
    chats: list[dict[str, Any]] = client.llm.export("p", asset_ids=["a"], step_name_in=["Review"])
    steps: list[dict[str, str]] = client.labels.create_default(
        project_id="p", asset_id="a", json_response={}, step_name="Label", group_name="People"
    )
    file: dict[str, str] = client.labels.create_prediction_from_geojson(
        project_id="p", asset_external_id="e", geojson_file_paths=["a.geojson"], model_name="m"
    )
    assets: list[dict[str, Any]] = client.assets.list("p", fields=["id"], filter={"step_name_in": ["Review"]}, first=3)
    each: Iterator[dict[str, Any]] = client.assets.list_as_generator("p", download_media=True, local_media_dir="media")
    table: pd.DataFrame = client.assets.list("p", format="pandas")
    events: list[dict[str, Any]] = client.events.list("p", ["id"], event="asset.created", skip=3)
    print(assets, each, table, events, client.assets.count("p", {"label_category_search": "A.B"}))
    print(chats, steps, file)
    print(rows, lazy, parsed, number, made, project, deleted, frame)


def wrong_calls_of_namespaces(client: KiliClient) -> None:
    client.labels.list("p", filter={"typein": ["REVIEW"]})  # type: ignore[call-overload]
    client.labels.count("p", filter={"type_in": 3})  # type: ignore[arg-type]
    client.labels.create_default(project_id="p", model_name="m")  # type: ignore[call-arg]
    client.labels.create_inference(project_id="p", asset_id="a", json_response={})  # type: ignore[call-arg]
    client.labels.update("p")  # type: ignore[attr-defined]
    client.exports.geojson("p", "a.zip", layout="split")  # type: ignore[call-arg]
    client.llm.export("p", asset_id="a")  # type: ignore[call-arg]
    client.assets.list("p", filter={"statusin": ["TODO"]})  # type: ignore[call-overload]
    client.assets.list("p", status_in=["TODO"])  # type: ignore[call-overload]
    client.assets.count("p", {"skipped": "yes"})  # type: ignore[arg-type]
    client.events.list("p", first=3)  # type: ignore[call-arg]
    client.exports.parquet("p", "a.zip")  # type: ignore[attr-defined]


def wrong_names(client: KiliClient) -> None:
    client.labels("p", asset_status=["TODO"])  # type: ignore[call-overload]
    client.predictions("p", type_in=["REVIEW"])  # type: ignore[call-overload]
    client.count_labels("p", first=3)  # type: ignore[call-arg]
    client.assets("p", label_reviewed=True)  # type: ignore[call-overload]
    client.assets("p", format="pandas", as_generator=True)  # type: ignore[call-overload]
    client.count_assets("p", statusin=["TODO"])  # type: ignore[call-arg]
    client.events("p", since="e")  # type: ignore[call-arg]


def wrong_types(client: KiliClient) -> None:
    client.labels("p", author_in=3)  # type: ignore[call-overload]
    client.inferences("p", honeypot_mark_gte="0.5")  # type: ignore[call-overload]
    client.count_labels("p", created_at=2024)  # type: ignore[arg-type]
    client.count_assets("p", step_id_and_status_in=["s"])  # type: ignore[list-item]
    client.predictions("p", asset_group_name_in=["g"])  # type: ignore[call-overload]
    client.assets("p", skipped="yes")  # type: ignore[call-overload]
    client.count_assets("p", metadata_where=["day"])  # type: ignore[arg-type]
    client.events("p", order="newest")  # type: ignore[arg-type]
