"""The filters of labels and assets, each declared once: its name, its type, its place in a ``where`` object, its help.

The arguments of the client, their checks and their help follow from here, as do the ``where`` objects. To add a
filter, add one line to the class of the lists that take it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum, StrEnum, auto
from functools import cache
from typing import Annotated, Any, TypeAlias, TypedDict, get_args, get_type_hints

from attrs import field, frozen

from kili_query.protocol.documents import AssetStatus, LabelType, StepStatus

Text: TypeAlias = str | None
Texts: TypeAlias = Sequence[str] | None
Mark: TypeAlias = float | None
Flag: TypeAlias = bool | None
Metadata: TypeAlias = Mapping[str, object] | None
Pairs: TypeAlias = Sequence[tuple[str, str]] | None


class WorkflowTerm(Enum):
    """What the values of a filter are in a project's workflow."""

    STEP_ID = auto()
    STEP_NAME = auto()
    """Requests hold the ids of all steps of the name."""
    STEP_STATUS = auto()
    GROUP_NAME = auto()
    ASSET_STATUS = auto()
    """Of the legacy workflow, where the service says how far an asset has come without steps."""


@frozen
class Filter:
    """How a filter is sent, checked and described. None filters nothing.

    Attributes:
        path: where its value stands in the ``where`` object; dots lead into objects.
        help: which rows are listed.
        choices: the texts that it may hold; None for any text.
        ignores_empty: an empty value filters nothing either, as the service's users expect of ids.
        term: what its values are in the project's workflow; None if they have nothing to do with it.
        excludes: another filter that cannot be given with it; those with the same path cannot either.
    """

    path: str
    help: str
    choices: type[StrEnum] | None = None
    ignores_empty: bool = field(default=False, kw_only=True)
    term: WorkflowTerm | None = field(default=None, kw_only=True)
    excludes: str | None = field(default=None, kw_only=True)


FORMER_NAMES = {"external_id_contains": "external_id_strictly_in"}
"""Former names of filters. This one looks for whole ids, despite its name."""

FORMER_CHOICES: Mapping[type[StrEnum], Mapping[str, str]] = {StepStatus: {"DOING": "IN_PROGRESS", "REDO": "REWORK"}}
"""Texts that filters also accept, with a warning, and what each is called now."""

_STATE, _STATUS, _GROUP = WorkflowTerm.ASSET_STATUS, WorkflowTerm.STEP_STATUS, WorkflowTerm.GROUP_NAME
_ID, _NAME = WorkflowTerm.STEP_ID, WorkflowTerm.STEP_NAME


class PredictionFilters(TypedDict, total=False):
    """The filters of `KiliClient.predictions` and `KiliClient.inferences`."""

    asset_id: Annotated[Text, Filter("asset.id", "of this asset", ignores_empty=True)]
    asset_status_in: Annotated[
        Texts, Filter("asset.statusIn", "of assets in one of these states", AssetStatus, term=_STATE)
    ]
    asset_external_id_in: Annotated[
        Texts, Filter("asset.externalIdIn", "of assets whose external id holds one of these", ignores_empty=True)
    ]
    asset_step_name_in: Annotated[
        Texts,
        Filter("asset.stepIdIn", "of assets in a step with one of these names", term=_NAME, excludes="asset_status_in"),
    ]
    asset_step_id_in: Annotated[
        Texts,
        Filter("asset.stepIdIn", "of assets in one of the steps with these ids", term=_ID, excludes="asset_status_in"),
    ]
    asset_step_status_in: Annotated[
        Texts,
        Filter(
            "asset.stepStatusIn",
            "of assets whose step has one of these statuses",
            StepStatus,
            term=_STATUS,
            excludes="asset_status_in",
        ),
    ]
    author_in: Annotated[Texts, Filter("authorIn", "by one of these people, by first name, last name or both")]
    created_at: Annotated[Text, Filter("createdAt", "created on this date, as ``YYYY-MM-DD``")]
    created_at_gte: Annotated[Text, Filter("createdAtGte", "created on this date or later")]
    created_at_lte: Annotated[Text, Filter("createdAtLte", "created on this date or earlier")]
    honeypot_mark_gte: Annotated[Mark, Filter("honeypotMarkGte", "with this mark or a better one, from 0 to 1")]
    honeypot_mark_lte: Annotated[Mark, Filter("honeypotMarkLte", "with this honeypot mark or a worse one")]
    id_contains: Annotated[
        Texts, Filter("idIn", "with one of these ids, whole ones despite the name", ignores_empty=True)
    ]
    label_id: Annotated[Text, Filter("id", "the one with this id", ignores_empty=True)]
    user_id: Annotated[Text, Filter("user.id", "by the user with this id", ignores_empty=True)]


class LabelFilters(PredictionFilters, total=False):
    """The filters of `KiliClient.labels` and `KiliClient.count_labels`."""

    asset_external_id_strictly_in: Annotated[
        Texts, Filter("asset.externalIdStrictlyIn", "of assets with one of these external ids", ignores_empty=True)
    ]
    asset_group_name_in: Annotated[
        Texts,
        Filter("asset.groupNameIn", "of assets in a step of one of these groups", term=_GROUP, ignores_empty=True),
    ]
    asset_group_name_not_in: Annotated[
        Texts,
        Filter("asset.groupNameNotIn", "of assets in no step of these groups", term=_GROUP, ignores_empty=True),
    ]
    type_in: Annotated[Texts, Filter("typeIn", "of one of these types", LabelType)]


class ExportFilters(TypedDict, total=False):
    """The filters of ``asset_filter_kwargs`` in `KiliClient.export_labels`."""

    external_id_in: Annotated[Texts, Filter("externalIdIn", "whose external id contains one of these texts")]
    external_id_strictly_in: Annotated[Texts, Filter("externalIdStrictlyIn", "with one of these external ids")]
    status_in: Annotated[Texts, Filter("statusIn", "in one of these states", AssetStatus, term=_STATE)]
    skipped: Annotated[Flag, Filter("skipped", "that were skipped, or with False that were not", term=_STATE)]
    step_name_in: Annotated[
        Texts,
        Filter("stepIdIn", "in a step with one of these names", term=_NAME, excludes="status_in"),
    ]
    step_id_in: Annotated[
        Texts, Filter("stepIdIn", "in one of the steps with these ids", term=_ID, excludes="status_in")
    ]
    step_status_in: Annotated[
        Texts,
        Filter("stepStatusIn", "whose step has one of these statuses", StepStatus, term=_STATUS, excludes="status_in"),
    ]
    group_name_in: Annotated[
        Texts, Filter("groupNameIn", "in a step of one of these groups", term=_GROUP, ignores_empty=True)
    ]
    group_name_not_in: Annotated[
        Texts, Filter("groupNameNotIn", "in no step of these groups", term=_GROUP, ignores_empty=True)
    ]
    assignee_in: Annotated[Texts, Filter("assigneeIn", "assigned to one of these people")]
    assignee_not_in: Annotated[Texts, Filter("assigneeNotIn", "assigned to none of these people")]
    consensus_mark_gte: Annotated[Mark, Filter("consensusMarkGte", "with this consensus mark or a better one")]
    consensus_mark_lte: Annotated[Mark, Filter("consensusMarkLte", "with this consensus mark or a worse one")]
    honeypot_mark_gte: Annotated[Mark, Filter("honeypotMarkGte", "with this honeypot mark or a better one")]
    honeypot_mark_lte: Annotated[Mark, Filter("honeypotMarkLte", "with this honeypot mark or a worse one")]
    inference_mark_gte: Annotated[Mark, Filter("inferenceMarkGte", "with this inference mark or a better one")]
    inference_mark_lte: Annotated[Mark, Filter("inferenceMarkLte", "with this inference mark or a worse one")]
    metadata_where: Annotated[Metadata, Filter("metadata", "with this metadata, by key", ignores_empty=True)]
    created_at_gte: Annotated[Text, Filter("createdAtGte", "created on this date or later, as ``YYYY-MM-DD``")]
    created_at_lte: Annotated[Text, Filter("createdAtLte", "created on this date or earlier")]
    issue_type: Annotated[Text, Filter("issue.type", "with an issue of this type: ``ISSUE`` or ``QUESTION``")]
    issue_status: Annotated[
        Text, Filter("issue.status", "with an issue in this state: ``OPEN``, ``SOLVED`` or ``CANCELLED``")
    ]
    label_author_in: Annotated[Texts, Filter("label.authorIn", "with a label by one of these people")]
    label_labeler_in: Annotated[Texts, Filter("label.labelerIn", "with a label submitted by one of these people")]
    label_labeler_not_in: Annotated[
        Texts, Filter("label.labelerNotIn", "with a label that none of these people submitted")
    ]
    label_reviewer_in: Annotated[Texts, Filter("label.reviewerIn", "with a label reviewed by one of these people")]
    label_reviewer_not_in: Annotated[
        Texts, Filter("label.reviewerNotIn", "with a label that none of these people reviewed")
    ]


class AssetKeywords(ExportFilters, total=False):
    """The filters that `KiliClient.assets` and `KiliClient.count_assets` take by name alone.

    All ``label_…`` filters are met by one label of the asset.
    """

    asset_id_in: Annotated[Texts, Filter("idIn", "with one of these ids")]
    asset_id_not_in: Annotated[Texts, Filter("idNotIn", "with none of these ids")]
    step_name_not_in: Annotated[
        Texts,
        Filter("stepIdNotIn", "in no step with these names", term=_NAME),
    ]
    step_id_not_in: Annotated[
        Texts, Filter("stepIdNotIn", "in none of the steps with these ids", term=_ID, excludes="status_in")
    ]
    step_status_not_in: Annotated[
        Texts, Filter("stepStatusNotIn", "whose step has none of these statuses", StepStatus, term=_STATUS)
    ]
    step_name_and_status_in: Annotated[
        Pairs,
        Filter(
            "stepIdAndStatusIn",
            "in a step of this name with this status, for one of these pairs",
            StepStatus,
            term=_NAME,
        ),
    ]
    step_id_and_status_in: Annotated[
        Pairs,
        Filter(
            "stepIdAndStatusIn",
            "in the step of this id with this status, for one of these pairs",
            StepStatus,
            term=_ID,
            excludes="status_in",
        ),
    ]
    step_name_and_status_not_in: Annotated[
        Pairs,
        Filter(
            "stepIdAndStatusNotIn",
            "not in a step of this name with this status, for any of these pairs",
            StepStatus,
            term=_NAME,
        ),
    ]
    step_id_and_status_not_in: Annotated[
        Pairs,
        Filter(
            "stepIdAndStatusNotIn",
            "not in the step of this id with this status, for any of these pairs",
            StepStatus,
            term=_ID,
            excludes="status_in",
        ),
    ]
    updated_at_gte: Annotated[Text, Filter("updatedAtGte", "updated on this date or later")]
    updated_at_lte: Annotated[Text, Filter("updatedAtLte", "updated on this date or earlier")]
    label_type_in: Annotated[Texts, Filter("label.typeIn", "with a label of one of these types", LabelType)]
    label_consensus_mark_gte: Annotated[Mark, Filter("label.consensusMarkGte", "with a label of this mark or better")]
    label_consensus_mark_lte: Annotated[Mark, Filter("label.consensusMarkLte", "with a label of this mark or worse")]
    label_honeypot_mark_gte: Annotated[Mark, Filter("label.honeypotMarkGte", "with a label of this mark or better")]
    label_honeypot_mark_lte: Annotated[Mark, Filter("label.honeypotMarkLte", "with a label of this mark or worse")]
    label_created_at: Annotated[Text, Filter("label.createdAt", "with a label created on this date")]
    label_created_at_gte: Annotated[Text, Filter("label.createdAtGte", "with a label created on this date or later")]
    label_created_at_lte: Annotated[Text, Filter("label.createdAtLte", "with a label created on this date or earlier")]


class AssetFilters(AssetKeywords, total=False):
    """All filters of `KiliClient.assets` and `KiliClient.count_assets`."""

    asset_id: Annotated[Text, Filter("id", "the one with this id", ignores_empty=True)]


class EventFilters(TypedDict, total=False):
    """The filters of `KiliClient.events`."""

    event: Annotated[Text, Filter("event", "with this name, such as ``label.workflow.edited``")]
    created_at_gte: Annotated[Text, Filter("createdAtGte", "at this date or time, or later")]
    created_at_lte: Annotated[Text, Filter("createdAtLte", "at this date or time, or earlier")]
    user_id: Annotated[Text, Filter("userId", "caused by the user with this id", ignores_empty=True)]
    organization_id: Annotated[Text, Filter("organizationId", "of the organization with this id", ignores_empty=True)]


@cache
def filters_of(declaration: type) -> Mapping[str, Filter]:
    """Return the filters that a class of this module declares, by name."""
    hints = get_type_hints(declaration, include_extras=True)
    return {name: get_args(hint)[1] for name, hint in hints.items()}


def label_where(
    project_id: str, filters: Mapping[str, object], category_search: str | None = None
) -> dict[str, object]:
    """Return the ``LabelWhere`` of `LabelFilters`.

    >>> label_where("p", {"label_id": "l", "type_in": None})
    {'project': {'id': 'p'}, 'asset': {'project': {'id': 'p'}}, 'id': 'l'}
    """
    places = [("project.id", project_id), ("asset.project.id", project_id), ("search", category_search)]
    return _nested([*places, *_placed(LabelFilters, filters)])


def asset_where(
    project_id: str, filters: Mapping[str, object], category_search: str | None = None
) -> dict[str, object]:
    """Return the ``AssetWhere`` of `AssetFilters`; the category search is of labels.

    >>> asset_where("p", {"status_in": ("TODO",), "label_type_in": ["REVIEW"]})
    {'project': {'id': 'p'}, 'statusIn': ['TODO'], 'label': {'typeIn': ['REVIEW']}}
    """
    places = [("project.id", project_id), ("label.search", category_search)]
    return _nested([*places, *_placed(AssetFilters, filters)])


def event_where(project_id: str, filters: Mapping[str, object]) -> dict[str, object]:
    """Return the ``EventsWhere`` of `EventFilters`.

    >>> event_where("p", {"event": "asset.created", "user_id": None})
    {'projectId': 'p', 'event': 'asset.created'}
    """
    return _nested([("projectId", project_id), *_placed(EventFilters, filters)])


def _placed(declaration: type, filters: Mapping[str, object]) -> Iterator[tuple[str, object]]:
    for name, value in filters.items():
        is_list = isinstance(value, Sequence) and not isinstance(value, str)
        yield filters_of(declaration)[name].path, [*map(_entry, value)] if is_list else value  # type: ignore[call-overload]


def _entry(value: object) -> object:
    """Return an entry of a list as it is sent; a pair is of the id and the status of a step."""
    return {"stepId": value[0], "status": value[1]} if isinstance(value, tuple) else value


def _nested(members: Iterable[tuple[str, object]]) -> dict[str, object]:
    """Build an object from values at dotted paths; None is left out."""
    whole: dict[str, object] = {}
    for path, value in members:
        if value is None:
            continue
        *parents, name = path.split(".")
        place: Any = whole
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = value
    return whole
