"""The jobs of a dataset as they are declared or met: each name has one key, however often it is asked for."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal, TypeAlias

from attrs import define, field

from kili_query.datasets.interface import OBJECTS
from kili_query.datasets.keys import LegalKeys
from kili_query.ontology import Job
from kili_query.ontology.job import CategoryPoint, JobCategory

ENTITIES = "ENTITIES"
"""The job of all passages of texts."""

RELATIONS = "RELATIONS"
"""The job of all relations between objects, or between passages."""

Answer: TypeAlias = dict[str, Any]
"""What a label holds for one job."""

Question: TypeAlias = Literal["choice", "choices", "text", "number"]
"""How a job without shapes is answered: one of its categories, several, free text, or a number."""

_TASKS = {"choice": "CLASSIFICATION", "choices": "CLASSIFICATION", "text": "TRANSCRIPTION", "number": "TRANSCRIPTION"}
_INPUTS = {"choice": "radio", "choices": "checkbox", "text": "textField", "number": "number"}


@define
class KnownCategory:
    """A category of a job, to which children and points are added as they are met."""

    key: str
    name: str
    color: str | None = None
    children: dict[str, None] = field(factory=dict)
    points: dict[str, str] = field(factory=dict)
    _point_keys: LegalKeys = field(factory=LegalKeys)

    def point(self, name: str) -> str:
        """Return the code of a point of a pose."""
        if name not in self.points:
            self.points[name] = self._point_keys.of(name)
        return self.points[name]

    def job_category(self) -> JobCategory:
        points = tuple(CategoryPoint(code, name) for name, code in self.points.items())
        return JobCategory(self.key, self.name, tuple(self.children), points, self.color)


@define
class KnownJob:
    """A job, to which categories and tools are added as they are met."""

    name: str
    task: str
    input: str
    title: str
    is_child: bool
    categories: dict[str, KnownCategory] = field(factory=dict)
    tools: dict[str, None] = field(factory=dict)
    _keys: LegalKeys = field(factory=LegalKeys)

    def category(self, name: str, color: str | None = None) -> KnownCategory:
        """Return the category with a display name."""
        if name not in self.categories:
            self.categories[name] = KnownCategory(self._keys.of(name), name, color)
        return self.categories[name]

    def choices(self, names: Iterable[str]) -> list[KnownCategory]:
        """Return the categories of one answer or annotation, each once."""
        found = [self.category(name) for name in dict.fromkeys(names)]
        if len(found) > 1:
            self.input = _INPUTS["choices"]
        return found

    def answer(self, value: object) -> Answer:
        """Return an answer: a list of names for a classification, anything else for a text."""
        if self.task == "TRANSCRIPTION":
            return {"text": str(int(value) if isinstance(value, float) and value.is_integer() else value)}
        names = value if isinstance(value, list | tuple) else [value]
        return {"categories": [{"name": one.key} for one in self.choices(map(str, names))]}

    def job(self) -> Job:
        categories = {one.key: one.job_category() for one in self.categories.values()}
        return Job(
            self.name,
            self.task,
            self.input,
            self.title,
            is_child=self.is_child,
            categories=categories,
            tools=tuple(self.tools),
        )


@define
class Vocabulary:
    """All jobs of a dataset, in the order in which they are met."""

    _jobs: dict[tuple[str, str, bool], KnownJob] = field(factory=dict)
    _keys: LegalKeys = field(factory=LegalKeys)

    def drawing(self, title: str = OBJECTS, task: str = "OBJECT_DETECTION") -> KnownJob:
        """Return a job of annotations."""
        return self._job(title, task, "radio", False)

    def question(self, title: str, question: Question, *, is_child: bool = False) -> KnownJob:
        """Return a job without shapes; a child job is shared by all categories that ask it in the same way."""
        found = self._job(title, _TASKS[question], _INPUTS[question], is_child)
        if question == "choices":
            found.input = _INPUTS[question]
        return found

    def child(self, parents: Sequence[KnownCategory], title: str, question: Question) -> KnownJob:
        """Return the child job of some categories."""
        job = self.question(title, question, is_child=True)
        for parent in parents:
            parent.children[job.name] = None
        return job

    def jobs(self) -> list[Job]:
        """Return the jobs with what was met so far, root jobs first."""
        return sorted((one.job() for one in self._jobs.values()), key=lambda job: job.is_child)

    def _job(self, title: str, task: str, shown: str, is_child: bool) -> KnownJob:
        identity = title, task, is_child
        if identity not in self._jobs:
            self._jobs[identity] = KnownJob(self._keys.of(title), task, shown, title, is_child)
        return self._jobs[identity]


def merge_answer(answers: dict[str, Answer], job: KnownJob, answer: Mapping[str, Any]) -> None:
    """Add an answer to those of a label or an annotation; a job that was answered before gets both answers.

    >>> vocabulary, answers = Vocabulary(), {}
    >>> sky = vocabulary.question("sky", "choices")
    >>> for names in (["blue"], ["blue", "grey"]):
    ...     merge_answer(answers, sky, sky.answer(names))
    >>> answers
    {'sky': {'categories': [{'name': 'blue'}, {'name': 'grey'}]}}
    """
    before = answers.setdefault(job.name, {})
    if "text" in answer:
        before["text"] = f"{before['text']}\n{answer['text']}" if "text" in before else answer["text"]
    else:
        merge_categories(before.setdefault("categories", []), answer["categories"])


def merge_categories(before: list[Answer], more: Iterable[Answer]) -> None:
    """Add categories to a list, each once; the children of those that are there are merged."""
    known = {one["name"]: one for one in before}
    for one in more:
        if one["name"] not in known:
            known[one["name"]] = one
            before.append(one)
        for job, child in one.get("children", {}).items():
            children = known[one["name"]].setdefault("children", {})
            if job not in children:
                children[job] = child
            elif children[job] is not child:
                merge_categories(children[job].setdefault("categories", []), child.get("categories", ()))
