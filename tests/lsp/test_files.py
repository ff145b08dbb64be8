"""Searches in Python, notebooks, YAML and JSON, as editors see them."""

import asyncio
import json
from pathlib import Path

import pytest
from lsprotocol import types

from tests.lsp.client import ROOT, applied, at, editor

PROJECT = ROOT / "docs" / "street.json"
PYTHON = '\x0c"🚗" ; f(\r\n\tcategory_search="OBJECTS.PERSN AND "\r\n\t"OBJECTS.CAR", x="\u2028🚗")\r\n'
NOTEBOOK = {
    "nbformat": 4,
    "cells": [
        {"cell_type": "markdown", "source": ["🚗"]},
        {"cell_type": "code", "source": ["%time\n", 'f(x="🚗", category_search="OBJECTS.PERSN AND OBJECTS.CAR")']},
    ],
}
TEXTS = {
    "app.py": PYTHON,
    "look.ipynb": json.dumps(NOTEBOOK, ensure_ascii=False, indent=1),
    "run.yaml": "🚗: [🚗🚗, {category_search: 'OBJECTS.PERSN AND OBJECTS.CAR'}]\r",
    "run.json": '["🚗",\r\n {"🚗": 1, "category_search": "OBJECTS.PERSN AND OBJECTS.CAR"}]',
}


def test_files_of_other_languages(forked: Path, tmp_path: Path) -> None:
    asyncio.run(_edit_files(forked, tmp_path))


async def _edit_files(command: Path, folder: Path) -> None:
    for name, text in TEXTS.items():
        (folder / name).write_bytes(text.encode())
    (folder / "broken.json").write_text('{"category_search": ')
    (folder / "q.kq").write_text("NOT OBJECTS.CAR")
    async with editor(folder, settings={"ontology": str(PROJECT)}, command=[command]) as shown:
        for name, text in TEXTS.items():
            uri = shown.open(folder / name)
            [found] = await shown.diagnostics(uri)
            assert found.code == "KQ102", name
            [fix, _] = await shown.actions(uri, found.range)
            assert fix.edit is not None
            assert fix.edit.changes is not None
            assert applied(text, list(fix.edit.changes[uri])) == text.replace("PERSN", "PERSON"), name

            fixed = text.replace("PERSN", "PERSON")
            shown.type(uri, fixed)
            assert await shown.diagnostics(uri) == []
            typed, cursor = at(fixed.replace("PERSON", "pers|"))
            shown.type(uri, typed)
            [item] = await shown.complete(uri, cursor)
            assert isinstance(item.text_edit, types.TextEdit)
            assert applied(typed, [item.text_edit]) == fixed, name
            shown.type(uri, fixed)
            explained = await shown.hover(uri, at(fixed.replace("OBJECTS.CAR", "OBJECTS.C|AR"))[1])
            assert explained is not None, name
            assert explained.startswith("**`CAR`**, a category: Car"), name

        edit = await shown.rename(uri, at(fixed.replace("OBJECTS.CAR", "OBJECTS.C|AR"))[1], "AUTO")
        assert edit is not None
        after = {}
        for change in edit.document_changes or ():
            assert isinstance(change, types.TextDocumentEdit)
            name = change.text_document.uri.rpartition("/")[2]
            was = {"q.kq": "NOT OBJECTS.CAR"}.get(name, TEXTS.get(name, "").replace("PERSN", "PERSON"))
            after[name] = applied(was, list(change.edits))
        wanted = {
            name: text.replace("PERSN", "PERSON").replace("OBJECTS.CAR", "OBJECTS.AUTO") for name, text in TEXTS.items()
        }
        assert after == {**wanted, "q.kq": "NOT OBJECTS.AUTO"}
        assert "not read: " in (told := await shown.message())
        assert "broken.json:1:" in told
        with pytest.raises(Exception, match='nothing was renamed, because `"big car"` cannot be put in place at'):
            await shown.rename(uri, at(fixed.replace("OBJECTS.CAR", "OBJECTS.C|AR"))[1], "big car")

        cell = "vscode-notebook-cell:/n.ipynb#W1"
        shown.versions[cell] = 1
        item_ = types.TextDocumentItem(cell, "python", 1, '!ls\ncategory_search = "OBJECTS.CAT"')
        shown.client.text_document_did_open(types.DidOpenTextDocumentParams(item_))
        [found] = await shown.diagnostics(cell)
        assert (found.code, found.range.start) == ("KQ102", types.Position(1, 27))
        assert not (await shown.complete(shown.open(folder / "a.txt", "OBJECTS."), types.Position(0, 8)))
        empty = shown.open(folder / "empty.py", 'category_search = ""')
        assert [one.label for one in await shown.complete(empty, types.Position(0, 19))][:2] == ["WEATHER", "OBJECTS"]


BROKEN = (
    ("a.py", 'f(category_search="J.A")\nif x\n', "not Python: expected ':'", types.Position(1, 4)),
    ("a.json", '{"category_search": "J.A",\n "x": }', "not JSON: expecting value", types.Position(1, 6)),
    ("a.yaml", "category_search: J.A\nx: [", "not YAML", types.Position(1, 4)),
    ("a.ipynb", '{"cells": "category_search"}', "not a notebook", types.Position(0, 0)),
)


def test_a_file_that_cannot_be_parsed_says_so(forked: Path, tmp_path: Path) -> None:
    asyncio.run(_break_and_mend(forked, tmp_path))


async def _break_and_mend(command: Path, folder: Path) -> None:
    async with editor(folder, settings={"ontology": str(PROJECT)}, command=[command]) as shown:
        for name, text, reason, place in BROKEN:
            uri = shown.open(folder / name, text)
            [found] = await shown.diagnostics(uri)
            assert found.message.startswith("category searches in this file are not checked: " + reason), found.message
            assert found.severity is types.DiagnosticSeverity.Warning, name
            assert found.range.start == place, name
            assert await shown.actions(uri, found.range) == [], name
            shown.type(uri, "")
            assert await shown.diagnostics(uri) == [], name
