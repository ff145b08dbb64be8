"""Which files are looked at."""

from pathlib import Path

import pytest

from kili_query.lint import Search, Unreadable, lint_paths

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
    ):
        write(name)
    write("my-env/pyvenv.cfg", b"")
    assert [name for name, _ in lint_paths(["."])] == ["b.py", "a/.hidden.py", "a/c.py"]
    assert [name for name, _ in lint_paths(["a/c.py", "a", "./b.py", "b.py"])] == ["a/c.py", "a/.hidden.py", "./b.py"]
    assert [name for name, _ in lint_paths([".git"])] == [".git/d.py"], "what is named is looked at"


def test_data_that_mentions_no_search_is_not_read_unless_named() -> None:
    write("a/chart.yaml", b"a: {{ x }}\n\t-")
    write("a/chart.json", b"// comment")
    write("a/other.yaml", b"category_search: {{ x }}\n\t-")
    broken = {name: found for name, found in lint_paths(["a"]) if found}
    assert list(broken) == ["a/other.yaml"]
    [(_, [found])] = lint_paths(["a/chart.yaml"])
    assert isinstance(found, Unreadable)


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("a.txt", SEARCH, "not a file that may hold searches: those end in .py, .ipynb, .json, .yaml, .yml"),
        ("a.py", b"\xff", "invalid or missing encoding declaration"),
        ("a.py", b"# coding: none-such\n", "unknown encoding: none-such"),
        ("a.py", b"# coding: ascii\n'\xe9'", "ordinal not in range(128)"),
        ("a.json", b"\xff", "not UTF-8: "),
    ],
)
def test_a_file_that_cannot_be_read(name: str, content: bytes, reason: str) -> None:
    write(name, content)
    [(_, [found])] = lint_paths([name])
    assert isinstance(found, Unreadable)
    assert reason in str(found)


def test_a_file_that_is_not_there() -> None:
    assert [found for _, found in lint_paths(["no.py"])] == [[Unreadable("no.py", "No such file or directory")]]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.py", b"\xef\xbb\xbf\r\ncategory_search = '\xc3\xa9'\r\n"),
        ("a.py", b"# coding: latin-1\r\ncategory_search = '\xe9'\r\n"),
        ("a.py", b"# old line ends\rcategory_search = '\xc3\xa9'\r"),
        ("a.json", b'\xef\xbb\xbf{\r\n"category_search": "\xc3\xa9"}'),
        ("a.yaml", b"\xef\xbb\xbfa:\r\n  category_search: \xc3\xa9\r\n"),
    ],
)
def test_line_ends_and_encodings(name: str, content: bytes) -> None:
    write(name, content)
    [(_, [found])] = lint_paths([name])
    assert isinstance(found, Search)
    assert found.text == "é"
    assert found.place.source.position(found.place.starts[0]).line == 2
