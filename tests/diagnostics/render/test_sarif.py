"""The SARIF renderer."""

import json
from collections.abc import Callable

from attrs import evolve
from sarif_kit.validate import validation_errors

from kili_query.diagnostics.render import render_sarif
from tests.diagnostics.samples import SAMPLES


def test_sarif(golden: Callable[[str, str], None]) -> None:
    names = ["plain", "two_places_far_lines", "unwritten", "inside_a_file"]
    golden("diagnostics/diagnostics.sarif", render_sarif(SAMPLES[name] for name in names))


def test_each_result_refers_to_its_rule() -> None:
    log = json.loads(render_sarif(SAMPLES.values()))
    assert log["version"] == "2.1.0"
    [run] = log["runs"]
    assert run["columnKind"] == "unicodeCodePoints"
    rules = run["tool"]["driver"]["rules"]
    assert len(rules) == len({rule["id"] for rule in rules})
    assert len(run["results"]) == len(SAMPLES)
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
        assert rules[result["ruleIndex"]]["defaultConfiguration"]["level"] == result["level"]


def test_regions_count_code_points_from_one() -> None:
    found = SAMPLES["wide_fault"]
    [result] = json.loads(render_sarif([found]))["runs"][0]["results"]
    region = result["locations"][0]["physicalLocation"]["region"]
    assert region == {"startLine": 1, "startColumn": 4, "endLine": 1, "endColumn": 8}


def test_no_findings_are_a_run_without_results() -> None:
    [run] = json.loads(render_sarif([]))["runs"]
    assert run["results"] == []


def test_the_schema_of_the_standard_is_kept() -> None:
    names = ["a b/ü.py", "C:\\x.py", "a%20b.py", "a:b.py", "\ud800.py", "query", ""]
    renamed = [evolve(found, source=evolve(found.source, name=name)) for found in SAMPLES.values() for name in names]
    for findings in ([], SAMPLES.values(), renamed):
        assert validation_errors(json.loads(render_sarif(findings))) == []
