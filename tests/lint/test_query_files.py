"""Files that hold one query each."""

from pathlib import Path

import pytest

from kili_query.errors import QuerySyntaxError, SourceError
from kili_query.lint import FoundSearch, check_search, fix_file, lint_paths
from kili_query.lint.files import query_files, read_query_file
from kili_query.lint.formatting import format_file, formatted_lines
from tests.each import for_each

TEXT = "# why 🚗\r\nOBJECTS.CAR.count > 3\r\n\tand SCENE.NIGHT\r\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@for_each(["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_a_file_is_one_query(encoding: str) -> None:
    Path("a.kq").write_bytes(TEXT.encode(encoding))
    [(name, [found])] = lint_paths(["."])
    assert isinstance(found, FoundSearch)
    assert (name, found.text) == ("a.kq", TEXT)
    assert read_query_file("a.kq") == TEXT.rstrip()
    assert format_file("a.kq", is_written=False)
    assert format_file("a.kq")
    data = Path("a.kq").read_bytes()
    assert data.decode(encoding) == "# why 🚗\r\nOBJECTS.CAR.count > 3 AND SCENE.NIGHT\r\n"
    assert data[:2] == TEXT.encode(encoding)[:2], "the byte order mark stays"
    assert not format_file("a.kq")


def test_faults_stand_at_their_place_and_fixes_may_have_quotes() -> None:
    Path("a.kq").write_text("J.A\nAND J.traffic light\n")
    [(_, [found])] = lint_paths(["a.kq"])
    assert isinstance(found, FoundSearch)
    [fault] = check_search(found)
    assert (fault.source.name, fault.line, fault.column) == ("a.kq", 2, 7)
    assert fix_file("a.kq", [found]).changes == [
        'a.kq:2:7: replaced `traffic light` by `"traffic light"` (KQ002: `traffic light` is not a bare name)'
    ]
    assert Path("a.kq").read_text() == 'J.A\nAND J."traffic light"\n'


@pytest.mark.parametrize(("text", "code"), [("", "KQ003"), ("\n# to do\n", "KQ003"), ("J.A\n---\nJ.B", "KQ002")])
def test_what_is_not_one_query(text: str, code: str) -> None:
    Path("a.kq").write_text(text)
    [(_, [found])] = lint_paths(["a.kq"])
    assert isinstance(found, FoundSearch)
    assert [fault.code.value for fault in check_search(found)][:1] == [code]
    with pytest.raises(QuerySyntaxError):
        format_file("a.kq")
    assert Path("a.kq").read_text() == text


def test_a_file_that_cannot_be_read() -> None:
    Path("a.kq").write_bytes(b"\xff")
    with pytest.raises(SourceError, match=r"a\.kq: not UTF-8"):
        read_query_file("a.kq")
    for name in ("", "none.kq", ".", "nul\0l"):
        with pytest.raises(SourceError):
            read_query_file(name)


def test_files_below_folders() -> None:
    for name in ("q/b.kq", "q/a.kq", "q/c.py", ".venv/d.kq"):
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).write_text("J.A")
    assert list(query_files(["q", "q/a.kq"])) == ["q/a.kq", "q/b.kq"]
    assert list(map(str, query_files(["q/c.py"]))) == ["q/c.py: not a file of a query: those end in .kq"]


def test_line_ends() -> None:
    assert formatted_lines("J.A\rand J.B\n\n\n") == "J.A AND J.B\n"
    assert formatted_lines("J.A # x\r\nand J.B") == "J.A  # x\r\nAND J.B\r\n"
