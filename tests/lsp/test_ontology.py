"""Where the ontology and the labels come from, and what happens when they change."""

import asyncio
import json
import os
from contextlib import ExitStack
from pathlib import Path

from lsprotocol import types

from tests.lsp.client import ROOT, Editor, editor

DEMO = ROOT / "kili_query" / "demo"
POLL_S = 0.02
"""How often an editor asks until the answer is another: as fast as it can, it would keep the server from its work."""


def interface(*categories: str) -> str:
    made = {key: {"name": key.title(), "children": [], "color": "#00AA55"} for key in categories}
    return json.dumps({"jobs": {"J": {"mlTask": "CLASSIFICATION", "content": {"input": "radio", "categories": made}}}})


def test_an_ontology_that_changes(forked: Path, tmp_path: Path) -> None:
    asyncio.run(_change_the_ontology(forked, tmp_path))


async def _change_the_ontology(command: Path, folder: Path) -> None:
    """It is missing, appears, breaks, and is mended; a missing setting is no error."""
    project = folder / "project.json"
    async with editor(folder, initial={"ontology": "project.json", "labels": None}, command=[command]) as shown:
        assert "kili-query: cannot read `" in (told := await shown.message())
        assert told.endswith("no such file or directory: names are not checked")
        uri = shown.open(folder / "a.kq", "J.B")
        assert await shown.diagnostics(uri) == []
        assert await shown.complete(uri, types.Position(0, 3)) == []

        project.write_text(interface("A"))
        [found] = await shown.diagnostics(uri, bool)
        assert found.message.startswith("unknown category `B` in job `J`")

        project.write_text('{"jobs": ')
        assert "the last one that could be read stays in use" in await shown.message()
        project.write_text(interface("A", "B"))
        assert await shown.diagnostics(uri, lambda found: not found) == []

        other = folder / "other.json"
        other.write_text(interface("C"))
        shown.settings = {"ontology": str(other)}
        shown.client.workspace_did_change_configuration(types.DidChangeConfigurationParams({}))
        assert await shown.diagnostics(uri, bool)
        shown.settings = {"ontology": ["none"]}
        shown.client.workspace_did_change_configuration(types.DidChangeConfigurationParams({}))
        assert await shown.message() == "kili-query: the setting `ontology` of `kili-query` must be the path of a file"
        assert await shown.diagnostics(uri, lambda found: not found) == []


def test_a_dataset_that_changes(forked: Path, tmp_path: Path) -> None:
    asyncio.run(_change_the_dataset(forked, tmp_path))


async def _change_the_dataset(command: Path, folder: Path) -> None:
    """It is the ontology and the labels, in the format that the command names."""
    dataset = folder / "instances.data"  # the suffix of no format

    def write(name: str) -> None:
        images = [{"id": number} for number in (1, 2)]
        annotations = [{"id": number, "image_id": number, "category_id": 1} for number in (1, 2)]
        content = {"images": images, "categories": [{"id": 1, "name": name}], "annotations": annotations}
        dataset.write_text(json.dumps(content), encoding="utf-8")

    write("cat")
    async with editor(folder, "--labels", dataset.name, "--from", "coco", command=[command]) as shown:
        uri = shown.open(folder / "a.kq", "OBJECTS.dog")
        [found] = await shown.diagnostics(uri, bool)
        assert found.message.startswith("unknown category `dog` in job `OBJECTS`")
        write("dog")
        assert await shown.diagnostics(uri, lambda found: not found) == []
        assert await _counted(shown, uri, types.Position(0, 9))


def test_a_count_that_is_under_way_at_the_end(forked: Path, tmp_path: Path) -> None:
    """Its process is ended and waited for, and nothing is complained about."""
    asyncio.run(_leave_while_counting(forked, tmp_path))


async def _leave_while_counting(command: Path, folder: Path) -> None:
    labels = folder / "labels.ndjson"
    os.mkfifo(labels)
    with ExitStack() as stack:
        async with editor(folder, "--labels", labels.name, command=[command]):
            # returns when the process that counts reads, and it goes on until this is closed
            stack.enter_context(await asyncio.to_thread(labels.open, "wb"))


def test_counts_of_labels(forked: Path, tmp_path: Path) -> None:
    asyncio.run(_count_labels(forked, tmp_path))


async def _count_labels(command: Path, folder: Path) -> None:
    """They are counted in the background, with the ontology beside them."""
    labels = folder / "labels.ndjson"
    labels.write_bytes((DEMO / "labels.ndjson").read_bytes())
    (folder / "project.json").write_bytes((DEMO / "project.json").read_bytes())
    kinds: list[types.PositionEncodingKind | str] = ["utf-8", "utf-16"]  # as Helix asks; it can do little else here
    capabilities = types.ClientCapabilities(general=types.GeneralClientCapabilities(position_encodings=kinds))
    async with editor(folder, "--labels", "labels.ndjson", capabilities=capabilities, command=[command]) as shown:
        uri = shown.open(folder / "a.kq", "SCENE.VEHICLE OR # 🚗\nSCENE.V* AND x # 🚗🚗")
        [found] = await shown.diagnostics(uri)
        assert (found.range.start, found.range.end) == (types.Position(1, 14), types.Position(1, 14))
        assert await _counted(shown, uri, types.Position(0, 8))
        assert await _counted(shown, uri, types.Position(1, 6))
        labels.write_text("no labels\n")
        async with asyncio.timeout(60):
            while "could be read as a label" not in (text := await shown.hover(uri, types.Position(0, 8)) or ""):
                await asyncio.sleep(POLL_S)
        assert text.startswith("**`VEHICLE`**")

        shown.client.workspace_did_change_configuration(
            types.DidChangeConfigurationParams({"kili-query": {"labels": "", "ontology": "none"}})
        )
        async with asyncio.timeout(60):
            while await shown.hover(uri, types.Position(0, 8)) is not None:
                await asyncio.sleep(POLL_S)
        assert shown.registered == []
        shown.type(uri, "( SCENE.VEHICLE )")
        asked = types.DocumentFormattingParams(types.TextDocumentIdentifier(uri), types.FormattingOptions(4, True))
        assert await shown.client.text_document_formatting_async(asked)
        edit = await shown.rename(uri, types.Position(0, 8), "CAR")
        assert edit is not None
        assert edit.changes is not None
        assert [one.new_text for one in edit.changes[uri]] == ["CAR"]


async def _counted(shown: Editor, uri: str, place: types.Position) -> str:
    async with asyncio.timeout(60):
        while "hold it" not in (text := await shown.hover(uri, place) or ""):
            await asyncio.sleep(POLL_S)
    return text
