"""Methods in namespaces: the domain client of release 26 and ours run one script, on sandboxes that begin equal."""

import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pytest
from attrs import field, frozen

from kili_query.sandbox import Sandbox
from tests.peers.export_archives import Files, read_archive
from tests.peers.export_differences import DIFFERENCES
from tests.peers.export_projects import PROJECT_ID as HARBOUR
from tests.peers.export_projects import write_simple_photos
from tests.peers.label_project import PROJECT_ID, write_image_project, write_stepped_project
from tests.peers.official import LATEST, OURS
from tests.peers.test_label_methods import ROOT, Outcome, Ran, call_methods, read_records

DOMAIN = "kili.client_domain:Kili"
CONTENT = {"SCENE": {"categories": [{"name": "DAY", "confidence": 100}]}}
NEW = {"asset_id": "asset-000", "json_response": CONTENT}
BOTH_FORMS = "one-or-an-array-of-them"
WRONG_KINDS = "wrong-kinds-of-arguments"


@frozen
class Call:
    """A call of both clients, and the heading of ``docs/differences.md`` that says why its outcomes differ."""

    method: str
    arguments: Mapping[str, object] = field(factory=dict)
    difference: str | None = None

    @property
    def name(self) -> str:
        return f"{self.method} {sorted(self.arguments.items(), key=str)}"

    def as_json(self) -> dict[str, object]:
        return {"name": self.name, "method": self.method, "arguments": self.arguments}


def labels(method: str, difference: str | None = None, **arguments: object) -> Call:
    return Call(f"labels.{method}", {"project_id": PROJECT_ID, **arguments}, difference)


def assets(method: str, difference: str | None = None, **arguments: object) -> Call:
    return Call(f"assets.{method}", {"project_id": PROJECT_ID, **arguments}, difference)


FILTERS: Sequence[Mapping[str, object]] = (
    {},
    {"asset_id": "asset-007"},
    {"asset_external_id_in": ["img-00", "02"]},
    {"asset_external_id_strictly_in": ["img-007.jpg"]},
    {"asset_status_in": ["REVIEWED"]},
    {"author_in": ["Lee"], "type_in": ["DEFAULT", "REVIEW"]},
    {"created_at": "2024-02-03"},
    {"created_at_gte": "2024-02-03", "created_at_lte": "2024-02-04"},
    {"honeypot_mark_gte": 0.2, "honeypot_mark_lte": 0.5},
    {"id_contains": ["label-003"], "label_id": "label-003"},
    {"user_id": "user-ann", "category_search": "OBJECTS.CAR.count > 1"},
)
FIELDS = ["id", "labelType"]
ASSET_FILTERS: Sequence[Mapping[str, object]] = (
    {},
    {"asset_id_in": ["asset-007", "asset-003"]},
    {"asset_id_not_in": ["asset-007"], "external_id_strictly_in": ["img-007.jpg", "img-008.jpg"]},
    {"external_id_in": ["img-00"], "status_in": ["LABELED", "REVIEWED"]},
    {"created_at_gte": "2024-01-02", "updated_at_lte": "2030-01-01"},
    {"metadata_where": {"day": "2"}, "skipped": False},
    {"label_author_in": ["Lee"], "label_type_in": ["REVIEW"]},
    {"label_category_search": "OBJECTS.CAR.count > 1"},
    {"issue_status": "OPEN", "issue_type": "ISSUE"},
)
LABELS = (
    *(assets("count", filter=filters) for filters in ASSET_FILTERS),
    *(assets("list", filter=filters, fields=["id", "externalId"]) for filters in ASSET_FILTERS),
    assets("list", first=3, skip=2, fields=["id", "labels.id", "status"]),
    assets("list", first=2, difference="only-what-was-asked-for"),
    assets("list_as_generator", fields=["id"], first=120, filter={"label_type_in": ["DEFAULT"]}),
    assets("count", filter={"statusin": []}, difference=WRONG_KINDS),
    assets("list", filter={"asset_id": "asset-007"}, difference=WRONG_KINDS),
    *(labels("count", filter=filters) for filters in FILTERS),
    *(labels("list", filter=filters, fields=FIELDS) for filters in FILTERS),
    labels("count"),
    labels("list", fields=FIELDS, first=7, skip=5),
    labels("list", fields=["id", "jsonResponse"], first=7, difference="only-what-was-asked-for"),
    labels("list", first=30, output_format="parsed_label", difference="only-what-was-asked-for"),
    labels("list_as_generator", fields=FIELDS, first=120, filter={"type_in": ["DEFAULT"]}),
    labels("count", filter={"typein": []}, difference=WRONG_KINDS),
    labels("list", filter=[], difference=WRONG_KINDS),
    labels("create_default", **NEW),
    labels("create_default", asset_id_array=["asset-001", "asset-002"], json_response_array=[CONTENT, {}]),
    labels("create_default", external_id="img-003.jpg", json_response=CONTENT),
    labels("create_default", external_id_array=["img-003.jpg"], json_response_array=[CONTENT]),
    labels("create_default", json_response=CONTENT),
    labels("create_default", asset_id="asset-000"),
    labels("create_default", asset_id="asset-000", external_id="img-003.jpg", json_response=CONTENT),
    labels("create_default", external_id="no-such", json_response=CONTENT),
    labels("create_default", assets=[]),
    labels("create_review", **NEW),
    labels("create_review", model_name="m", **NEW),
    labels("create_inference", model_name="m", **NEW),
    labels("create_inference", model_name="m", overwrite=True, **NEW),
    labels("create_inference", **NEW),
    labels("create_prediction", model_name="m", **NEW),
    labels("create_prediction", model_name="m", external_id_array=["img-003.jpg"], json_response_array=[CONTENT]),
    labels("create_prediction", model_name="m", overwrite=True, **NEW),
    labels("create_prediction", model_name="m", asset_id="asset-000"),
    Call("labels.delete", {"id": "label-004"}),
    Call("labels.delete", {"ids": ["label-005", "label-012"]}),
    Call("labels.delete", {}, WRONG_KINDS),
    labels("create_default", asset_id_array=["asset-001"], difference=BOTH_FORMS, **NEW),
    labels("create_default", json_response_array=[CONTENT, {}], difference=BOTH_FORMS, **NEW),
    Call("labels.delete", {"id": "label-011", "ids": ["label-018"]}, BOTH_FORMS),
)


STEPPED = (
    assets("count", filter={"step_name_in": ["Review"]}),
    assets("list", filter={"step_name_in": ["Label"], "step_status_in": ["DONE"]}, fields=["id"]),
    assets("list", filter={"step_id_in": ["step-1"]}, fields=["id"]),
    assets("list", filter={"step_id_not_in": ["step-1"]}, fields=["id"]),
    assets("count", filter={"step_name_in": ["Reviw"]}),
    labels("count", filter={"asset_step_name_in": ["Review"]}),
    labels("list", filter={"asset_step_name_in": ["Label"], "asset_step_status_in": ["DONE"]}, fields=FIELDS),
    labels("list", filter={"asset_step_id_in": ["step-1"]}, fields=FIELDS),
    labels("count", filter={"asset_step_name_in": ["Reviw"]}),
    labels("create_default", step_name="Label", **NEW),
    labels("create_default", step_id="step-0", **NEW),
    labels("create_default", step_name="Labl", **NEW),
    labels("create_default", step_name="Label", step_id="step-0", **NEW),
    labels("create_default", group_name="People", **NEW),
    labels("create_review", step_name="Review", reviewed_label_id="label-000", **NEW),
    labels(
        "create_review",
        step_id="step-1",
        asset_id_array=["asset-000", "asset-007"],
        json_response_array=[CONTENT, CONTENT],
        reviewed_label_id_array=["label-000", "label-001"],
    ),
    labels("create_review", reviewed_label_id_array=["label-000", "label-001"], **NEW),
)
"""In a workflow of three steps."""


def exports(method: str, **arguments: object) -> Call:
    path = f"{method} {'-'.join(arguments)}.zip"
    return Call(f"exports.{method}", {"project_id": HARBOUR, "output_path": path, "disable_tqdm": True, **arguments})


EXPORTS: Sequence[tuple[Call, str]] = (
    (exports("raw"), "raw"),
    (exports("kili"), "raw"),
    (exports("kili", filter={"external_id_in": ["edge"]}), "raw"),
    (exports("kili", label_type_in=["REVIEW"]), "raw"),
    (exports("kili", label_type_in=[], include_sent_back_labels=False, export_type="latest"), "raw"),
    (exports("yolo_v5", with_assets=False), "yolo_v5 split"),
    (exports("yolo_v8", with_assets=False, layout="merged"), "yolo_v5 split"),
    (exports("pascal_voc", with_assets=False), "pascal_voc merged"),
)
"""Each with the export whose differences it has."""


PARTS: Mapping[str, tuple[Callable[[Path], object], Sequence[Call]]] = {
    "labels": (write_image_project, LABELS),
    "steps": (write_stepped_project, STEPPED),
    "exports": (write_simple_photos, [call for call, _ in EXPORTS]),
}
"""Projects, and what is called on them."""

Runs: TypeAlias = Mapping[tuple[str, str], Ran]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each client has a home in it, where its exports are."""
    return tmp_path_factory.mktemp("namespaces")


@pytest.fixture(scope="module")
def runs(folder: Path) -> Runs:
    """What came of the calls, by client and part."""
    return {key: ran for client in (LATEST, OURS) for key, ran in run(client, folder / client).items()}


def run(client: str, home: Path) -> Runs:
    """Make all calls of a client in one process: the official one imports much at the first."""
    with ExitStack() as stack:
        boxes = {}
        for name, (write_project, _) in PARTS.items():
            project = home / f"project of {name}"
            write_project(project)
            boxes[name] = stack.enter_context(Sandbox(project))
        sections = [
            {
                "endpoint": box.endpoint,
                "api_key": box.api_key,
                "steps": [call.as_json() for call in PARTS[name][1]],
            }
            for name, box in boxes.items()
        ]
        told = call_methods(client, sections, home, DOMAIN)
        return {
            (client, name): read_records(records, box) for (name, box), records in zip(boxes.items(), told, strict=True)
        }


def test_calls_agree_but_for_the_listed_differences(runs: Runs) -> None:
    theirs, ours = runs[LATEST, "labels"], runs[OURS, "labels"]
    unlisted = []
    for call in LABELS:
        official, own = theirs.outcomes[call.name], ours.outcomes[call.name]
        found = official.differing(own) - {"warnings"}
        if bool(found) != (call.difference is not None):
            unlisted.append(f"{call.name}: {sorted(found)} differ\n  theirs: {shown(official)}\n  ours: {shown(own)}")
    assert not unlisted, "\n".join(unlisted)


def test_steps(runs: Runs) -> None:
    theirs, ours = runs[LATEST, "steps"], runs[OURS, "steps"]
    for call in STEPPED:
        official, own = theirs.outcomes[call.name], ours.outcomes[call.name]
        assert not official.differing(own), f"{call.name}\n  theirs: {shown(official)}\n  ours: {shown(own)}"
    assert len([call for call in STEPPED if ours.outcomes[call.name].error]) == 6
    assert theirs.left == ours.left


def shown(outcome: Outcome) -> str:
    return f"{outcome.error or str(outcome.result)[:300]} | {str(outcome.writes)[:300]}"


def test_our_errors_come_before_any_request(runs: Runs) -> None:
    failed = {name: outcome for name, outcome in runs[OURS, "labels"].outcomes.items() if outcome.error}
    assert len(failed) == 15
    assert [name for name, outcome in failed.items() if outcome.sent and "no-such" not in name] == []


def files_of(path: Path, likeness: str) -> Files:
    """The files of an archive, without the differences that exports have."""
    files = read_archive(path)
    for one in DIFFERENCES:
        if one.is_of("simple", LATEST, likeness) and one.but_for is not None:
            files = one.but_for(files)
    return files


def test_exports_agree(runs: Runs, folder: Path) -> None:
    for client in (LATEST, OURS):
        assert [name for name, outcome in runs[client, "exports"].outcomes.items() if outcome.error] == []
    for call, likeness in EXPORTS:
        name = str(call.arguments["output_path"])
        assert files_of(folder / OURS / name, likeness) == files_of(folder / LATEST / name, likeness), name


def test_each_listed_difference_is_documented() -> None:
    text = (ROOT / "docs" / "differences.md").read_text(encoding="utf-8")
    headings = {re.sub(r"[^\w -]", "", found.lower()).replace(" ", "-") for found in re.findall(r"(?m)^#+ (.+)$", text)}
    assert {call.difference for call in LABELS} - {None} <= headings
