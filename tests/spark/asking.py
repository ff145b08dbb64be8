"""Asks Spark many queries at once.

A job for each query would take long. So all labels stand in one frame, and each query is one column of booleans over
it.
"""

import json
import re
from collections.abc import Callable

import narwhals as nw
import pyarrow as pa
import pyarrow.compute as pc
from attrs import field, frozen
from narwhals.exceptions import NarwhalsError
from pyspark.errors import AnalysisException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812

import kili_query as kq
from kili_query.ast import Predicate, counters
from kili_query.ontology import Job, JobCategory, Ontology
from kili_query.spark import with_counts
from kili_query.syntax import lower
from kili_query.targets.base import COLUMNS, FRAMES, Capabilities, inexpressible
from kili_query.targets.column_names import column_name
from kili_query.targets.columns import to_narwhals
from kili_query.targets.sql import to_sql_condition
from tests import reference

__all__ = ["TARGETS", "Question", "answer", "expected"]

INEXPRESSIBLE = "inexpressible"


@frozen
class Question:
    """A query and the labels that it is asked about.

    Attributes:
        name: no two are equal.
        tree: bound to the ontology, where there is one.
        contents: of the labels.
        pairs: what the labels and the query speak of.
    """

    name: str
    tree: Predicate
    ontology: Ontology | None
    contents: list[object]
    pairs: list[tuple[str, str]] = field(init=False)

    @pairs.default
    def _pairs(self) -> list[tuple[str, str]]:
        found = [(one.job, one.category) for one in counters(lower(self.tree))]
        for content in self.contents:
            if fault_of(content, self.ontology) is None:
                found += reference.count(content, ontology=self.ontology)
        return list(dict.fromkeys(found))

    def columns_in(self, counted: DataFrame) -> list[str]:
        """The columns of a frame that concern this question."""
        known = set(counted.columns)
        return [name for name in ("fault", *(column_name(*pair) for pair in self.pairs)) if name in known]


def fault_of(content: object, ontology: Ontology | None) -> str | None:
    """What keeps a label from being counted in full."""
    try:
        reference.count(content, ontology=ontology)
    except kq.UnknownContentError:
        return "unknown"
    except kq.MalformedLabelError:
        return "malformed"
    return None


def narwhals_of(question: Question, counted: DataFrame) -> nw.Expr:
    return to_narwhals(question.tree, columns=question.columns_in(counted)).alias(question.name)


def by_narwhals(counted: DataFrame, questions: list[Question]) -> DataFrame:
    columns = [narwhals_of(one, counted) for one in questions]
    return nw.from_native(counted).select("question", "fault", *columns).to_native()


def sql_of(question: Question, counted: DataFrame) -> str:
    return to_sql_condition(question.tree, "spark", columns=question.columns_in(counted))


def by_sql(counted: DataFrame, questions: list[Question]) -> DataFrame:
    columns = [F.expr(sql_of(one, counted)).alias(one.name) for one in questions]
    return counted.alias("labels").select("question", "fault", *columns)


@frozen
class Target:
    """How Spark is asked.

    Attributes:
        capabilities: what it can be asked.
        say: puts a question, before Spark sees it.
        ask: has Spark make a column for each question.
    """

    capabilities: Capabilities
    say: Callable[[Question, DataFrame], object]
    ask: Callable[[DataFrame, list[Question]], DataFrame]


TARGETS: dict[str, Target] = {
    "narwhals on spark": Target(FRAMES, narwhals_of, by_narwhals),
    "wide sql on spark": Target(COLUMNS, sql_of, by_sql),
}


def answer(
    spark: SparkSession, questions: list[Question], ontology: Ontology | None
) -> dict[tuple[str, str], list[str]]:
    """What each target says of the labels of each question of one ontology."""
    rows = [(one.name, json.dumps(content)) for one in questions for content in one.contents]
    names, texts = zip(*rows, strict=True)
    labels = spark.createDataFrame(pa.table({"question": names, "json": texts})).coalesce(1)
    counted = with_counts(labels, "json", ontology or _ontology_like_none(questions)).cache()
    answers: dict[tuple[str, str], list[str]] = {}
    for target, by in TARGETS.items():
        sayable = [one for one in questions if _can_be_said(by, counted, one)]
        told = by.ask(counted, sayable).toArrow()
        for one in questions:
            answers[target, one.name] = [INEXPRESSIBLE] * len(one.contents)
        for one in sayable:
            own = told.filter(pc.equal(told["question"], one.name))
            found = zip(own[one.name].to_pylist(), own["fault"].to_pylist(), strict=True)
            answers[target, one.name] = ["match" if is_match else fault or "reject" for is_match, fault in found]
    counted.unpersist()
    return answers


def _ontology_like_none(questions: list[Question]) -> Ontology:
    """An ontology with all pairs, that says nothing of them: a job may stand anywhere, as when there is none."""
    jobs: dict[str, dict[str, JobCategory]] = {}
    for job, category in (pair for one in questions for pair in one.pairs):
        jobs.setdefault(job, {})[category] = JobCategory(category, category)
    return Ontology({name: Job(name, "CLASSIFICATION", is_child=True, categories=own) for name, own in jobs.items()})


_USUAL_NAME = re.compile(r"[\w -]*", re.ASCII)


def _can_be_said(target: Target, counted: DataFrame, question: Question) -> bool:
    """Whether the target, and Spark, take the query; of usual names Spark takes all, or this fails later."""
    try:
        target.say(question, counted)
        if not all(_USUAL_NAME.fullmatch(name) for pair in question.pairs for name in pair):
            target.ask(counted, [question])
    except (kq.NotExpressible, AnalysisException, NarwhalsError):
        return False
    return True


def expected(target: str, question: Question, verdicts: list[str]) -> list[str]:
    """What a target has to say: it knows nothing but counts, and reads each label in full."""
    if any(inexpressible(lower(question.tree), TARGETS[target].capabilities)):
        return [INEXPRESSIBLE] * len(question.contents)
    faults = [fault_of(content, question.ontology) for content in question.contents]
    return [fault or verdict for fault, verdict in zip(faults, verdicts, strict=True)]
