"""Fixes are made in the file, and nothing else in it changes."""

import codecs
import json
import os
from itertools import product
from pathlib import Path

import pytest

import kili_query.lint.fixing as fixing
from kili_query.lint import FixError, fix_file, lint_paths
from kili_query.ontology import Ontology
from kili_query.ontology.check import MAX_FINDINGS
from tests.cli.running import DEMO
from tests.each import for_each

ONTOLOGY = Ontology.load(DEMO / "project.json")
WRONG = "OBJECTS.PERSN.count => 3 && not SCENE.FOD"
RIGHT = "OBJECTS.PERSON.count >= 3 AND not SCENE.FOOD"
CELL = r'{"cells": [{"cell_type": "code", "source": ["%%time\n", "\tf(category_search=\"QUERY\")\r\n"]}], "x": 1e5 }'


def fix(path: Path) -> fixing.Fixed:
    [(name, found)] = lint_paths([str(path)])
    return fix_file(name, found, ONTOLOGY)


@for_each(
    product(
        [
            ("a.py", "x = 1 \r\nf(category_search='QUERY')\r\n\r\ny = ( 2)"),
            ("a.py", "# coding: latin-1\ncategory_search = (R'''QUERY''')  # é\r"),
            ("a.py", "def f(category_search='A.\\x41 OR QUERY'): pass"),
            ("a.json", '{"a": "\\u00e9", "category_search" :"QUERY"}'),
            ("a.yaml", "a: &x {b: 'é'}\nc: [*x, {category_search: 'QUERY'}]\n"),
            ("a.yaml", "a: QUERY  # kili-query\n# end"),
            ("a.yml", "category_search: >-\r\n  SCENE.FOOD\r\n  OR QUERY\r\n\r\n"),
            ("a.ipynb", CELL),
        ],
        [b"", codecs.BOM_UTF8],
    )
)
def test_everything_else_is_kept_byte_for_byte(row: tuple[tuple[str, str], bytes], tmp_path: Path) -> None:
    (name, text), mark = row
    encoding = "latin-1" if "latin" in text else "utf-8"
    if mark and encoding != "utf-8":
        return  # Python refuses such a file
    path = tmp_path / name
    path.write_bytes(mark + text.replace("QUERY", WRONG).encode(encoding))
    os.chmod(path, 0o640)
    fixed = fix(path)
    assert path.read_bytes() == mark + text.replace("QUERY", RIGHT).encode(encoding)
    assert path.stat().st_mode & 0o777 == 0o640
    assert len(fixed.changes) == 4
    assert os.listdir(tmp_path) == [name]


@for_each(["utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"])
def test_wide_encodings_keep_their_byte_order_mark(encoding: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    text = '\ufeff{"category_search": "QUERY"}'
    path.write_bytes(text.replace("QUERY", WRONG).encode(encoding))
    fix(path)
    assert path.read_bytes() == text.replace("QUERY", RIGHT).encode(encoding)


@for_each(
    [
        ("a.py", "category_search = 'OBJECTS.PER' 'SN'"),  # joined from two texts
        ("a.py", "category_search = 'OBJECTS.PERS\\x4e'"),
        ("a.py", "category_search = 'OBJECTS.' + 'PERSN'"),
        ("a.py", "category_search = f'OBJECTS.PERSN{x}'"),
        ("a.json", '{"category_search": "OBJECTS.PERS\\u004e"}'),
        ("a.py", "category_search = 'OBJECTS.PERSN => 1 && (('"),  # it could not be parsed afterwards
        ("a.py", "category_search = "),
    ]
)
def test_what_cannot_be_fixed_is_left(row: tuple[str, str], tmp_path: Path) -> None:
    name, text = row
    path = tmp_path / name
    path.write_text(text)
    assert fix(path).changes == []
    assert path.read_text() == text


def test_one_fix_that_cannot_be_made_does_not_keep_the_others_from_it(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    path.write_text("# coding: ascii\nf(category_search='J.CAFE')\nf(category_search='J.A.count => 1')\n")
    [(name, found)] = lint_paths([str(path)])
    job = {"content": {"categories": {"CAFÉ": {"name": "Café"}, "A": {"name": "A"}}}, "mlTask": "CLASSIFICATION"}
    fixed = fix_file(name, found, Ontology.from_json_interface({"jobs": {"J": job}}))
    assert path.read_text() == "# coding: ascii\nf(category_search='J.CAFE')\nf(category_search='J.A.count >= 1')\n"
    assert fixed.left == [f"{path}:2:22: KQ102 is left: its fix cannot be made in place"]


def test_a_file_that_changed_meanwhile_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.json"
    text = json.dumps({"category_search": WRONG})
    path.write_text(text)
    [(name, found)] = lint_paths([str(path)])
    path.write_text(text + " ")
    with pytest.raises(FixError, match="it changed while it was checked"):
        fix_file(name, found, ONTOLOGY)

    path.write_text(text)
    read_again = fixing.find_in_text

    def changing(*arguments: str) -> object:
        path.write_text("{}")  # by somebody else, at the last moment
        return read_again(*arguments)

    monkeypatch.setattr(fixing, "find_in_text", changing)
    with pytest.raises(FixError, match="it changed while it was checked"):
        fix_file(name, found, ONTOLOGY)
    assert path.read_text() == "{}"
    assert os.listdir(tmp_path) == ["a.json"]


def test_places_and_words_of_changes(tmp_path: Path) -> None:
    path = tmp_path / "a.ipynb"
    path.write_text(CELL.replace("QUERY", "OBJECTS.PERSN.count => 3"))
    fixed = fix(path)
    assert fixed.changes == [
        f"{path}:cell 1:2:41: replaced `=>` by `>=` (KQ002: unexpected operator `=>`)",
        f"{path}:cell 1:2:29: replaced `PERSN` by `PERSON` (KQ102: unknown category `PERSN` in job `OBJECTS`)",
    ]
    path = tmp_path / "b.py"
    path.write_text("category_search = 'OBJECTS.PERS\\x4e'")
    assert fix(path).left == [f"{path}:1:28: KQ102 is left: its fix cannot be made in place"]


def test_more_faults_than_are_reported_at_once(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    number = MAX_FINDINGS + 1
    for wrong, right in (("OBJECTS.PERSN", "OBJECTS.PERSON"), ("OBJECTS.PERSN => 1", "OBJECTS.PERSON.count >= 1")):
        path.write_text(f"category_search = '{' OR '.join([wrong] * number)}'")
        assert len(fix(path).changes) == number * (1 if wrong.endswith("N") else 3)
        assert path.read_text() == f"category_search = '{' OR '.join([right] * number)}'"
        assert fix(path).changes == []


def test_the_fix_of_a_warning_keeps_the_meaning(tmp_path: Path) -> None:
    path = tmp_path / "a.py"
    query = "SCENE.FOOD.count >= 0 OR OBJECTS.PERSON.count > 2.5"
    path.write_text(f"category_search = '{query}'")
    fixed = fix(path)
    assert path.read_text() == f"category_search = '{query.replace('> 2.5', '>= 3')}'"
    assert fixed.left == [f"{path}:1:20: KQ201 is left: its fix may change which labels match"]


@pytest.mark.parametrize("encoding", ["idna", "unicode_escape"])
def test_an_encoding_that_cannot_write_the_file_again(tmp_path: Path, encoding: str) -> None:
    path = tmp_path / "a.py"
    text = f"# coding: {encoding}\ncategory_search = '{WRONG}'\n# {'x' * 70}\n"
    path.write_text(text)
    with pytest.raises(FixError, match="not fixed"):
        fix(path)
    assert path.read_text() == text
