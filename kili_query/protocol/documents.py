"""The GraphQL operations of the label methods, the enums of their values, and how a request shows its key.

Every root field bears the alias ``data``, so that an answer is read from one place whatever was asked.
"""

from enum import StrEnum
from typing import Literal, TypeAlias

from attrs import field, frozen

OperationKind: TypeAlias = Literal["query", "mutation", "subscription"]


@frozen
class Operation:
    """One root field of the service's schema, and the variables that it is called with.

    Attributes:
        kind: ``query``, ``mutation`` or ``subscription``.
        root: the root field.
        variables: the GraphQL type of each variable, which is passed as the argument of the same name.
        selection: the default selection; empty where the answer is a scalar.

    >>> print(COUNT_LABELS.document())
    query countLabels($where: LabelWhere!) { data: countLabels(where: $where) }
    """

    kind: OperationKind
    root: str
    variables: dict[str, str] = field(factory=dict)
    selection: str = ""

    @property
    def name(self) -> str:
        """The name that the document bears; it is that of the root field."""
        return self.root

    def document(self, selection: str = "") -> str:
        """The text of the document, in one line.

        Args:
            selection: what is asked of each object, without its outer braces; by default ``self.selection``.
        """
        chosen = selection or self.selection
        declared = ", ".join(f"${name}: {kind}" for name, kind in self.variables.items())
        passed = ", ".join(f"{name}: ${name}" for name in self.variables)
        head = f"{self.kind} {self.name}" + (f"({declared})" if declared else "")
        call = f"data: {self.root}" + (f"({passed})" if passed else "") + (f" {{ {chosen} }}" if chosen else "")
        return f"{head} {{ {call} }}"


_LIST = {"first": "PageSize!", "skip": "Int!"}

COUNT_LABELS = Operation("query", "countLabels", {"where": "LabelWhere!"})
LABELS = Operation("query", "labels", {"where": "LabelWhere!", **_LIST}, "id")
COUNT_ASSETS = Operation("query", "countAssets", {"where": "AssetWhere!"})
ASSETS = Operation("query", "assets", {"where": "AssetWhere!", **_LIST}, "id externalId")
PROJECTS = Operation("query", "projects", {"where": "ProjectWhere!", **_LIST}, "id")
ME = Operation("query", "me", {}, "id email")
API_KEYS = Operation("query", "apiKeys", {"where": "ApiKeyWhere!", **_LIST}, "expiryDate")

CHAT_ITEMS = Operation(
    "query",
    "chatItems",
    {"where": "ChatItemsWhere!"},
    "id content createdAt externalId modelName modelId parentId role",
)
"""The messages of a conversation; of release 26."""

EVENTS = Operation(
    "query",
    "events",
    {"where": "EventsWhere!", "pagination": "EventPagination!", "order": "Order"},
    "createdAt event id organizationId payload projectId userId",
)
"""The change feed of release 26; older releases and some accounts have none."""

APPEND_MANY_LABELS = Operation(
    "mutation", "appendManyLabels", {"data": "AppendManyLabelsData!", "where": "AssetWhere!"}, "id"
)
APPEND_TO_LABELS = Operation(
    "mutation", "appendToLabels", {"data": "AppendToLabelsData!", "where": "AssetWhere!"}, "id"
)
CREATE_HONEYPOT = Operation("mutation", "createHoneypot", {"data": "CreateHoneypotData!", "where": "AssetWhere!"}, "id")
UPDATE_PROPERTIES_IN_LABEL = Operation(
    "mutation", "updatePropertiesInLabel", {"where": "LabelWhere!", "data": "LabelData!"}, "id"
)
DELETE_LABELS = Operation("mutation", "deleteLabels", {"ids": "[ID!]!"})

LABEL_CREATED_OR_UPDATED = Operation(
    "subscription",
    "labelCreatedOrUpdated",
    {"projectID": "ID!"},
    "id author { email id } labelOf { id } assetId labelType jsonResponse createdAt modelName secondsToLabel",
)


class LabelType(StrEnum):
    """The types of labels."""

    AUTOSAVE = "AUTOSAVE"
    """A draft that was not submitted."""
    DEFAULT = "DEFAULT"
    """Submitted by a labeler."""
    INFERENCE = "INFERENCE"
    """A model's output, kept for comparison and not shown."""
    PREDICTION = "PREDICTION"
    """A model's output, shown to labelers to start from."""
    REVIEW = "REVIEW"
    """Made by a reviewer, or a honeypot."""


class AssetStatus(StrEnum):
    """How far the work on an asset has come."""

    TODO = "TODO"
    ONGOING = "ONGOING"
    LABELED = "LABELED"
    TO_REVIEW = "TO_REVIEW"
    REVIEWED = "REVIEWED"


ExportType: TypeAlias = Literal["latest", "latest_from_last_step", "latest_from_all_steps", "normal"]
"""Which labels of an asset are exported: its latest one; the latest of each author in the last step of the workflow, or
in each step; or all."""


class WorkflowVersion(StrEnum):
    """The kinds of workflows, of release 26."""

    V1 = "V1"
    """The legacy one: assets have a status, and no steps."""
    V2 = "V2"
    """Several steps."""
    V3 = "V3"
    """Several groups of steps."""


class StepStatus(StrEnum):
    """How far the work on an asset has come within its step, of release 26."""

    TO_DO = "TO_DO"
    IN_PROGRESS = "IN_PROGRESS"
    PARTIALLY_DONE = "PARTIALLY_DONE"
    REWORK = "REWORK"
    DONE = "DONE"
    SKIPPED = "SKIPPED"


class EventName(StrEnum):
    """Events of the change feed about labels and assets; the platform has more. Deleted labels raise no event."""

    DEFAULT_CREATED = "label.workflow.created.default"
    REVIEW_CREATED = "label.workflow.created.review"
    PREDICTION_CREATED = "label.workflow.created.prediction"
    INFERENCE_CREATED = "label.workflow.created.inference"
    HONEYPOT_CREATED = "label.workflow.created.honeypot"
    LABEL_EDITED = "label.workflow.edited"
    ASSET_CREATED = "asset.created"
    ASSET_UPDATED = "asset.updated"


_SCHEME = "X-API-Key: "


def authorization(api_key: str) -> str:
    """The value of the header ``Authorization``.

    >>> authorization("secret")
    'X-API-Key: secret'
    """
    return _SCHEME + api_key


def key_of(header: str) -> str | None:
    """The key in the value of a header ``Authorization``; None where it is of another scheme.

    >>> key_of("X-API-Key: secret"), key_of("Bearer secret")
    ('secret', None)
    """
    return header[len(_SCHEME) :] if header.startswith(_SCHEME) else None
