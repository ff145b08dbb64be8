"""Filters by steps and groups, and labels that are made in a step: what is checked, what is sent, what comes of it."""

import json
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from kili_query.client import KiliClient
from kili_query.client.request import Request
from kili_query.client.testing import FakeService
from kili_query.errors import ArgumentError, GraphQLError, NotFound, TransportError
from kili_query.protocol import AssetKeywords, LabelFilters, PredictionFilters, WorkflowTerm, filters_of
from kili_query.sandbox import Sandbox
from tests.sandbox.boxes import Asker, asking, write_project

PROJECT = "p"
GROUPS = [{"id": "g1", "name": "Cars"}, {"id": "g2", "name": "People"}]
STEPS = [
    {"id": "s1", "name": "Label", "stepGroupId": "g1"},
    {"id": "s2", "name": "Review", "stepGroupId": "g1"},
    {"id": "s3", "name": "Review", "stepGroupId": "g2"},
]
ASSETS = [
    {"id": f"a{number}", "currentStep": {"id": STEPS[number]["id"], "status": status}, "assignees": [{"id": "ann"}]}
    for number, status in enumerate(("TO_DO", "REWORK", "DONE"))
]
LABELS = [{"id": f"l{number}", "assetId": f"a{number}", "jsonResponse": {}} for number in range(3)]
V2 = {"workflowVersion": "V2", "steps": [{"id": one["id"], "name": one["name"]} for one in STEPS[:2]]}
V3 = {"workflowVersion": "V3", "steps": STEPS, "stepGroups": GROUPS}
V1 = {"workflowVersion": "V1", "steps": [], "stepGroups": []}


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    with Sandbox(write_project(tmp_path_factory.mktemp("steps"), LABELS, ASSETS, **V3)) as served:
        yield served


@pytest.fixture
def fresh(tmp_path: Path) -> Iterator[Sandbox]:
    """A sandbox that a test may write to."""
    with Sandbox(write_project(tmp_path / "steps", LABELS, ASSETS, **V3)) as served:
        yield served


def client_of(box: Sandbox) -> KiliClient:
    return KiliClient(box.api_key, box.endpoint, disable_tqdm=True)


@pytest.fixture(scope="module")
def client(box: Sandbox) -> Iterator[KiliClient]:
    with client_of(box) as opened:
        yield opened


def faked(workflow: Mapping[str, object]) -> tuple[KiliClient, FakeService]:
    project = {"inputType": "IMAGE", **workflow}
    lists: dict[str, list[object]] = {"labels": [], "assets": [], "appendManyLabels": [{"id": "new"}]}
    service = FakeService({"projects": [project], **lists})
    return KiliClient(transport=service, disable_tqdm=True), service


OF_LABELS: list[tuple[dict[str, Any], str]] = [
    ({"asset_step_name_in": ["Review"]}, "l1 l2"),
    ({"asset_step_name_in": ["Review", "Label"]}, "l0 l1 l2"),
    ({"asset_step_name_in": ["Review"], "asset_group_name_in": ["Cars"]}, "l1"),
    ({"asset_step_id_in": ("s3",)}, "l2"),
    ({"asset_step_status_in": ["TO_DO", "DONE"]}, "l0 l2"),
    ({"asset_group_name_in": ["People"]}, "l2"),
    ({"asset_group_name_not_in": ["People"]}, "l0 l1"),
    ({"asset_group_name_in": []}, "l0 l1 l2"),
]
OF_ASSETS: list[tuple[dict[str, Any], str]] = [
    ({"step_name_in": ["Review"]}, "a1 a2"),
    ({"step_name_not_in": ["Review"]}, "a0"),
    ({"step_id_not_in": ["s1"]}, "a1 a2"),
    ({"step_status_in": ["REWORK"]}, "a1"),
    ({"step_status_not_in": ["REWORK"]}, "a0 a2"),
    ({"step_name_and_status_in": [("Review", "DONE"), ["Label", "DONE"]]}, "a2"),
    ({"step_name_and_status_not_in": [("Review", "DONE")]}, "a0 a1"),
    ({"step_id_and_status_in": [["s2", "REWORK"]]}, "a1"),
    ({"step_id_and_status_not_in": (("s2", "REWORK"),)}, "a0 a2"),
    ({"assignee_in": ["ann"]}, "a0 a1 a2"),
    ({"assignee_not_in": ["ann@example.com"]}, ""),
    ({"group_name_in": ["Cars"]}, "a0 a1"),
    ({"group_name_not_in": ["Cars", "People"]}, ""),
    ({"label_labeler_in": ["sandbox-user"], "step_id_in": ["s1"]}, "a0"),
    ({"label_labeler_not_in": ["sandbox-user"]}, ""),
    ({"label_reviewer_not_in": ["sandbox-user"]}, "a0 a1 a2"),
]


class TestLists:
    @pytest.mark.parametrize(("filters", "found"), OF_LABELS, ids=repr)
    def test_labels(self, client: KiliClient, filters: dict[str, Any], found: str) -> None:
        assert [one["id"] for one in client.labels(PROJECT, fields=["id"], **filters)] == found.split()
        assert client.count_labels(PROJECT, **filters) == len(found.split())
        generated = client.labels(
            PROJECT, output_format="parsed_label", as_generator=True, disable_tqdm=True, **filters
        )
        assert [one["id"] for one in generated] == found.split()

    @pytest.mark.parametrize(("filters", "found"), OF_ASSETS, ids=repr)
    def test_assets(self, client: KiliClient, filters: dict[str, Any], found: str) -> None:
        assert [one["id"] for one in client.assets(PROJECT, fields=["id"], **filters)] == found.split()
        assert client.count_assets(PROJECT, **filters) == len(found.split())

    def test_with_a_search_that_is_judged_here(self, client: KiliClient) -> None:
        search = "SCENE.count < 1 OR OBJECTS.count > 7"
        found = client.assets(PROJECT, fields=["id"], step_name_in=["Review"], label_category_search=search)
        assert [one["id"] for one in found] == ["a1", "a2"]

    def test_downloads(self, client: KiliClient, tmp_path: Path) -> None:
        path = tmp_path / "labels.ndjson"
        assert client.download_labels(PROJECT, path, fields=["id"], asset_step_name_in=["Review"]).labels == 2

    def test_exports(self, client: KiliClient, tmp_path: Path) -> None:
        rows = tmp_path / "labels.jsonl"
        client.export_labels(
            PROJECT, rows, "jsonl", with_assets=False, asset_filter_kwargs={"step_name_in": ["Review"]}
        )
        assert len(rows.read_text().splitlines()) == 2

    def test_namespaces(self, client: KiliClient, tmp_path: Path) -> None:
        assert client.labels.count(PROJECT, filter={"asset_step_name_in": ["Review"]}) == 2
        client.exports.kili(PROJECT, tmp_path / "a.zip", filter={"step_name_in": ["Review"]})
        with pytest.raises(ArgumentError, match=r"has no step `Reviw`: did you mean `Review`\?"):
            client.exports.kili(PROJECT, tmp_path / "b.zip", filter={"step_name_in": ["Reviw"]})

    def test_conversations(self) -> None:
        client, service = faked(V3 | {"inputType": "LLM_STATIC", "jsonInterface": {"jobs": {}}})
        with pytest.raises(ArgumentError, match=r"has no group `Crs`: did you mean `Cars`\?"):
            client.llm.export(PROJECT, group_name_in=["Crs"])
        assert client.llm.export(PROJECT, step_name_in=["Review"], step_status_in=["DONE"]) == []
        where: Any = next(one.variables["where"] for one in service.requests if one.operation.name == "assets")
        assert (where["stepIdIn"], where["stepStatusIn"]) == (["s2", "s3"], ["DONE"])

    def test_one_request_more_and_ids_in_the_filter(self) -> None:
        client, service = faked(V3)
        client.labels(PROJECT, fields=["id"], asset_step_name_in=["Review"], first=5)
        assert [one.operation.name for one in service.requests[:2]] == ["projects", "labels"]
        assert service.variables(1)["where"]["asset"]["stepIdIn"] == ["s2", "s3"]

    def test_what_is_given_stays_as_it_is(self) -> None:
        client, _ = faked(V3)
        pairs, names = [["Review", "DONE"]], ["Review"]
        client.count_assets(PROJECT, step_name_and_status_in=pairs, step_name_in=names)
        assert (pairs, names) == ([["Review", "DONE"]], ["Review"])


Call = Callable[[KiliClient], object]


def _wrong() -> Iterator[tuple[Mapping[str, object], Call, str]]:
    """A workflow, a call, and what is wrong; only the workflow may have been asked for."""
    legacy = "needs a workflow with steps, and project `p` has the legacy one (V1)"
    for declaration, method in (
        (LabelFilters, "count_labels"),
        (PredictionFilters, "predictions"),
        (AssetKeywords, "assets"),
    ):
        for name, declared in filters_of(declaration).items():
            if declared.term not in (None, WorkflowTerm.ASSET_STATUS):
                value = [("x", "DONE")] if "and_status" in name else ["DONE"] if "status" in name else ["x"]
                for given in (value, []):
                    yield V1, _calling(method, name, given), f"`{name}` {legacy}"
                if declared.term is WorkflowTerm.GROUP_NAME:
                    yield V2, _calling(method, name, []), f"`{name}` needs a workflow with groups of steps (V3)"
    yield V2, _calling("labels", "asset_step_name_in", ["Reviw"]), "has no step `Reviw`: did you mean `Review`?"
    yield V2, _calling("labels", "asset_step_name_in", ["x", "y"]), "has no step `x`, `y`: it has `Label`, `Review`"
    yield V2, _calling("labels", "asset_step_id_in", ["s9"]), "has no step id `s9`: it has `s1`, `s2`"
    yield V3, _calling("count_labels", "asset_group_name_in", ["cars"]), "has no group `cars`: did you mean `Cars`?"
    yield V3, _calling("assets", "step_name_and_status_in", [("Lable", "DONE")]), "did you mean `Label`?"
    yield V3 | {"stepGroups": []}, _calling("assets", "group_name_in", ["Cars"]), "has no group `Cars`: it has none"


def _calling(method: str, name: str, value: object) -> Call:
    return lambda client: getattr(client, method)(PROJECT, **{name: value})


@pytest.mark.parametrize(("workflow", "call", "message"), [*_wrong()])
def test_what_the_workflow_lacks(workflow: Mapping[str, object], call: Call, message: str) -> None:
    client, service = faked(workflow)
    with pytest.raises(ArgumentError, match=re.escape(message)):
        call(client)
    assert [one.operation.name for one in service.requests] == ["projects"]


@pytest.mark.parametrize(
    ("method", "arguments", "message"),
    [
        ("labels", {"asset_step_name_in": ["a"], "asset_step_id_in": ["b"]}, "are the same filter"),
        ("labels", {"asset_step_name_in": ["a"], "asset_status_in": ["TODO"]}, "cannot be combined"),
        (
            "labels",
            {"asset_step_id_in": [], "asset_status_in": []},
            "`asset_step_id_in` and `asset_status_in` cannot be",
        ),
        ("count_labels", {"asset_step_status_in": ["DONE"], "asset_status_in": ["TODO"]}, "cannot be combined"),
        ("labels", {"asset_step_name_in": "Review"}, "must be a list of texts"),
        ("labels", {"asset_step_status_in": ["done"]}, r"must be one of TO_DO, .*, not 'done': did you mean 'DONE'"),
        ("assets", {"step_id_in": ["a"], "step_name_in": ["b"]}, "are the same filter"),
        ("assets", {"step_id_not_in": ["a"], "step_name_not_in": ["b"]}, "are the same filter"),
        ("assets", {"step_id_and_status_in": [], "step_name_and_status_in": []}, "are the same filter"),
        ("assets", {"step_id_and_status_not_in": [("a", "DONE")], "status_in": ["TODO"]}, "cannot be combined"),
        ("assets", {"step_id_and_status_in": ["ab"]}, r"`step_id_and_status_in\[0\]` must be a pair"),
        ("assets", {"step_id_and_status_in": [("a", "DONE", "b")]}, "must be a pair of a step and a status"),
        ("assets", {"step_id_and_status_in": [("a", "b")]}, r"`step_id_and_status_in\[0\]\[1\]` must be one of"),
        ("assets", {"step_name_and_status_in": [(1, "DONE")]}, r"`step_name_and_status_in\[0\]\[0\]` must be a text"),
        ("predictions", {"asset_group_name_in": ["a"]}, "asset_group_name_in"),
    ],
)
def test_bad_arguments_are_found_before_anything_is_sent(method: str, arguments: dict[str, Any], message: str) -> None:
    client, service = faked(V3)
    with pytest.raises((ArgumentError, TypeError), match=message):
        getattr(client, method)(PROJECT, **arguments)
    assert service.requests == []


@pytest.mark.parametrize("name", ["step_name_not_in", "step_id_and_status_in", "nosuch"])
def test_what_exports_do_not_filter_by(name: str, tmp_path: Path) -> None:
    client, service = faked(V3)
    with pytest.raises(ArgumentError, match=f"`asset_filter_kwargs` has no filter `{name}`"):
        client.export_labels(PROJECT, tmp_path / "x.zip", "raw", asset_filter_kwargs={name: []})
    assert service.requests == []


class TestWarnings:
    def test_former_statuses(self) -> None:
        client, service = faked(V2)
        with pytest.warns(
            DeprecationWarning, match=r"`asset_step_status_in\[0\]`: 'DOING' is .* called 'IN_PROGRESS' now"
        ):
            client.count_labels(PROJECT, asset_step_status_in=["DOING"])
        assert service.variables(1)["where"]["asset"]["stepStatusIn"] == ["DOING"]

    @pytest.mark.parametrize(
        ("method", "arguments"),
        [
            ("count_labels", {"asset_status_in": ["TODO"]}),
            ("count_assets", {"status_in": []}),
            ("assets", {"skipped": True}),
        ],
    )
    def test_states_in_a_workflow_with_steps(self, method: str, arguments: dict[str, Any]) -> None:
        (name,) = arguments
        client, service = faked(V2)
        for _ in range(2):
            with pytest.warns(UserWarning, match=f"`{name}` is meant for the legacy workflow"):
                getattr(client, method)(PROJECT, **arguments)
        asked = [one.selection for one in service.requests if one.operation.name == "projects"]
        assert asked.count("workflowVersion") == 1

    @pytest.mark.parametrize("workflow", [V1, {}])
    def test_states_in_the_legacy_workflow(self, workflow: Mapping[str, object]) -> None:
        client, _ = faked(workflow)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            client.count_labels(PROJECT, asset_status_in=["TODO"])

    def test_a_service_that_knows_no_workflow(self) -> None:
        """It has no steps; another refusal is not mistaken for that."""
        words = "Cannot query field 'workflowVersion' on type 'Project'."

        def answer(request: Request) -> object:
            if request.operation.name != "projects":
                return 3
            if "workflowVersion" in request.selection:
                raise GraphQLError(words)
            return [{"inputType": "IMAGE"}]

        client = KiliClient(transport=FakeService(answer), disable_tqdm=True)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert client.count_labels(PROJECT, asset_status_in=["TODO"]) == 3
        with pytest.raises(GraphQLError, match="Cannot query field"):
            client.count_labels(PROJECT, asset_step_name_in=["Review"])
        words = "no"
        with pytest.raises(GraphQLError, match="no"):
            client.count_labels("other", asset_status_in=["TODO"])


@pytest.mark.parametrize(
    ("workflow", "message"),
    [
        (
            {"workflowVersion": "V4", "steps": STEPS},
            "has a workflow of the kind 'V4', which this release does not know",
        ),
        ({"workflowVersion": 2}, "has a workflow of the kind 2"),
        ({"workflowVersion": "V2", "steps": {}}, "`steps` is not a list of steps or groups"),
        ({"workflowVersion": "V2", "steps": [{"id": "s"}]}, "`steps` is not a list"),
        ({"workflowVersion": "V2", "steps": [None]}, "`steps` is not a list"),
        ({"workflowVersion": "V3", "stepGroups": "x"}, "`stepGroups` is not a list"),
    ],
)
def test_workflows_that_nobody_knows(workflow: Mapping[str, object], message: str) -> None:
    client, service = faked(workflow)
    with pytest.raises(TransportError, match=message):
        client.labels(PROJECT, asset_step_name_in=["Label"])
    with pytest.raises(TransportError, match=message) as raised:
        client.append_labels(["a"], [{}], project_id=PROJECT, step_name="Label")
    assert raised.value.not_sent == (0,)
    assert {one.operation.name for one in service.requests} == {"projects"}


class Renaming:
    """A service whose step `Review` is called `Check` once so many lists have been asked for."""

    def __init__(self, box: Sandbox, after: int) -> None:
        self.box, self.left = box, after
        self.client = client_of(box)

    def ask(self, request: Request) -> object:
        answer = self.client.service.ask(request)
        if request.operation.name == "projects" and self.left <= 0:
            answer = json.loads(json.dumps(answer).replace('"Review"', '"Check"'))
        self.left -= request.operation.name in ("labels", "countLabels")
        return answer

    def get_json(self, url: str) -> object:
        return self.client.service.get_json(url)


def test_a_step_that_is_renamed_while_a_call_runs(box: Sandbox, tmp_path: Path) -> None:
    """The call goes on with the ids that it began with; the next one finds that the name is gone."""
    for call in (
        lambda client: list(
            client.labels(PROJECT, asset_step_name_in=["Review"], as_generator=True, disable_tqdm=True)
        ),
        lambda client: client.download_labels(
            PROJECT, tmp_path / "l.ndjson", asset_step_name_in=["Review"], disable_tqdm=False, restart=True
        ),
    ):
        service = Renaming(box, after=1)
        client = KiliClient(transport=service)
        found = call(client)
        assert (len(found) if isinstance(found, list) else found.labels) == 2
        with pytest.raises(ArgumentError, match="has no step `Review`: it has `Label`, `Check`"):
            call(client)
        service.client.close()


class TestWriting:
    def made(self, asker: Asker) -> list[tuple[object, object, object]]:
        fields = "stepId referencedLabelId assetId"
        return [tuple(one.values()) for one in asker.labels(fields)[len(LABELS) :]]  # type: ignore[misc]

    @pytest.mark.parametrize(
        ("arguments", "step"),
        [
            ({}, "s1"),
            ({"step_name": "Label"}, "s1"),
            ({"step_name": "Label", "project_id": None}, "s1"),
            ({"step_name": "Review", "group_name": "People"}, "s3"),
            ({"step_id": "s2"}, "s2"),
            ({"step_id": "s2", "asset_id_array": None, "asset_external_id_array": ["a0"]}, "s2"),
        ],
        ids=repr,
    )
    def test_in_a_step(self, fresh: Sandbox, arguments: dict[str, Any], step: str) -> None:
        given = {"asset_id_array": ["a0"], "project_id": PROJECT, **arguments}
        with client_of(fresh) as client:
            [new] = client.append_labels(json_response_array=[{}], **given)
        assert new["id"] in asking(fresh).ids()
        assert self.made(asking(fresh)) == [(step, None, "a0")]

    def test_reviews(self, fresh: Sandbox) -> None:
        with client_of(fresh) as client:
            client.append_labels(
                ["a0", "a1"],
                [{}, {}],
                label_type="REVIEW",
                reviewed_label_id_array=["l0", None],  # type: ignore[list-item]
            )
            client.labels.create_review(
                project_id=PROJECT, asset_id="a1", json_response={}, reviewed_label_id="l1", step_id="s2"
            )
        assert self.made(asking(fresh)) == [("s1", "l0", "a0"), ("s2", None, "a1"), ("s2", "l1", "a1")]

    def test_reviews_in_batches(self) -> None:
        count = 150
        service = FakeService(lambda request: [{"id": one["assetID"]} for one in _data(request)])
        client = KiliClient(transport=service, disable_tqdm=True)
        reviewed = [f"l{number}" for number in range(count)]
        assets = [f"a{number}" for number in range(count)]
        client.append_labels(assets, [{}] * count, label_type="REVIEW", reviewed_label_id_array=reviewed)
        sent = [(one["assetID"], one["referencedLabelId"]) for request in service.requests for one in _data(request)]
        assert sent == list(zip(assets, reviewed, strict=True))

    def test_an_older_service_is_sent_no_new_keys(self) -> None:
        client, service = faked(V1)
        client.append_labels(["a"], [{}])
        assert service.variables()["data"].keys() == {"labelType", "overwrite", "labelsData"}
        assert "referencedLabelId" not in _data(service.requests[-1])[0]

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"step_name": "a", "step_id": "b"}, "both name the step"),
            ({"group_name": "g"}, "`group_name` belongs to a `step_name`"),
            ({"step_id": "s1", "group_name": "g"}, "`group_name` belongs to a `step_name`"),
            ({"step_name": ""}, "`step_name` is empty"),
            ({"step_id": 3}, "`step_id` must be a text"),
            ({"reviewed_label_id_array": []}, "different lengths: .*`reviewed_label_id_array` 0"),
            ({"reviewed_label_id_array": ["a", "b"]}, "different lengths"),
            ({"reviewed_label_id_array": [""]}, "holds an empty id"),
            ({"reviewed_label_id_array": "a"}, "must be a list of texts"),
            ({"reviewed_label_id_array": [3]}, r"`reviewed_label_id_array\[0\]` must be a text"),
        ],
        ids=repr,
    )
    def test_bad_arguments_are_found_before_anything_is_sent(self, arguments: dict[str, Any], message: str) -> None:
        client, service = faked(V3)
        with pytest.raises(ArgumentError, match=message):
            client.append_labels(["a"], [{}], project_id=PROJECT, **arguments)
        assert service.requests == []

    @pytest.mark.parametrize(
        ("workflow", "arguments", "kind", "message"),
        [
            (V1, {"step_name": "Label"}, NotFound, "has the legacy workflow, without steps: leave out `step_name`"),
            (V1, {"step_id": "s1"}, NotFound, "leave out `step_id`"),
            (V2, {"step_name": "Lable"}, ArgumentError, "has no step `Lable`: did you mean `Label`?"),
            (V2, {"step_id": "s9"}, ArgumentError, "has no step id `s9`: it has `s1`, `s2`"),
            (V2, {"step_name": "Label", "group_name": "Cars"}, ArgumentError, "needs a workflow with groups of steps"),
            (
                V3,
                {"step_name": "Label", "group_name": "Crs"},
                ArgumentError,
                "has no group `Crs`: did you mean `Cars`?",
            ),
            (V3, {"step_name": "Label", "group_name": "People"}, ArgumentError, "no step `Label` in group `People`"),
            (
                V3,
                {"step_name": "Review"},
                ArgumentError,
                "several steps .* `Review`: give `group_name`: `Cars`, `People`",
            ),
            (V2 | {"steps": [STEPS[0], STEPS[0]]}, {"step_name": "Label"}, ArgumentError, "give `step_id`"),
        ],
        ids=repr,
    )
    def test_steps_that_cannot_be_meant(
        self, workflow: Mapping[str, object], arguments: dict[str, Any], kind: type[Exception], message: str
    ) -> None:
        client, service = faked(workflow)
        with pytest.raises(kind, match=message):
            client.append_labels(["a"], [{}], project_id=PROJECT, **arguments)
        assert [one.operation.name for one in service.requests] == ["projects"]

    @pytest.mark.parametrize(
        ("assets", "kind", "message"),
        [([], NotFound, "there is no asset `a`"), ([{"project": None}], TransportError, "an asset has no project")],
    )
    def test_the_project_of_the_first_asset(self, assets: list[object], kind: type[Exception], message: str) -> None:
        service = FakeService({"assets": assets})
        client = KiliClient(transport=service, disable_tqdm=True)
        with pytest.raises(kind, match=message):
            client.append_labels(["a", "b"], [{}, {}], step_name="Label")
        assert [one.operation.name for one in service.requests] == ["assets"]


def _data(request: Request) -> list[dict[str, Any]]:
    data: Any = request.variables["data"]
    labels: list[dict[str, Any]] = data["labelsData"]
    return labels
