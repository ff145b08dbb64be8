"""The keyword arguments of the client's lists, for type checkers: ``as_generator`` decides what a list is."""

from collections.abc import Mapping, Sequence
from typing import TypedDict

from kili_query.query import Query

__all__ = ["AssetArguments", "LabelArguments", "PredictionArguments"]


class PredictionArguments(TypedDict, total=False):
    """Those of `KiliClient.predictions` and `KiliClient.inferences`."""

    asset_id: str | None
    asset_status_in: Sequence[str] | None
    asset_external_id_in: Sequence[str] | None
    author_in: Sequence[str] | None
    created_at: str | None
    created_at_gte: str | None
    created_at_lte: str | None
    fields: Sequence[str]
    first: int | None
    honeypot_mark_gte: float | None
    honeypot_mark_lte: float | None
    id_contains: Sequence[str] | None
    label_id: str | None
    skip: int
    user_id: str | None
    disable_tqdm: bool | None
    category_search: str | Query | None


class LabelArguments(PredictionArguments, total=False):
    """Those of `KiliClient.labels`."""

    asset_external_id_strictly_in: Sequence[str] | None
    type_in: Sequence[str] | None


class AssetArguments(TypedDict, total=False):
    """The filters of `KiliClient.assets` and `KiliClient.count_assets`.

    A ``label_…`` filter finds assets that have a label which meets all of these filters by itself.
    """

    asset_id_in: Sequence[str] | None
    asset_id_not_in: Sequence[str] | None
    external_id_in: Sequence[str] | None
    external_id_strictly_in: Sequence[str] | None
    status_in: Sequence[str] | None
    skipped: bool | None
    consensus_mark_gte: float | None
    consensus_mark_lte: float | None
    honeypot_mark_gte: float | None
    honeypot_mark_lte: float | None
    inference_mark_gte: float | None
    inference_mark_lte: float | None
    metadata_where: Mapping[str, object] | None
    created_at_gte: str | None
    created_at_lte: str | None
    updated_at_gte: str | None
    updated_at_lte: str | None
    issue_type: str | None
    issue_status: str | None
    label_author_in: Sequence[str] | None
    label_reviewer_in: Sequence[str] | None
    label_type_in: Sequence[str] | None
    label_consensus_mark_gte: float | None
    label_consensus_mark_lte: float | None
    label_honeypot_mark_gte: float | None
    label_honeypot_mark_lte: float | None
    label_created_at: str | None
    label_created_at_gte: str | None
    label_created_at_lte: str | None
