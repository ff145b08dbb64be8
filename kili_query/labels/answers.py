"""The answers of a label as objects: jobs, categories, annotations, the points of a pose, and child jobs again.

They share one file, longer than others, because they hold one another: a category has child jobs, and those categories.
"""

from collections.abc import Iterator, Mapping
from typing import TypeVar, cast

from kili_query.counting.label import CONTENT
from kili_query.errors import MalformedLabelError
from kili_query.labels.checks import VALUE_CHECKS, check_category, check_confidence, check_text, known_job, missing_name
from kili_query.labels.errors import (
    AttributeNotCompatibleWithJobError,
    InvalidMutationError,
    JobNotExistingError,
    MissingAnswerError,
)
from kili_query.labels.interface import (
    ANNOTATION_ATTRIBUTES,
    can_have,
    child_jobs,
    has_annotations,
    is_single,
    root_jobs,
)
from kili_query.labels.json_values import checked_copy
from kili_query.labels.label_dict import LabelDict
from kili_query.labels.mismatches import check_annotation, check_children
from kili_query.labels.polygons import BoundingPolyList
from kili_query.labels.view import ListView, ObjectView, View
from kili_query.ontology import Job
from kili_query.ontology.decode import kind_of
from kili_query.ontology.job import METADATA_JOBS

Value = TypeVar("Value")


class ParsedJobs(ObjectView, Mapping[str, "JobPayload"]):
    """Jobs by name, answered or not: those of the interface in its order, then those that the label has beside them.

    At the root these are the jobs that are no child jobs; in ``children``, the child jobs that the job above lists.
    Entries for the user interface only, such as ``ROTATION_JOB``, are not jobs and are kept as they are.
    """

    __slots__ = ("_is_root",)

    def __init__(
        self, document: LabelDict, parent: View | None, key: str | int, job: Job | None = None, *, is_root: bool = False
    ) -> None:
        super().__init__(document, parent, key, job)
        self._is_root = is_root

    def _listed(self) -> tuple[str, ...]:
        return root_jobs(self._ontology) if self._is_root else child_jobs(self._job, self._ontology)

    def _names(self) -> dict[str, None]:
        present = (name for name in self._raw() or () if name not in METADATA_JOBS)
        return dict.fromkeys((*self._listed(), *present))

    def __contains__(self, name: object) -> bool:
        if not isinstance(name, str) or name in METADATA_JOBS:
            return False
        node = self._raw()
        if node is not None and name in node:
            return True
        job = self._ontology.jobs.get(name)
        return job is not None and (not job.is_child if self._is_root else name in self._listed())

    def __getitem__(self, name: str) -> "JobPayload":
        if name not in self:
            raise JobNotExistingError(missing_name("job", str(name), self._names()), self._path_of(name))
        return JobPayload(self._document, self, name, self._ontology.jobs.get(name))

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return len(self._names())

    def __bool__(self) -> bool:
        """Whether anything is answered."""
        return bool(self._raw())

    def __eq__(self, other: object) -> bool:
        if isinstance(other, ParsedJobs):
            return (self._raw() or {}) == (other._raw() or {})
        return (self._raw() or {}) == other if isinstance(other, dict) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # what changes has no hash

    to_dict = ObjectView.as_dict


class _Answer(ObjectView):
    """Base of job responses, categories, annotations and points, whose attributes may be missing."""

    __slots__ = ()

    def _missing(self, key: str) -> MissingAnswerError:
        return MissingAnswerError(f"there is no `{key}`", self._path_of(key))

    def _incompatible(self, attribute: str, reason: str) -> AttributeNotCompatibleWithJobError:
        return AttributeNotCompatibleWithJobError(f"`{attribute}` is for {reason}", self.path)

    def _read(self, key: str, kind: type[Value]) -> Value:
        """Return a value that is there, of the right kind."""
        found = self._get(key)
        if found is None:
            raise self._missing(key)
        if not isinstance(found, kind):
            raise MalformedLabelError(f"`{key}` is {kind_of(found)}", self._path_of(key))
        return found

    def _number(self, key: str) -> float:
        return cast(float, self._read(key, (int, float)))  # type: ignore[arg-type]  # a tuple of types, for isinstance

    def _live(self, key: str, kind: type[Value]) -> Value:
        """Do the same for a list or dict: return the label's own, which may be changed in place."""
        self._document.own(CONTENT)
        return self._read(key, kind)

    def _set(self, key: str, value: object) -> None:
        known_job(self._job, self.path)
        self._put(key, checked_copy(value, self._path_of(key)))

    def _the_category(self) -> "Category | None":
        """Return the one category, where there can only be one."""
        if self._job is not None and not is_single(self._job):
            raise self._incompatible(
                "category", f"jobs whose input is `radio` or `singleDropdown`, not `{self._job.input}`"
            )
        found = CategoryList(self._document, self, "categories", self._job)
        if not found:
            if self._job is not None and self._job.is_required:
                raise self._missing("categories")
            return None
        if len(found) > 1:
            message = f"there are {len(found)} categories instead of one: read `categories`"
            raise MalformedLabelError(message, self._path_of("categories"))
        return found[0]

    @property
    def children(self) -> ParsedJobs:
        """The child jobs below it; of a job's answer, those beside the categories."""
        if self._get("children") is None:
            raise self._missing("children")
        return ParsedJobs(self._document, self, "children", self._job)

    @children.setter
    def children(self, children: Mapping[str, object]) -> None:
        path = self._path_of("children")
        job = known_job(self._job, self.path)
        copied = checked_copy(children, path)
        check_children(job, copied, self._ontology, path)
        self._put("children", copied)


class JobPayload(_Answer):
    """The answer to one job; a window on nothing as long as there is none."""

    __slots__ = ()

    @property
    def job_name(self) -> str:
        """The name of the job."""
        return str(self._key)

    def _check_has(self, key: str, *, tasks: tuple[str, ...]) -> None:
        """Raise if a missing attribute is one that the job cannot have, or must have."""
        if self._get(key) is not None or self._job is None:
            return
        if self._job.ml_task not in tasks:
            raise self._of_other_task(key, " and ".join(tasks))
        if self._job.is_required:
            raise self._missing(key)

    def _of_other_task(self, attribute: str, tasks: str) -> AttributeNotCompatibleWithJobError:
        """Return the error of an attribute for jobs of other tasks."""
        task = "unknown" if self._job is None else self._job.ml_task
        return self._incompatible(attribute, f"{tasks}, and the task of `{self._key}` is {task}")

    @property
    def categories(self) -> "CategoryList":
        """The categories chosen in a classification."""
        self._check_has("categories", tasks=("CLASSIFICATION",))
        return CategoryList(self._document, self, "categories", self._job)

    @property
    def category(self) -> "Category | None":
        """The category chosen, where the input takes one only; None where there is none.

        Raises:
            MissingAnswerError: there is none, and the job is required.
            MalformedLabelError: there are several.
        """
        self._check_has("categories", tasks=("CLASSIFICATION",))
        return self._the_category()

    def add_category(
        self, name: str, confidence: float | None = None, children: Mapping[str, object] | None = None
    ) -> None:
        """Choose a category.

        Raises:
            AttributeNotCompatibleWithJobError: the job is not a classification.
            InvalidMutationError: the interface forbids it.
        """
        job = known_job(self._job, self.path)
        if job.ml_task != "CLASSIFICATION":
            raise self._of_other_task("add_category", "CLASSIFICATION")
        CategoryList(self._document, self, "categories", job).add_category(name, confidence, children)

    @property
    def text(self) -> str | None:
        """The text of a transcription; None where it says null."""
        node = self._raw()
        if node is not None and "text" in node and node["text"] is None:
            return None
        if self._get("text") is None and self._job is not None and self._job.ml_task != "TRANSCRIPTION":
            raise self._of_other_task("text", "TRANSCRIPTION")
        return self._read("text", str)

    @text.setter
    def text(self, text: str) -> None:
        job = known_job(self._job, self.path)
        if job.ml_task != "TRANSCRIPTION":
            raise self._of_other_task("text", "TRANSCRIPTION")
        check_text(job, text, self._path_of("text"))
        self._set("text", text)

    @property
    def annotations(self) -> "AnnotationList":
        """The annotations."""
        if self._get("annotations") is None and self._job is not None:
            if self._job.ml_task in ("CLASSIFICATION", "FILE"):
                raise self._incompatible("annotations", f"other tasks than {self._job.ml_task}")
            if self._job.is_required:
                raise self._missing("annotations")
        return AnnotationList(self._document, self, "annotations", self._job)

    def _annotations_of(self, attribute: str, task: str) -> "AnnotationList":
        if self._job is not None and self._job.ml_task != task:
            raise self._of_other_task(attribute, task)
        return self.annotations

    @property
    def bounding_poly_annotations(self) -> "AnnotationList":
        """The annotations of an object detection."""
        return self._annotations_of("bounding_poly_annotations", "OBJECT_DETECTION")

    @property
    def entity_annotations(self) -> "AnnotationList":
        """The annotations of a named entity recognition."""
        return self._annotations_of("entity_annotations", "NAMED_ENTITIES_RECOGNITION")

    def add_annotation(self, annotation: Mapping[str, object]) -> None:
        """Add a copy of an annotation.

        Raises:
            AttributeNotCompatibleWithJobError: the answers to the job are not annotations.
            InvalidMutationError: the interface forbids it.
        """
        if self._job is not None and not has_annotations(self._job):
            raise self._of_other_task("add_annotation", "jobs that draw, mark or relate")
        AnnotationList(self._document, self, "annotations", self._job).add_annotation(annotation)

    @property
    def is_key_frame(self) -> bool:
        """Whether the answer was given in this frame of a video, and not carried over from one before."""
        if self._get("isKeyFrame") is None and self._job is not None and self._job.ml_task != "CLASSIFICATION":
            raise self._of_other_task("is_key_frame", "CLASSIFICATION")
        return self._read("isKeyFrame", bool)

    def _of_file(self, key: str) -> str | None:
        self._check_has(key, tasks=("FILE",))
        return None if self._get(key) is None else self._read(key, str)

    file_id = property(lambda self: self._of_file("fileId"), doc="The id of an answer that is a file.")
    file_name = property(lambda self: self._of_file("fileName"), doc="The name of an answer that is a file.")
    file_mime_type = property(
        lambda self: self._of_file("fileMimeType"),
        doc="The type of an answer that is a file, as ``model/gltf-binary``.",
    )

    @property
    def choice(self) -> dict[str, object]:
        """The answer to a comparison: ``code``, ``firstId``, ``secondId``; changing the dict changes the label."""
        self._check_has("choice", tasks=("COMPARISON",))
        return cast(dict[str, object], self._live("choice", dict))

    @property
    def orders(self) -> list[dict[str, object]]:
        """The answer to a ranking: ``rank`` and ``elements`` of each place; changing the list changes the label."""
        self._check_has("orders", tasks=("RANKING",))
        return cast(list[dict[str, object]], self._live("orders", list))

    to_dict = ObjectView.as_dict


class Category(_Answer):
    """A category that was chosen, or that an annotation has."""

    __slots__ = ()

    @property
    def name(self) -> str:
        """Its key."""
        return self._read("name", str)

    @name.setter
    def name(self, name: str) -> None:
        check_category(known_job(self._job, self.path), name, self._path_of("name"))
        self._set("name", name)  # another entry may have it until that is renamed too; `problems` reports it

    @property
    def display_name(self) -> str:
        """The name that people see; the key where the interface has no such category."""
        name = self.name
        known = self._job.categories.get(name) if self._job is not None else None
        return name if known is None else known.name

    @display_name.setter
    def display_name(self, display_name: str) -> None:
        job = known_job(self._job, self.path)
        keys = [category.key for category in job.categories.values() if category.name == display_name]
        if len(keys) > 1:
            shown = ", ".join(f"`{key}`" for key in keys)
            raise InvalidMutationError(f"several categories are displayed as `{display_name}`: {shown}", self.path)
        if not keys:
            names = [category.name for category in job.categories.values()]
            missing = missing_name("category displayed as", str(display_name), names)
            raise InvalidMutationError(f"job `{job.name}` has {missing}", self.path)
        self.name = keys[0]

    @property
    def confidence(self) -> float:
        """A number, mostly from 0 to 100; an int where the label has one."""
        return self._number("confidence")

    @confidence.setter
    def confidence(self, confidence: float) -> None:
        check_confidence(confidence, self._path_of("confidence"))
        self._set("confidence", confidence)


class CategoryList(ListView[Category]):
    """The categories of an answer, or of an annotation."""

    __slots__ = ()

    _entry_class = Category

    def add_category(
        self, name: str, confidence: float | None = None, children: Mapping[str, object] | None = None
    ) -> None:
        """Add a category.

        Raises:
            InvalidMutationError: the interface forbids it.
        """
        path = self._path_of(len(self))
        job = known_job(self._job, self.path)
        present = [entry.get("name") for entry in self._raw() or () if isinstance(entry, dict)]
        check_category(job, name, path)
        # What is there already may be retired, so it is not checked again.
        if name in present:
            raise InvalidMutationError(f"category `{name}` is already there", path)
        if present and is_single(job):
            raise InvalidMutationError(f"job `{job.name}` takes one category (its input is `{job.input}`)", path)
        entry: dict[str, object] = {"name": name}
        if confidence is not None:
            check_confidence(confidence, f"{path}.confidence")
            entry["confidence"] = confidence
        if children is not None:
            entry["children"] = checked_copy(children, f"{path}.children")
            check_children(job, entry["children"], self._ontology, f"{path}.children")
        self._append(entry)


class _Drawn(_Answer):
    """Base of annotations and the points of a pose."""

    __slots__ = ()

    @property
    def categories(self) -> CategoryList:
        """The categories of the object."""
        if self._get("categories") is None:
            raise self._missing("categories")
        return CategoryList(self._document, self, "categories", self._job)

    @property
    def category(self) -> Category | None:
        """The category, where the input takes one only; None where there is none.

        Raises:
            MissingAnswerError: there is none, and the job is required.
            MalformedLabelError: there are several.
        """
        return self._the_category()

    @property
    def mid(self) -> str:
        """The id of the object; annotations that share it are parts, or frames, of one object."""
        return self._read("mid", str)

    @mid.setter
    def mid(self, mid: str) -> None:
        self._set_checked("mid", mid)

    @property
    def point(self) -> dict[str, float]:
        """``x`` and ``y``; changing the dict changes the label."""
        self._check_has("point")
        return cast(dict[str, float], self._live("point", dict))

    @point.setter
    def point(self, point: Mapping[str, float]) -> None:
        self._set_checked("point", point)

    def _check_has(self, attribute: str) -> None:
        """Raise if a missing attribute could not be there."""

    def _set_checked(self, attribute: str, value: object) -> None:
        key = ANNOTATION_ATTRIBUTES[attribute].key
        VALUE_CHECKS[attribute](value, self._path_of(key))
        self._set(key, value)


def _text(key: str, doc: str) -> property:
    """Make an attribute of points that is a text."""
    return property(lambda point: point._read(key, str), doc=doc)


class PosePoint(_Drawn):
    """One point of a pose."""

    __slots__ = ()

    code = _text("code", "Which point of the pose it is.")
    type = _text("type", "The tool that drew it.")
    name = _text("name", "What people see; older labels have it.")
    job_name = _text("jobName", "The job of the pose; older labels have it.")


class PosePointList(ListView[PosePoint]):
    """The points of a pose."""

    __slots__ = ()

    _entry_class = PosePoint


def _read_only(attribute: str, kind: type[object], doc: str) -> property:
    """Make an attribute of annotations that is read as it stands in the label."""
    return property(lambda annotation: annotation._value(attribute, kind), doc=doc)


def _checked(attribute: str, kind: type[object], doc: str) -> property:
    """Make an attribute of annotations that is checked when it is set."""
    return _read_only(attribute, kind, doc).setter(lambda annotation, value: annotation._set_checked(attribute, value))


def _ends_of_relation(attribute: str, doc: str) -> property:
    return _checked(attribute, list, f"{doc}, each as ``{{'mid': ...}}``; changing the list changes the label.")


class Annotation(_Drawn):
    """One annotation. What it has depends on the task of its job and on the tool that drew it.

    What the label says is never hidden: an attribute that the job or the tool should not have is read where it is.
    """

    __slots__ = ()

    def _can_have(self, attribute: str) -> bool:
        is_pdf = self._ontology.input_type in (None, "PDF")
        return can_have(attribute, self._job, self._get("type"), is_pdf=is_pdf)

    def _check_has(self, attribute: str) -> None:
        if self._get(ANNOTATION_ATTRIBUTES[attribute].key) is None and not self._can_have(attribute):
            raise self._not_for(attribute)

    def _not_for(self, attribute: str) -> AttributeNotCompatibleWithJobError:
        assert self._job is not None  # an unknown job may have all
        tool = self._get("type")
        drawn = "" if tool is None else f" drawn as `{tool}`"
        return self._incompatible(attribute, f"other annotations than those of {self._job.ml_task}{drawn}")

    def _set_checked(self, attribute: str, value: object) -> None:
        known_job(self._job, self.path)
        if not self._can_have(attribute):
            raise self._not_for(attribute)
        super()._set_checked(attribute, value)

    def _key_of(self, attribute: str) -> str:
        """Return the key of an attribute that is there."""
        self._check_has(attribute)
        key = ANNOTATION_ATTRIBUTES[attribute].key
        if self._get(key) is None:
            raise self._missing(key)
        return key

    def _value(self, attribute: str, kind: type[Value]) -> Value:
        self._check_has(attribute)
        if kind is list:  # it may be changed in place
            self._document.own(CONTENT)
        return self._read(ANNOTATION_ATTRIBUTES[attribute].key, kind)

    def add_category(
        self, name: str, confidence: float | None = None, children: Mapping[str, object] | None = None
    ) -> None:
        """Add a category to the object.

        Raises:
            InvalidMutationError: the interface forbids it.
        """
        CategoryList(self._document, self, "categories", self._job).add_category(name, confidence, children)

    @property
    def type(self) -> str:
        """The tool that drew it; rectangles in PDF documents do not name it."""
        if self._get("type") is None and self._can_have("type") and self._ontology.input_type == "PDF":
            return "rectangle"
        return self._value("type", str)

    content = _checked("content", str, "The text of an entity.")
    begin_offset = _checked("begin_offset", int, "Where in the text an entity begins, in characters.")
    end_offset = _checked("end_offset", int, "Where in the text an entity ends, in characters.")
    polyline = _checked("polyline", list, "The vertices of a line or vector; changing the list changes the label.")

    @property
    def bounding_poly(self) -> BoundingPolyList:
        """The rings of a rectangle, polygon or mask."""
        self._key_of("bounding_poly")
        return self._rings()

    def _rings(self) -> BoundingPolyList:
        return BoundingPolyList(self._document, self, "boundingPoly", self._job, self._get("type"))

    def add_bounding_poly(self, bounding_poly: dict[str, object]) -> None:
        """Add a ring, as ``{"normalizedVertices": [{"x": 0.1, "y": 0.2}, ...]}``.

        Raises:
            AttributeNotCompatibleWithJobError: the annotation has no rings.
            InvalidMutationError: it is no ring, or none that the tool of the annotation draws.
        """
        known_job(self._job, self.path)
        if not self._can_have("bounding_poly"):
            raise self._not_for("bounding_poly")
        self._rings().add_bounding_poly(bounding_poly)

    @property
    def score(self) -> float | None:
        """How sure a model is, from 0 to 100; None where the label does not say."""
        self._check_has("score")
        if self._get("score") is None:
            return None
        return self._number("score")

    @score.setter
    def score(self, score: float) -> None:
        self._set_checked("score", score)

    @property
    def is_key_frame(self) -> bool:
        """Whether it was drawn in this frame of a video, and not interpolated."""
        if self._get("isKeyFrame") is None and self._job is not None:
            raise self._not_for("is_key_frame")
        return self._read("isKeyFrame", bool)

    kind = _read_only("kind", str, "``POSE_ESTIMATION`` for a pose in older labels.")

    @property
    def points(self) -> PosePointList:
        """The points of a pose."""
        return PosePointList(self._document, self, self._key_of("points"), self._job)

    @property
    def annotations(self) -> "AnnotationList":
        """The geometry of an annotation in a PDF document: rings, with the page of each."""
        return AnnotationList(self._document, self, self._key_of("annotations"), self._job)

    polys = _read_only(
        "polys",
        list,
        "The rectangles of the lines of an annotation in a PDF document; changing the list changes the label.",
    )
    page_number_array = _read_only(
        "page_number_array",
        list,
        "The pages of an annotation in a PDF document, from 1; changing the list changes the label.",
    )
    start_entities = _ends_of_relation("start_entities", "Where a relation of entities starts")
    end_entities = _ends_of_relation("end_entities", "Where a relation of entities ends")
    start_objects = _ends_of_relation("start_objects", "Where a relation of objects starts")
    end_objects = _ends_of_relation("end_objects", "Where a relation of objects ends")


class AnnotationList(ListView[Annotation]):
    """The annotations of a job, or, in a PDF document, the geometry of one."""

    __slots__ = ()

    _entry_class = Annotation

    def add_annotation(self, annotation: Mapping[str, object]) -> None:
        """Add a copy of an annotation.

        Raises:
            InvalidMutationError: the interface forbids it, or it is not JSON.
        """
        path = self._path_of(len(self))
        job = known_job(self._job, self.path)
        copied = checked_copy(annotation, path)
        if not isinstance(copied, dict):
            raise InvalidMutationError(f"expected an object, found {kind_of(copied)}", path)
        check_annotation(job, copied, self._ontology, path)
        self._append(copied)
