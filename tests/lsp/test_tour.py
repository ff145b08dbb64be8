"""One editor, from its start to its end, over stdio."""

import asyncio
from pathlib import Path

import pytest
from lsprotocol import types
from pygls.exceptions import JsonRpcException

from tests.lsp.client import ROOT, applied, at, editor

PROJECT = ROOT / "docs" / "street.json"


def test_a_query_is_written(tmp_path: Path) -> None:
    """It is opened, mistyped, fixed, completed, explained, formatted and renamed."""
    asyncio.run(_write_a_query(tmp_path))


async def _write_a_query(folder: Path) -> None:
    path = folder / "crowded.kq"
    path.write_text("OBJECTS.PERSON.count >= 3\n")
    other = folder / "other.kq"
    other.write_text("NOT OBJECTS.PERSON OR *.PERSON.count > 1")
    async with editor(folder, "--ontology", str(PROJECT)) as shown:
        uri = shown.open(path)
        assert await shown.diagnostics(uri) == []

        text = "# 🚗🚗\r\nOBJECTS.PERSN.count > 1.5 AND OBJECTS.CAR\r\n"
        shown.type(uri, text)
        found = await shown.diagnostics(uri, lambda found: len(found) == 2)
        assert [(one.code, one.severity, one.source) for one in found] == [
            ("KQ102", types.DiagnosticSeverity.Error, "kili-query"),
            ("KQ205", types.DiagnosticSeverity.Warning, "kili-query"),
        ]
        assert found[0].message == "unknown category `PERSN` in job `OBJECTS`\ndid you mean `PERSON`?"
        assert found[0].range == types.Range(types.Position(1, 8), types.Position(1, 13))

        [fix, whole] = await shown.actions(uri, found[0].range)
        assert (fix.title, fix.kind, fix.is_preferred) == ("did you mean `PERSON`?", "quickfix", True)
        assert fix.edit is not None
        assert fix.edit.changes is not None
        assert applied(text, list(fix.edit.changes[uri])) == text.replace("PERSN", "PERSON")
        assert (whole.kind, whole.edit) == ("source.fixAll.kili-query", None)
        resolved = await shown.client.code_action_resolve_async(whole)
        assert resolved.edit is not None
        assert resolved.edit.changes is not None
        assert applied(text, list(resolved.edit.changes[uri])) == text.replace("PERSN", "PERSON").replace(
            "> 1.5", ">= 2"
        )
        assert [one.kind for one in await shown.actions(uri, found[1].range, ["source.fixAll"])] == [whole.kind]

        typed, cursor = at("# 🚗\nOBJECTS.traf|")
        shown.type(uri, typed)
        [item] = await shown.complete(uri, cursor)
        assert (item.label, item.detail, item.filter_text) == ("TRAFFIC_LIGHT", "Traffic light", "traf")
        assert isinstance(item.text_edit, types.TextEdit)
        assert applied(typed, [item.text_edit]) == "# 🚗\nOBJECTS.TRAFFIC_LIGHT"

        ugly = 'objects."x" and( OBJECTS.CAR )\r\n'
        shown.type(uri, ugly)
        format_ = types.DocumentFormattingParams(types.TextDocumentIdentifier(uri), types.FormattingOptions(4, True))
        edits = await shown.client.text_document_formatting_async(format_)
        assert applied(ugly, list(edits or [])) == 'objects."x" AND (OBJECTS.CAR)\r\n'
        [registered] = shown.registered
        assert (registered.method, "*.kq" in str(registered.register_options)) == ("textDocument/formatting", True)
        shown.type(uri, "objects.")
        assert await shown.client.text_document_formatting_async(format_) is None

        text, cursor = at('"🚗".x OR OBJECTS.PER|SON AND LIT.YES')
        shown.type(uri, text)
        explained = await shown.hover(uri, cursor)
        assert explained is not None
        assert explained.startswith("**`PERSON`**, a category: Person\n\n- job: `OBJECTS`: Box every object")
        assert await shown.hover(uri, types.Position(0, 9)) is None

        identifier = types.TextDocumentIdentifier(uri)
        prepared = await shown.client.text_document_prepare_rename_async(types.PrepareRenameParams(identifier, cursor))
        assert isinstance(prepared, types.PrepareRenamePlaceholder)
        assert (prepared.placeholder, prepared.range.start.character) == ("PERSON", 18)
        edit = await shown.rename(uri, cursor, "pedestrian crossing")
        assert edit is not None
        after = {}
        for change in edit.document_changes or ():
            assert isinstance(change, types.TextDocumentEdit)
            name = change.text_document.uri.rpartition("/")[2]
            was = text if name == "crowded.kq" else other.read_text()
            after[name, change.text_document.version] = applied(was, list(change.edits))
        assert after == {
            ("crowded.kq", shown.versions[uri]): '"🚗".x OR OBJECTS."pedestrian crossing" AND LIT.YES',
            ("other.kq", None): 'NOT OBJECTS."pedestrian crossing" OR *."pedestrian crossing".count > 1',
        }
        with pytest.raises(JsonRpcException, match="the job `OBJECTS` has `CAR` already, which is another category"):
            await shown.rename(uri, cursor, "CAR")

        shown.client.text_document_did_close(types.DidCloseTextDocumentParams(identifier))
        async with asyncio.timeout(60):
            while (last := await shown.published.get()).version is not None:
                pass
        assert (last.uri, list(last.diagnostics)) == (uri, [])
