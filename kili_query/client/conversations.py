"""Exports of conversations, in the shapes of release 26: a list with an item for each asset."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias, cast

from attrs import evolve

from kili_query.client.asset_ids import asset_ids_of
from kili_query.client.assets import read_assets
from kili_query.client.contents import ANSWERS, of_label
from kili_query.client.exporting import WantedAssets, checked_label_types, export_labels
from kili_query.client.ontologies import read_project
from kili_query.client.paging import Row
from kili_query.client.request import Request, Service
from kili_query.client.rows import ListContext
from kili_query.client.settings import Settings
from kili_query.client.warning import warn
from kili_query.errors import DataError, MalformedLabelError, TransportError
from kili_query.export import NotCompatibleInputType, Options
from kili_query.ontology import is_conversation
from kili_query.protocol import CHAT_ITEMS, decode_json
from kili_query.wording import listed, shape_of

_RLHF = "LLM_RLHF"
_LEVELS = ("completion", "conversation", "round")
_FIELDS = (
    "id",
    "externalId",
    "jsonMetadata",
    *(f"assetProjectModels.{name}" for name in ("id", "configuration", "projectModelId")),
    *(f"labels.{name}" for name in ("id", "author.email", "labelType", "isSentBackToQueue", ANSWERS)),
    *(f"labels.chatItems.{name}" for name in CHAT_ITEMS.selection.split()),
)
_SHOWN = 10

Object: TypeAlias = Mapping[str, Any]


def export_conversations(
    context: ListContext,
    settings: Settings,
    wanted: WantedAssets,
    *,
    label_type_in: Sequence[str] | None,
    include_sent_back_labels: bool,
    disable_tqdm: bool | None,
) -> list[Row]:
    """Return the labels of a project of conversations; see `LlmMethods.export`.

    Raises:
        ArgumentError: an argument cannot be used; nothing was sent.
        NotCompatibleInputType: the project has no conversations.
        NotFound: the project does not exist, or has no asset with one of the external ids.
        ServiceError: the service refused the call, or cannot be reached.
        LabelError: a label cannot be read, or an answer belongs to no message.
        DataError: the interface has a job of an unknown level.
    """
    label_types = checked_label_types(label_type_in)
    options = Options(
        with_assets=True,
        export_type="normal",
        label_types=label_types,
        include_sent_back_labels=include_sent_back_labels,
    )
    chosen = evolve(wanted.checked(label_types), fields=_FIELDS, disable_tqdm=disable_tqdm)
    project = read_project(context.service, wanted.project_id, "inputType jsonInterface")
    kind = project.get("inputType")
    if kind == _RLHF:
        rows = export_labels(
            context, settings, wanted, fmt="llm_rlhf", filename=None, options=options, disable_tqdm=disable_tqdm
        )
        return cast("list[Row]", rows or [])
    if not isinstance(kind, str) or not is_conversation(kind):
        raise NotCompatibleInputType(f"`llm.export` is for conversations, not for a project of type {kind}")
    levels = _levels_of(project.get("jsonInterface"))
    if wanted.external_ids is not None:
        found = asset_ids_of(context.service, wanted.project_id, wanted.external_ids)
        chosen = evolve(chosen, filters={**chosen.filters, "asset_id_in": found})
    unknown: dict[str, None] = {}
    items = [
        _item(asset, kept[-1], context.service, levels, unknown)
        for asset in read_assets(context, chosen)
        if (kept := _kept(asset, options))
    ]
    if unknown:
        names = listed([f"`{name}`" for name in unknown], _SHOWN)
        warn(f"answers to jobs that the interface does not have are left out: {names}")
    return items


def _levels_of(interface: object) -> dict[str, str]:
    """Return the level of each job: whether it is asked about a completion, a round or the conversation."""
    decoded = decode_json(interface, name="jsonInterface") if isinstance(interface, str) and interface else interface
    jobs = decoded.get("jobs") if isinstance(decoded, Mapping) else None
    levels = {}
    for name, job in (jobs if isinstance(jobs, Mapping) else {}).items():
        level = (job.get("level") if isinstance(job, Mapping) else None) or "round"
        if level not in _LEVELS:
            raise DataError(f"the job `{name}` has the level {level!r}: this client knows {', '.join(_LEVELS)}")
        levels[str(name)] = str(level)
    return levels


def _kept(asset: Row, options: Options) -> list[Row]:
    """Return the labels of an asset that are exported; the service filters assets, not their labels."""
    labels = asset.get("labels")
    return [
        label
        for label in (labels if isinstance(labels, list) else ())
        if isinstance(label, dict)
        and label.get("labelType") in options.label_types
        and (options.include_sent_back_labels or label.get("isSentBackToQueue") is False)
    ]


def _item(asset: Row, label: Row, service: Service, levels: Mapping[str, str], unknown: dict[str, None]) -> Row:
    messages = _objects(label.get("chatItems")) or _messages_of(asset, service)
    models = {one.get("id"): _model_of(one) for one in _objects(asset.get("assetProjectModels"))}
    metadata, author = asset.get("jsonMetadata"), label.get("author")
    try:
        answers = conversation_label(label.get("annotations"), messages, levels)
    except MalformedLabelError as error:
        raise of_label(label, error) from error
    unknown.update((name, None) for name in _jobs_in(label.get("annotations")) if name not in levels)
    return {
        "chatItems": [
            {
                "content": one.get("content"),
                "externalId": one.get("externalId"),
                "modelName": one.get("modelName") or models.get(one.get("modelId")) or one.get("modelId"),
                "role": one.get("role"),
            }
            for one in messages
        ],
        "externalId": asset.get("externalId"),
        "label": answers,
        "labeler": author.get("email") if isinstance(author, Mapping) else None,
        "metadata": {"models": metadata["models"]} if isinstance(metadata, Mapping) and "models" in metadata else {},
    }


def _messages_of(asset: Row, service: Service) -> list[Object]:
    found = service.ask(Request(CHAT_ITEMS, {"where": {"assetId": asset.get("id")}}))
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise TransportError(f"the answer is not a list of messages: {shape_of(found)}", operation=CHAT_ITEMS.name)
    return found


def _model_of(project_model: Object) -> object:
    """Return the name of the model that a project model is a configuration of."""
    configuration = project_model.get("configuration")
    if isinstance(configuration, str):
        try:
            configuration = json.loads(configuration)
        except (ValueError, RecursionError):
            return None
    return configuration.get("model") if isinstance(configuration, Mapping) else None


def conversation_label(annotations: object, messages: Sequence[Object], levels: Mapping[str, str]) -> Row:
    """Return the answers of a label by level and job, each beside the message that it is about.

    Args:
        annotations: as the service lists them.
        messages: the conversation.
        levels: the level of each job, in the order of the interface. Answers to other jobs are left out.

    Raises:
        MalformedLabelError: an answer belongs to no message, or cannot be read.

    >>> messages = [{"id": "1", "role": "USER"}, {"id": "2", "externalId": "a", "role": "ASSISTANT"}]
    >>> good = {"job": "GOOD", "chatItemId": "2", "annotationValue": {"categories": ["YES"]}}
    >>> conversation_label([good], messages, {"GOOD": "completion"})
    {'completion': {'GOOD': {'a': {'categories': ['YES']}}}, 'conversation': {}, 'round': {}}
    """
    names = {one.get("id"): one.get("externalId") or one.get("id") for one in messages}
    rounds = {one.get("id"): number for number, one in enumerate(one for one in messages if one.get("role") == "USER")}
    label: dict[str, dict[str, Any]] = {level: {} for level in _LEVELS}
    for job, level in levels.items():
        for index, item, value in _answers_to(job, annotations):
            place = label[level]
            if level == "conversation":
                place.setdefault(job, value)
                continue
            known = names if level == "completion" else rounds
            if item not in known:
                what = "a message" if level == "completion" else "a prompt"
                raise MalformedLabelError(f"an answer to `{job}` must be about {what}", f"annotations[{index}]")
            place.setdefault(job, {})[known[item]] = value if level == "completion" else _of_round(value, names)
    return cast("Row", label)


def _answers_to(job: str, annotations: object) -> Iterator[tuple[int, object, Object]]:
    for index, one in enumerate(_objects(annotations)):
        if one.get("job") == job:
            value = one.get("annotationValue")
            if not isinstance(value, Mapping):
                raise MalformedLabelError(f"the answer to `{job}` is not understood", f"annotations[{index}]")
            yield index, one.get("chatItemId"), value


def _of_round(value: Object, names: Mapping[object, object]) -> Object:
    """Return an answer about a round; a comparison names the messages by their external ids."""
    choice = value.get("choice")
    if not isinstance(choice, Mapping):
        return value
    compared = {key: choice.get(key) for key in ("firstId", "secondId")}
    return {"code": choice.get("code"), **{key: names.get(one, one) for key, one in compared.items()}}


def _jobs_in(annotations: object) -> Iterable[str]:
    return dict.fromkeys(str(one.get("job")) for one in _objects(annotations))


def _objects(value: object) -> list[Object]:
    return [one for one in value if isinstance(one, Mapping)] if isinstance(value, list) else []
