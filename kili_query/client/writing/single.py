"""Calls that write one label."""

from collections.abc import Mapping

from kili_query.client.arguments import check_label_type, check_response, check_texts
from kili_query.client.asset_ids import asset_ids_of
from kili_query.client.request import Request, Service
from kili_query.client.warning import warn
from kili_query.client.writing.batches import accounting_for
from kili_query.errors import (
    ArgumentError,
    IncompatibleArgumentsError,
    MissingArgumentError,
    MutationOutcomeUnknown,
    TransportError,
)
from kili_query.protocol import (
    APPEND_TO_LABELS,
    CREATE_HONEYPOT,
    ME,
    UPDATE_PROPERTIES_IN_LABEL,
    Operation,
    encode_json,
)
from kili_query.wording import shape_of


def create_honeypot(
    service: Service,
    json_response: Mapping[str, object],
    asset_external_id: str | None = None,
    asset_id: str | None = None,
    project_id: str | None = None,
) -> dict[str, str]:
    """Make an asset a honeypot: labels of it are compared with this content.

    Where both ``asset_id`` and ``asset_external_id`` are given, the former counts.

    Returns:
        ``{"id": …}`` of the label that holds the content, a review.

    Raises:
        ArgumentError: no asset is named, or the content is no dict; nothing was sent.
        NotFound: no asset of the project bears the external id.
        ServiceError: it failed. Its ``in_doubt`` or its ``not_sent`` holds the asset's id, as it was given.
    """
    check_response("json_response", json_response)
    text = encode_json(json_response)
    if not asset_id and not (asset_external_id and project_id):
        raise ArgumentError("no asset is named: give `asset_id`, or `asset_external_id` and `project_id`")
    with accounting_for([asset_id or asset_external_id]):
        found = asset_id or _asset_id_of(service, project_id, asset_external_id)
        return _write(service, CREATE_HONEYPOT, {"data": {"jsonResponse": text}, "where": {"id": found}})


def append_to_labels(
    service: Service,
    json_response: Mapping[str, object],
    author_id: str | None = None,
    label_asset_external_id: str | None = None,
    label_asset_id: str | None = None,
    label_type: str = "DEFAULT",
    project_id: str | None = None,
    seconds_to_label: int | None = 0,
) -> dict[str, str]:
    """Append one label to one asset; deprecated for `append_labels`.

    Returns:
        ``{"id": …}`` of the label.

    Raises:
        ArgumentError: no asset is named, or twice; nothing was sent.
        NotFound: no asset of the project bears the external id.
        ServiceError: it failed. Its ``in_doubt`` or its ``not_sent`` holds the asset's id, as it was given.
    """
    warn("`append_to_labels` is deprecated: call `append_labels`", DeprecationWarning)
    check_response("json_response", json_response)
    text = encode_json(json_response)
    check_label_type(label_type)
    if label_asset_id and label_asset_external_id:
        raise IncompatibleArgumentsError("give `label_asset_id` or `label_asset_external_id`, not both")
    if not label_asset_id and not (label_asset_external_id and project_id):
        raise MissingArgumentError(
            "no asset is named: give `label_asset_id`, or `label_asset_external_id` and `project_id`"
        )
    with accounting_for([label_asset_id or label_asset_external_id]):
        found = label_asset_id or _asset_id_of(service, project_id, label_asset_external_id)
        data = {
            "authorID": author_id or _my_id(service),
            "jsonResponse": text,
            "labelType": str(label_type),
            "secondsToLabel": seconds_to_label,
        }
        given = {name: value for name, value in data.items() if value is not None}
        return _write(service, APPEND_TO_LABELS, {"data": given, "where": {"id": found}})


def update_properties_in_label(
    service: Service,
    label_id: str,
    seconds_to_label: int | None = None,
    model_name: str | None = None,
    json_response: Mapping[str, object] | None = None,
) -> dict[str, str]:
    """Change properties of a label; those not given stay as they are. An empty content ``{}`` is stored as such.

    Returns:
        ``{"id": …}`` of the label.

    Raises:
        ArgumentError: nothing is given to change; nothing was sent.
        ServiceError: it failed. Its ``in_doubt`` or its ``not_sent`` holds the label's id.
    """
    check_texts("label_id", [label_id])
    if not label_id:
        raise ArgumentError("`label_id` is empty: it is the id of a label")
    data: dict[str, object] = {}
    if json_response is not None:
        check_response("json_response", json_response)
        data["jsonResponse"] = encode_json(json_response)
    data |= {"modelName": model_name} if model_name is not None else {}
    data |= {"secondsToLabel": seconds_to_label} if seconds_to_label is not None else {}
    if not data:
        raise MissingArgumentError("nothing to change: give `seconds_to_label`, `model_name` or `json_response`")
    with accounting_for([label_id]):
        return _write(service, UPDATE_PROPERTIES_IN_LABEL, {"where": {"id": label_id}, "data": data})


def _asset_id_of(service: Service, project_id: str | None, external_id: str | None) -> str:
    (found,) = asset_ids_of(service, str(project_id), [str(external_id)])
    return found


def _my_id(service: Service) -> str:
    answer = service.ask(Request(ME, selection="id"))
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
        raise TransportError(f"the current user has no id: {shape_of(answer)}", operation=ME.name)
    return str(answer["id"])


def _write(service: Service, operation: Operation, variables: Mapping[str, object]) -> dict[str, str]:
    answer = service.ask(Request(operation, variables))
    if not isinstance(answer, dict) or not isinstance(answer.get("id"), str):
        raise MutationOutcomeUnknown(f"the answer holds no id: {shape_of(answer)}", operation=operation.name)
    return {"id": answer["id"]}
