"""Labels are appended to assets, in batches."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from attrs import evolve, field, frozen

from kili_query.client.arguments import (
    check_flag,
    check_integers,
    check_label_type,
    check_lengths,
    check_project_id,
    check_response,
    check_responses,
    check_text,
    check_texts,
)
from kili_query.client.asset_ids import asset_ids_of, project_id_of
from kili_query.client.request import Request, Service
from kili_query.client.warning import warn
from kili_query.client.workflow import Workflow
from kili_query.client.writing.batches import BATCH_SIZE, Advance, MutationBatch, accounting_for, send_batches
from kili_query.errors import ArgumentError, IncompatibleArgumentsError, MissingArgumentError
from kili_query.protocol import APPEND_MANY_LABELS, LabelType, encode_json

Response: TypeAlias = Mapping[str, object]

_BATCH_BYTES = 4_000_000
_TIMEOUT_S = 120.0


@frozen(kw_only=True)
class NewLabels:
    """Labels to append, an array for each property, by the names of the arguments of `KiliClient.append_labels`.

    Attributes:
        names: what the caller's method calls them in messages, where it calls them otherwise. A name that does not end
            in ``_array`` is of one value.
    """

    asset_id_array: Sequence[str] | None = None
    json_response_array: Sequence[Response] = ()
    author_id_array: Sequence[str] | None = None
    seconds_to_label_array: Sequence[int] | None = None
    model_name: str | None = None
    label_type: str = LabelType.DEFAULT
    project_id: str | None = None
    asset_external_id_array: Sequence[str] | None = None
    overwrite: bool = False
    step_name: str | None = None
    reviewed_label_id_array: Sequence[str] | None = None
    step_id: str | None = None
    group_name: str | None = None
    names: Mapping[str, str] = field(factory=dict)

    def called(self, name: str, index: int | None = None) -> str:
        """Return the name of an array, or the place of a value in it, as the caller knows it."""
        known = self.names.get(name, name)
        return known if index is None or not known.endswith("_array") else f"{known}[{index}]"

    def arrays(self, *names: str) -> dict[str, Sequence[object] | None]:
        """The arrays of these names."""
        return {name: getattr(self, name) for name in names}


def append_labels(service: Service, new: NewLabels, advance: Advance = lambda _: None) -> list[dict[str, str]]:
    """Append a label to each of some assets.

    Returns:
        ``{"id": …}`` of each label, in the order of the arrays.

    Raises:
        ArgumentError: the arrays contradict each other, or something is missing; nothing was sent. Or the project has
            no such step; nothing was changed.
        NotFound: an external id that no asset of the project bears, or a project without steps; nothing was changed.
        ServiceError: it failed. Its ``created`` holds the ids so far; its ``in_doubt`` and ``not_sent`` hold positions
            in the arrays.
    """
    check_new_labels(new)
    texts = [
        encode_json(response, name=new.called("json_response_array", index))
        for index, response in enumerate(new.json_response_array)
    ]
    with accounting_for(range(len(texts))):
        if not new.asset_id_array:
            assert new.project_id is not None  # checked above
            assert new.asset_external_id_array is not None
            ids = asset_ids_of(service, new.project_id, new.asset_external_id_array)
            new = evolve(new, asset_id_array=ids)
        if new.step_name is not None or new.step_id is not None:
            new = evolve(new, step_id=_step_id_of(service, new))
    answered = send_batches(service, list(_batches(new, texts)), advance)
    return [{"id": _id_of(item)} for item in answered]


def create_predictions(
    service: Service,
    new: NewLabels,
    model_name_array: Sequence[str] | None = None,
    advance: Advance = lambda _: None,
) -> dict[str, str]:
    """Append a prediction of one model to each of some assets.

    Where both ``asset_id_array`` and ``asset_external_id_array`` are given, the former counts.

    Returns:
        ``{"id": …}``: the id of the project.

    Raises:
        ArgumentError, NotFound, ServiceError: as `append_labels` does.
    """
    _check_responses(new)
    if not new.json_response_array:
        raise ArgumentError(f"`{new.called('json_response_array')}` is empty: give one prediction at least")
    check_lengths(
        {
            new.called("asset_external_id_array"): new.asset_external_id_array,
            new.called("json_response_array"): new.json_response_array,
            "model_name_array": model_name_array,
            new.called("asset_id_array"): new.asset_id_array,
        }
    )
    name = _only_model(new.model_name, model_name_array)
    if not new.asset_id_array and not new.asset_external_id_array:
        ids, external_ids = new.called("asset_id_array"), new.called("asset_external_id_array")
        raise ArgumentError(f"no asset is named: give `{ids}` or `{external_ids}`")
    if new.asset_id_array:
        new = evolve(new, asset_external_id_array=None)
    append_labels(service, evolve(new, model_name=name, label_type=LabelType.PREDICTION), advance)
    return {"id": str(new.project_id)}


def _only_model(model_name: str | None, model_name_array: Sequence[str] | None) -> str:
    """The name of the one model that predictions are of."""
    if model_name is not None:
        return model_name
    if model_name_array is None:
        raise ArgumentError("`model_name` is missing: predictions are told apart by it")
    check_texts("model_name_array", model_name_array)
    names = dict.fromkeys(model_name_array)
    if len(names) != 1:
        raise ArgumentError(f"one call creates the predictions of one model, not of {len(names)}: give `model_name`")
    warn("`model_name_array` is deprecated: give `model_name`", DeprecationWarning)
    return next(iter(names))


def check_new_labels(new: NewLabels) -> None:
    """Check all that can be wrong with the arguments, in the order in which the official client finds it."""
    _check_responses(new)
    for name, array in new.arrays(
        "asset_id_array", "asset_external_id_array", "author_id_array", "reviewed_label_id_array"
    ).items():
        _check_ids(new, name, array)
    _check_step(new)
    if new.model_name is not None:
        check_text("model_name", new.model_name)
    if new.project_id is not None:
        check_project_id(new.project_id)
    check_flag("overwrite", new.overwrite)
    check_integers("seconds_to_label_array", new.seconds_to_label_array)
    check_label_type(new.label_type)
    if not new.json_response_array:
        raise ArgumentError(f"`{new.called('json_response_array')}` is empty: give one label at least")
    ids, external_ids = new.called("asset_id_array"), new.called("asset_external_id_array")
    if new.asset_id_array and new.asset_external_id_array:
        raise IncompatibleArgumentsError(f"give `{ids}` or `{external_ids}`, not both")
    if not new.asset_id_array and not (new.project_id and new.asset_external_id_array):
        raise MissingArgumentError(f"no asset is named: give `{ids}`, or `{external_ids}` and `project_id`")
    arrays = new.arrays(
        "seconds_to_label_array",
        "author_id_array",
        "json_response_array",
        "asset_external_id_array",
        "asset_id_array",
        "reviewed_label_id_array",
    )
    check_lengths({new.called(name): array for name, array in arrays.items()})
    for name, array in new.arrays("asset_id_array", "asset_external_id_array").items():
        if array and not all(array):
            empty = new.called(name, [*map(bool, array)].index(False))
            raise ArgumentError(f"`{empty}` is empty: each label needs an asset")
    if "" in (new.reviewed_label_id_array or ()):
        empty = new.called("reviewed_label_id_array")
        raise ArgumentError(f"`{empty}` holds an empty id: give None for a label that reviews no other")
    if new.label_type == LabelType.PREDICTION and not new.model_name:
        raise ArgumentError("`model_name` is missing: predictions are told apart by it")


def _check_responses(new: NewLabels) -> None:
    name = "json_response_array"
    if new.called(name, 0) == new.called(name):  # one content, not an array
        check_response(new.called(name), new.json_response_array[0])
    else:
        check_responses(new.called(name), new.json_response_array)


def _check_ids(new: NewLabels, name: str, ids: Sequence[object] | None) -> None:
    if ids is not None and new.called(name, 0) == new.called(name):
        check_text(new.called(name), ids[0])
    else:
        check_texts(new.called(name), ids, nullable=True)


def _check_step(new: NewLabels) -> None:
    """Check that at most one step is named."""
    given = {name: getattr(new, name) for name in ("step_name", "step_id", "group_name")}
    for name, value in given.items():
        if value is not None:
            check_text(name, value)
        if value == "":
            raise ArgumentError(f"`{name}` is empty: leave it out, or name one")
    if new.step_id is not None and new.step_name is not None:
        raise ArgumentError("`step_id` and `step_name` both name the step: give one of them")
    if new.group_name is not None and new.step_name is None:
        raise ArgumentError("`group_name` belongs to a `step_name`: give that too, or `step_id` alone")


def _step_id_of(service: Service, new: NewLabels) -> str:
    """Return the id of the step that is named, in the workflow as it is now."""
    project_id = new.project_id
    if project_id is None:
        assert new.asset_id_array is not None
        project_id = project_id_of(service, new.asset_id_array[0])
    return Workflow.read(service, project_id).one_step(new.step_name, new.step_id, new.group_name)


def _batches(new: NewLabels, texts: Sequence[str]) -> Iterator[MutationBatch]:
    """The labels in mutations, in their order, each of bounded number and size."""
    start, size_bytes = 0, 0
    for index, text in enumerate(texts):
        if index > start and (index - start == BATCH_SIZE or size_bytes + len(text) > _BATCH_BYTES):
            yield _batch(new, texts, range(start, index))
            start, size_bytes = index, 0
        size_bytes += len(text)
    yield _batch(new, texts, range(start, len(texts)))


def _batch(new: NewLabels, texts: Sequence[str], positions: range) -> MutationBatch:
    assert new.asset_id_array is not None
    labels = [
        {
            "assetID": new.asset_id_array[index],
            "authorID": new.author_id_array[index] if new.author_id_array is not None else None,
            "clientVersion": None,
            "jsonResponse": texts[index],
            "modelName": new.model_name,
            "secondsToLabel": new.seconds_to_label_array[index] if new.seconds_to_label_array is not None else None,
        }
        for index in positions
    ]
    if new.reviewed_label_id_array is not None:  # older services do not know the key
        for label, index in zip(labels, positions, strict=True):
            label["referencedLabelId"] = new.reviewed_label_id_array[index]
    where: dict[str, object] = {"idIn": [label["assetID"] for label in labels]}
    if new.project_id is not None:
        where["project"] = {"id": new.project_id}
    data: dict[str, object] = {
        "labelType": str(new.label_type),
        "overwrite": bool(new.overwrite),
        "labelsData": labels,
    }
    if new.step_id is not None:
        data["stepId"] = new.step_id
    return MutationBatch(
        Request(APPEND_MANY_LABELS, {"data": data, "where": where}, timeout_s=_TIMEOUT_S), tuple(positions)
    )


def _id_of(item: object) -> str:
    return str(item["id"]) if isinstance(item, dict) else str(item)
