"""A cache that follows a project on a real server."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from kili_query.cache import LabelCache
from kili_query.client import KiliClient
from kili_query.errors import ArgumentError, CacheError, NotFound
from kili_query.sandbox import Sandbox
from tests.cache.processes import FORKS, sync_two_batches
from tests.cli.running import DEMO

FIELDS = [
    "id",
    "author.email",
    "assetId",
    "createdAt",
    "labelType",
    "modelName",
    "isLatestLabelForUser",
    "secondsToLabel",
    "labelOf.externalId",
    "jsonResponse",
]
FOOD = {"SCENE": {"categories": [{"name": "FOOD"}]}}


@frozen
class Followed:
    """A project on a server, and a cache that follows it."""

    box: Sandbox
    client: KiliClient
    cache: LabelCache

    def sync(self, **options: Any) -> tuple[int, int, int]:
        summary = self.cache.sync(self.client, self.box.project_id, **options)
        return summary.new, summary.changed, summary.deleted

    def agrees(self) -> bool:
        return bool(self.client.labels(self.box.project_id, fields=FIELDS) == self.cache.labels(fields=FIELDS) != [])

    def predict(self, *contents: object) -> list[str]:
        assets = self.client.assets(self.box.project_id, fields=["id"], first=len(contents))
        made = self.client.append_labels(
            [str(one["id"]) for one in assets],
            json_response_array=list(contents),
            label_type="PREDICTION",
            model_name="m",
        )
        return [str(one["id"]) for one in made]


@pytest.fixture(params=[True, False], ids=["feed", "windows"])
def followed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Followed]:
    with (
        Sandbox(DEMO / "project.json", DEMO / "labels.ndjson", has_feed=request.param) as box,
        KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client,
    ):
        yield Followed(box, client, LabelCache(tmp_path / "cache"))


class TestChanges:
    def test_everything_and_then_nothing(self, followed: Followed) -> None:
        number = followed.client.count_labels(followed.box.project_id)
        assert followed.sync() == (number, 0, 0)
        assert followed.agrees()
        version = followed.cache.versions[-1].number
        assert followed.sync() == (0, 0, 0)
        assert followed.cache.versions[-1].number == version + 1  # the time of the sync
        assert followed.cache.versions[-1].summary == "no label changed"

    def test_new_changed_deleted(self, followed: Followed) -> None:
        followed.sync()
        one, two, three = followed.predict(FOOD, FOOD, FOOD)
        assert followed.sync() == (3, 0, 0)
        assert followed.agrees()
        followed.client.update_properties_in_label(label_id=one, seconds_to_label=77)
        followed.client.delete_labels([two])
        assert followed.sync(dry_run=True)[2] <= 1
        assert followed.cache.count_labels(id_contains=[two]) == 1
        assert followed.sync() == (0, 1, 1)
        assert followed.agrees()
        assert followed.sync(verify=True) == (0, 0, 0)
        assert followed.cache.count_labels(id_contains=[one, two, three]) == 2

    def test_an_older_latest_label_of_the_same_user(self, followed: Followed) -> None:
        followed.sync()
        asset = followed.client.assets(followed.box.project_id, fields=["id"], first=1)[0]["id"]
        for _ in range(2):
            followed.client.append_labels([asset], json_response_array=[FOOD])
            followed.sync()
            assert followed.agrees()

    def test_a_category_of_later(self, followed: Followed) -> None:
        followed.sync()
        followed.predict({"SCENE": {"categories": [{"name": "BRAND_NEW"}]}})
        followed.sync()
        assert len(followed.cache.labels(category_search="SCENE.*.count >= 0")) == followed.cache.count_labels()
        assert followed.agrees()


@pytest.mark.parametrize("followed", [True], indirect=True, ids=["feed"])
class TestRefusals:
    def test_another_project(self, followed: Followed, tmp_path: Path) -> None:
        followed.sync()
        with pytest.raises(CacheError, match="holds the project"):
            followed.cache.sync(followed.client, "other")
        files = LabelCache(tmp_path / "files")
        files.load([{"id": "a", "jsonResponse": {}}])
        with pytest.raises(CacheError, match="holds labels of files"):
            files.sync(followed.client, followed.box.project_id)
        with pytest.raises(CacheError, match="follows a project"):
            followed.cache.load([])

    def test_no_project(self, followed: Followed) -> None:
        with pytest.raises(ArgumentError, match="follows no project yet"):
            followed.cache.sync(followed.client)
        with pytest.raises(NotFound):
            followed.cache.sync(followed.client, "nosuch")
        assert followed.cache.versions == []


def test_contents_at_urls(tmp_path: Path) -> None:
    with (
        Sandbox(DEMO / "project.json", DEMO / "labels.ndjson", payload_urls=True) as box,
        KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client,
    ):
        followed = Followed(box, client, LabelCache(tmp_path / "cache"))
        followed.sync()
        assert followed.agrees()


def test_an_interrupted_first_sync_goes_on(followed: Followed) -> None:
    box = followed.box
    arguments = (str(followed.cache.folder), box.api_key, box.endpoint, box.project_id)
    process = FORKS.Process(target=sync_two_batches, args=arguments)
    process.start()
    process.join()
    assert process.exitcode == 9
    with pytest.raises(CacheError, match="was not finished"):
        followed.cache.count_labels()
    new, changed, deleted = followed.sync()
    assert (new + 20, changed, deleted) == (followed.client.count_labels(box.project_id), 0, 0)
    assert followed.agrees()


@pytest.mark.parametrize("followed", [True], indirect=True, ids=["feed"])
class TestClientWithCache:
    """A client answers from its cache only what the service would answer too, however the cache follows it."""

    @pytest.fixture
    def cached(self, followed: Followed) -> Iterator[KiliClient]:
        followed.sync()
        with KiliClient(
            followed.box.api_key, followed.box.endpoint, disable_tqdm=True, cache=followed.cache, max_age_s=3600
        ) as client:
            yield client

    def asked(self, caplog: pytest.LogCaptureFixture) -> list[str]:
        """Return who answered, in order."""
        messages = [one.getMessage() for one in caplog.records if one.name == "kili_query.client"]
        caplog.clear()
        return ["cache" if "from the cache" in one else "service" for one in messages]

    def test_who_answers(self, followed: Followed, cached: KiliClient, caplog: pytest.LogCaptureFixture) -> None:
        caplog.set_level("INFO", "kili_query.client")
        project_id = followed.box.project_id
        assert cached.labels(project_id, fields=FIELDS) == followed.client.labels(project_id, fields=FIELDS)
        assert cached.count_labels(project_id, type_in=["DEFAULT"]) == followed.client.count_labels(
            project_id, type_in=["DEFAULT"]
        )
        assert cached.predictions(project_id) == []
        assert self.asked(caplog) == ["cache"] * 3
        cached.labels(project_id, fields=["id", "labelOf.content"], first=1)
        assert self.asked(caplog) == ["service"]

    @pytest.mark.parametrize("filters", [{"asset_step_name_in": ["Label"]}, {"asset_group_name_not_in": []}], ids=str)
    def test_filters_by_steps_are_for_the_service(
        self, followed: Followed, cached: KiliClient, caplog: pytest.LogCaptureFixture, filters: dict[str, Any]
    ) -> None:
        caplog.set_level("INFO", "kili_query.client")
        for ask in (cached.count_labels, cached.labels):
            with pytest.raises(ArgumentError, match="has the legacy one"):  # which only the service knows
                ask(followed.box.project_id, **filters)
            assert f"a cache cannot filter by `{next(iter(filters))}`" in caplog.text
            assert self.asked(caplog) == ["service"]

    def test_a_search_of_unknown_contents(
        self, followed: Followed, cached: KiliClient, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level("INFO", "kili_query.client")
        project_id = followed.box.project_id
        known = followed.client.count_labels(project_id, category_search="SCENE.FOOD")
        assert cached.count_labels(project_id, category_search="SCENE.FOOD") == known
        unknown = followed.cache.count_labels() - followed.cache.count_labels(category_search="SCENE.FOOD.count >= 0")
        assert self.asked(caplog) == ["service" if unknown else "cache"]

    def test_an_old_cache_is_not_asked(
        self, followed: Followed, caplog: pytest.LogCaptureFixture, cached: KiliClient
    ) -> None:
        caplog.set_level("INFO", "kili_query.client")
        with KiliClient(
            followed.box.api_key, followed.box.endpoint, disable_tqdm=True, cache=followed.cache, max_age_s=0
        ) as client:
            client.count_labels(followed.box.project_id)
        assert self.asked(caplog) == ["service"]
        followed.predict(FOOD)
        assert followed.cache.sync(cached).new == 1  # which asks the service, whatever the cache says


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"cache": "folder"}, "`cache` must be a `kili_query.cache.LabelCache`, not 'folder'"),
        ({"max_age_s": "5"}, "`max_age_s` must be a number of seconds, or None for any time, not '5'"),
        ({"max_age_s": -1}, "`max_age_s` must be a number of seconds, or None for any time, not -1"),
        ({"max_age_s": True}, "`max_age_s` must be a number of seconds, or None for any time, not True"),
        ({"max_age_s": float("nan")}, "`max_age_s` must be a number of seconds, or None for any time, not nan"),
        ({"profile": "strict"}, "`profile` must be a `ServerProfile`, not 'strict'"),
    ],
    ids=str,
)
def test_wrong_arguments_of_a_client(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        KiliClient("key", "http://127.0.0.1:9/graphql", **options)


def test_something_that_is_not_a_client(tmp_path: Path) -> None:
    cache = LabelCache(tmp_path / "cache")
    for ask in (cache.sync, lambda client, project_id: next(cache.watch(client, project_id))):
        with pytest.raises(ArgumentError, match="`client` must be a `KiliClient`, not 'p'"):
            ask("p", "p")  # type: ignore[operator]
    assert not cache.folder.exists()


def test_watch(followed: Followed) -> None:
    changes = followed.cache.watch(followed.client, followed.box.project_id)
    assert next(changes).new > 0
    followed.predict(FOOD)
    assert next(changes).new == 1
    assert followed.agrees()
    changes.close()  # type: ignore[attr-defined]


def test_watch_where_websockets_are_blocked(tmp_path: Path) -> None:
    with (
        Sandbox(DEMO / "project.json", DEMO / "labels.ndjson", has_websockets=False) as box,
        KiliClient(box.api_key, box.endpoint, disable_tqdm=True) as client,
    ):
        changes = LabelCache(tmp_path / "cache").watch(client, box.project_id, poll_s=0.05)
        assert next(changes).new > 0
        assert next(changes).new == 0  # the notice that the feed is read is news too
        [asset] = client.assets(box.project_id, fields=["id"], first=1)
        client.append_labels([asset["id"]], json_response_array=[{}])
        assert next(changes).new == 1
        changes.close()  # type: ignore[attr-defined]
