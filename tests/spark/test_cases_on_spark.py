"""Every case, on Spark."""

import pytest
from pyspark.sql import SparkSession

from tests.cases.loader import Case
from tests.spark.asking import TARGETS, Question, answer, expected
from tests.test_cases import JUDGED, ids, ontology_of, read

Answers = dict[tuple[str, str], list[str]]


def question(case: Case) -> Question:
    ontology = ontology_of(case)
    tree = read(case).tree if ontology is None else read(case).bind(ontology).tree
    return Question(ids(case), tree, ontology, [row.content for row in case.rows])


@pytest.fixture(scope="module")
def answers(spark: SparkSession) -> Answers:
    """What Spark says of the labels of all cases, asked ontology by ontology."""
    found: Answers = {}
    for name in dict.fromkeys(case.facts.get("ontology") for case in JUDGED):
        cases = [case for case in JUDGED if case.facts.get("ontology") == name]
        found |= answer(spark, [question(case) for case in cases], ontology_of(cases[0]))
    return found


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("case", JUDGED, ids=ids)
def test_rows_on_spark(answers: Answers, case: Case, target: str) -> None:
    found = answers[target, ids(case)]
    right = expected(target, question(case), [row.verdict for row in case.rows])
    gap = case.gaps.get(target)
    if gap is None:
        assert found == right, f"{read(case)}\n{[row.text for row in case.rows]}"
    else:
        assert found != right, f"{target} answers rightly now: remove the gap ({gap})"
