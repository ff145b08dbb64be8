"""Which files are looked at."""

import os
from itertools import product
from pathlib import Path

import pytest

from kili_query.lint import FoundSearch, Unreadable, lint_paths
from kili_query.lint.searches import Placement
from kili_query.source import Span
from tests.each import for_each

CHUNK = 1 << 20
SEARCH = b"category_search = 'A.B'"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write(name: str, content: bytes = SEARCH) -> None:
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_folders_are_walked_in_order() -> None:
    for name in (
        "b.py",
        "a/c.py",
        "a/.hidden.py",
        ".git/d.py",
        "node_modules/e.py",
        "my-env/f.py",
        "g.txt",
        "__pycache__/h.py",
        "a/._c.py",
        "__MACOSX/a/i.py",
    ):
        write(name)
    write("my-env/pyvenv.cfg", b"")
    assert [name for name, _ in lint_paths(["."])] == ["b.py", "a/.hidden.py", "a/c.py"]
    assert [name for name, _ in lint_paths(["a/c.py", "a", "./b.py", "b.py"])] == ["a/c.py", "a/.hidden.py", "./b.py"]
    assert [name for name, _ in lint_paths([".git"])] == [".git/d.py"], "what is named is looked at"


def test_what_mentions_no_search_is_not_read_unless_named() -> None:
    write("a/chart.yaml", b"a: {{ x }}\n\t-")
    write("a/chart.json", b"// comment")
    write("a/template.py", b"import {{ x }}")
    write("a/b.ipynb", b"{")
    write("a/other.yaml", b"category_search: {{ x }}\n\t-")
    broken = {name: found for name, found in lint_paths(["a"]) if found}
    assert list(broken) == ["a/other.yaml"]
    [(_, [found])] = lint_paths(["a/chart.yaml"])
    assert isinstance(found, Unreadable)


@for_each(
    [
        ("a.txt", SEARCH, "not a file that may hold searches: those end in .py, .ipynb, .json, .yaml, .yml, .kq"),
        ("a.py", b"\xff", "invalid or missing encoding declaration"),
        ("a.py", b"# coding: none-such\n", "unknown encoding: none-such"),
        ("a.py", b"# coding: ascii\n'\xe9'", "ordinal not in range(128)"),
        ("a.json", b"\xff", "not UTF-8: "),
        ("a.json", b"\xff\xfe{", "not UTF-16-LE: "),
        ("a.yaml", b"category_search: \xe9", "not UTF-8: "),
        ("a.py", "category_search = 'A.B'".encode("utf-16"), "invalid or missing encoding declaration"),
        ("a.py", b"category_search = 'A.B\0'", "not Python: "),
        ("a.json", b'{"category_search": "A.B\0"}', "a.json:1:25: not JSON: invalid control character at"),
        ("a.yaml", b"category_search: A.B\0", "a.yaml:1:21: not YAML: special characters are not allowed"),
        ("a.yaml", b'category_search: "\\UFFFFFFFF"', "not YAML: an escape beyond the last character of Unicode"),
        ("a.yaml", b'category_search: "\\U00110000"', "not YAML: an escape beyond the last character of Unicode"),
    ]
)
def test_a_file_that_cannot_be_read(row: tuple[str, bytes, str]) -> None:
    name, content, reason = row
    write(name, content)
    [(_, [found])] = lint_paths([name])
    assert isinstance(found, Unreadable)
    assert reason in str(found)


@pytest.mark.parametrize("name", ["no.py", "nosuch", "no/such.txt"])
def test_a_file_that_is_not_there(name: str) -> None:
    assert [found for _, found in lint_paths([name])] == [[Unreadable(name, "No such file or directory")]]


def test_what_is_no_regular_file_is_not_read() -> None:
    os.mkfifo("pipe.py")
    os.symlink("loop.py", "loop.py")
    os.symlink(".", "folder")
    found = {name: str(one) for name, [one] in lint_paths(["."])}
    assert found == {
        "loop.py": "loop.py: Too many levels of symbolic links",
        "pipe.py": "pipe.py: not a regular file",
    }


@for_each(product(["category_search = 'A.B'", "q = 'A.B' # kili-query"], [0, CHUNK - 7, CHUNK - 1]))
def test_a_mention_is_found_wherever_the_file_is_cut(row: tuple[str, int]) -> None:
    text, at = row
    write("a/a.py", ("#" * at + "\n" + text).encode())
    write("a/b.py", b"# " + b"x" * (CHUNK + at) + b"\n1 +")
    assert [(name, len(found)) for name, found in lint_paths(["a"])] == [("a/a.py", 1), ("a/b.py", 0)]


@pytest.mark.parametrize("name", ["a.py", "a.ipynb", "a.json", "a.yaml"])
def test_what_is_too_large_to_parse_is_said(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    write(name, b"category_search")
    with open(name, "ab") as file:
        file.truncate((128 << 20) + 1)
    [(_, [found])] = lint_paths([name])
    assert found == Unreadable(name, "larger than 128 MiB")


def place(name: str) -> Placement:
    [(_, [found])] = lint_paths([name])
    assert isinstance(found, FoundSearch)
    return found.place


@for_each(
    [
        ("a.py", 'x = 1\r\n\r\nf(\r\n  category_search="""A.B\r\n OR C.D""")'),
        ("a.py", "# é\r\ncategory_search = 'A.B' \\\r\n ' OR C.D'"),
        ("a.yaml", "x: 1\r\n\r\ncategory_search: |\r\n  A.B\r\n  OR C.D\r\n"),
        ("a.yaml", "x: 1\r\ncategory_search: >-\r\n  A.B\r\n  OR C.D\r\n"),
        ("a.json", '{\r\n"x": 1,\r\n"category_search":\r\n"A.B\\r\\n OR C.D"}'),
        ("a.ipynb", '{"cells": [{"cell_type": "code", "source": ["x\\r\\n",\r\n"category_search = \'A.B OR C.D\'"]}]}'),
    ]
)
def test_offsets_are_those_of_the_file(row: tuple[str, str]) -> None:
    name, content = row
    write(name, content.encode())
    found = place(name)
    solid = [content[start:end] for start, end in zip(found.starts, found.ends, strict=True)]
    if name == "a.ipynb":
        [(_, [search])] = lint_paths([name])
        assert isinstance(search, FoundSearch)
        assert search.cell is not None
        spans = [search.cell.span(Span(*pair)) for pair in zip(found.starts, found.ends, strict=True)]
        solid = [content[start:end] for start, end in spans]
    assert "".join(char for char in solid if char.strip(" \r\n\\rn")) == "A.BORC.D"
    assert found.source.line_starts[-1] == found.source.text.rindex("\n") + 1


@for_each(
    [
        ("a.py", b"\xef\xbb\xbf\r\ncategory_search = '\xc3\xa9'\r\n"),
        ("a.py", b"# coding: latin-1\r\ncategory_search = '\xe9'\r\n"),
        ("a.py", b"# old line ends\rcategory_search = '\xc3\xa9'\r"),
        ("a.json", b'\xef\xbb\xbf{\r\n"category_search": "\xc3\xa9"}'),
        ("a.yaml", b"\xef\xbb\xbfa:\r\n  category_search: \xc3\xa9\r\n"),
        ("a.yaml", b"a:\r  category_search: \xc3\xa9\r"),
        ("a.json", '{\r"category_search": "é"}'.encode("utf-16")),
        ("a.json", '{\n"category_search": "é"}'.encode("utf-32")),
        ("a.yaml", "a:\n  category_search: é".encode("utf-16")),
    ]
)
def test_line_ends_and_encodings(row: tuple[str, bytes]) -> None:
    name, content = row
    write(name, content)
    [(_, [found])] = lint_paths([name])
    assert isinstance(found, FoundSearch)
    assert found.text == "é"
    assert found.place.source.position(found.place.starts[0]).line == 2
