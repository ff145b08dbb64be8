"""The audit finds each way in which the sandbox can misbehave, and the profile it measures keeps answers right."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from attrs import evolve, frozen

import kili_query as kq
from kili_query.audit import AuditReport, Trait, TraitResult, audit
from kili_query.audit.probes import Asker
from kili_query.audit.run import MAX_SEARCHES
from kili_query.client import KiliClient
from kili_query.errors import ArgumentError, NotFound, TransportError
from kili_query.ontology import Ontology
from kili_query.planning import DEFAULT_PROFILE, STRICT_PROFILE, ServerProfile
from kili_query.sandbox import Sandbox
from kili_query.sandbox.misbehaviour import Misbehaviour, deserved_profile
from tests.audit.street import IMAGES, PROJECT, VIDEOS, audited, film, photo
from tests.cli.running import DEMO

ONTOLOGY = Ontology.load(PROJECT)
QUERIES = [
    "TRACK.BUS.count == 0",
    "TRACK.CAR.count >= 2 AND NOT LIGHTS.OFF",
    "TRACK.CAR.count == 3",
    "LIGHTS.ON.count == 2 OR TRACK.BUS",
    "TRACK.CAR.count < 2",
    "LIGHTS.ON.count > 2",
    "TRACK.CAR.count + TRACK.BUS.count == 3",
    "TRACK.CAR[LIGHTS.ON].count >= 2",
    "TRACK.CAR.count IN {0, 2}",
]
FAILS = {
    "misses-absent": Trait.FINDS_ABSENT,
    "counts-presence": Trait.COUNTS_BEYOND_ONE,
    "ignores-child-jobs": Trait.COUNTS_CHILD_JOBS,
    "merges-child-jobs": Trait.COUNTS_CHILD_JOBS,
    "counts-frames": Trait.COUNTS_VIDEOS,
    "truncates-decimals": Trait.READS_DECIMALS,
}
OF_ALL = list(Trait)[:6]
"""The traits that an audit of any project tests."""
GROUPS = [
    {"misses-absent", "ignores-child-jobs"},
    {"counts-presence", "merges-child-jobs"},
    {"counts-presence", "counts-frames"},
    {"counts-frames", "merges-child-jobs", "truncates-decimals"},
    {"counts-frames", "ignores-child-jobs"},
    set(Misbehaviour),
]


def verdicts(report: AuditReport) -> dict[Trait, TraitResult]:
    return {one.trait: one.verdict for one in report.findings}


def failing(report: AuditReport) -> set[Trait]:
    return {trait for trait, verdict in verdicts(report).items() if verdict is TraitResult.DISAGREES}


def test_an_honest_server_is_trusted(tmp_path: Path) -> None:
    with audited(tmp_path, VIDEOS) as (box, client):
        report = audit(client, box.project_id)
    assert set(verdicts(report).values()) == {TraitResult.AGREES}
    assert list(verdicts(report)) == OF_ALL
    assert report.profile == DEFAULT_PROFILE
    assert report.agrees
    assert report.sampled == 3 * len(VIDEOS)


@frozen
class Measured:
    """A server that misbehaves in one way, and what the audit says of it."""

    misbehaviour: Misbehaviour
    box: Sandbox
    client: KiliClient
    report: AuditReport


@pytest.fixture(scope="module", params=FAILS)
def measured(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Measured]:
    with audited(tmp_path_factory.mktemp("street"), VIDEOS, [request.param]) as (box, client):
        yield Measured(Misbehaviour(request.param), box, client, audit(client, box.project_id))


def test_each_misbehaviour_is_found(measured: Measured) -> None:
    report = measured.report
    assert failing(report) == {FAILS[measured.misbehaviour]}
    assert report.profile == deserved_profile([measured.misbehaviour])
    assert report.is_covered
    assert not report.agrees


def test_each_disagreement_is_true(measured: Measured) -> None:
    """What is reported is what the server answers, and what we do not count."""
    client, project_id = measured.client, measured.box.project_id
    contents = {label["id"]: label["jsonResponse"] for label in client.labels(project_id)}
    asker = Asker(client.service, project_id)
    shown = [one for finding in measured.report.findings for one in finding.disagreements]
    assert shown
    for one in shown:
        query = kq.parse(one.search, dialect="core")
        found = asker.find(one.search, list(one.labels))
        for label_id, number in one.labels.items():
            assert one.is_found == (label_id in found) != query.matches(contents[label_id])
            pair, *_ = query.counters
            assert number == kq.count(contents[label_id], ontology=ONTOLOGY).get(pair, 0)


def test_the_profile_mends_answers(measured: Measured, tmp_path: Path) -> None:
    path = tmp_path / "profile.json"
    measured.report.profile.save(path)
    truth = local_answers(measured.client, measured.box.project_id)
    is_harmless = measured.misbehaviour is Misbehaviour.TRUNCATES_DECIMALS
    assert (answers(measured.box, DEFAULT_PROFILE) == truth) == is_harmless
    assert answers(measured.box, ServerProfile.load(path)) == truth


@pytest.mark.parametrize("misbehaviour", ["counts-presence", "merges-child-jobs"])
def test_misbehaviour_on_images(tmp_path: Path, misbehaviour: str) -> None:
    with audited(tmp_path, IMAGES, [misbehaviour], input_type="IMAGE") as (box, client):
        report = audit(client, box.project_id)
    assert failing(report) == {FAILS[misbehaviour]}
    assert verdicts(report)[Trait.COUNTS_VIDEOS] is TraitResult.NOT_TESTED
    assert report.profile == evolve(deserved_profile([Misbehaviour(misbehaviour)]), counts_videos=False)


@pytest.mark.parametrize("names", GROUPS, ids=lambda group: "+".join(sorted(group)))
def test_several_at_once(tmp_path: Path, names: set[str]) -> None:
    """One may hide another, which then is of no consequence: answers are right under the measured profile."""
    misbehaves = set(map(Misbehaviour, names))
    with audited(tmp_path, VIDEOS, misbehaves, copies=1) as (box, client):
        report = audit(client, box.project_id)
        profile, deserved = report.profile, deserved_profile(misbehaves)
        assert (profile.finds_absent, profile.counts_beyond_one) == (deserved.finds_absent, deserved.counts_beyond_one)
        assert Misbehaviour.IGNORES_CHILD_JOBS not in misbehaves or not profile.counts_child_jobs
        if profile.counts_beyond_one:
            assert profile == deserved
        assert answers(box, profile) == local_answers(client, box.project_id)


def answers(box: Sandbox, profile: ServerProfile) -> list[list[object]]:
    with KiliClient(box.api_key, box.endpoint, profile=profile, calls_per_minute=None) as client:
        found = [client.labels(box.project_id, fields=["id"], category_search=query) for query in QUERIES]
        return [[row["id"] for row in rows] for rows in found]


def local_answers(client: KiliClient, project_id: str) -> list[list[object]]:
    labels = client.labels(project_id)
    judges = [kq.parse(query).compile(ontology=ONTOLOGY) for query in QUERIES]
    return [[label["id"] for label in labels if judge(label["jsonResponse"])] for judge in judges]


def test_few_requests_all_of_them_reads(tmp_path: Path) -> None:
    with audited(tmp_path, VIDEOS, list(Misbehaviour), copies=15) as (box, client):
        before = len(box.faults.seen)
        report = audit(client, box.project_id, sample=100)
        sent = [one.operations[0] for one in box.faults.seen[before:]]
    assert set(sent) <= {"projects", "countLabels", "labels"}
    assert report.searches <= MAX_SEARCHES
    assert len(sent) <= MAX_SEARCHES + 2 + 2 * 100 / 20 + 1
    assert report.sampled == 100


def test_the_sample_is_of_that_size(tmp_path: Path) -> None:
    with audited(tmp_path, IMAGES, copies=9, input_type="IMAGE") as (box, client):
        for sample, read in ((1, 1), (33, 33), (1000, 45)):
            assert audit(client, box.project_id, sample=sample).sampled == read


def test_the_sample_is_spread(tmp_path: Path) -> None:
    """What labels show that were made last is found by a small sample too."""
    contents = [photo()] * 100 + IMAGES * 4
    with audited(tmp_path, contents, ["counts-presence"], copies=1, input_type="IMAGE") as (box, client):
        assert failing(audit(client, box.project_id, sample=40)) == {Trait.COUNTS_BEYOND_ONE}


@pytest.mark.parametrize(
    ("contents", "input_type", "not_tested"),
    [
        ([], "IMAGE", dict.fromkeys(OF_ALL, "no label") | {Trait.COUNTS_VIDEOS: "the project has no videos"}),
        ([photo(), IMAGES[0]], "IMAGE", {Trait.COUNTS_BEYOND_ONE: "two objects", Trait.COUNTS_CHILD_JOBS: "twice"}),
        ([IMAGES[3]], "IMAGE", {Trait.COUNTS_CHILD_JOBS: "twice"}),
        ([film([])], "VIDEO", {Trait.FINDS_PRESENT: "an answer", Trait.COUNTS_VIDEOS: "several frames"}),
        ([VIDEOS[1]], "VIDEO", {Trait.COUNTS_VIDEOS: "several frames"}),
    ],
)
def test_what_could_not_be_tested_is_told(
    tmp_path: Path, contents: list[dict[str, object]], input_type: str, not_tested: dict[Trait, str]
) -> None:
    with audited(tmp_path, contents, input_type=input_type) as (box, client):
        report = audit(client, box.project_id)
    found = {one.trait: one for one in report.findings}
    for trait, reason in not_tested.items():
        assert found[trait].verdict is TraitResult.NOT_TESTED
        assert reason in found[trait].reason
        assert f"{trait:17}  not tested  " in str(report)
        assert not getattr(report.profile, trait, False)
    assert report.agrees


def test_no_child_job_and_no_video() -> None:
    with (
        Sandbox(project=DEMO / "project.json", labels=DEMO / "labels.ndjson") as box,
        KiliClient(box.api_key, box.endpoint) as client,
    ):
        report = audit(client, box.project_id)
    reasons = {one.trait: one.reason for one in report.findings if one.verdict is TraitResult.NOT_TESTED}
    assert reasons == {
        Trait.COUNTS_CHILD_JOBS: "the project has no child job with categories",
        Trait.COUNTS_VIDEOS: "the project has no videos",
    }
    assert report.profile == evolve(DEFAULT_PROFILE, counts_child_jobs=False, counts_videos=False)


def test_unknown_contents_are_left_out(tmp_path: Path) -> None:
    contents = [*IMAGES, {"TRACK": {"annotations": "none"}}]
    with audited(tmp_path, contents, copies=1, input_type="IMAGE") as (box, client):
        report = audit(client, box.project_id)
    assert report.unknown_ids == ("label-0-5",)
    assert report.sampled == 6
    assert report.agrees
    assert "left out, of unknown content: label-0-5\n" in str(report)


def test_a_label_that_changes_meanwhile_accuses_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One label gets other content, and one is deleted, once the sample has been read."""
    find = Asker.find
    with audited(tmp_path, IMAGES, input_type="IMAGE") as (box, client):
        [asset] = client.assets(box.project_id, fields=["id"], first=1)
        made = client.create_predictions(
            box.project_id, asset_id_array=[str(asset["id"])], json_response_array=[IMAGES[2]], model_name="m"
        )
        assert made
        [prediction] = client.predictions(box.project_id, fields=["id"])

        def change_and_find(self: Asker, search: str, ids: list[str]) -> set[str]:
            if self.searches == 0:
                client.update_properties_in_label("label-1-0", json_response=IMAGES[1])
                client.delete_labels([str(prediction["id"])])
            return find(self, search, ids)

        monkeypatch.setattr(Asker, "find", change_and_find)
        report = audit(client, box.project_id)
    assert set(report.changed_ids) == {"label-1-0", prediction["id"]}
    assert report.agrees
    assert report.profile.counts_beyond_one


def test_a_refusal_of_decimals_is_no_failure(tmp_path: Path) -> None:
    with audited(tmp_path, IMAGES, input_type="IMAGE") as (box, client):
        listed = [one for one in box.faults.seen if "labels" in one.operations]
        report = audit(client, box.project_id)
        lists = len([one for one in box.faults.seen if "labels" in one.operations]) - len(listed)
        box.faults.inject(f"error-bare:labels+{lists - 3}")
        again = audit(client, box.project_id)
    assert failing(again) == {Trait.READS_DECIMALS}
    assert again.findings[-1].reason.startswith("the server refuses `TRACK.CAR.count >= 1.5`: ")
    assert again.profile == report.profile


def test_bad_arguments_and_bad_answers(tmp_path: Path) -> None:
    with audited(tmp_path, IMAGES, input_type="IMAGE") as (box, client):
        before = len(box.faults.seen)
        for sample in (0, -1, True, "many", 1.5):
            with pytest.raises(ArgumentError, match="`sample` must be a number of labels"):
                audit(client, box.project_id, sample=sample)  # type: ignore[arg-type]
        assert len(box.faults.seen) == before
        with pytest.raises(NotFound):
            audit(client, "other")
        box.faults.inject("wrong-type:labels+1")
        with pytest.raises(TransportError, match="must be a list of objects"):
            audit(client, box.project_id)


def test_the_report_as_json(tmp_path: Path) -> None:
    with audited(tmp_path, IMAGES, ["counts-presence"], copies=1, input_type="IMAGE") as (box, client):
        report = audit(client, box.project_id)
    told = report.to_dict()
    assert told["profile"] == {**STRICT_PROFILE.to_dict(), "finds_absent": True, "counts_child_jobs": True}
    assert told["agrees"] is False
    [finding] = [one for one in told["findings"] if one["verdict"] == "disagrees"]  # type: ignore[attr-defined]
    assert finding["trait"] == "counts_beyond_one"
    assert {"search": "TRACK.CAR.count == 2", "found": False, "labels": {"label-0-1": 2, "label-0-3": 2}} in finding[
        "disagreements"
    ]


def test_help_and_page_tell_how_many_searches_there_are_at_most() -> None:
    told = f"{MAX_SEARCHES} searches"
    root = Path(__file__).resolve().parents[2]
    assert told in (root / "docs" / "audit.md").read_text(encoding="utf-8")
    assert told in (root / "kili_query" / "cli" / "audit.py").read_text(encoding="utf-8")
