"""The parts of an ontology: jobs, their categories, and the points of a pose."""

from collections.abc import Iterator, Mapping

from attrs import field, frozen

CATEGORY_TASKS = frozenset(
    {
        "CLASSIFICATION",
        "NAMED_ENTITIES_RECOGNITION",
        "NAMED_ENTITIES_RELATION",
        "OBJECT_DETECTION",
        "OBJECT_RELATION",
        "POSE_ESTIMATION",
    }
)
"""The tasks whose responses are known to hold categories."""

PLAIN_TASKS = frozenset({"COMPARISON", "FILE", "RANKING", "TRANSCRIPTION"})
"""The tasks whose responses are known to hold none."""

METADATA_JOBS = frozenset({"ANNOTATION_JOB_COUNTER", "ANNOTATION_NAMES_JOB", "ROTATION_JOB"})
"""Keys of labels beside their jobs, used only by the user interface."""

_SINGLE_CHOICE_INPUTS = ("radio", "singleDropdown")
_MULTIPLE_CHOICE_INPUTS = ("checkbox", "multipleDropdown")


@frozen
class CategoryPoint:
    """One point of a pose category."""

    code: str
    name: str
    children: tuple[str, ...] = ()


@frozen
class JobCategory:
    """One category of a job.

    Attributes:
        key: what responses and searches use.
        name: what people see; the key when the interface gives none.
        children: the child jobs that may stand below it, those of its points included, each once.
        points: the points of a pose, in order.
        color: as written, ``#00AA55``.
    """

    key: str
    name: str
    children: tuple[str, ...] = ()
    points: tuple[CategoryPoint, ...] = ()
    color: str | None = None


@frozen
class Job:
    """One job of a project: what its annotators are asked.

    Attributes:
        name: its key among the jobs.
        ml_task: as written, known or not; empty when the interface gives none.
        input: the input widget, ``radio`` or the like.
        instruction: the text that people see; it serves as the job's display name.
        export_name: what some exports call it instead.
        is_child: whether it stands only below a category of another job.
        is_required: whether a complete label must hold it.
        categories: by key, in order; empty when the job counts nothing.
        options: the same for a comparison, whose answers are not counted.
        tools: of an object detection job.
        parents: the (job, category) pairs that list it among their children, in order.
    """

    name: str
    ml_task: str
    input: str | None = None
    instruction: str | None = None
    export_name: str | None = field(default=None, kw_only=True)
    is_child: bool = False
    is_required: bool = False
    categories: Mapping[str, JobCategory] = field(factory=dict)
    options: Mapping[str, JobCategory] = field(factory=dict)
    tools: tuple[str, ...] = ()
    parents: tuple[tuple[str, str], ...] = ()

    @property
    def has_categories(self) -> bool:
        """Whether there is something to count."""
        return bool(self.categories)

    @property
    def is_classification(self) -> bool:
        """Whether each category counts 0 or 1 wherever the job stands once."""
        return self.ml_task == "CLASSIFICATION"

    @property
    def is_single_choice(self) -> bool:
        """Whether it is a classification that holds one category at most.

        False for annotation jobs: their input says how many categories one annotation has, not the job.
        """
        return self.is_classification and self.input in _SINGLE_CHOICE_INPUTS

    @property
    def is_multiple_choice(self) -> bool:
        """Whether one response or annotation may hold several categories."""
        return self.input in _MULTIPLE_CHOICE_INPUTS

    def choices(self) -> Iterator[JobCategory]:
        """Its categories and options: whatever may list children."""
        yield from self.categories.values()
        yield from self.options.values()
