"""Resolvers: the value of each field of the schema."""

import asyncio
import hashlib
import hmac
import json
from collections.abc import Mapping, Sequence
from functools import cache, partial
from secrets import token_bytes
from typing import TypeAlias, cast

from ariadne import MutationType, ObjectType, QueryType, ScalarType, SubscriptionType, make_executable_schema
from attrs import asdict, field, frozen
from graphql import GraphQLResolveInfo, GraphQLSchema

from kili_query.ontology import is_conversation
from kili_query.protocol import LabelType
from kili_query.resources import read_text
from kili_query.sandbox.database import Row
from kili_query.sandbox.events import Events, Listener
from kili_query.sandbox.feed import event_of
from kili_query.sandbox.project import ORGANIZATION_ID, OWNER
from kili_query.sandbox.store import Reader, Store
from kili_query.sandbox.values import Refused
from kili_query.sandbox.writing import NewLabel, StoreWriter

Where: TypeAlias = Mapping[str, object]
_Data: TypeAlias = Mapping[str, object]

_FAR = "2999-12-31T23:59:59.999Z"
_COLUMNS = {
    "modelName": "model_name",
    "secondsToLabel": "seconds_to_label",
    "isSentBackToQueue": "is_sent_back_to_queue",
}


@frozen
class SandboxService:
    """The part that all requests share.

    Attributes:
        store: what is served.
        events: told of each label that is written.
        api_key: the one key.
        page_limit: how many items a page may have.
        payloads_at: where contents are served, if not within the labels: a URL that a path is put behind.
        has_feed: whether there is a change feed.
        has_websockets: whether websockets can be opened.
    """

    store: Store
    api_key: str
    page_limit: int
    payloads_at: str | None = None
    has_feed: bool = True
    has_websockets: bool = True
    events: Events = field(factory=Events)
    _secret: bytes = field(factory=partial(token_bytes, 16))

    def payload_path(self, label_id: str) -> str:
        """The path of a label's content, which only who was told of it can know."""
        token = hmac.new(self._secret, label_id.encode(), hashlib.sha256).hexdigest()
        return f"{token}/{label_id}"


@frozen
class Asked:
    """The context of the resolvers of one request.

    Attributes:
        service: what all requests share.
        reader: what it reads with.
        queue: the labels that were written since it came, where it may be a subscription.
    """

    service: SandboxService
    reader: Reader
    queue: "asyncio.Queue[int] | None" = None


_Info: TypeAlias = "GraphQLResolveInfo[Asked]"


@cache
def make_schema(*, has_feed: bool = True) -> GraphQLSchema:
    """The schema, with what its fields give; the same for all such sandboxes of a process."""
    texts = [read_text("sandbox", "schema.graphql"), read_text("sandbox", "conversations.graphql")]
    resolvers = [_PAGE_SIZE, _QUERY, _MUTATION, _SUBSCRIPTION, _PROJECT, _ASSET, _LABEL]
    if has_feed:
        texts.append(read_text("sandbox", "events.graphql"))
        resolvers.append(_FEED)
    return make_executable_schema(texts, *resolvers)


_PAGE_SIZE = ScalarType("PageSize")
_QUERY = QueryType()
_FEED = QueryType()
_MUTATION = MutationType()
_SUBSCRIPTION = SubscriptionType()
_PROJECT = ObjectType("Project")
_ASSET = ObjectType("Asset")
_LABEL = ObjectType("Label")

# what the sandbox keeps nothing of
_ASSET.set_field("isUsedForConsensus", lambda *_: False)


@_PAGE_SIZE.value_parser
def _parse_page_size(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise Refused(f"a page size is a whole number from 0, not {value!r}")
    return value


@_QUERY.field("me")
@_QUERY.field("viewer")
def _me(_: object, __: _Info) -> Row:
    return {**asdict(OWNER), "activated": True}


@_QUERY.field("apiKeys")
def _api_keys(_: object, info: _Info, where: Where, first: int, skip: int) -> Sequence[Row]:
    asked = info.context
    key: Row = {"id": "sandbox-key", "name": "sandbox", "revoked": False, "key": asked.service.api_key}
    key |= {"expiryDate": _FAR, "createdAt": "2024-01-01T00:00:00.000Z"}
    is_found = all(where.get(name) in (None, key[name]) for name in ("id", "key"))
    _check_page(asked, first, skip)
    return [key][skip : skip + first] if is_found else []


@_QUERY.field("projects")
def _projects(_: object, info: _Info, where: Where, first: int, skip: int) -> Sequence[Row]:
    asked = info.context
    is_found = asked.service.store.selector.has_project(where)
    _check_page(asked, first, skip)
    return [_project_row(asked)][skip : skip + first] if is_found else []


@_QUERY.field("countProjects")
def _count_projects(_: object, info: _Info, where: Where) -> int:
    return int(info.context.service.store.selector.has_project(where))


@_QUERY.field("labels")
def _labels(_: object, info: _Info, where: Where, first: int, skip: int) -> Sequence[Row]:
    _check_page(info.context, first, skip)
    return info.context.reader.label_page(where, first, skip)


@_QUERY.field("countLabels")
def _count_labels(_: object, info: _Info, where: Where) -> int:
    return info.context.reader.count_labels(where)


@_QUERY.field("assets")
def _assets(_: object, info: _Info, where: Where, first: int, skip: int) -> Sequence[Row]:
    _check_page(info.context, first, skip)
    return info.context.reader.asset_page(where, first, skip)


@_QUERY.field("countAssets")
def _count_assets(_: object, info: _Info, where: Where) -> int:
    return info.context.reader.count_assets(where)


@_FEED.field("events")
def _event_feed(_: object, info: _Info, where: Where, pagination: Where, order: str | None = None) -> Sequence[Row]:
    asked = info.context
    first, skip = pagination.get("first"), cast("int | None", pagination.get("skip")) or 0
    size = asked.service.page_limit if first is None else cast("int", first)
    _check_page(asked, size, skip)
    rows = asked.reader.event_page(where, pagination, size, skip, is_descending=order == "desc")
    return [event_of(row, asked.service.store.project.id, ORGANIZATION_ID) for row in rows]


def _check_page(asked: Asked, first: int, skip: int) -> None:
    limit = asked.service.page_limit
    if first > limit:
        raise Refused(f"`first` is {first}: a page has {limit} items at most")
    if skip < 0:
        raise Refused(f"`skip` is {skip}: it counts items, from 0")


def _project_row(asked: Asked) -> Row:
    project = asked.service.store.project
    return {
        "id": project.id,
        "title": project.title,
        "description": project.description,
        "inputType": project.input_type,
        "jsonInterface": project.json_interface,
        "dataConnections": [],
        **project.workflow.as_json(),
        **project.settings,
    }


@_PROJECT.field("numberOfAssets")
def _number_of_assets(_: Row, info: _Info) -> int:
    return info.context.reader.count_assets({})


@_ASSET.field("labels")
def _labels_of_asset(asset: Row, info: _Info) -> list[Row]:
    return info.context.reader.labels_of(asset)


@_ASSET.field("latestLabel")
def _latest_label(asset: Row, info: _Info) -> Row | None:
    return info.context.reader.latest_label_of(asset)


@_ASSET.field("latestLabels")
def _latest_labels(asset: Row, info: _Info) -> list[Row]:
    return info.context.reader.latest_labels_of(asset)


@_ASSET.field("geospatialExportMetadata")
def _layers_of_asset(asset: Row, info: _Info) -> object:
    return info.context.reader.layers_of(asset)


@_ASSET.field("project")
def _project_of_asset(_: Row, info: _Info) -> Row:
    return _project_row(info.context)


@_ASSET.field("currentStep")
def _current_step(asset: Row, info: _Info) -> Row | None:
    workflow = info.context.service.store.project.workflow
    step = workflow.step(asset["step"])
    if step is None:
        return None
    return {"id": step.id, "name": step.name, "status": asset["stepStatus"], "stepGroupName": workflow.group_of(step)}


@_ASSET.field("assignees")
@_ASSET.field("toBeLabeledBy")
def _assignees(asset: Row, info: _Info) -> list[Row]:
    return [{**one, "activated": True} for one in info.context.reader.assignees_of(asset)]


@_ASSET.field("resolution")
@_ASSET.field("pageResolutions")
def _resolution(asset: Row, info: _Info) -> object:
    text = asset[info.field_name]
    sizes = json.loads(str(text)) if text else None
    if isinstance(sizes, list):
        info.context.reader.spend(len(sizes))
    return sizes


@_LABEL.field("author")
def _author(label: Row, _: _Info) -> Row:
    return {**label, "id": label["authorId"], "activated": True}


@_LABEL.field("labelOf")
def _label_of(label: Row, info: _Info) -> Row:
    return info.context.reader.asset_of(label)


@_LABEL.field("jsonResponse")
def _json_response(label: Row, info: _Info) -> str:
    asked = info.context
    return asked.reader.content_of(label) if asked.service.payloads_at is None else ""


@_LABEL.field("jsonResponseUrl")
def _json_response_url(label: Row, info: _Info) -> str | None:
    asked = info.context
    payloads_at = asked.service.payloads_at
    return None if payloads_at is None else payloads_at + asked.service.payload_path(str(label["id"]))


@_LABEL.field("annotations")
def _annotations(label: Row, info: _Info) -> list[Row]:
    asked = info.context
    has_answers = is_conversation(asked.service.store.project.input_type)
    return asked.reader.annotations_of(label) if has_answers else []


@_LABEL.field("chatItems")
def _messages_of_label(label: Row, info: _Info) -> list[Row]:
    return info.context.reader.messages_of(label["asset"])


@_ASSET.field("assetProjectModels")
def _models_of_asset(asset: Row, info: _Info) -> list[Row]:
    return info.context.reader.models_of(asset["number"])


@_QUERY.field("chatItems")
def _messages(_: object, info: _Info, where: Where) -> list[Row]:
    reader = info.context.reader
    return reader.messages_of(reader.asset_number(where["assetId"]))


@_QUERY.field("countAssetAnnotations")
def _count_objects(_: object, info: _Info, where: Where) -> int:
    return info.context.reader.count_objects(where)


@_LABEL.field("numberOfAnnotations")
def _number_of_annotations(label: Row, info: _Info) -> int:
    return info.context.reader.object_count(label)


@_LABEL.field("isLastForStep")
def _is_last_for_step(label: Row, info: _Info) -> bool:
    return info.context.reader.is_last_for_step(label)


@_LABEL.field("isLatestDefaultLabelForUser")
def _is_latest_default(label: Row, info: _Info) -> bool:
    return label["labelType"] == LabelType.DEFAULT and info.context.reader.is_latest_of_type(label)


@_LABEL.field("isLatestReviewLabelForUser")
def _is_latest_review(label: Row, info: _Info) -> bool:
    return label["labelType"] == LabelType.REVIEW and info.context.reader.is_latest_of_type(label)


@_MUTATION.field("appendManyLabels")
def _append_many(_: object, info: _Info, data: _Data, where: Where) -> list[Row]:
    given = cast("list[_Data]", data["labelsData"])
    asked, writer = _writer(info)
    labels = [_new_label(writer, one, cast("str | None", one.get("assetID"))) for one in given]
    numbers = writer.append(
        labels,
        LabelType(str(data["labelType"])),
        where,
        overwrite=bool(data.get("overwrite")),
        step_id=cast("str | None", data.get("stepId")),
    )
    by_number = {row["number"]: row for row in _written(asked, numbers)}
    return [by_number[number] for number in numbers]


@_MUTATION.field("appendToLabels")
def _append_one(_: object, info: _Info, data: _Data, where: Where) -> Row:
    asked, writer = _writer(info)
    numbers = writer.append([_new_label(writer, data, None)], LabelType(str(data["labelType"])), where)
    return _written(asked, numbers)[0]


@_MUTATION.field("createHoneypot")
def _create_honeypot(_: object, info: _Info, data: _Data, where: Where) -> Row:
    asked, writer = _writer(info)
    number = writer.create_honeypot(writer.check(str(data["jsonResponse"])), where)
    return _written(asked, [number])[0]


@_MUTATION.field("updatePropertiesInLabel")
def _update(_: object, info: _Info, data: _Data, where: Where) -> Row:
    asked, writer = _writer(info)
    text = data.get("jsonResponse")
    columns = {column: data[key] for key, column in _COLUMNS.items() if data.get(key) is not None}
    number = writer.update(where, columns, None if text is None else writer.check(str(text)))
    return _written(asked, [number])[0]


@_MUTATION.field("deleteLabels")
def _delete(_: object, info: _Info, ids: list[str]) -> list[str]:
    asked, writer = _writer(info)
    deleted = writer.delete(ids)
    asked.reader.refresh()
    return deleted


def _writer(info: _Info) -> tuple[Asked, StoreWriter]:
    asked = info.context
    asked.reader.refresh()  # a request that reads holds nothing back that it could wait for
    return asked, StoreWriter(asked.service.store)


def _new_label(writer: StoreWriter, data: _Data, asset_id: str | None) -> NewLabel:
    return NewLabel(
        asset_id=asset_id,
        author_id=cast("str | None", data.get("authorID")),
        content=writer.check(str(data["jsonResponse"])),
        model_name=cast("str | None", data.get("modelName")),
        seconds_to_label=cast("float | None", data.get("secondsToLabel")),
        reviewed_label=cast("str | None", data.get("referencedLabelId")),
    )


def _written(asked: Asked, numbers: Sequence[int]) -> list[Row]:
    """Tell listeners of a label that was written, and read it again."""
    asked.service.events.publish(numbers)
    asked.reader.refresh()
    return asked.reader.labels(numbers)


@_SUBSCRIPTION.source("labelCreatedOrUpdated")  # type: ignore[arg-type]  # any asynchronous iterator will do
def _events(_: object, info: _Info, projectID: str) -> Listener[Row]:  # noqa: N803 - a name of the schema
    asked = info.context
    if projectID != asked.service.store.project.id:
        raise Refused(f"there is no project `{projectID}`")

    def load(number: int) -> Row | None:
        asked.reader.begin()  # each event is an answer of its own
        return next(iter(asked.reader.labels([number])), None)

    if asked.queue is None:
        raise Refused("subscriptions are for websockets")
    return Listener(asked.service.events, asked.queue, load)


@_SUBSCRIPTION.field("labelCreatedOrUpdated")
def _event(label: Row, _: _Info, **__: object) -> Row:
    return label
