"""Which files the sandbox reads, what it makes of what they leave out, and how it refuses those that it cannot."""

import gzip
import json
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from kili_query.errors import DataError, KiliQueryError, OntologyError, SourceError
from kili_query.sandbox import Sandbox
from tests.cli.running import COCO, DEMO
from tests.sandbox.boxes import INTERFACE, Asker, asking, box_of, write_project

ASTRAY = "names no asset: neither `assetId` nor `labelOf`"


def write(path: Path, *rows: object) -> Path:
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows), encoding="utf-8")
    return path


def label(**more: object) -> dict[str, object]:
    return {"id": "l0", "assetId": "a0", "jsonResponse": {}, **more}


class TestFolders:
    @pytest.mark.skipif(not COCO.exists(), reason="no such data")
    def test_coco(self) -> None:
        with box_of(COCO) as asker:
            assert (asker.count(), asker.count_assets()) == (80, 80)
            [first] = asker.labels("createdAt author { email } labelOf { externalId } jsonResponse", first=1)
            assert first["labelOf"]["externalId"].endswith(".jpg")
            assert "OBJECTS" in json.loads(first["jsonResponse"])

    def test_demo(self) -> None:
        """It has labels alone: the assets are what these say of theirs."""
        with box_of(DEMO) as asker:
            assert asker.count() == asker.count_assets() == 34
            assert {asset["status"] for asset in asker.assets("status")} == {"LABELED", "REVIEWED"}

    def test_other_labels_than_those_beside(self, tmp_path: Path) -> None:
        folder = write_project(tmp_path / "p", [label(id="beside")])
        with box_of(folder, labels=write(tmp_path / "other.ndjson", label(id="other"))) as asker:
            assert asker.ids() == ["other"]

    def test_a_project_with_nothing_in_it(self, tmp_path: Path) -> None:
        with box_of(write_project(tmp_path / "p")) as asker:
            assert (asker.ids(), asker.asset_ids(), asker.ids(search="OBJECTS.CAR.count == 0")) == ([], [], [])

    def test_no_project_in_the_folder(self, tmp_path: Path) -> None:
        with pytest.raises(KiliQueryError, match=r"cannot read `.*project\.json`: no such file"):
            Sandbox(project=tmp_path)


class TestProjects:
    @pytest.mark.parametrize("wrap", [lambda text: text, json.loads], ids=["text", "object"])
    def test_its_interface_as(self, tmp_path: Path, wrap: Any) -> None:
        folder = write_project(tmp_path / "p", jsonInterface=wrap(json.dumps(INTERFACE)))
        with box_of(folder) as asker:
            [project] = asker.data("{ data: projects(where: {}, first: 1, skip: 0) { jsonInterface } }")
            assert json.loads(project["jsonInterface"]) == INTERFACE

    def test_an_interface_alone(self, tmp_path: Path) -> None:
        with Sandbox(project=write(tmp_path / "streets.json", INTERFACE)) as box:
            [project] = asking(box).data("{ data: projects(where: {}, first: 1, skip: 0) { id title inputType } }")
            assert project == {"id": "sandbox", "title": "streets", "inputType": "IMAGE"}

    @pytest.mark.parametrize(
        ("document", "reason"),
        [
            ("", "it is empty"),
            ("{", "not valid JSON"),
            ([], "expected an object, found a list"),
            ({}, "`jobs` is missing"),
            (
                {"id": "p", "jsonInterface": {"jobs": 3}},
                r"expected an object, found a number \(at `jsonInterface.jobs`\)",
            ),
            ({"id": 3, "jsonInterface": INTERFACE}, r"expected a string \(at `id`\)"),
            ({"id": "", "jsonInterface": INTERFACE}, r"expected an id \(at `id`\)"),
            ({"id": "p", "title": [], "jsonInterface": INTERFACE}, r"expected a string \(at `title`\)"),
        ],
        ids=repr,
    )
    def test_refused(self, tmp_path: Path, document: object, reason: str) -> None:
        with pytest.raises(OntologyError, match=rf"^`.*bad\.json`: {reason}"):
            Sandbox(project=write(tmp_path / "bad.json", document))

    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(KiliQueryError, match=r"cannot read `.*none\.json`: no such file"):
            Sandbox(project=tmp_path / "none.json")

    def test_no_path(self) -> None:
        with pytest.raises(KiliQueryError, match=r"cannot read .*: file name too long"):
            Sandbox(project=json.dumps({"jobs": {"J" * 300: {}}}))
        with pytest.raises(
            TypeError, match="a project is an `Ontology`, or the path of its file or folder, not `dict`"
        ):
            Sandbox(project={"jobs": {}})  # type: ignore[arg-type]


def loaded(tmp_path: Path, labels: Path, assets: Path | None = None) -> Sandbox:
    return Sandbox(project=write_project(tmp_path / "p") / "project.json", labels=labels, assets=assets)


class TestLabels:
    def test_what_is_left_out(self, tmp_path: Path) -> None:
        labels = write(
            tmp_path / "labels.ndjson",
            {"labelOf": {"externalId": "one.jpg"}, "jsonResponse": {}},
            {"id": "last", "assetId": "a1", "author": {"email": "ann@example.com"}, "createdAt": 32472144000000},
        )
        with loaded(tmp_path, labels) as box:
            first, last = asking(box).labels(
                "id labelType author { id email } labelOf { id externalId } jsonResponse modelName createdAt"
            )
        assert first.pop("createdAt").startswith("20")
        assert first == {
            "id": "label-000001",
            "labelType": "DEFAULT",
            "author": {"id": "sandbox-user", "email": "owner@example.com"},
            "labelOf": {"id": "one.jpg", "externalId": "one.jpg"},
            "jsonResponse": "{}",
            "modelName": None,
        }
        assert last["author"] == {"id": "ann@example.com", "email": "ann@example.com"}
        assert (last["createdAt"], last["jsonResponse"]) == ("2999-01-01T00:00:00.000Z", "")

    def test_a_conversation_whose_content_is_in_annotations(self, tmp_path: Path) -> None:
        answer = {"id": "1", "job": "OBJECTS", "path": [], "annotationValue": {"categories": ["CAR"]}}
        told = {"labelOf": {"externalId": "one.jpg"}, "jsonResponse": {}, "annotations": [answer]}
        odd = told | {"annotations": [answer | {"annotationValue": None}]}
        with loaded(tmp_path, write(tmp_path / "labels.ndjson", told, odd)) as box:
            first, second = asking(box).labels("jsonResponse")
        assert json.loads(first["jsonResponse"]) == {"OBJECTS": {"categories": [{"name": "CAR"}]}}
        assert second["jsonResponse"] == ""

    def test_an_asset_by_its_external_id(self, tmp_path: Path) -> None:
        assets = write(tmp_path / "assets.ndjson", {"id": "a0", "externalId": "one.jpg"}, {"id": "a1"})
        labels = write(tmp_path / "labels.ndjson", {"labelOf": {"externalId": "one.jpg"}, "jsonResponse": {}})
        with loaded(tmp_path, labels, assets) as box:
            assert asking(box).labels("assetId") == [{"assetId": "a0"}]
            assert asking(box).assets("externalId") == [{"externalId": "one.jpg"}, {"externalId": "a1"}]

    def test_other_forms(self, tmp_path: Path) -> None:
        """All that `kili_query.scan` reads."""
        rows = [label(), label(id="l1")]
        array = tmp_path / "array.json"
        array.write_text(json.dumps(rows))
        packed = tmp_path / "packed"
        packed.write_bytes(gzip.compress("".join(json.dumps(row) + "\n" for row in rows).encode()))
        exported = write(tmp_path / "data.json", [{"id": "a0", "externalId": "x", "labels": rows}])
        for path in (array, packed, exported):
            with loaded(tmp_path, path) as box:
                assert asking(box).ids() == ["l0", "l1"]

    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ("{", "not JSON"),
            ("3", "not a label: it must be a JSON object"),
            (label(id=3), "`id`: expected a string, found 3"),
            (label(id="a\0"), "`id`: expected a string of characters"),
            (label(id="l-1"), "another label has the id `l-1`"),
            ({"id": "l0", "jsonResponse": {}}, ASTRAY),
            ({"id": "a", "externalId": "a.png"}, f"{ASTRAY}: this looks like an asset without labels"),
            ({"J": {"categories": []}}, f"{ASTRAY}: this looks like the content of a label, without the label"),
            (label(labelOf=3), "`labelOf`: expected an object, found 3"),
            (label(author="Ann"), '`author`: expected an object, found "Ann"'),
            (
                label(labelType="default"),
                "`labelType`: expected one of AUTOSAVE, DEFAULT, INFERENCE, PREDICTION, REVIEW",
            ),
            (label(createdAt="yesterday"), "`createdAt`: expected a time as of ISO 8601"),
            (label(secondsToLabel="3"), '`secondsToLabel`: expected a number, found "3"'),
            (label(secondsToLabel=10**30), "`secondsToLabel`: expected a smaller number"),
            (label(isLatestLabelForUser=1), "`isLatestLabelForUser`: expected true or false, found 1"),
        ],
        ids=repr,
    )
    def test_refused(self, tmp_path: Path, row: object, reason: str) -> None:
        labels = write(tmp_path / "labels.ndjson", label(id="l-1"), row)
        with pytest.raises(DataError) as raised:
            loaded(tmp_path, labels)
        assert str(raised.value).startswith(f"{labels}:2: {reason}")

    def test_no_file(self, tmp_path: Path) -> None:
        with pytest.raises(SourceError, match=r"none\.ndjson"):
            loaded(tmp_path, tmp_path / "none.ndjson")


class TestAssets:
    @pytest.mark.parametrize(
        ("row", "reason"),
        [
            ("[", "not JSON"),
            ("3", "no asset: it must be a JSON object"),
            ({}, "not an asset: it has neither `id` nor `externalId`"),
            ({"id": "a0"}, "another asset has the id `a0`"),
            ({"id": "a1", "status": "DONE"}, "`status`: expected one of TODO, ONGOING, LABELED, TO_REVIEW, REVIEWED"),
            ({"id": "a1", "priority": "high"}, "`priority`: expected a number"),
            ({"id": "a1", "skipped": "no"}, "`skipped`: expected true or false"),
            ({"id": "a1", "resolution": "640x480"}, "`resolution`: expected an object"),
            ({"id": "a1", "resolution": {"width": "640"}}, "resolution: `width`: expected a number"),
            ({"id": "a1", "pageResolutions": [{"pageNumber": 1}, 7]}, "`pageResolutions`: expected objects in a list"),
        ],
        ids=repr,
    )
    def test_refused(self, tmp_path: Path, row: object, reason: str) -> None:
        assets = write(tmp_path / "assets.ndjson", {"id": "a0"}, row)
        with pytest.raises(DataError) as raised:
            loaded(tmp_path, write(tmp_path / "labels.ndjson", label()), assets)
        assert str(raised.value).startswith(f"{assets}:2: {reason}")

    def test_a_label_of_another(self, tmp_path: Path) -> None:
        assets, labels = write(tmp_path / "assets.ndjson", {"id": "a1"}), write(tmp_path / "labels.ndjson", label())
        with pytest.raises(DataError, match=r"labels\.ndjson:1: there is no asset `a0`"):
            loaded(tmp_path, labels, assets)

    @pytest.mark.parametrize("metadata", [{"a": 1}, '{"a": 1}', None])
    def test_metadata(self, tmp_path: Path, metadata: Mapping[str, int] | str | None) -> None:
        folder = write_project(tmp_path / "p", assets=[{"id": "a0", "jsonMetadata": metadata}])
        with box_of(folder) as asker:
            assert asker.asset_ids(metadata={"a": 1}) == ["a0"] * (metadata is not None)


class TestListening:
    def test_a_port_in_use(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            with pytest.raises(SourceError) as raised:
                Sandbox(project=DEMO, port=port)
        assert str(raised.value) == f"cannot listen on `127.0.0.1`, port {port}: address already in use"

    def test_a_port_is_free_again(self) -> None:
        with Sandbox(project=DEMO) as box:
            port = box.port
        with Sandbox(project=DEMO, port=port) as again:
            assert asking(again).count() == 34

    @pytest.mark.skipif(not socket.has_dualstack_ipv6(), reason="no IPv6 here")
    def test_ipv6(self) -> None:
        with Sandbox(project=DEMO, host="::1") as box:
            assert box.endpoint.startswith("http://[::1]:")
            assert Asker(box.endpoint, box.api_key).count() == 34

    def test_closed_without_a_start(self) -> None:
        box = Sandbox(project=DEMO)
        box.close()
        with socket.create_server(("127.0.0.1", box.port)):
            pass

    def test_one_thread_serves(self) -> None:
        with Sandbox(project=DEMO) as box:
            box.start()  # once more is no other server
            with pytest.raises(RuntimeError, match="another thread serves already"):
                box.serve_forever()
            assert asking(box).count() == 34
