"""The audit of filters by steps, statuses and groups, and of conversations."""

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest
from attrs import evolve

from kili_query.audit import AuditReport, Trait, TraitResult, audit
from kili_query.client import KiliClient
from kili_query.client.request import Request
from kili_query.client.testing import FakeService
from kili_query.sandbox import Sandbox
from tests.audit.street import IMAGES, audited
from tests.client.test_conversations import ANSWERS
from tests.peers.label_project import PROJECT_ID, write_grouped_project, write_stepped_project

TONES = {
    "TONE": {
        "mlTask": "CLASSIFICATION",
        "content": {"categories": {"SHORT": {}, "LONG": {"children": ["WHY"]}, "RUDE": {}}},
        "level": "completion",
    },
    "WHY": {"mlTask": "TRANSCRIPTION", "isChild": True},
    "BEST": {"mlTask": "COMPARISON"},
    "OK": {"mlTask": "CLASSIFICATION", "content": {"categories": {"FINE": {}}}},
    "NOTE": {"mlTask": "TRANSCRIPTION"},
}
STEPS, STATUSES, GROUPS = Trait.FILTERS_STEPS, Trait.FILTERS_STATUSES, Trait.FILTERS_GROUPS


def verdicts(report: AuditReport) -> dict[Trait, TraitResult]:
    return {one.trait: one.verdict for one in report.findings if one.trait.startswith("filters_")}


Answering = Callable[[Request], object]


@pytest.fixture(scope="module")
def grouped(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Answering]:
    """The answers of a server of a project with groups, which is asked the same only once, as audits only read."""
    folder = write_grouped_project(tmp_path_factory.mktemp("grouped") / "project")
    known: dict[bytes, object] = {}

    def answer(request: Request) -> object:
        question = request.body()
        if question not in known:
            known[question] = client.service.ask(request)
        return known[question]

    with Sandbox(project=folder) as box, client_of(box) as client:
        yield answer


def client_of_answers(answer: Answering) -> KiliClient:
    return KiliClient(transport=FakeService(answer), disable_tqdm=True)


def without(where: Mapping[str, object], name: str) -> dict[str, object]:
    """A filter without what a server does not understand."""
    return {
        key: without(value, name) if isinstance(value, dict) else value for key, value in where.items() if key != name
    }


def client_of(box: Sandbox) -> KiliClient:
    return KiliClient(box.api_key, box.endpoint, calls_per_minute=None, disable_tqdm=True)


def test_an_honest_server(grouped: Answering, tmp_path: Path) -> None:
    with Sandbox(project=write_stepped_project(tmp_path / "stepped")) as box, client_of(box) as client:
        stepped = audit(client, box.project_id, sample=40)
    for report, traits in (
        (stepped, (STEPS, STATUSES)),
        (audit(client_of_answers(grouped), PROJECT_ID, sample=40), (STEPS, STATUSES, GROUPS)),
    ):
        assert verdicts(report) == dict.fromkeys(traits, TraitResult.AGREES)
        assert report.agrees


def test_a_project_without_steps(tmp_path: Path) -> None:
    with audited(tmp_path, IMAGES) as (box, client):
        assert verdicts(audit(client, box.project_id)) == {}


@pytest.mark.parametrize(
    ("name", "trait", "shown"),
    [
        ("stepIdIn", STEPS, ["step_name_in=['Label']", "step_id_in=['step-0']", "asset_step_id_in=['step-0']"]),
        ("stepIdNotIn", STEPS, ["step_name_not_in=['Label']"]),
        ("stepIdAndStatusIn", STATUSES, ["step_name_and_status_in=[('Label', 'TO_DO')]"]),
        ("stepIdAndStatusNotIn", STATUSES, ["step_id_and_status_not_in=[('step-0', 'TO_DO')]"]),
        ("stepStatusIn", STATUSES, ["step_status_in=['TO_DO']"]),
        ("stepStatusNotIn", STATUSES, ["step_status_not_in=['TO_DO']"]),
        ("groupNameIn", GROUPS, ["group_name_in=['Cars']"]),
        ("groupNameNotIn", GROUPS, ["group_name_not_in=['Cars']"]),
    ],
)
def test_a_server_that_ignores_a_filter(grouped: Answering, name: str, trait: Trait, shown: list[str]) -> None:
    def lie(request: Request) -> Request:
        where = request.variables.get("where")
        kept = without(where, name) if isinstance(where, dict) else where
        return evolve(request, variables={**request.variables, "where": kept})

    report = audit(client_of_answers(lambda request: grouped(lie(request))), PROJECT_ID, sample=40)
    found = verdicts(report)
    assert [one for one, verdict in found.items() if verdict is TraitResult.DISAGREES] == [trait]
    assert not report.agrees
    told = {str(one) for finding in report.findings for one in finding.disagreements}
    for filter_ in shown:
        assert any(one.startswith(f"`{filter_}` finds") for one in told), filter_
    assert json.loads(json.dumps(report.to_dict()))["agrees"] is False


@pytest.mark.parametrize("misbehaves", [[], ["misses-absent"]])
def test_conversations(tmp_path: Path, misbehaves: list[str]) -> None:
    project = {"id": "chats", "title": "Chats", "inputType": "LLM_STATIC", "jsonInterface": {"jobs": TONES}}
    (tmp_path / "project.json").write_text(json.dumps(project))
    labels = [
        {
            "id": f"l{number}",
            "assetId": f"a{number}",
            "jsonResponse": "{}",
            "annotations": ANSWERS if number % 2 else [],
        }
        for number in range(4)
    ]
    (tmp_path / "labels.ndjson").write_text("".join(json.dumps(one) + "\n" for one in labels))
    (tmp_path / "assets.ndjson").write_text("".join(f'{{"id": "a{number}"}}\n' for number in range(4)))
    with Sandbox(project=tmp_path, misbehaves=misbehaves) as box, client_of(box) as client:
        report = audit(client, box.project_id)
    [verdict] = [one.verdict for one in report.findings if one.trait is Trait.COUNTS_CONVERSATIONS]
    assert verdict is (TraitResult.DISAGREES if misbehaves else TraitResult.AGREES)
