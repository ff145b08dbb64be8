"""`kili-query check`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.running import Ran, Run


def test_a_good_query(run: Run, project: Path) -> None:
    assert run("check", "OBJECTS.PERSON.count > 2", "--ontology", project) == Ran(0, "ok\n", "")
    assert run("check", "OBJECTS.PERSN.count > 2") == Ran(0, "ok (names not checked: no --ontology)\n", "")


def test_a_bad_query_is_told_on_standard_error(run: Run, project: Path, golden: Callable[[str, str], None]) -> None:
    ran = run("check", "OBJECTS.PERSN.count > 1.5 AND SCEN.FOOD", "--ontology", project)
    assert (ran.status, ran.out) == (2, "")
    golden("cli/check.txt", ran.err.removesuffix("\n"))


def test_warnings_are_no_error(run: Run) -> None:
    ran = run("check", "A.B.count > 1.5")
    assert ran.status == 0
    assert ran.out == "ok, with a warning (names not checked: no --ontology)\n"
    assert "KQ205" in ran.err


def test_what_is_lost_of_an_interface_is_told(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "project.json"
    path.write_text('{"jobs": {"J": {"content": {"categories": {"A": {"children": {}}}}}}}')
    ran = run("check", "J.A.count > 1", "--ontology", path)
    assert (ran.status, ran.out) == (0, "ok\n")
    assert ran.err.startswith("warning: interface: the job has no `mlTask`: its categories are counted")
    assert ran.err.count("\n") == 1
    (tmp_path / "wide.json").write_text(path.read_text(), encoding="utf-16")
    assert run("check", "J.A.count > 1", "--ontology", tmp_path / "wide.json").err.count("\n") == 1


def test_the_policy_says_what_can_be_reached(run: Run, tmp_path: Path) -> None:
    scene = {"mlTask": "CLASSIFICATION", "content": {"input": "radio", "categories": {"DAY": {"name": "Day"}}}}
    path = tmp_path / "project.json"
    path.write_text(json.dumps({"inputType": "VIDEO", "jsonInterface": {"jobs": {"SCENE": scene}}}))
    query = "SCENE.DAY.count >= 5"
    for policy, is_reached in (("objects", False), ("key_frames", True), ("frames", True)):
        asked = ("--ontology", path, "--policy", policy)
        assert ("KQ204" not in run("check", query, *asked).err) is is_reached
        assert (run("simplify", query, *asked).out == "FALSE\n") is not is_reached
        assert ("same:" in run("compare", query, "FALSE", *asked).out) is not is_reached


def test_core_refuses_the_rest(run: Run) -> None:
    ran = run("check", "NOT A.B.count > 1", "--dialect", "core")
    assert ran.status == 2
    assert "KQ007" in ran.err


@pytest.mark.parametrize("options", [("--json",), ("--format", "json"), ("--format", "json", "--json")])
def test_json(run: Run, project: Path, options: tuple[str, ...]) -> None:
    ran = run("check", "OBJECTS.PERSN", "--ontology", project, *options)
    assert (ran.status, ran.err) == (2, "")
    [found] = json.loads(ran.out)
    assert (found["code"], found["span"]["start"], found["help"]["edit"]["text"]) == ("KQ102", 8, "PERSON")
    assert run("check", "A.B", *options) == Ran(0, "[]\n", "")


def test_line_and_sarif(run: Run, project: Path) -> None:
    line = run("check", "OBJECTS.PERSN", "--ontology", project, "--format", "line")
    assert line.status == 2
    assert line.out.startswith("query:1:9: error[KQ102]: ")
    sarif = run("check", "OBJECTS.PERSN", "--ontology", project, "--format", "sarif")
    assert sarif.status == 2
    assert json.loads(sarif.out)["runs"][0]["results"][0]["ruleId"] == "KQ102"


def test_a_query_from_standard_input(run: Run) -> None:
    ran = run("check", "-", stdin=b"\xef\xbb\xbfA.B.count > 0\r\nAND oops\r\n")
    assert ran.status == 2
    assert "--> <stdin>:2:" in ran.err
    assert run("check", "-", stdin=b"A.B # yes\n").status == 0
    assert run("check", "-", stdin=b"\xff") == Ran(2, "", "error: <stdin>: not UTF-8: invalid start byte (at byte 1)\n")


def test_bad_usage(run: Run, tmp_path: Path) -> None:
    assert run("check").status == 2
    assert run("check", "A.B", "--format", "xml").status == 2
    assert run("check", "A.B", "--format", "line", "--json").status == 2
    assert "no.json" in run("check", "A.B", "--ontology", "no.json").err
    (tmp_path / "list.json").write_text("[]")
    ran = run("check", "A.B", "--ontology", "list.json")
    assert ran.status == 2
    assert ran.err.startswith("error: `list.json`: ")


def test_what_is_no_unicode(run: Run) -> None:
    """An argument of arbitrary bytes is a bad query like another."""
    ran = run("check", "A.B.count > 0 \udcff\x1b[2J")
    assert ran.status == 2
    assert "KQ001" in ran.err
    assert "\x1b" not in ran.err


def test_between_is_answered_with_the_numbers_that_are_written(run: Run) -> None:
    assert "write `4 <= A.B.count <= 7`" in run("check", "A.B.count between 4 and 7").err
    assert "as in `1 <= A.B.count <= 3`" in run("check", "A.B.count between").err


def test_a_reversed_range_is_told(run: Run) -> None:
    assert "the range is reversed: write `3..5`" in run("check", "A.B.count IN {5..3}").err


def test_a_query_in_a_file(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "query.txt"
    path.write_bytes("\N{BYTE ORDER MARK}A.B.count > 1\r\nAND C.D.count => 2\r\n".encode())
    ran = run("check", f"@{path}")
    assert ran.status == 2
    assert f"--> {path}:2:15" in ran.err
    assert run("match", f"@{tmp_path / 'none.kq'}", "-") == Ran(
        2, "", f"error: {tmp_path / 'none.kq'}: No such file or directory\n"
    )
    assert "name the file of the query right after the `@`" in run("check", "@").err
    assert f"`{path}` is a file: write @{path} for the query in it" in run("check", path).err
