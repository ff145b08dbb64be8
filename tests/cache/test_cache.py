"""The label cache over labels of files: questions, changes, versions."""

import json
import os
import pickle
import re
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random
from typing import Any

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

import kili_query as kq
from kili_query.cache import LabelCache, columns, tables
from kili_query.cache.tables import Tables
from kili_query.errors import ArgumentError, CacheError, SourceError
from kili_query.output_files import WriteError, has_lock
from kili_query.protocol import LabelFilters, WorkflowTerm, filters_of
from kili_query.scanning import Problem
from tests.cli.running import DEMO

LABELS, PROJECT = DEMO / "labels.ndjson", DEMO / "project.json"


def label(label_id: str, *categories: str, **fields: object) -> dict[str, Any]:
    content = {"J": {"categories": [{"name": one} for one in categories]}}
    return {"id": label_id, "jsonResponse": content} | fields


def ids(found: Sequence[dict[str, Any]]) -> list[str]:
    return [one["id"] for one in found]


@pytest.fixture
def cache(tmp_path: Path) -> LabelCache:
    return LabelCache(tmp_path / "cache")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that was filled once, to be copied."""
    folder = tmp_path_factory.mktemp("loaded") / "cache"
    LabelCache(folder).load(LABELS, ontology=PROJECT)
    return folder


@pytest.fixture
def demo(cache: LabelCache, loaded: Path) -> LabelCache:
    shutil.copytree(loaded, cache.folder)
    return cache


class TestQuestions:
    def test_names_that_end_like_the_columns_of_twins(self, cache: LabelCache) -> None:
        """A column ends in a number where another differs from it in case alone, and in an escape for a `%`."""
        names = ("a", "A", "%", "a%", "A%", "%1", "a%1", "\ud800")
        labels = [label(f"l{number}", *names[: number + 1]) for number in range(len(names))]
        cache.load(labels)
        counted = kq.Statistics.of_contents([one["jsonResponse"] for one in labels])
        assert cache.statistics() == counted
        assert set(counted.histograms) == {("J", name) for name in names}

    @pytest.mark.parametrize(
        "query",
        [
            "OBJECTS.DOG",
            "NOT OBJECTS.DOG",
            "OBJECTS.*.count >= 2",
            "SCENE.FOOD OR OBJECTS.DOG.count + OBJECTS.CAT.count > 1",
        ],
    )
    def test_as_a_scan(self, demo: LabelCache, query: str) -> None:
        found = [one["id"] for one in kq.scan(LABELS, query, ontology=PROJECT)]
        assert sorted(ids(demo.labels(category_search=query))) == sorted(map(str, found)) != []
        assert demo.count_labels(category_search=query) == len(found)

    def test_a_residual_reads_contents(self, cache: LabelCache) -> None:
        box = {
            "mid": "m",
            "categories": [{"name": "CAR", "confidence": 5}],
            "children": {"C": {"categories": [{"name": "RED"}]}},
        }
        cache.load([{"id": "a", "jsonResponse": {"B": {"annotations": [box]}}}, label("b", "A")])
        assert ids(cache.labels(category_search="B.CAR[C.RED]")) == ["a"]
        assert cache.count_labels(category_search="B.CAR[C.RED].count == 0") == 1

    def test_pages_of_what_contents_decide(self, cache: LabelCache) -> None:
        """Reading may end before the last label that matches."""
        child = {"C": {"categories": [{"name": "RED"}]}}
        boxes = [{"mid": "m", "categories": [{"name": "CAR"}], "children": child if n % 3 else {}} for n in range(9)]
        cache.load([{"id": f"l{n}", "jsonResponse": {"B": {"annotations": [box]}}} for n, box in enumerate(boxes)])
        expected = [f"l{n}" for n in range(9) if n % 3]
        for skip, first in ((0, 2), (1, 3), (4, 9), (9, 1)):
            found = ids(cache.labels(category_search="B.CAR[C.RED]", skip=skip, first=first))
            assert found == expected[skip : skip + first]

    def test_contents_and_fields(self, cache: LabelCache) -> None:
        whole = label(
            "a", "A", author={"email": "a@x.org"}, labelOf={"id": "asset", "externalId": "1.jpg"}, secondsToLabel=3
        )
        cache.load([whole])
        (found,) = cache.labels(fields=["jsonResponse", "labelOf.externalId", "author.email", "id", "secondsToLabel"])
        assert found == {
            "jsonResponse": whole["jsonResponse"],
            "labelOf": {"externalId": "1.jpg"},
            "author": {"email": "a@x.org"},
            "id": "a",
            "secondsToLabel": 3,
        }

    def test_a_field_that_is_not_kept(self, demo: LabelCache) -> None:
        with pytest.raises(ArgumentError, match=r"does not keep the field `labelOf\.content` .*: it keeps `id`, "):
            demo.labels(fields=["labelOf.content"])

    def test_oldest_first_from_to(self, cache: LabelCache) -> None:
        times = {"a": "2024-03-01T00:00:00Z", "b": "2024-01-01T00:00:00+02:00", "c": "2024-01-01T00:00:00Z", "d": None}
        cache.load([label(one, createdAt=time) for one, time in times.items()])
        assert ids(cache.labels()) == ["b", "c", "a", "d"]
        assert ids(cache.labels(skip=1, first=2)) == ["c", "a"]

    @pytest.mark.parametrize("order", ["bca", "acb"])
    def test_labels_of_one_time_in_several_files(self, cache: LabelCache, order: str) -> None:
        """Whichever file is read first, another one may have labels that come before its own."""
        for one in order:
            cache.load([label(one, createdAt="2024-01-01T00:00:00Z")])
        assert ids(cache.labels()) == ["a", "b", "c"]
        assert ids(cache.labels(first=1)) == ["a"]

    def test_few_files_are_read_for_the_oldest_labels(self, cache: LabelCache) -> None:
        """Labels of other times come later, some without a time, and files are joined: the order stays that of time."""
        random = Random(5)
        times: dict[str, str | None] = {}
        for load in range(9):
            day = random.choice([load, load, 3])
            numbers = random.sample(range(10 * max(0, load - 3), 10 * load + 10), 9)
            numbers = [n for n in numbers if load < 5 or f"l{n}" not in times]  # a change joins the files of a part
            new = {
                f"l{n}": f"2024-03-{day + 1:02}T00:00:{n % 7:02}Z" if random.random() < 0.9 else None for n in numbers
            }
            cache.load([label(one, random.choice("AB"), createdAt=time) for one, time in new.items()])
            times |= new
            if load == 3:
                cache.compact()
        windows = [later for _, later in Tables.open(cache.folder).frames_by_time()]
        assert len(windows) > 1
        assert windows[-1] is None
        assert None not in windows[:-1]
        expected = sorted(times, key=lambda one: (times[one] is None, times[one], one))
        assert ids(cache.labels()) == expected
        for skip, first in ((0, 1), (3, 5), (20, 17), (len(times) - 2, 9), (99, 1), (4, 0)):
            assert ids(cache.labels(skip=skip, first=first)) == expected[skip : skip + first]
            found = ids(cache.labels(category_search="J.A OR J.B.count == 1", skip=skip, first=first))
            assert found == expected[skip : skip + first]

    def test_files_whose_times_are_not_known(self, cache: LabelCache) -> None:
        """Another tool may leave them out, or an earlier release has made the cache."""
        cache.load([label("c", createdAt="2024-03-03")])
        DeltaTable(cache.folder / "labels").alter.set_table_properties({"delta.dataSkippingStatsColumns": "id"})
        cache.load([label("a", createdAt="2024-03-01")])
        cache.load([label("d", createdAt="2024-03-04")])
        assert [later for _, later in Tables.open(cache.folder).frames_by_time()][-1] is None
        assert ids(cache.labels(first=2)) == ["a", "c"]
        assert ids(cache.labels()) == ["a", "c", "d"]

    def test_every_filter_of_the_client(self, demo: LabelCache) -> None:
        for name, declared in filters_of(LabelFilters).items():
            value: object = (
                0.5
                if "mark" in name
                else "2024"
                if "created" in name
                else ["x"]
                if name.endswith(("_in", "contains"))
                else "x"
            )
            if name == "type_in":
                value = ["REVIEW"]
            if name == "asset_status_in":
                value = ["TODO"]
            if declared.term in (None, WorkflowTerm.ASSET_STATUS):
                assert demo.count_labels(**{name: value}) >= 0  # type: ignore[arg-type]
                continue
            value = ["DONE"] if declared.choices else value
            with pytest.raises(ArgumentError, match=f"a cache cannot filter by `{name}`: ask the service"):
                demo.count_labels(**{name: value})  # type: ignore[arg-type]

    @pytest.mark.parametrize(
        ("filters", "expected"),
        [
            ({"created_at": "2024-01-02"}, ["b"]),
            ({"created_at_gte": "2024-01-02"}, ["b", "c"]),
            ({"created_at_lte": "2024-01-02"}, ["a", "b"]),
            ({"created_at_lte": "2024-01"}, ["a", "b"]),
            ({"author_in": ["Ann", "Bob Ross"]}, ["a", "b"]),
            ({"asset_external_id_in": ["x.", "z"]}, ["a", "c"]),
            ({"asset_external_id_strictly_in": ["x.jpg", "z"]}, ["a"]),
            ({"honeypot_mark_gte": 0.5, "type_in": ["DEFAULT"]}, ["b"]),
        ],
    )
    def test_filters(self, cache: LabelCache, filters: dict[str, Any], expected: list[str]) -> None:
        ann, bob = (
            {"id": name, "firstname": name, "lastname": last} for name, last in (("Ann", "Lee"), ("Bob", "Ross"))
        )
        bo: dict[str, Any] = {"id": "Bo", "firstname": "Bo", "lastname": None}
        rows: list[tuple[Any, ...]] = [
            ("a", "2024-01-01T09:00:00Z", ann, "x.jpg", 0.2),
            ("b", "2024-01-02T23:59:59.999Z", bob, "y.jpg", 0.5),
            ("c", "2024-02-03", bo, "z.jpg", None),
        ]
        cache.load(
            [
                label(
                    one,
                    createdAt=time,
                    author=who,
                    labelOf={"id": file, "externalId": file},
                    honeypotMark=mark,
                    labelType="DEFAULT",
                )
                for one, time, who, file, mark in rows
            ]
        )
        assert ids(cache.labels(**filters)) == expected

    def test_categories_that_differ_in_case_alone(self, cache: LabelCache) -> None:
        cache.load([label("a", "CAR"), label("b", "car", "car"), label("c", "Car")])
        assert [cache.count_labels(category_search=f"J.{one}") for one in ("CAR", "car", "Car", "cAR")] == [1, 1, 1, 0]
        assert cache.count_labels(category_search="J.*.count >= 1") == 3

    def test_unknown_and_malformed_labels_match_nothing(self, cache: LabelCache) -> None:
        contents = [None, "no json", {"J": {"annotations": 5}}, {"J": {"categories": [{"name": "A"}]}}]
        summary = cache.load([{"id": str(number), "jsonResponse": content} for number, content in enumerate(contents)])
        assert (summary.new, summary.unknown) == (4, 3)
        assert cache.count_labels() == 4
        assert ids(cache.labels(category_search="J.A.count >= 0")) == ["3"]
        assert cache.labels(id_contains=["1"], fields=["jsonResponse"]) == [{"jsonResponse": None}]

    @pytest.mark.parametrize(
        ("content", "is_known"),
        [
            ("\ud800 no json", False),
            ('{"J": {"text": "\ud800"}}', True),
            ({"J": {"text": "\ud800\\"}}, True),
            ({"J": {"categories": [{"name": "\ud83d"}]}}, True),
        ],
    )
    def test_half_of_a_character(self, cache: LabelCache, content: Any, *, is_known: bool) -> None:
        """In a content, no table can hold it, and JSON can."""
        summary = cache.load([label("a", "A"), {"id": "b", "jsonResponse": content}])
        assert (summary.new, summary.unknown) == (2, 0 if is_known else 1)
        (found,) = cache.labels(id_contains=["b"], fields=["jsonResponse"])
        expected = json.loads(content) if isinstance(content, str) and is_known else content if is_known else None
        assert found == {"jsonResponse": expected}

    def test_fields_that_a_table_cannot_hold(self, cache: LabelCache) -> None:
        """They are reported, and stop nothing; the content is searched as ever."""
        fields: dict[str, Any] = {"modelName": "m\ud800", "author": 7, "secondsToLabel": "long", "createdAt": {}}
        problems: list[Problem] = []
        odd = [label("a\udfff", "A", **fields), label("", "A") | {"id": ["b"]}]
        assert cache.load([*odd, label("c", "A")], problems=problems).new == 3
        found = cache.labels(
            category_search="J.A", fields=["id", "modelName", "author.email", "secondsToLabel", "createdAt"]
        )
        (made,) = [one["id"] for one in found if str(one["id"]).startswith("made-")]
        empty = {"modelName": None, "author": None, "secondsToLabel": None, "createdAt": None}
        expected = [{"id": r"a\udfff", **empty, "modelName": r"m\ud800"}, {"id": made, **empty}, {"id": "c", **empty}]
        assert sorted(found, key=lambda one: one["id"]) == sorted(expected, key=lambda one: str(one["id"]))
        assert {one.place.path for one in problems} == {"[0]"}
        assert [one.reason.rpartition(" (at ")[2] for one in problems] == [
            "`author`): the field is left empty",
            r"`id`): it is kept as `a\udfff`",
            "`createdAt`): the field is left empty",
            r"`modelName`): it is kept as `m\ud800`",
            "`secondsToLabel`): the field is left empty",
        ]
        assert all(r"label `a\udfff`: " in one.reason for one in problems)
        assert cache.load([*odd, label("c", "A")]).unchanged == 3

    def test_parsed(self, demo: LabelCache, cache: LabelCache) -> None:
        (parsed,) = demo.labels(first=1, output_format="parsed_label")
        assert parsed.jobs
        assert parsed.to_dict() == demo.labels(first=1)[0]

    def test_an_unknown_category(self, demo: LabelCache) -> None:
        with pytest.raises(kq.QueryError, match="did you mean"):
            demo.count_labels(category_search="OBJECTS.DGO")


class TestChanges:
    def test_new_changed_unchanged(self, cache: LabelCache) -> None:
        cache.load([label("a", "A"), label("b", "B"), label("c", "C")])
        summary = cache.load([label("a", "A"), label("b", "B", "D"), label("e", "E"), label("e", "A", "E")])
        assert (summary.new, summary.changed, summary.unchanged, summary.total) == (1, 1, 1, 4)
        assert ids(cache.labels(category_search="J.D")) == ["b"]
        assert ids(cache.labels(category_search="J.A")) == ["a", "e"]
        assert cache.count_labels(category_search="J.D.count == 0") == 3  # rows older than the column

    def test_loading_again_makes_no_version(self, demo: LabelCache) -> None:
        before = demo.versions
        assert not demo.load(LABELS, ontology=PROJECT).has_changes
        assert demo.versions == before

    def test_another_ontology_counts_again(self, cache: LabelCache) -> None:
        box = {"mid": "m", "categories": [{"name": "CAR"}], "children": {"K": {"categories": [{"name": "RED"}]}}}
        interface: dict[str, Any] = {
            "jobs": {"B": {"mlTask": "OBJECT_DETECTION", "content": {"categories": {"CAR": {"children": ["K"]}}}}}
        }
        child = {"mlTask": "CLASSIFICATION", "content": {"categories": {"RED": {}}}}
        root = kq.Ontology.from_json_interface({"jobs": interface["jobs"] | {"K": child | {"isChild": False}}})
        cache.load([{"id": "a", "jsonResponse": {"B": {"annotations": [box]}}}], ontology=root)
        first = cache.count_labels(category_search="K.RED")
        nested = kq.Ontology.from_json_interface({"jobs": interface["jobs"] | {"K": child | {"isChild": True}}})
        cache.load([], ontology=nested)
        assert (first, cache.count_labels(category_search="K.RED")) == (0, 1)
        assert cache.ontology == nested

    def test_one_writer_at_a_time(self, demo: LabelCache) -> None:
        with (demo.folder / ".lock").open("wb") as lock:
            assert has_lock(lock.fileno())
            with pytest.raises(CacheError, match="another process writes"):
                demo.load([])
            assert demo.count_labels() > 0  # while a reader goes on

    def test_labels_without_ids(self, cache: LabelCache) -> None:
        export = [{"id": "asset", "externalId": "1.jpg", "latestLabel": {"jsonResponse": {}, "createdAt": "2024"}}]
        assert cache.load(export).new == 1
        assert cache.load(export).unchanged == 1

    @pytest.mark.parametrize(
        ("record", "reason"),
        [
            ({"J": {"categories": [{"name": "A"}]}}, "this looks like the content of a label, without the label"),
            ({"id": "a", "externalId": "a.png"}, "this looks like an asset without labels"),
            (["text"], "it must be a JSON object"),
        ],
    )
    def test_what_is_not_a_label(self, cache: LabelCache, record: object, reason: str) -> None:
        """It is left out and reported; alone it is an error, because a cache of nothing would answer."""
        problems: list[Problem] = []
        with pytest.raises(SourceError, match=rf"nothing could be read as a label: <labels>: \[0\]: .*{reason}"):
            cache.load([record, record], problems=problems)
        assert (len(problems), cache.count_labels()) == (2, 0)
        assert cache.load([record, label("l", "A")]).total == 1

    def test_assets_beside_labels(self, cache: LabelCache) -> None:
        cache.load([label("a", assetId="x")], [{"id": "x", "externalId": "1.jpg", "status": "TODO"}])
        assert cache.count_labels(asset_external_id_strictly_in=["1.jpg"], asset_status_in=["TODO"]) == 1


class TestVersions:
    def test_a_version_stays_as_it_was(self, cache: LabelCache) -> None:
        cache.load([label("a", "A")])
        cache.load([label("a", "B"), label("b", "A")])
        assert ids(cache.at(0).labels(category_search="J.A")) == ["a"]
        assert ids(cache.labels(category_search="J.A")) == ["b"]
        assert [one.summary for one in cache.versions] == ["1 new, 0 changed, 0 deleted", "1 new, 1 changed, 0 deleted"]
        difference = cache.diff(0, 1, "J.A")
        assert (difference.entered, difference.left) == (("b",), ("a",))
        assert cache.at(cache.versions[0].written).count_labels() == 1

    def test_a_version_knows_itself_alone(self, cache: LabelCache) -> None:
        """Its state and its list of versions are not those of later ones."""
        for categories in ({"A": {}}, {"A": {}, "B": {}}):
            interface = {"jobs": {"J": {"mlTask": "CLASSIFICATION", "content": {"categories": categories}}}}
            ontology = kq.Ontology.from_json_interface(interface)
            cache.load([label(f"l{len(categories)}", "A")], ontology=ontology)
        numbers = [one.number for one in cache.versions]
        assert numbers == list(range(len(numbers)))
        first = cache.at(0)
        assert first.versions == cache.versions[:1]
        assert first.state.summary == first.versions[0].summary
        assert (first.ontology, cache.ontology) == (cache.at(0).ontology, ontology)
        assert first.ontology != ontology
        assert cache.at(cache.versions[0].written).at(0).count_labels() == 1

    def test_a_version_is_not_changed(self, demo: LabelCache) -> None:
        with pytest.raises(CacheError, match="cannot be changed"):
            demo.at(0).load([])

    @pytest.mark.parametrize("wanted", [7, "2001-01-01"])
    def test_no_such_version(self, demo: LabelCache, wanted: int | str) -> None:
        with pytest.raises(CacheError, match=r"has no version .*: (it has 0 to 0|the first is of 20\d\d-)"):
            demo.at(wanted)


class TestBadDays:
    def test_an_empty_cache(self, cache: LabelCache) -> None:
        assert (cache.count_labels(), cache.labels(), cache.versions, cache.ontology) == (0, [], [], None)
        assert not cache.folder.exists()

    def test_a_folder_of_something_else(self, tmp_path: Path) -> None:
        (tmp_path / "letter.txt").write_text("Dear")
        with pytest.raises(CacheError, match="not a label cache"):
            LabelCache(tmp_path).load([])

    def test_a_cache_in_a_cache(self, demo: LabelCache) -> None:
        for folder in (demo.folder / "new", demo.folder / "labels" / "new"):
            with pytest.raises(CacheError, match=f"`{folder}` lies in the label cache `{demo.folder}`: name another"):
                LabelCache(folder).load(LABELS)
            assert not folder.exists()

    def test_a_file_in_place_of_a_folder(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with pytest.raises(WriteError, match=f"cannot write `{tmp_path}/file/c`: `{tmp_path}/file` is a file, not a"):
            LabelCache(tmp_path / "file" / "c").load(LABELS)

    def test_a_truncated_file(self, demo: LabelCache) -> None:
        (file,) = (demo.folder / "labels").glob("part=*/*.parquet")
        file.write_bytes(file.read_bytes()[:-100])
        with pytest.raises(CacheError, match=r"has \d+ bytes instead of \d+"):
            demo.count_labels()

    def test_bytes_that_changed_on_disk(self, cache: LabelCache) -> None:
        """The text is still JSON, and no library notices."""
        cache.load([{"id": "l", "jsonResponse": {"J": {"text": "before"}}}])
        (file,) = (cache.folder / "contents").glob("part=0/*.parquet")
        table = pq.ParquetFile(file).read()
        text = pc.replace_substring(table["json"], "before", "behind")
        table = table.set_column(table.column_names.index("json"), "json", text)
        pq.write_table(table, file, compression="zstd")
        entry = cache.folder / "contents" / "_delta_log" / f"{0:020}.json"
        entry.write_text(re.sub(r'"size":\d+', f'"size":{file.stat().st_size}', entry.read_text()))
        with pytest.raises(CacheError, match=r"the content `[0-9a-f]{32}` of part 0 is not as it was written"):
            cache.labels()

    def test_a_missing_log_entry(self, cache: LabelCache) -> None:
        for number in range(3):
            cache.load([label(str(number), "A")])
        (cache.folder / "labels" / "_delta_log" / f"{1:020}.json").unlink()
        with pytest.raises(CacheError, match="cannot be used"):
            cache.count_labels()
        assert cache.at(0).count_labels() == 1

    def test_a_newer_format(self, demo: LabelCache) -> None:
        (entry,) = (demo.folder / "labels" / "_delta_log").glob("*.json")
        entry.write_text(entry.read_text().replace('\\"format\\": 1', '\\"format\\": 9'))
        with pytest.raises(CacheError, match="update kili-query"):
            demo.count_labels()

    def test_a_delta_table_of_others(self, tmp_path: Path) -> None:
        import pyarrow as pa
        from deltalake import write_deltalake

        write_deltalake(str(tmp_path / "labels"), pa.table({"id": ["a"]}))
        with pytest.raises(CacheError, match="not of a label cache"):
            LabelCache(tmp_path).count_labels()


def test_other_tools_read_the_table(demo: LabelCache) -> None:
    import duckdb

    files = [str(one) for one in (demo.folder / "labels").glob("part=*/*.parquet")]
    relation = duckdb.sql(f'SELECT count(*) FROM read_parquet({files}) WHERE "OBJECTS/DOG" > 0')
    assert relation is not None
    assert relation.fetchall() == [(demo.count_labels(category_search="OBJECTS.DOG"),)]
    assert demo.count_labels(category_search="OBJECTS.DOG") > 0
    table = demo.to_arrow().read_all()
    assert table.num_rows == len(LABELS.read_text().splitlines())
    assert json.loads(demo.state.to_json())["isComplete"]


def test_a_cache_of_an_earlier_release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It lacks columns, which are null until a label changes."""
    labels = [{"id": f"l{n}", "labelOf": {"id": "a", "resolution": {"width": 4, "height": 3}}} for n in range(2)]
    with monkeypatch.context() as patch:
        for name in ("assetWidth", "assetHeight"):
            patch.delitem(columns.FIELDS, name)
            patch.delitem(columns.COLUMNS, name)
        LabelCache(tmp_path / "c").load(labels[:1])
    cache = LabelCache(tmp_path / "c")
    asked = ["id", "labelOf.resolution.width"]
    assert cache.labels(fields=asked) == [{"id": "l0", "labelOf": {"resolution": None}}]
    assert str(cache.load(labels)).startswith("1 new, 1 changed, 0 deleted")
    assert [one["labelOf"] for one in cache.labels(fields=asked)] == [{"resolution": {"width": 4.0}}] * 2
    assert cache.at(0).to_polars().collect()["assetWidth"].to_list() == [None]


def test_an_empty_entry_of_the_log_is_damage(tmp_path: Path) -> None:
    """Delta Lake skips it, and the labels of that version would be missing without an error."""
    used = LabelCache(tmp_path)
    for number in range(4):
        used.load([{"id": f"l{number}"}])
    assert used.count_labels() == 4
    for number in (1, 2, 3):
        entry = tmp_path / f"labels/_delta_log/{number:020}.json"
        text = entry.read_bytes()
        entry.write_bytes(b"")
        for cache in (used, LabelCache(tmp_path)):
            with pytest.raises(CacheError, match=f"{entry.name}` is empty"):
                cache.count_labels()
            assert cache.at(0).count_labels() == 1
        entry.write_bytes(text)
    assert used.count_labels() == 4


def test_the_log_is_read_again_when_it_has_changed(cache: LabelCache, monkeypatch: pytest.MonkeyPatch) -> None:
    cache.load([label("a", "A")])
    opened = []
    monkeypatch.setattr(
        tables, "DeltaTable", lambda *wanted, **options: opened.append(wanted) or DeltaTable(*wanted, **options)
    )
    for _ in range(3):
        assert cache.count_labels(category_search="J.A") == 1
    assert len(opened) == 1
    LabelCache(cache.folder).load([label("b", "B")])
    assert ids(cache.labels(category_search="J.B")) == ["b"]
    shutil.rmtree(cache.folder)
    LabelCache(cache.folder).load([label("c", "A")])
    LabelCache(cache.folder).load([label("d", "C")])
    assert ids(cache.labels()) == ["c", "d"]
    assert cache.count_labels(category_search="J.C") == pickle.loads(pickle.dumps(cache)).count_labels() - 1 == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_fork_is_told_that_it_cannot_read(cache: LabelCache) -> None:
    """Otherwise it would wait for ever: a fork has no copy of the threads of Delta Lake."""
    cache.load([label("a", "A")])
    from tests.cache.processes import FORKS, read_and_fork  # here, because some systems have no forks

    process = FORKS.Process(target=read_and_fork, args=(str(cache.folder),))
    process.start()
    process.join(100)
    process.kill()  # does nothing to one that has ended
    assert process.exitcode == 0


def test_a_log_that_looks_as_another_did(cache: LabelCache, monkeypatch: pytest.MonkeyPatch) -> None:
    """As can happen on a disk whose time stamps are whole seconds."""
    monkeypatch.setattr("kili_query.cache.cache.log_seen", lambda folder: ("always the same",))
    cache.load([label("a", "A")])
    assert cache.count_labels() == 1
    shutil.rmtree(cache.folder)
    LabelCache(cache.folder).load([label("b", "A")])
    assert ids(cache.labels()) == ["b"]


@pytest.mark.parametrize(
    ("ask", "message"),
    [
        (lambda cache: cache.drift(queries="J.A"), "`queries` must be a list of queries, not 'J.A'"),
        (lambda cache: cache.drift(queries=kq.parse("J.A")), "`queries` must be a list of queries, not 'J.A'"),
        (lambda cache: cache.drift(queries=["J.A", 3]), r"`queries\[1\]` must be a text or a `Query`, not 3"),
        (
            lambda cache: cache.expected("OBJECTS.PERSON", typ_in=["REVIEW"]),
            "no filter of labels `typ_in`: did",
        ),
        (lambda cache: LabelCache(""), "`path` must be the path of a folder, not ''"),
        (lambda cache: LabelCache("c", version=True), "`version` must be a whole number, not True: `at` also takes"),
        (lambda cache: cache.at(True), "a version is a number or a time such as 2024-02-01T09:30Z, not True"),
        (lambda cache: cache.at(0.0), "a version is a number or a time such as 2024-02-01T09:30Z, not 0.0"),
        (lambda cache: cache.diff(False, 0), "a version is a number or a time such as .*, not False"),
        (lambda cache: cache.drift(before=True), "a version is a number or a time such as .*, not True"),
        (lambda cache: Tables.open(cache.folder, True), "`version` must be a whole number, not True"),
        (lambda cache: cache.labels(first=True), "`first` must be a whole number, not True"),
        (
            lambda cache: cache.expected("OBJECTS.PERSON", profile="strict"),
            "`profile` must be a `ServerProfile`, not 'strict'",
        ),
    ],
)
def test_wrong_arguments_of_a_cache(demo: LabelCache, ask: Callable[[LabelCache], object], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        ask(demo)
