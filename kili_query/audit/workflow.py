"""Filters by steps, statuses and groups: what the server finds, against the fields of the same assets."""

from collections.abc import Iterator, Mapping, Sequence
from typing import cast

from attrs import frozen

from kili_query.audit.report import FilterDisagreement, Finding, Trait, TraitResult
from kili_query.client import KiliClient
from kili_query.client.workflow import Workflow
from kili_query.errors import GraphQLError
from kili_query.protocol import AssetFilters, LabelFilters, WorkflowVersion

_MAX_LABELS = 100
_MAX_VALUES = 5
_ID, _NAME_AND_STATUS, _ID_AND_STATUS = "id", "name and status", "id and status"
"""What follows from the fields of an asset's step and from the workflow."""
_FIELDS = ("id", "currentStep.name", "currentStep.status", "currentStep.stepGroupName")


@frozen
class _Kind:
    """One kind of filter: the field of an asset's step that it is about, and its names; not all are of labels too."""

    trait: Trait
    field: str
    includes: str
    excludes: str
    of_labels: str | None = None


_KINDS = (
    _Kind(Trait.FILTERS_STEPS, "name", "step_name_in", "step_name_not_in", "asset_step_name_in"),
    _Kind(Trait.FILTERS_STEPS, _ID, "step_id_in", "step_id_not_in", "asset_step_id_in"),
    _Kind(Trait.FILTERS_STATUSES, "status", "step_status_in", "step_status_not_in", "asset_step_status_in"),
    _Kind(Trait.FILTERS_STATUSES, _NAME_AND_STATUS, "step_name_and_status_in", "step_name_and_status_not_in"),
    _Kind(Trait.FILTERS_STATUSES, _ID_AND_STATUS, "step_id_and_status_in", "step_id_and_status_not_in"),
    _Kind(Trait.FILTERS_GROUPS, "stepGroupName", "group_name_in", "group_name_not_in", "asset_group_name_in"),
)
MAX_FILTERS = _MAX_VALUES * sum(2 if kind.of_labels is None else 3 for kind in _KINDS)
"""Maximum number of lists with such filters in one audit."""


def judge_workflow(client: KiliClient, project_id: str, label_ids: Sequence[str]) -> Iterator[Finding]:
    """Yield the findings on filters by steps, statuses and groups; none in a project with the legacy workflow.

    Args:
        client: a client of the server.
        project_id: the project.
        label_ids: labels of the sample; the first 100 and their assets are asked about.

    Raises:
        ServiceError: a request failed.
    """
    workflow = _workflow(client, project_id)
    if workflow is None or workflow.version == WorkflowVersion.V1:
        return
    judging = _Judging.read(client, workflow, label_ids[:_MAX_LABELS])
    for trait in dict.fromkeys(kind.trait for kind in _KINDS):
        if trait != Trait.FILTERS_GROUPS or workflow.version == WorkflowVersion.V3:
            yield judging.finding(trait)


def _workflow(client: KiliClient, project_id: str) -> Workflow | None:
    """Return the workflow; None from older servers, which do not know the word and only have the legacy one."""
    try:
        return Workflow.read(client.service, project_id)
    except GraphQLError as error:
        if "workflowVersion" not in error.message:
            raise
        return None


@frozen
class _Judging:
    """The assets of some labels: ``steps`` are the fields of their steps, ``assets`` the asset of each label."""

    client: KiliClient
    workflow: Workflow
    assets: Mapping[str, str]
    steps: Mapping[str, Mapping[str, object]]

    @classmethod
    def read(cls, client: KiliClient, workflow: Workflow, label_ids: Sequence[str]) -> "_Judging":
        assets: dict[str, str] = {}
        if label_ids:  # an empty list would filter nothing
            rows = client.labels(
                workflow.project_id,
                fields=("id", "labelOf.id"),
                id_contains=label_ids,
                first=len(label_ids),
                disable_tqdm=True,
            )
            assets = {str(row["id"]): str(row["labelOf"]["id"]) for row in rows}
        return cls(client, workflow, assets, _steps(client, workflow, assets))

    def finding(self, trait: Trait) -> Finding:
        is_tested, wrong = False, list[FilterDisagreement]()
        for kind in _KINDS:
            known = {asset: step[kind.field] for asset, step in self.steps.items() if step.get(kind.field) is not None}
            for value in list(dict.fromkeys(known.values()))[:_MAX_VALUES] if kind.trait == trait else ():
                is_tested = True
                wrong += self._wrong(kind, value, known)
        if not is_tested:
            return Finding(trait, TraitResult.NOT_TESTED, "no asset of the sample shows it")
        return Finding(trait, TraitResult.DISAGREES if wrong else TraitResult.AGREES, disagreements=tuple(wrong))

    def _wrong(self, kind: _Kind, value: object, known: Mapping[str, object]) -> Iterator[FilterDisagreement]:
        labels = {label: known[asset] for label, asset in self.assets.items() if asset in known}
        for name, are_labels, is_in in (
            (kind.includes, False, True),
            (kind.excludes, False, False),
            (kind.of_labels, True, True),
        ):
            if name is None:
                continue
            all_known = labels if are_labels else known
            found = self._found({name: [value]}, list(all_known), are_labels=are_labels)
            meant = {key for key, held in all_known.items() if (held == value) == is_in}
            text = f"{name}={[value]!r}"
            for ids, is_found in ((found & all_known.keys() - meant, True), (meant - found, False)):
                still = self._unchanged(ids, kind, known, are_labels=are_labels)
                if still:
                    yield FilterDisagreement(text, is_found, tuple(sorted(still)), "labels" if are_labels else "assets")

    def _found(self, filters: Mapping[str, object], ids: list[str], *, are_labels: bool) -> set[str]:
        if are_labels:
            label_filters = cast("LabelFilters", {**filters, "id_contains": ids})
            rows = self.client.labels(self.workflow.project_id, fields=("id",), disable_tqdm=True, **label_filters)
        else:
            asset_filters = cast("AssetFilters", {**filters, "asset_id_in": ids})
            rows = self.client.assets(self.workflow.project_id, fields=("id",), disable_tqdm=True, **asset_filters)
        return {str(row["id"]) for row in rows}

    def _unchanged(self, ids: set[str], kind: _Kind, known: Mapping[str, object], *, are_labels: bool) -> set[str]:
        """Return the ids whose assets did not move while they were asked about."""
        assets = {key: self.assets[key] if are_labels else key for key in ids}
        now = _steps(self.client, self.workflow, assets)
        return {key for key, asset in assets.items() if now.get(asset, {}).get(kind.field) == known[asset]}


def _steps(client: KiliClient, workflow: Workflow, assets: Mapping[str, str]) -> dict[str, Mapping[str, object]]:
    """Return the steps of assets, without those that are in none."""
    ids = list(dict.fromkeys(assets.values()))
    if not ids:
        return {}
    rows = client.assets(workflow.project_id, fields=_FIELDS, asset_id_in=ids, disable_tqdm=True)
    found = {str(row["id"]): row["currentStep"] for row in rows if isinstance(row.get("currentStep"), dict)}
    return {key: {**step, **_derived(step, workflow)} for key, step in found.items()}


def _derived(step: Mapping[str, object], workflow: Workflow) -> dict[str, object]:
    """Return the id of a step, which the asset does not tell, and its pairs; without an id if the name has several."""
    name, status = step.get("name"), step.get("status")
    ids = [one.id for one in workflow.steps if (one.name, one.group) == (name, step.get("stepGroupName"))]
    found: dict[str, object] = {}
    if isinstance(name, str) and isinstance(status, str):
        found[_NAME_AND_STATUS] = (name, status)
    if len(ids) == 1:
        found[_ID] = ids[0]
        if isinstance(status, str):
            found[_ID_AND_STATUS] = (ids[0], status)
    return found
