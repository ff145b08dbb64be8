"""`kili-query explain`."""

import json

from kili_query.diagnostics import Code
from kili_query.diagnostics.pages import page
from tests.cli.running import Ran, Run


def test_a_page_as_it_is(run: Run) -> None:
    assert run("explain", "KQ102") == Ran(0, page(Code.UNKNOWN_CATEGORY).rstrip("\n") + "\n", "")
    assert run("explain", "kq102").status == 0


def test_json(run: Run) -> None:
    assert json.loads(run("explain", "KQ205", "--json").out) == {
        "code": "KQ205",
        "severity": "warning",
        "summary": "number read as another",
        "page": page(Code.NUMBER_READ_AS_ANOTHER),
    }


def test_an_unknown_code_lists_those_near(run: Run) -> None:
    ran = run("explain", "KQ199")
    assert (ran.status, ran.out) == (2, "")
    assert ran.err.startswith("error: there is no code KQ199; there are\n  KQ101  unknown job\n")
    assert "KQ201" not in ran.err


def test_what_is_no_code(run: Run) -> None:
    assert run("explain", "KQ") == Ran(2, "", "error: `KQ` is not a code: codes look like KQ102\n")
    assert run("explain", "KQ102", "--ontology", "no.json").status == 2
