"""Bad days of a cache: killed, full disks, damage, servers that change or die. The last version stays readable."""

import json
import os
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from shutil import copytree
from typing import Any

import pytest
from attrs import evolve

from kili_query.cache import LabelCache, tables, writing
from kili_query.cache import sync as following
from kili_query.client import KiliClient
from kili_query.errors import AuthenticationFailed, CacheError, KiliQueryError, QueryError
from kili_query.ontology import Ontology
from kili_query.sandbox import Sandbox
from tests.cache.processes import FORKS, load_in_pieces, sync_and_tell, sync_in_pieces
from tests.cli.running import DEMO
from tests.full_disk import files_at_most

FIELDS = ["id", "author.email", "assetId", "createdAt", "labelType", "isLatestLabelForUser", "jsonResponse"]
FOOD = {"SCENE": {"categories": [{"name": "FOOD"}]}}
LABELS = [
    {"id": f"l{number}", "jsonResponse": {"J": {"categories": [{"name": "A"}], "text": "x" * number}}}
    for number in range(60)
]


@pytest.fixture
def cache(tmp_path: Path) -> LabelCache:
    return LabelCache(tmp_path / "cache")


@pytest.fixture(params=[True, False], ids=["feed", "windows"])
def box(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    with Sandbox(DEMO / "project.json", DEMO / "labels.ndjson", has_feed=request.param) as box:
        yield box


of_one_kind = pytest.mark.parametrize("box", [True], indirect=True, ids=["feed"])
"""A test that cannot tell how the project is followed."""


def client_of(box: Sandbox, kind: type[KiliClient] = KiliClient, key: str | None = None) -> KiliClient:
    return kind(key or box.api_key, box.endpoint, disable_tqdm=True, calls_per_minute=None)


def predict(client: KiliClient, box: Sandbox, number: int = 1) -> list[str]:
    """The ids of new labels of the first assets."""
    assets = client.assets(box.project_id, fields=["id"], first=number)
    contents = [FOOD for _ in assets]
    made = client.append_labels(
        [str(one["id"]) for one in assets], json_response_array=contents, label_type="PREDICTION", model_name="m"
    )
    return [str(one["id"]) for one in made]


def agree(cache: LabelCache, client: KiliClient, box: Sandbox) -> bool:
    return bool(cache.labels(fields=FIELDS) == client.labels(box.project_id, fields=FIELDS) != [])


def killed(run: Callable[..., None], arguments: tuple[object, ...], after_s: float) -> None:
    """Run a function in a process of its own, which is killed after some time, wherever it is then."""
    process = FORKS.Process(target=run, args=arguments)
    process.start()
    process.join(after_s)
    process.kill()
    process.join()


class TestKilled:
    def test_while_labels_are_loaded(self, cache: LabelCache) -> None:
        random = Random(1)
        cache.load(LABELS)
        for turn in range(5):
            labels = [one | {"modelName": f"m{turn}"} for one in LABELS]
            killed(load_in_pieces, (str(cache.folder), labels), random.uniform(0.05, 0.9))
            known = {one["id"]: one["jsonResponse"] for one in LABELS}
            found = cache.labels(fields=["id", "jsonResponse", "modelName"])
            assert {one["id"]: one["jsonResponse"] for one in found} == known
            assert len(found) == cache.count_labels(category_search="J.A") == len(LABELS)
            assert len({one["modelName"] for one in found}) == 1
        cache.load(LABELS)
        assert sorted(cache.labels(fields=["id", "jsonResponse", "modelName"]), key=lambda one: one["id"]) == sorted(
            (one | {"modelName": None} for one in LABELS), key=lambda one: str(one["id"])
        )

    @pytest.mark.parametrize("is_first", [True, False])
    def test_a_load_is_seen_whole_or_not_at_all(
        self, cache: LabelCache, monkeypatch: pytest.MonkeyPatch, *, is_first: bool
    ) -> None:
        """It ends at its 13th label, when several batches were written; the next one is of other labels."""
        monkeypatch.setattr(writing, "BATCH_ROWS", 5)
        if not is_first:
            cache.load(LABELS[:3])
        before = cache.versions
        changed = [one | {"modelName": "m"} for one in LABELS]

        def breaking() -> Iterator[dict[str, Any]]:
            yield from changed[:12]
            raise InterruptedError

        with pytest.raises(InterruptedError):
            cache.load(breaking())
        assert tables.Tables.open(cache.folder).version == (2 if is_first else 3) - 1
        assert cache.versions == before
        if is_first:
            for ask in (cache.count_labels, cache.to_polars):
                with pytest.raises(CacheError, match=r"the first loading of .* was not finished: run it again"):
                    ask()
        else:
            assert sorted(cache.labels(fields=["id"]), key=lambda one: one["id"]) == [{"id": f"l{n}"} for n in range(3)]
            with pytest.raises(CacheError, match=r"version 1 of .* is a step of a change"):
                cache.at(1)
        cache.load(LABELS[30:])
        held = [*([] if is_first else LABELS[:3]), *LABELS[30:]]
        found = cache.labels(fields=["id", "modelName"])
        assert {one["id"]: one["modelName"] for one in found} == {one["id"]: None for one in held}
        assert [one.summary for one in cache.versions][-1] == "30 new, 0 changed, 0 deleted"

    def test_while_a_project_is_followed(self, box: Sandbox, cache: LabelCache) -> None:
        random = Random(2)
        with client_of(box) as client:
            for _ in range(4):
                arguments = (str(cache.folder), box.api_key, box.endpoint, box.project_id)
                killed(sync_in_pieces, arguments, random.uniform(0.05, 0.9))
                if cache.state.is_complete:
                    found = cache.labels(fields=["id", "jsonResponse"])
                    assert len({one["id"] for one in found}) == len(found)
                client.delete_labels(predict(client, box, 3)[:1])
            cache.sync(client, box.project_id)
            assert agree(cache, client, box)
            assert not cache.sync(client, box.project_id, verify=True).has_changes


@pytest.mark.parametrize("size_bytes", [0, 100, 1_000, 3_000])
def test_a_full_disk(cache: LabelCache, size_bytes: int) -> None:
    cache.load(LABELS)
    before = cache.labels()
    random = Random(3)
    large = [{"id": f"n{n}", "jsonResponse": {"J": {"text": random.randbytes(400).hex()}}} for n in range(20)]
    with files_at_most(size_bytes), pytest.raises((CacheError, OSError)) as caught:
        cache.load(large)
    assert "File too large" in str(caught.value)
    assert cache.labels() == before
    assert cache.load(large).new == len(large)


def test_a_disk_that_is_nearly_full(
    cache: LabelCache, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.load(LABELS[:9])
    monkeypatch.setattr(tables, "_ROOM", 2**60)
    with pytest.raises(CacheError, match=r"the disk has [\d,]+ bytes left, and up to [\d,]+ are needed: make room"):
        cache.load(LABELS)
    assert cache.count_labels() == 9
    assert capfd.readouterr().err == ""


def test_a_reader_during_a_write(cache: LabelCache) -> None:
    cache.load(LABELS)
    reading = cache.labels(fields=["id", "jsonResponse"], as_generator=True)
    first = next(reading)
    cache.load([one | {"jsonResponse": {}} for one in LABELS])
    assert sorted([first, *reading], key=lambda one: one["id"]) == sorted(LABELS, key=lambda one: str(one["id"]))
    assert cache.count_labels(category_search="J.A") == 0


def test_counting_again_is_interrupted(cache: LabelCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """After one part of three, in a cache that follows a project, whose syncs go on where others ended."""
    monkeypatch.setattr(writing, "PART_ROWS", 20)
    box = {"mid": "m", "categories": [{"name": "CAR"}], "children": {"K": {"categories": [{"name": "RED"}]}}}
    job = {"mlTask": "OBJECT_DETECTION", "content": {"categories": {"CAR": {"children": ["K"]}}}}
    child = {"mlTask": "CLASSIFICATION", "content": {"categories": {"RED": {}}}}
    interfaces = [{"jobs": {"B": job, "K": child | {"isChild": is_child}}} for is_child in (False, True)]
    root, nested = map(Ontology.from_json_interface, interfaces)
    contents = [
        {"B": {"annotations": [box]}},
        None,
        *({"B": {"annotations": [box | {"mid": f"m{n}"} for n in range(n)]}} for n in range(2, 50)),
    ]
    cache.load([{"id": f"l{n}", "jsonResponse": one} for n, one in enumerate(contents)], ontology=root)
    with writing.opened(cache.folder) as writer:
        writer.finish(evolve(writer.state, project_id="p"))
    whole = cache.versions

    def recounted(*, parts: int) -> None:
        with writing.opened(cache.folder) as writer, monkeypatch.context() as changed:
            count, left = writing.Writer._counted_again, iter(range(parts))
            changed.setattr(writing.Writer, "_counted_again", lambda self, part: (next(left), count(self, part))[1])
            writer.use_ontology(nested)
            writer.finish(writer.state)

    with pytest.raises(StopIteration):
        recounted(parts=1)
    assert cache.versions == whole
    assert cache.count_labels(category_search="K.RED") == 0
    with writing.opened(cache.folder) as writer:
        assert writer.counting.ontology == root
        assert writer.state.base is not None
    assert cache.count_labels(category_search="K.RED") == 0
    recounted(parts=3)
    assert cache.count_labels(category_search="K.RED") == len(contents) - 1
    assert cache.count_labels(category_search="K.RED.count == 49") == 1
    assert cache.state.project_id == "p"


@of_one_kind
class TestTwoAtOnce:
    """Syncs of one folder, each in a process of its own: one says that another is at work, and what to do."""

    REFUSAL = r"another process writes to `.*cache`: wait until it has finished"

    def test_one_begins_while_another_is_at_work(self, box: Sandbox, cache: LabelCache) -> None:
        begun, goes_on, told = FORKS.Event(), FORKS.Event(), FORKS.Queue()
        arguments = (str(cache.folder), box.api_key, box.endpoint, box.project_id, told)
        first = FORKS.Process(target=sync_and_tell, args=(*arguments, begun, goes_on))
        second = FORKS.Process(target=sync_and_tell, args=arguments)
        first.start()
        assert begun.wait(60)
        second.start()
        assert re.fullmatch(self.REFUSAL, told.get(timeout=60))
        goes_on.set()
        with client_of(box) as client:
            assert told.get(timeout=60) == client.count_labels(box.project_id)
            first.join()
            second.join()
            assert agree(cache, client, box)
            assert not cache.sync(client, box.project_id, verify=True).has_changes

    def test_both_begin_together(self, box: Sandbox, cache: LabelCache) -> None:
        told = FORKS.Queue()
        arguments = (str(cache.folder), box.api_key, box.endpoint, box.project_id, told)
        processes = [FORKS.Process(target=sync_and_tell, args=arguments) for _ in range(2)]
        for one in processes:
            one.start()
        with client_of(box) as client:
            answers = [told.get(timeout=60) for _ in processes]
            for one in processes:
                one.join()
            number = client.count_labels(box.project_id)
            assert number in answers  # the other one found the folder in use, or came when nothing was new any more
            answers.remove(number)
            assert answers == [0] or re.fullmatch(self.REFUSAL, str(answers[0]))
            assert agree(cache, client, box)


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a cache with two versions, of which tests take copies."""
    cache = LabelCache(tmp_path_factory.mktemp("whole") / "cache")
    cache.load(LABELS[:40])
    cache.load([*LABELS[:3], *LABELS[40:]])
    return cache.folder


class TestDamage:
    """Of the newest version: what is wrong is said in one line, and earlier versions are read."""

    @pytest.fixture
    def two(self, whole: Path, cache: LabelCache) -> LabelCache:
        copytree(whole, cache.folder)
        return cache

    @staticmethod
    def refusal(cache: LabelCache, capfd: pytest.CaptureFixture[str]) -> str:
        with pytest.raises(CacheError) as caught:
            cache.labels(fields=["id", "jsonResponse"])
        assert capfd.readouterr().err == ""
        assert "\n" not in str(caught.value)
        return str(caught.value)

    @staticmethod
    def newest(cache: LabelCache, table: str) -> Path:
        files = (cache.folder / table).glob("part=*/*.parquet")
        return max(files, key=lambda one: one.stat().st_mtime_ns)

    @pytest.mark.parametrize("table", ["labels", "contents"])
    @pytest.mark.parametrize("left", [0, 3, 9, -1])
    def test_truncated_file(self, two: LabelCache, capfd: pytest.CaptureFixture[str], table: str, left: int) -> None:
        file = self.newest(two, table)
        file.write_bytes(file.read_bytes()[:left])
        assert file.name in self.refusal(two, capfd)
        if table == "labels":
            assert two.at(0).count_labels() == 40

    @pytest.mark.parametrize("table", ["labels", "contents"])
    def test_missing_file(self, two: LabelCache, capfd: pytest.CaptureFixture[str], table: str) -> None:
        file = self.newest(two, table)
        file.unlink()
        assert file.name in self.refusal(two, capfd)

    @pytest.mark.parametrize("table", ["labels", "contents"])
    def test_overwritten_bytes(self, two: LabelCache, capfd: pytest.CaptureFixture[str], table: str) -> None:
        file = self.newest(two, table)
        file.write_bytes(bytes(file.stat().st_size))
        assert "cannot be used" in self.refusal(two, capfd)

    @pytest.mark.parametrize("table", ["labels", "contents"])
    def test_log_of_a_newer_protocol(self, two: LabelCache, capfd: pytest.CaptureFixture[str], table: str) -> None:
        entry = two.folder / table / "_delta_log" / f"{1:020}.json"
        newer = {"protocol": {"minReaderVersion": 99, "minWriterVersion": 99}}
        entry.write_text(entry.read_text() + json.dumps(newer) + "\n")
        assert "cannot be used" in self.refusal(two, capfd)

    @pytest.mark.parametrize("table", ["labels", "contents"])
    @pytest.mark.parametrize("text", ["", "{", "nope\n", '{"add": 3}\n'])
    def test_damaged_log_entry(self, two: LabelCache, capfd: pytest.CaptureFixture[str], table: str, text: str) -> None:
        (two.folder / table / "_delta_log" / f"{1:020}.json").write_text(text)
        assert two.folder.name in self.refusal(two, capfd)


class Changing(KiliClient):
    """A client during whose first list something happens."""

    happenings: list[Callable[[], object]]  # which copies of the client share

    def labels_as_json(self, *arguments: Any, **options: Any) -> Iterator[dict[str, Any]]:  # type: ignore[override]
        for number, row in enumerate(super().labels_as_json(*arguments, **options)):
            if number == 3 and self.happenings:
                self.happenings.pop()()
            yield row


class Renaming(KiliClient):
    """A client whose project has other interfaces at the first calls: a job and a category by other names."""

    earlier: list[tuple[str, str]]

    def project(self, *arguments: Any, **options: Any) -> dict[str, Any]:
        found = dict(super().project(*arguments, **options))
        if self.earlier:
            name, before = self.earlier.pop()
            text = json.dumps(found["jsonInterface"])
            assert name in text
            found["jsonInterface"] = json.loads(text.replace(f'"{name}"', f'"{before}"'))
        return found


class TestServer:
    @of_one_kind
    def test_an_ontology_that_changes(self, box: Sandbox, cache: LabelCache) -> None:
        """Before a sync, and while one runs: then it counts by the last one that was seen."""
        with client_of(box, Renaming) as client, client_of(box) as other:
            assert isinstance(client, Renaming)
            client.earlier = [("FOOD", "MEAL"), ("SCENE", "PLACE")]
            cache.sync(client, box.project_id)
            assert client.earlier == []
            assert cache.count_labels(category_search="SCENE.MEAL") == 0
            with pytest.raises(QueryError):
                cache.count_labels(category_search="SCENE.FOOD")
            client.earlier = [("FOOD", "MEAL")]
            predict(other, box, 2)
            cache.sync(client, box.project_id)
            found = cache.labels(category_search="SCENE.FOOD", fields=FIELDS)
            assert found == other.labels(box.project_id, category_search="SCENE.FOOD", fields=FIELDS) != []
            assert agree(cache, other, box)
            with pytest.raises(QueryError):
                cache.count_labels(category_search="SCENE.MEAL")

    def test_labels_come_and_go_while_pages_are_read(self, box: Sandbox, cache: LabelCache) -> None:
        with client_of(box, Changing) as client, client_of(box) as other:
            assert isinstance(client, Changing)
            ids = predict(other, box, 20)

            def happening() -> None:
                other.delete_labels([ids[0], ids[5], ids[-1]])
                predict(other, box, 3)

            client.happenings = [happening]
            cache.sync(client, box.project_id)
            assert client.happenings == []
            assert agree(cache, other, box)
            predict(other, box, 6)
            client.happenings = [lambda: other.delete_labels(ids[10:14])]
            cache.sync(client, box.project_id)
            cache.sync(client, box.project_id)
            assert agree(cache, other, box)

    @of_one_kind
    def test_a_reader_sees_nothing_of_a_sync_that_is_under_way(
        self, box: Sandbox, cache: LabelCache, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with client_of(box, Changing) as client, client_of(box) as other:
            assert isinstance(client, Changing)
            client.happenings = []
            cache.sync(client, box.project_id)
            monkeypatch.setattr(writing, "BATCH_ROWS", 2)
            before, versions = cache.labels(fields=FIELDS), cache.versions
            seen: list[tuple[object, object]] = []
            predict(other, box, 8)
            client.happenings = [lambda: seen.append((cache.labels(fields=FIELDS), cache.versions))]
            cache.sync(client, box.project_id)
            assert seen == [(before, versions)]
            assert len(cache.versions) == len(versions) + 1
            assert agree(cache, other, box)

    def test_the_server_dies(self, tmp_path: Path, cache: LabelCache) -> None:
        database = tmp_path / "box.db"
        box = Sandbox(DEMO / "project.json", DEMO / "labels.ndjson", database=database)
        with box, client_of(box) as client:
            cache.sync(client, box.project_id)
            before = cache.labels(fields=FIELDS)
            predict(client, box, 6)
        with pytest.raises(KiliQueryError), client_of(box) as client:
            cache.sync(client, box.project_id)
        assert cache.labels(fields=FIELDS) == before
        with Sandbox(database=database) as again, client_of(again) as client:
            assert cache.sync(client).new == 6
            assert agree(cache, client, again)

    @of_one_kind
    def test_a_wrong_key(self, box: Sandbox, cache: LabelCache) -> None:
        with client_of(box) as client:
            cache.sync(client, box.project_id)
        versions = cache.versions
        with pytest.raises(AuthenticationFailed), client_of(box, key="wrong") as client:
            cache.sync(client, box.project_id)
        assert cache.versions == versions

    @pytest.mark.parametrize(("box", "days"), [(True, 400), (False, -3), (False, 400)], indirect=["box"])
    def test_a_clock_that_jumps(
        self, box: Sandbox, cache: LabelCache, monkeypatch: pytest.MonkeyPatch, days: int
    ) -> None:
        jumped = datetime.now(UTC) + timedelta(days=days)

        class Clock(datetime):
            @classmethod
            def now(cls, tz: Any = None) -> Any:
                return jumped.astimezone(tz)

        with client_of(box) as client:
            cache.sync(client, box.project_id)
            monkeypatch.setattr(following, "datetime", Clock)
            for file in cache.folder.rglob("*"):
                os.utime(file, (jumped.timestamp(), jumped.timestamp()))
            for _ in range(2):
                client.delete_labels(predict(client, box, 3)[:1])
                cache.sync(client, box.project_id)
                assert agree(cache, client, box)
            assert cache.labels(fields=["id"]) == cache.at(cache.versions[-1].number).labels(fields=["id"])
