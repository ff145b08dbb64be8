"""The table in docs/engines.md of what each engine expresses: each cell is found by asking the engine.

An engine that takes a query has to answer it as the reference does, or the test fails before there is a table.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import pytest
import sqlglot
from attrs import frozen
from pyspark.sql import SparkSession

import kili_query as kq
from kili_query.targets.sql import Layout
from tests.frames.test_filter import ALL as FRAMES
from tests.spark import asking
from tests.spark.conftest import spark  # noqa: F401 - a fixture
from tests.sql.test_sql import DIALECTS
from tests.tables_under_test import DATABASES, INEXPRESSIBLE, JudgeAll, judge_database, judge_frame, once
from tests.targets_under_test import TARGETS

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "engines.md"
MATRIX = re.compile(r"(?<=<!-- matrix -->\n).*?(?=<!-- end of matrix -->)", re.DOTALL)

YES, NO, IN_PART, LOCAL, WITH_JSON = "yes", "no", "in part", "local", "JSON"


def _job(*categories: str, children: tuple[str, ...] = (), is_child: bool = False) -> dict[str, object]:
    named = {key: {"name": key, "children": list(children)} for key in categories}
    content = {"input": "radio", "categories": named}
    return {"mlTask": "OBJECT_DETECTION", "instruction": "", "required": 0, "isChild": is_child, "content": content}


ONTOLOGY = kq.Ontology.from_json_interface(
    {"jobs": {"J": _job("A", "B", children=("S",)), "S": _job("X", is_child=True)}}, input_type="IMAGE"
)
LONG = "C" * 130
HOSTILE = "'; DROP TABLE labels; -- \"`/\\"


def content(*categories: str) -> dict[str, object]:
    """A label whose job J holds objects of these categories; those of A have a child."""
    child = {"S": {"categories": [{"name": "X"}]}}
    annotations = [
        {"mid": str(number), "categories": [{"name": name}], "children": child if name == "A" else {}}
        for number, name in enumerate(categories)
    ]
    return {"J": {"annotations": annotations}}


@frozen
class Feature:
    """Something that a query may say, a query that says it, and a label that matches."""

    name: str
    query: str
    match: dict[str, object]
    ontology: kq.Ontology | None = None

    @property
    def contents(self) -> list[object]:
        return [self.match, {}, content("B"), None]


FEATURES = [
    Feature("comparisons", "J.A.count >= 2 AND (J.B.count == 1 OR J.C.count < 4)", content("A", "A")),
    Feature("`NOT`", "NOT (J.A.count > 5 OR J.B) AND J.A.count != 7", content("A")),
    Feature("sets, chains", "J.A.count IN {0, 2, 5..9} AND 1 <= J.B.count < 5", content("A", "A", "B")),
    Feature("sums", "J.A.count + J.B.count >= 3 AND J.A.count > J.B.count", content("A", "A", "B")),
    Feature("patterns, bound", "J.*.count >= 3", content("A", "A", "B"), ONTOLOGY),
    Feature("patterns, not bound", "J.*.count >= 3", content("A", "A", "B")),
    Feature("brackets", "J.A[S.X.count > 0].count >= 1", content("A")),
    Feature("any name", f'J."Traffic light" AND J.{json.dumps(HOSTILE)}', content("Traffic light", HOSTILE)),
    Feature("two cases of a name", "J.A.count >= 2 AND J.a.count == 1", content("A", "A", "a")),
    Feature("130 characters", f"J.{LONG}.count >= 1", content(LONG)),
]


@frozen
class Engine:
    """A line of the table, and how to find out what stands in the cell of a feature.

    Attributes:
        kind: engines of one kind that say the same share a line.
        name: of the engine among its kind.
        checked: how tests prove what it answers.
        cell: finds out.
    """

    kind: str
    name: str
    checked: str
    cell: Callable[[Feature], str]


@once
def parsed(feature: Feature) -> kq.Query:
    return kq.parse(feature.query)


@once
def read(feature: Feature) -> kq.Query:
    query = parsed(feature)
    return query if feature.ontology is None else query.bind(feature.ontology)


@once
def verdicts(feature: Feature) -> list[str]:
    """What the reference says."""
    judged = next(target for target in TARGETS if target.name == "reference")
    found = judged.answers(parsed(feature), feature.ontology, feature.contents)
    assert found[0] == "match"
    assert found[-1] == "unknown"
    assert "reject" in found
    return found


def answered(feature: Feature, told: list[str]) -> bool:
    """Whether an engine takes a query; if so, it has to be right."""
    if set(told) == {INEXPRESSIBLE}:
        return False
    assert told == verdicts(feature), feature.name
    return True


def server(feature: Feature) -> str:
    plan = parsed(feature).plan(feature.ontology)
    if plan.residual is None:
        return YES
    return LOCAL if plan.server_filter is None else IN_PART


def by_judge(judge: Callable[[kq.Query, kq.Ontology | None, list[object]], list[str]]) -> Callable[[Feature], str]:
    return lambda feature: YES if answered(feature, judge(parsed(feature), feature.ontology, feature.contents)) else NO


def on_frame(judge: JudgeAll) -> Callable[[Feature], str]:
    """A frame with the JSON of its labels answers whatever it takes; counts alone may not be enough."""

    def cell(feature: Feature) -> str:
        if not answered(feature, judge(parsed(feature), feature.ontology, feature.contents)):
            return NO
        try:
            read(feature).to_narwhals()
        except kq.NotExpressible:
            return WITH_JSON
        return YES

    return cell


def as_text(dialect: str, layout: Layout) -> Callable[[Feature], str]:
    """SQL for a database that is not here has to be one statement of its dialect."""

    def cell(feature: Feature) -> str:
        try:
            sql = read(feature).to_sql(dialect, layout=layout)
        except kq.NotExpressible:
            return NO
        assert len(sqlglot.parse(sql, dialect)) == 1
        return YES

    return cell


def asked_of_spark(session: SparkSession) -> dict[tuple[str, str], list[str]]:
    """The answers to all features, by target and feature: what Spark is asked at once takes little longer."""
    answers = {}
    for ontology in (None, ONTOLOGY):
        own = [feature for feature in FEATURES if feature.ontology is ontology]
        questions = [asking.Question(one.name, read(one).tree, ontology, one.contents) for one in own]
        answers |= asking.answer(session, questions, ontology)
    return answers


def engines(session: SparkSession) -> Iterator[Engine]:
    told = asked_of_spark(session)

    def on_spark(target: str) -> Callable[[Feature], str]:
        return lambda feature: YES if answered(feature, told[target, feature.name]) else NO

    yield Engine("server", "`query.plan`", "read by the official validator", server)
    labels = {"closures": "`query.compile`", "bytes": "`query.compile_bytes`"}
    for target in TARGETS:
        if target.name in labels:
            yield Engine("labels", labels[target.name], "run", by_judge(target.answers))
    for name, make in FRAMES.items():
        yield Engine("count columns", name, "run", on_frame(judge_frame(make)))
    yield Engine("count columns", "Spark", "run", on_spark("narwhals on spark"))
    layouts: tuple[Layout, ...] = ("wide", "long")
    for layout in layouts:
        for dialect in DIALECTS:
            kind = f"SQL, {layout}"
            if dialect in DATABASES:
                yield Engine(kind, dialect, "run", by_judge(judge_database(dialect, layout)))
            elif f"{layout} sql on {dialect}" in asking.TARGETS:
                yield Engine(kind, dialect, "run", on_spark(f"{layout} sql on {dialect}"))
            else:
                yield Engine(kind, dialect, "read back by sqlglot", as_text(dialect, layout))


def render(lines: Iterable[Engine]) -> str:
    """Markdown, with one line for all engines of a kind that have the same cells."""
    grouped: dict[tuple[str, ...], list[str]] = {}
    for engine in lines:
        cells = (engine.kind, engine.checked, *map(engine.cell, FEATURES))
        grouped.setdefault(cells, []).append(engine.name)
    header = ["engine", "in the tests", *(feature.name for feature in FEATURES)]
    rows = [[f"{kind}: {', '.join(names)}", checked, *cells] for (kind, checked, *cells), names in grouped.items()]
    return "".join(f"| {' | '.join(row)} |\n" for row in [header, ["---"] * len(header), *rows])


@pytest.mark.filterwarnings("ignore:Dask support is moving:FutureWarning")
def test_the_table_is_what_the_engines_say(spark: SparkSession, update_golden: bool) -> None:  # noqa: F811
    table = render(engines(spark))
    text = DOCUMENT.read_text(encoding="utf-8")
    assert MATRIX.search(text), f"{DOCUMENT.name} has no place for the table"
    if update_golden:
        DOCUMENT.write_text(MATRIX.sub(lambda _: table, text), encoding="utf-8", newline="\n")
    else:
        assert table in text, f"run pytest --update-golden, then read {DOCUMENT.name}"
