"""What is called in the comparison of filters and arguments about workflows, which only the newest release has."""

from collections.abc import Iterator, Mapping, Sequence

from tests.peers.label_project import PROJECT_ID
from tests.peers.label_steps import BOTH, CONTENTS, ID, TWO, TWO_NAMES, Step, bare, call, ids_of, tuple_of
from tests.peers.official import LATEST

__all__ = ["OF_ASSETS", "OF_GROUPS", "OF_LABELS", "READING", "WRITING"]

NEW = (LATEST,)
FEW = [f"label-{number:03}" for number in range(60)]

OF_LABELS: Mapping[str, Mapping[str, object]] = {
    "step names": {"asset_step_name_in": ["Review"]},
    "two step names": {"asset_step_name_in": ["Review", "Label", "Review"]},
    "no step names": {"asset_step_name_in": []},
    "unknown step name": {"asset_step_name_in": ["Review", "Reviw"]},
    "step ids": {"asset_step_id_in": ["step-1", "step-2"]},
    "no step ids": {"asset_step_id_in": []},
    "unknown step id": {"asset_step_id_in": ["step-1", "step-9"]},
    "step names and ids": {"asset_step_name_in": ["Review"], "asset_step_id_in": ["step-1"]},
    "step statuses": {"asset_step_status_in": ["DONE", "REWORK"]},
    "no step statuses": {"asset_step_status_in": []},
    "former step statuses": {"asset_step_status_in": ["DOING", "REDO"]},
    "unknown step status": {"asset_step_status_in": ["NO_SUCH"]},
    "names and statuses": {"asset_step_name_in": ["Label"], "asset_step_status_in": ["TO_DO", "SKIPPED"]},
    "asset states": {"asset_status_in": ["LABELED"]},
    "no asset states": {"asset_status_in": []},
    "asset states and step names": {"asset_status_in": ["LABELED"], "asset_step_name_in": ["Review"]},
    "asset states and step ids": {"asset_status_in": ["LABELED"], "asset_step_id_in": ["step-1"]},
    "asset states and step statuses": {"asset_status_in": ["LABELED"], "asset_step_status_in": ["DONE"]},
}
OF_GROUPS: Mapping[str, Mapping[str, object]] = {
    "groups": {"asset_group_name_in": ["People"]},
    "not groups": {"asset_group_name_not_in": ["People"]},
    "no groups": {"asset_group_name_in": []},
    "unknown group": {"asset_group_name_in": ["Peple"]},
    "groups and names": {"asset_group_name_in": ["Cars"], "asset_step_name_in": ["Review"]},
}
OF_ASSETS: Mapping[str, Mapping[str, object]] = {
    "assignees": {"assignee_in": ["user-ann", "bo@example.com"]},
    "not assignees": {"assignee_not_in": ["user-ann"]},
    "labelers": {"label_labeler_in": ["Ann Lee"]},
    "not labelers": {"label_labeler_not_in": ["user-ann", "user-bo"]},
    "reviewers": {"label_reviewer_in": ["cy@example.com"]},
    "not reviewers": {"label_reviewer_not_in": ["user-ann", "user-bo"]},
    "step names": {"step_name_in": ["Review"]},
    "no step names": {"step_name_in": []},
    "unknown step name": {"step_name_in": ["Reviw"]},
    "step ids": {"step_id_in": ["step-1", "step-2"]},
    "unknown step id": {"step_id_in": ["step-9"]},
    "step names and ids": {"step_name_in": ["Review"], "step_id_in": ["step-1"]},
    "not step names": {"step_name_not_in": ["Review"]},
    "not step ids": {"step_id_not_in": ["step-1", "step-2"]},
    "not step names and ids": {"step_name_not_in": ["Review"], "step_id_not_in": ["step-1"]},
    "step statuses": {"step_status_in": ["DONE"]},
    "not step statuses": {"step_status_not_in": ["DONE", "TO_DO"]},
    "former step statuses": {"step_status_in": ["DOING"]},
    "pairs by name": {"step_name_and_status_in": [tuple_of("Review", "DONE"), tuple_of("Label", "TO_DO")]},
    "not pairs by name": {"step_name_and_status_not_in": [tuple_of("Review", "DONE")]},
    "pairs by id": {"step_id_and_status_in": [tuple_of("step-1", "DONE"), tuple_of("step-2", "DONE")]},
    "not pairs by id": {"step_id_and_status_not_in": [tuple_of("step-1", "DONE"), tuple_of("step-2", "REWORK")]},
    "pairs by name and id": {
        "step_name_and_status_in": [tuple_of("Review", "DONE")],
        "step_id_and_status_in": [tuple_of("step-1", "DONE")],
    },
    "unknown name in a pair": {"step_name_and_status_in": [tuple_of("Reviw", "DONE")]},
    "many together": {"step_name_in": ["Review"], "step_status_in": ["IN_PROGRESS"], "assignee_in": ["user-bo"]},
    "states": {"status_in": ["LABELED"]},
    "skipped": {"skipped": True},
    "states and step names": {"status_in": ["LABELED"], "step_name_in": ["Review"]},
    "states and step statuses": {"status_in": ["LABELED"], "step_status_in": ["DONE"]},
    "states and step ids": {"status_in": ["LABELED"], "step_id_not_in": ["step-1"]},
    "states and these step ids": {"status_in": ["LABELED"], "step_id_in": ["step-1"]},
    "states and not step names": {"status_in": ["LABELED"], "step_name_not_in": ["Review"]},
    "states and not step statuses": {"status_in": ["LABELED"], "step_status_not_in": ["DONE"]},
    "states and pairs by name": {"status_in": ["LABELED"], "step_name_and_status_in": [tuple_of("Label", "DONE")]},
    "groups": {"group_name_in": ["People"]},
    "not groups": {"group_name_not_in": ["People"]},
    "no groups": {"group_name_in": []},
    "unknown group": {"group_name_in": ["Peple"]},
}

EXPORTED = (
    "assignees",
    "not assignees",
    "labelers",
    "not labelers",
    "not reviewers",
    "step names",
    "unknown step name",
    "step ids",
    "step names and ids",
    "step statuses",
    "groups",
    "not groups",
    "states",
    "states and step names",
    "states and these step ids",
    "not step names",
    "not step ids",
    "not step statuses",
    "pairs by name",
    "not pairs by id",
)
"""The filters of assets that exports are called with."""


def _in_turn(version: str, methods: Sequence[str], number: int) -> Sequence[str]:
    """The methods that get a filter: one in V2, all others in V3, which has steps too; another one in V1."""
    one, another = (methods[(number + at) % len(methods)] for at in (0, 1))
    return {"V1": [another], "V2": [one], "V3": [method for method in methods if method != one]}[version]


def _reading(version: str) -> Iterator[Step]:
    for number, (what, filters) in enumerate(OF_LABELS.items()):
        for method in _in_turn(version, ("count_labels", "labels", "predictions"), number):
            yield _listing(method, what, filters)
    for number, (what, filters) in enumerate(OF_GROUPS.items()):
        methods = ("count_labels", "labels", "inferences")
        for method in methods if version == "V3" else _in_turn(version, methods, number):
            yield _listing(method, what, filters)
    for number, (what, filters) in enumerate(OF_ASSETS.items()):
        for method in _in_turn(version, ("count_assets", "assets"), number):
            yield _listing(method, what, filters)
    for what in EXPORTED if version != "V2" else ():
        given = {"filename": "labels.zip", "fmt": "raw", "with_assets": False, "export_type": "normal"}
        yield call("export_labels", what, versions=NEW, **given, asset_filter_kwargs=OF_ASSETS[what])
    fields = ("id", "currentStep.name", "currentStep.status")
    yield call("assets", "current steps", versions=NEW, fields=fields, first=7)
    yield call("assets", "default fields", versions=NEW, first=2)
    yield call("labels", "without filters", versions=BOTH, fields=ID, id_contains=FEW)


def _listing(method: str, what: str, filters: Mapping[str, object]) -> Step:
    return call(method, what, versions=NEW, **({} if method.startswith("count") else {"fields": ID}), **filters)


def _writing() -> Iterator[Step]:
    def append(what: str, **arguments: object) -> Step:
        given = {"asset_id_array": TWO, "json_response_array": CONTENTS, "project_id": PROJECT_ID}
        return bare("append_labels", what, versions=NEW, **{**given, **arguments})

    yield append("without a step")
    yield append("step name", step_name="Review")
    yield append("step name without the project", step_name="Sign off", project_id=None)
    yield append(
        "step name by external ids", step_name="Sign off", asset_id_array=None, asset_external_id_array=TWO_NAMES
    )
    yield append("step id", step_id="step-1")
    yield append("step id of a group", step_id="step-4")
    yield append("step and group", step_name="Review", group_name="People")
    yield append("unknown step name", step_name="Reviw")
    yield append("unknown step id", step_id="step-9")
    yield append("unknown group", step_name="Review", group_name="Peple")
    yield append("step of another group", step_name="Sign off", group_name="People")
    yield append("step id and name", step_name="Review", step_id="step-1")
    yield append("group alone", group_name="People")
    yield append("step id and group", step_id="step-2", group_name="Cars")
    yield append("step of an unknown project", step_name="Review", project_id="no-such")
    yield append(
        "step of an unknown asset", step_name="Sign off", project_id=None, asset_id_array=["no-such", "asset-000"]
    )
    for label_type in ("REVIEW", "PREDICTION"):
        of = f"append_labels: {label_type} before"
        yield append(f"{label_type} before", label_type=label_type, model_name="m", asset_id_array=TWO)
        yield append(
            f"{label_type} of others", label_type=label_type, model_name="m", reviewed_label_id_array=ids_of(of)
        )
    yield append("reviewed labels of other length", reviewed_label_id_array=["label-000"])
    yield append("reviewed labels, none", reviewed_label_id_array=[])
    yield append("unknown reviewed label", reviewed_label_id_array=["no-such", "no-such"])


READING = {version: tuple(_reading(version)) for version in ("V1", "V2", "V3")}
"""By the version of the workflow. Each method gets each filter, in a workflow of steps."""
WRITING = tuple(_writing())
