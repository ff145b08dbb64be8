"""Workflows: where assets are in their steps, the filters on that, and labels that are made in a step."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kili_query.errors import DataError, OntologyError
from kili_query.sandbox import Sandbox
from tests.sandbox.boxes import Asker, asking, box_of, write_project

ANN = {"id": "u1", "email": "ann@example.com", "firstname": "Ann", "lastname": "Lee"}
BOB = {"id": "u2", "email": "bob@example.com", "firstname": "Bob", "lastname": "Ray"}
STEPS: list[dict[str, Any]] = [
    {"id": "s1", "name": "Label", "type": "DEFAULT", "stepGroupId": "g1", "assignees": [{"id": "u1"}]},
    {"id": "s2", "name": "Review", "type": "REVIEW", "stepGroupId": "g1"},
    {"id": "s3", "name": "Review", "type": "REVIEW", "stepGroupId": "g2"},
]
GROUPS = [{"id": "g1", "name": "Cars"}, {"id": "g2", "name": "People"}]
ASSETS: list[dict[str, Any]] = [
    {"id": "a1", "assignees": [ANN, BOB]},
    {"id": "a2", "currentStep": {"id": "s2", "status": "REWORK"}, "toBeLabeledBy": [BOB]},
    {"id": "a3", "currentStep": {"name": "Review", "stepGroupName": "People", "status": "IN_PROGRESS"}},
    {"id": "a4", "skipped": True},
    {"id": "a5", "status": "LABELED"},
]
LABELS: list[dict[str, Any]] = [
    {"id": "l1", "assetId": "a2", "author": ANN, "jsonResponse": {}, "stepId": "s1"},
    {"id": "l2", "assetId": "a3", "author": BOB, "labelType": "REVIEW", "jsonResponse": {}, "referencedLabelId": "l1"},
]
APPEND = (
    "mutation ($data: AppendManyLabelsData!, $where: AssetWhere!)"
    " { data: appendManyLabels(data: $data, where: $where) { id stepId referencedLabelId } }"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_project(tmp_path / "p", LABELS, ASSETS, workflowVersion="V3", steps=STEPS, stepGroups=GROUPS)


@pytest.fixture
def asker(folder: Path) -> Iterator[Asker]:
    with box_of(folder) as asker:
        yield asker


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asker]:
    folder = write_project(
        tmp_path_factory.mktemp("workflow"), LABELS, ASSETS, workflowVersion="V3", steps=STEPS, stepGroups=GROUPS
    )
    with box_of(folder) as asker:
        yield asker


def projects(asker: Asker, fields: str) -> Any:
    query = f"{{ data: projects(where: {{}}, first: 1, skip: 0) {{ {fields} }} }}"
    return asker.data(query)[0]


def test_the_workflow_of_a_project(shared: Asker) -> None:
    fields = "workflowVersion stepGroups { id name } steps { id name type stepGroupId assignees { id email } }"
    found = projects(shared, fields)
    assert (found["workflowVersion"], found["stepGroups"]) == ("V3", GROUPS)
    assert found["steps"][0] == STEPS[0] | {"assignees": [{"id": "u1", "email": "u1@example.com"}]}
    assert [one["assignees"] for one in found["steps"][1:]] == [[], []]


def test_a_project_without_steps(tmp_path: Path) -> None:
    with box_of(write_project(tmp_path / "p", [], ASSETS[:1])) as asker:
        empty = {"workflowVersion": "V1", "steps": [], "stepGroups": []}
        assert projects(asker, "workflowVersion steps { id } stepGroups { id }") == empty
        assert asker.assets("currentStep { id }") == [{"currentStep": None}]
        assert (asker.asset_ids(stepIdIn=["s1"]), asker.asset_ids(stepStatusNotIn=["DONE"])) == ([], ["a1"])


@pytest.mark.parametrize(
    ("project", "version"),
    [({"steps": STEPS[:1], "stepGroups": GROUPS}, "V3"), ({"steps": [{"id": "s", "name": "S"}]}, "V2")],
)
def test_the_version_follows_from_the_steps(tmp_path: Path, project: dict[str, Any], version: str) -> None:
    with box_of(write_project(tmp_path / "p", **project)) as asker:
        assert projects(asker, "workflowVersion") == {"workflowVersion": version}


def test_where_assets_are(shared: Asker) -> None:
    found = shared.assets("currentStep { id name status stepGroupName }")
    assert [tuple(one["currentStep"].values()) for one in found] == [
        ("s1", "Label", "TO_DO", "Cars"),
        ("s2", "Review", "REWORK", "Cars"),
        ("s3", "Review", "IN_PROGRESS", "People"),
        ("s1", "Label", "SKIPPED", "Cars"),
        ("s1", "Label", "DONE", "Cars"),
    ]
    people = shared.assets("assignees { id } toBeLabeledBy { email activated }", first=1)
    assert people == [
        {
            "assignees": [{"id": "u1"}, {"id": "u2"}],
            "toBeLabeledBy": [{"email": one["email"], "activated": True} for one in (ANN, BOB)],
        }
    ]


EVERY = "a1 a2 a3 a4 a5"
FILTERS: list[tuple[dict[str, Any], str]] = [
    ({"stepIdIn": ["s1", "none"]}, "a1 a4 a5"),
    ({"stepIdNotIn": ["s1"]}, "a2 a3"),
    ({"stepIdIn": []}, EVERY),
    ({"stepStatusIn": ["REWORK", "DONE"]}, "a2 a5"),
    ({"stepStatusIn": ["REDO"]}, "a2"),
    ({"stepStatusNotIn": ["DOING", "TO_DO"]}, "a2 a4 a5"),
    ({"stepIdAndStatusIn": [{"stepId": "s1", "status": "DONE"}, {"stepId": "s3", "status": "DOING"}]}, "a3 a5"),
    ({"stepIdAndStatusIn": [{"stepId": "s1"}]}, "a1 a4 a5"),
    ({"stepIdAndStatusNotIn": [{"stepId": "s1", "status": "DONE"}, {"stepId": "s2", "status": "DONE"}]}, "a1 a2 a3 a4"),
    ({"groupNameIn": ["People"]}, "a3"),
    ({"groupNameIn": ["none"]}, ""),
    ({"groupNameNotIn": ["People"]}, "a1 a2 a4 a5"),
    ({"assigneeIn": ["u1"]}, "a1"),
    ({"assigneeIn": ["bob@example.com", "Ann Lee"]}, "a1 a2"),
    ({"assigneeNotIn": ["u1"]}, "a2 a3 a4 a5"),
    ({"stepIdIn": ["s1"], "stepStatusIn": ["TO_DO"], "groupNameIn": ["Cars"]}, "a1"),
    ({"label": {"labelerIn": ["Ann"]}}, "a2"),
    ({"label": {"labelerNotIn": ["Ann"]}}, "a3"),
    ({"label": {"reviewerIn": ["Bob"]}}, "a3"),
    ({"label": {"reviewerNotIn": ["Bob"]}}, "a2"),
]


@pytest.mark.parametrize(("where", "found"), FILTERS, ids=repr)
def test_filters(shared: Asker, where: dict[str, Any], found: str) -> None:
    assert shared.asset_ids(**where) == found.split()
    labels = {"a2": "l1", "a3": "l2"}
    assert shared.ids(asset=where) == [labels[one] for one in found.split() if one in labels]


def test_labels_are_made_in_a_step(asker: Asker) -> None:
    assert asker.labels("id stepId referencedLabelId") == [
        {"id": "l1", "stepId": "s1", "referencedLabelId": None},
        {"id": "l2", "stepId": None, "referencedLabelId": "l1"},
    ]
    reviewing = {"assetID": "a2", "jsonResponse": "{}", "referencedLabelId": "l1"}
    data = {"labelType": "REVIEW", "stepId": "s2", "labelsData": [reviewing]}
    [made] = asker.data(APPEND, data=data, where={"id": "a2"})
    assert (made["stepId"], made["referencedLabelId"]) == ("s2", "l1")
    assert asker.assets("currentStep { id status }", id="a2") == [{"currentStep": {"id": "s2", "status": "DONE"}}]


@pytest.mark.parametrize(
    ("label_type", "step_id", "step", "status"),
    [
        ("DEFAULT", None, "s1", "DONE"),
        ("AUTOSAVE", None, "s1", "IN_PROGRESS"),
        ("PREDICTION", None, "s1", "TO_DO"),
        ("DEFAULT", "s2", "s2", "TO_DO"),
    ],
)
def test_a_submitted_label_does_the_step(
    asker: Asker, label_type: str, step_id: str | None, step: str, status: str
) -> None:
    label = {"assetID": "a1", "jsonResponse": "{}"}
    data = {"labelType": label_type, "labelsData": [label], "stepId": step_id}
    [made] = asker.data(APPEND, data=data, where={"id": "a1"})
    assert (made["stepId"], made["referencedLabelId"]) == (step, None)
    assert asker.assets("currentStep { id status }", id="a1") == [{"currentStep": {"id": "s1", "status": status}}]


@pytest.mark.parametrize(
    ("change", "label", "message"),
    [
        ({"stepId": "none"}, {}, "the project has no step `none`"),
        ({}, {"referencedLabelId": "none"}, "the asset has no label `none` to review"),
        ({}, {"referencedLabelId": "l2"}, "the asset has no label `l2` to review"),
    ],
)
def test_what_is_refused_changes_nothing(
    asker: Asker, change: dict[str, Any], label: dict[str, Any], message: str
) -> None:
    before = asker.ids()
    good = {"assetID": "a2", "jsonResponse": "{}"}
    data = {"labelType": "REVIEW", "labelsData": [good, good | label], **change}
    assert asker.refusal(APPEND, data=data, where={}) == message
    assert asker.ids() == before


def test_it_is_kept(folder: Path, tmp_path: Path) -> None:
    fields = "currentStep { id name status stepGroupName } assignees { id }"
    with box_of(folder, database=tmp_path / "box.db") as asker:
        before = asker.assets(fields)
    with Sandbox(database=tmp_path / "box.db") as box:
        assert asking(box).assets(fields) == before
        assert asking(box).asset_ids(groupNameIn=["People"]) == ["a3"]


@pytest.mark.parametrize(
    ("project", "message"),
    [
        ({"workflowVersion": "V4"}, r"expected one of V1, V2, V3 \(at `workflowVersion`\)"),
        ({"steps": {}}, r"expected a list of objects \(at `steps`\)"),
        ({"steps": [{"id": "s"}]}, r"expected a string that is not empty \(at `steps\[0\].name`\)"),
        ({"steps": [STEPS[0]]}, r"expected the id of one of `stepGroups` \(at `steps\[0\].stepGroupId`\)"),
        (
            {"steps": [{"id": "s", "name": "A"}, {"id": "s", "name": "B"}]},
            r"another step has the id `s` \(at `steps`\)",
        ),
        ({"steps": [{"id": "s", "name": "S", "typ": "REVIEW"}]}, r"did you mean `type`\? \(at `steps\[0\].typ`\)"),
        ({"steps": [{"id": "s", "name": "S", "consensus": 3}]}, "unknown key: it can have id, name, type"),
        ({"stepGroups": [{"id": "g", "nmae": "G"}]}, r"did you mean `name`\? \(at `stepGroups\[0\].nmae`\)"),
    ],
)
def test_wrong_workflows(tmp_path: Path, project: dict[str, Any], message: str) -> None:
    with pytest.raises(OntologyError, match=message):
        Sandbox(write_project(tmp_path / "p", **project))


@pytest.mark.parametrize(
    ("asset", "label", "message"),
    [
        ({"currentStep": {"id": "none"}}, {}, "assets.ndjson:1.*currentStep.*: the project has no step `none`"),
        ({"currentStep": {"id": "s1", "status": "X"}}, {}, "`status`: expected one of TO_DO, IN_PROGRESS"),
        (
            {"currentStep": {"nmae": "Label"}},
            {},
            "assets.ndjson:1: currentStep.nmae: unknown key: did you mean `name`?",
        ),
        ({"currentStep": {"id": "s1", "x": 1}}, {}, "currentStep.x: unknown key: it can have id, name, status, step"),
        ({"assignees": ["Ann"]}, {}, "`assignees`: expected objects in a list"),
        ({"assignees": [{}]}, {}, "names nobody: it has neither `id` nor `email`"),
        ({}, {"stepId": "none"}, "labels.ndjson:1: the project has no step `none`"),
    ],
)
def test_wrong_files(tmp_path: Path, asset: dict[str, Any], label: dict[str, Any], message: str) -> None:
    labels = [{"assetId": "a", "jsonResponse": {}, **label}]
    folder = write_project(tmp_path / "p", labels, [{"id": "a", **asset}], steps=STEPS, stepGroups=GROUPS)
    with pytest.raises(DataError, match=message):
        Sandbox(folder)


class TestWhichLabelsAreLast:
    FIELDS = "latestLabels { id } labels { id isLastForStep }"

    @staticmethod
    def found(asset: dict[str, Any]) -> tuple[list[str], list[str]]:
        """The latest labels of an asset, and the last ones of each step."""
        last = [one["id"] for one in asset["labels"] if one["isLastForStep"]]
        return [one["id"] for one in asset["latestLabels"]], last

    @staticmethod
    def label(number: int, author: dict[str, Any], step: str | None, kind: str = "DEFAULT") -> dict[str, Any]:
        made = {"id": f"l{number}", "assetId": "a", "author": author, "labelType": kind, "jsonResponse": {}}
        return made | {"createdAt": f"2024-01-01T00:00:{number:02}.000Z", **({} if step is None else {"stepId": step})}

    def test_of_each_author_in_each_step(self, tmp_path: Path) -> None:
        labels = [
            self.label(1, ANN, "s1"),
            self.label(2, BOB, "s1"),
            self.label(3, ANN, "s1"),
            self.label(4, ANN, "s1", "PREDICTION"),
            self.label(5, BOB, "s2", "REVIEW"),
            self.label(6, ANN, "s2", "REVIEW"),
            self.label(7, ANN, "s2", "AUTOSAVE"),
        ]
        project = {"workflowVersion": "V3", "steps": STEPS, "stepGroups": GROUPS}
        with box_of(write_project(tmp_path / "p", labels, [{"id": "a"}], **project)) as asker:
            assert self.found(asker.assets(self.FIELDS)[0]) == (["l5", "l6"], ["l2", "l3", "l5", "l6"])
            data = {"labelType": "DEFAULT", "labelsData": [{"assetID": "a", "jsonResponse": "{}"}], "stepId": "s1"}
            added = asker.data(APPEND, data=data, where={})[0]["id"]  # again in the first step
            latest = [added, *["l2", "l3"]]
            assert sorted(self.found(asker.assets(self.FIELDS)[0])[0]) == sorted(latest)

    def test_without_steps_the_newest_of_each_author(self, tmp_path: Path) -> None:
        labels = [self.label(1, ANN, None), self.label(2, BOB, None), self.label(3, ANN, None, "REVIEW")]
        with box_of(write_project(tmp_path / "p", labels, [{"id": "a"}, {"id": "b"}])) as asker:
            first, second = asker.assets(self.FIELDS)
            assert (self.found(first), self.found(second)) == ((["l2", "l3"], ["l2", "l3"]), ([], []))
