"""What labels and assets are asked for, and the ``where`` objects that say so."""

from collections.abc import Mapping, Sequence

from attrs import frozen


@frozen(kw_only=True)
class AssetFilters:
    """Which assets of a project. None is no filter.

    Empty lists of ids are no filter either only where the caller says so: here they are kept, and find nothing.
    """

    project_id: str | None = None
    asset_id: str | None = None
    asset_id_in: Sequence[str] | None = None
    asset_id_not_in: Sequence[str] | None = None
    external_id_in: Sequence[str] | None = None
    external_id_strictly_in: Sequence[str] | None = None
    status_in: Sequence[str] | None = None
    skipped: bool | None = None
    consensus_mark_gte: float | None = None
    consensus_mark_lte: float | None = None
    honeypot_mark_gte: float | None = None
    honeypot_mark_lte: float | None = None
    inference_mark_gte: float | None = None
    inference_mark_lte: float | None = None
    metadata_where: Mapping[str, object] | None = None
    created_at_gte: str | None = None
    created_at_lte: str | None = None
    updated_at_gte: str | None = None
    updated_at_lte: str | None = None
    issue_type: str | None = None
    issue_status: str | None = None
    label_author_in: Sequence[str] | None = None
    label_reviewer_in: Sequence[str] | None = None
    label_type_in: Sequence[str] | None = None
    label_consensus_mark_gte: float | None = None
    label_consensus_mark_lte: float | None = None
    label_honeypot_mark_gte: float | None = None
    label_honeypot_mark_lte: float | None = None
    label_created_at: str | None = None
    label_created_at_gte: str | None = None
    label_created_at_lte: str | None = None
    label_category_search: str | None = None

    def where(self) -> dict[str, object]:
        """The ``AssetWhere`` that asks for them.

        >>> AssetFilters(project_id="p", status_in=["TODO"]).where()
        {'project': {'id': 'p'}, 'statusIn': ['TODO']}
        """
        label = {
            "authorIn": self.label_author_in,
            "reviewerIn": self.label_reviewer_in,
            "typeIn": self.label_type_in,
            "consensusMarkGte": self.label_consensus_mark_gte,
            "consensusMarkLte": self.label_consensus_mark_lte,
            "honeypotMarkGte": self.label_honeypot_mark_gte,
            "honeypotMarkLte": self.label_honeypot_mark_lte,
            "createdAt": self.label_created_at,
            "createdAtGte": self.label_created_at_gte,
            "createdAtLte": self.label_created_at_lte,
            "search": self.label_category_search,
        }
        return _given(
            {
                "id": self.asset_id,
                "project": _given({"id": self.project_id}),
                "idIn": self.asset_id_in,
                "idNotIn": self.asset_id_not_in,
                "externalIdIn": self.external_id_in,
                "externalIdStrictlyIn": self.external_id_strictly_in,
                "statusIn": self.status_in,
                "skipped": self.skipped,
                "consensusMarkGte": self.consensus_mark_gte,
                "consensusMarkLte": self.consensus_mark_lte,
                "honeypotMarkGte": self.honeypot_mark_gte,
                "honeypotMarkLte": self.honeypot_mark_lte,
                "inferenceMarkGte": self.inference_mark_gte,
                "inferenceMarkLte": self.inference_mark_lte,
                "metadata": self.metadata_where,
                "createdAtGte": self.created_at_gte,
                "createdAtLte": self.created_at_lte,
                "updatedAtGte": self.updated_at_gte,
                "updatedAtLte": self.updated_at_lte,
                "label": _given(label),
                "issue": _given({"type": self.issue_type, "status": self.issue_status}),
            }
        )


@frozen(kw_only=True)
class LabelFilters:
    """Which labels of a project. None is no filter."""

    project_id: str
    asset_id: str | None = None
    asset_status_in: Sequence[str] | None = None
    asset_external_id_in: Sequence[str] | None = None
    asset_external_id_strictly_in: Sequence[str] | None = None
    author_in: Sequence[str] | None = None
    created_at: str | None = None
    created_at_gte: str | None = None
    created_at_lte: str | None = None
    honeypot_mark_gte: float | None = None
    honeypot_mark_lte: float | None = None
    label_id: str | None = None
    id_in: Sequence[str] | None = None
    type_in: Sequence[str] | None = None
    user_id: str | None = None
    category_search: str | None = None

    def where(self) -> dict[str, object]:
        """The ``LabelWhere`` that asks for them.

        >>> LabelFilters(project_id="p", label_id="l").where()
        {'id': 'l', 'project': {'id': 'p'}, 'asset': {'project': {'id': 'p'}}}
        """
        asset = AssetFilters(
            project_id=self.project_id,
            asset_id=self.asset_id,
            status_in=self.asset_status_in,
            external_id_in=self.asset_external_id_in,
            external_id_strictly_in=self.asset_external_id_strictly_in,
        )
        return _given(
            {
                "id": self.label_id,
                "idIn": self.id_in,
                "project": {"id": self.project_id},
                "asset": asset.where(),
                "authorIn": self.author_in,
                "createdAt": self.created_at,
                "createdAtGte": self.created_at_gte,
                "createdAtLte": self.created_at_lte,
                "honeypotMarkGte": self.honeypot_mark_gte,
                "honeypotMarkLte": self.honeypot_mark_lte,
                "search": self.category_search,
                "typeIn": self.type_in,
                "user": _given({"id": self.user_id}),
            }
        )


def _given(members: Mapping[str, object]) -> dict[str, object]:
    """The members that filter: neither None nor an object without members. Sequences become lists, for JSON."""
    return {
        name: list(value) if isinstance(value, Sequence) and not isinstance(value, str) else value
        for name, value in members.items()
        if value is not None and value != {}
    }
