"""Every case, on Spark."""

from collections.abc import Iterator

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
def test_rows_on_spark(answers: Answers, target: str) -> None:
    wrong = [line for case in JUDGED for line in wrong_answers(case, target, answers[target, ids(case)])]
    assert not wrong, "\n".join(wrong)


def wrong_answers(case: Case, target: str, found: list[str]) -> Iterator[str]:
    """A line for a case whose rows are judged wrongly, or for a gap that is there no longer."""
    right = expected(target, question(case), [row.verdict for row in case.rows])
    if target not in case.gaps:
        if found != right:
            yield f"{ids(case)}: {right} expected, got {found}\nquery: {read(case)}\n{[row.text for row in case.rows]}"
    elif found == right:
        yield f"{ids(case)}: {target} answers correctly now: remove the gap ({case.gaps[target]})"
