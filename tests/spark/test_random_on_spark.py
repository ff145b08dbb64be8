"""Random queries on random labels, on Spark: as the reference says."""

from hypothesis import given, settings
from hypothesis import strategies as st
from pyspark.sql import SparkSession

import kili_query as kq
from kili_query.ast import Predicate
from tests import reference, strategies
from tests.spark.asking import TARGETS, Question, answer, expected

LABEL = st.one_of(
    strategies.contents(),
    strategies.contents(),
    strategies.video_contents(),
    strategies.malformed_contents(),
    st.none(),
)


def verdict(tree: Predicate, content: object) -> str:
    try:
        return "match" if reference.matches(tree, content) else "reject"
    except kq.DataError:
        return "fault"


def test_as_the_reference(spark: SparkSession) -> None:
    """All are drawn first, and then asked at once."""
    questions: list[Question] = []

    @settings(max_examples=150, database=None)
    @given(strategies.trees(), st.lists(LABEL, min_size=1, max_size=4))
    def draw(tree: Predicate, contents: list[object]) -> None:
        questions.append(Question(f"question {len(questions)}", tree, None, contents))

    draw()
    answers = answer(spark, questions, None)
    told = []
    for target in TARGETS:
        for one in questions:
            right = expected(target, one, [verdict(one.tree, content) for content in one.contents])
            assert answers[target, one.name] == right, f"{target}: {one}"
            told += right
    assert {"match", "reject", "unknown", "malformed", "inexpressible"} == set(told)
