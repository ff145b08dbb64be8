"""From the features of maps to the content of one label. The rules are those of the platform's own client.

``properties.kili`` says what a feature is: its job, its type, its categories and children. Without it, the geometry
decides: the first job that has a tool for it, and the first category of that job. Names that come with a file replace
both.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias
from uuid import NAMESPACE_URL, uuid5

from attrs import define, field, frozen

from kili_query.errors import ArgumentError, MalformedLabelError, SourceError
from kili_query.labels.checks import missing_name
from kili_query.labels.geometry.geojson.annotations import GEOMETRIES, shape_fields
from kili_query.labels.geometry.geojson.features import GEOMETRY_FIELDS
from kili_query.labels.geometry.reading import items_of
from kili_query.labels.interface import has_annotations, root_jobs
from kili_query.labels.json_values import path_text
from kili_query.labels.mismatches import find_mismatches
from kili_query.ontology import Job, Ontology
from kili_query.wording import listed

Object: TypeAlias = Mapping[str, object]
Annotation: TypeAlias = dict[str, object]

TOOLS = ("marker", "polyline", "polygon", "semantic", "rectangle")
"""The tools whose shapes a map can hold; where several fit a geometry, the first counts."""

UNASKED_TOOLS = ("marker", "polyline", "polygon", "semantic")  # no polygon becomes a rectangle unless asked for
_DRAWING_TASKS = ("OBJECT_DETECTION", "POSE_ESTIMATION")
_SINGLES = {"MultiPoint": "Point", "MultiLineString": "LineString"}
_SHOWN = 10
_FARTHEST_LONGITUDE = 360  # beyond 180 where a shape crosses the date line
_FARTHEST_LATITUDE = 90


@frozen
class FeatureProblem:
    """One finding about a feature.

    Attributes:
        source: the file.
        path: the place in it, as ``features[3].geometry.coordinates``.
        message: what is wrong.

    >>> str(FeatureProblem("roads.geojson", "features[3].geometry", "must be an object"))
    '`roads.geojson`: must be an object (at `features[3].geometry`)'
    """

    source: str
    path: str
    message: str

    def __str__(self) -> str:
        return f"`{self.source}`: {self.message}" + (f" (at `{self.path}`)" if self.path else "")


class FeaturesError(SourceError):
    """Features that cannot be part of a label.

    Attributes:
        problems: what is wrong with each, in the order of the files.
    """

    def __init__(self, problems: Sequence[FeatureProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(told(f"{len(self.problems)} features cannot be part of the label", self.problems))

    def __reduce__(self) -> tuple[type["FeaturesError"], tuple[tuple[FeatureProblem, ...]]]:
        return type(self), (self.problems,)


@frozen
class LabelOfFeatures:
    """The content of one label, and what became of the features.

    Attributes:
        json_response: the content.
        features: how many features there were.
        annotations: how many annotations were made of them.
        left_out: what no annotation was made of, because no job has a tool for it, or because it has no geometry.
        notes: what else is probably not as intended.
    """

    json_response: dict[str, object]
    features: int
    annotations: int
    left_out: tuple[FeatureProblem, ...]
    notes: tuple[str, ...]


@frozen
class FeatureTarget:
    """The job and the category of all features of a file.

    Attributes:
        job: of the task ``OBJECT_DETECTION``.
        category: one of its categories.
        tools: its tools; where several fit a geometry, the first counts.
        fields: what else each annotation holds.
        is_nested: whether the rings of a semantic annotation are those of the first part in a list of parts.
    """

    job: Job
    category: str
    tools: tuple[str, ...]
    fields: Object = field(factory=dict)
    is_nested: bool = True


@frozen
class FeatureFile:
    """A file as it was read.

    Attributes:
        name: its path, for messages.
        features: its features, not checked yet.
        target: their job and category; None if they say so themselves, or their geometry does.
        notes: what is odd about the file.
        item: what the features are called in messages.
    """

    name: str
    features: Sequence[object]
    target: FeatureTarget | None = None
    notes: tuple[str, ...] = ()
    item: str = "features"


@frozen
class FeaturePiece:
    """A geometry that one annotation can be made of.

    Attributes:
        geometry: neither a collection nor several points or lines.
        path: its place in the file.
        is_single: whether it is one of several points or lines, each an object of its own.
        is_collected: whether it is in a GeometryCollection.
    """

    geometry: Object
    path: str
    is_single: bool
    is_collected: bool

    @property
    def kind(self) -> str:
        return str(self.geometry.get("type"))


def label_of_features(files: Sequence[FeatureFile], ontology: Ontology) -> LabelOfFeatures:
    """Make one label of all features of some files.

    Args:
        files: in order; annotations of one job are joined.
        ontology: of the project.

    Raises:
        FeaturesError: features are malformed, or not of this project; or none can be used.
        ArgumentError: the project has videos, whose labels have an answer for each frame.
    """
    if ontology.is_video:
        raise ArgumentError("labels of videos cannot be made of features: they have an answer for each frame")
    gathering = _Gathering(ontology)
    for index, one in enumerate(files):
        gathering.add(one, index)
    return gathering.label()


def targets(
    ontology: Ontology, jobs: Sequence[tuple[str, str]], tools: Callable[[Job], tuple[str, ...]]
) -> Iterator[FeatureTarget]:
    """Look up the job and the category of each file.

    Args:
        ontology: of the project.
        jobs: the name of a job, and the key of a category of it, for each file.
        tools: the tools of a job, the ones to prefer first.

    Raises:
        ArgumentError: the project does not have it, or the job does not draw.
    """
    for index, (name, category) in enumerate(jobs):
        if name not in ontology.jobs:
            raise ArgumentError(f"`job_names[{index}]`: {missing_name('job', name, ontology.jobs)}")
        job = ontology.jobs[name]
        if job.ml_task not in _DRAWING_TASKS:
            raise ArgumentError(f"`job_names[{index}]`: {_not_drawing(job)}")
        if category not in job.categories:
            missing = missing_name("category", category, job.categories)
            raise ArgumentError(f"`category_names[{index}]`: job `{name}` has {missing}")
        yield FeatureTarget(job, category, tools(job))


def check_names(
    paths_name: str, paths: Sequence[object], job_names: Sequence[str], category_names: Sequence[str]
) -> None:
    """Each file needs a job and a category.

    Raises:
        ArgumentError: the lists have different lengths.
    """
    for name, names in (("job_names", job_names), ("category_names", category_names)):
        if len(names) != len(paths):
            raise ArgumentError(
                f"`{name}` has {len(names)} items and `{paths_name}` {len(paths)}: each file needs its own"
            )


def ordered_tools(job: Job) -> tuple[str, ...]:
    """Return the tools of a job that maps can hold, the preferred first; all if the interface names none."""
    return tuple(tool for tool in TOOLS if not job.tools or tool in job.tools)


def told(summary: str, problems: Sequence[FeatureProblem]) -> str:
    """Return some problems as a text: the only one, or the first few below a summary."""
    if len(problems) == 1:
        return str(problems[0])
    more = [f"… and {len(problems) - _SHOWN} more"] if len(problems) > _SHOWN else []
    return "\n  ".join([f"{summary}:", *map(str, problems[:_SHOWN]), *more])


@define
class _Gathering:
    """What was made of the features so far."""

    ontology: Ontology
    annotations: dict[str, list[Annotation]] = field(factory=dict)
    answers: dict[str, Object] = field(factory=dict)
    problems: list[FeatureProblem] = field(factory=list)
    left_out: list[FeatureProblem] = field(factory=list)
    notes: list[str] = field(factory=list)
    ids: Counter[tuple[str, str]] = field(factory=Counter)
    features: int = 0
    far: tuple[object, object] | None = None

    def add(self, file: FeatureFile, index: int) -> None:
        self.far = None
        self.notes += [f"`{file.name}`: {note}" for note in file.notes]
        if not file.features:
            self.notes.append(f"`{file.name}`: it has no {file.item}")
        for number, feature in enumerate(file.features):
            path = f"{file.item}[{number}]"
            try:
                _Reading(self, file, path, f"{index}/{number}").feature(feature)
            except MalformedLabelError as error:
                self.problems.append(FeatureProblem(file.name, error.path, error.message))
        self.features += len(file.features)
        self._note_far(file)

    def _note_far(self, file: FeatureFile) -> None:
        if self.far is not None and not file.notes:
            x, y = self.far
            self.notes.append(
                f"`{file.name}`: coordinates such as {x}, {y} are not degrees of longitude and latitude; they are kept"
                " as they are"
            )

    def label(self) -> LabelOfFeatures:
        if not self.problems and self.features and not self.annotations and not self.answers:
            raise FeaturesError(self.left_out)
        if self.problems:
            raise FeaturesError(self.problems)
        if repeated := [f"`{mid}` in `{job}`" for (job, mid), times in self.ids.items() if times > 1]:
            self.notes.append(
                f"several features of a job have the same id, so their annotations count as one object:"
                f" {listed(repeated, _SHOWN)}"
            )
        if not self.features:
            self.notes.append("the label is empty, because there is nothing to make annotations of")
        drawn = {job: {"annotations": found} for job, found in self.annotations.items()}
        number = sum(map(len, self.annotations.values()))
        return LabelOfFeatures(
            {**drawn, **self.answers}, self.features, number, tuple(self.left_out), tuple(self.notes)
        )


@frozen
class _Reading:
    """Reads one feature; ``key`` is unique among all features of the label."""

    gathering: _Gathering
    file: FeatureFile
    path: str
    key: str

    def feature(self, feature: object) -> None:
        if not isinstance(feature, Mapping) or feature.get("type") != "Feature":
            found = f"a `{feature.get('type')}`" if isinstance(feature, Mapping) else "something else"
            raise MalformedLabelError(f"must be an object of type `Feature`, not {found}", self.path)
        kili = _kili(feature, self.path)
        geometry, mid = feature.get("geometry"), _mid(feature.get("id"), f"{self.path}.id")
        if geometry is not None and not isinstance(geometry, Mapping):
            raise MalformedLabelError("a geometry must be an object", f"{self.path}.geometry")
        if kili is not None and self.file.target is None:
            job = self._job(kili)
            if geometry is None:
                self._answer(job, kili)
            else:
                self._draw(geometry, mid, job, kili)
        elif geometry is None:
            self._leave_out("a feature without geometry", self.path)
        else:
            self._draw(geometry, mid, None, None)

    def _job(self, kili: Object) -> Job:
        name, path = kili.get("job"), f"{self.path}.properties.kili.job"
        if not isinstance(name, str):
            raise MalformedLabelError("the feature does not name its job", path)
        jobs = self.gathering.ontology.jobs
        if name not in jobs:
            raise MalformedLabelError(missing_name("job", name, jobs), path)
        if name not in root_jobs(self.gathering.ontology):
            raise MalformedLabelError(
                f"job `{name}` is a child job: its answers belong to the `children` of an annotation", path
            )
        return jobs[name]

    def _answer(self, job: Job, kili: Object) -> None:
        """Keep the answer of a job without shapes."""
        path = f"{self.path}.properties.kili"
        if has_annotations(job):
            raise MalformedLabelError(f"job `{job.name}` has annotations, and the feature has no geometry", path)
        answer = {key: value for key, value in kili.items() if key not in ("job", "type")}
        if not answer.get("children"):
            answer.pop("children", None)
        if not answer:
            raise MalformedLabelError("a feature without geometry needs an answer, `categories` or `text`", path)
        self._check({job.name: answer}, (job.name,))
        known = self.gathering.answers.setdefault(job.name, answer)
        if known != answer:
            raise MalformedLabelError(f"job `{job.name}` has another answer in an earlier feature", path)

    def _draw(self, geometry: Object, mid: str | None, job: Job | None, kili: Object | None) -> None:
        """Make annotations of a geometry; all of them or, if something is wrong, none."""
        made: list[tuple[str, Annotation]] = []
        pieces = list(pieces_of(geometry, f"{self.path}.geometry"))
        if not pieces:
            self._leave_out(f"an empty {geometry.get('type')}", f"{self.path}.geometry")
        shared = mid if mid is not None else self._new_id("")
        is_nested = self.file.target is None or self.file.target.is_nested
        for number, piece in enumerate(pieces):
            found = self._choice(piece, job, kili)
            if found is None:
                continue
            name, kind, rest = found
            annotation: Annotation = {
                "children": {},
                **rest,
                "type": kind,
                **shape_of_piece(kind, piece, is_nested=is_nested),
            }
            if piece.is_single:
                annotation["mid"] = self._new_id(f"/{number}")
            elif mid is not None or piece.is_collected or kind == "semantic":
                annotation["mid"] = shared
            if kili is not None:
                self._check({name: {"annotations": [annotation]}}, (name, "annotations", 0))
            self._note_far(annotation)
            made.append((name, annotation))
        for name, annotation in made:
            self.gathering.annotations.setdefault(name, []).append(annotation)
        if mid is not None:
            self.gathering.ids.update({(name, mid) for name, annotation in made if annotation.get("mid") == mid})

    def _choice(self, piece: FeaturePiece, job: Job | None, kili: Object | None) -> tuple[str, str, Object] | None:
        """Return job, type and the other fields of the annotation; None if the piece is left out."""
        if job is not None and kili is not None:
            kind = self._kind(piece, job, kili)
            rest = {key: value for key, value in kili.items() if key not in ("job", *GEOMETRY_FIELDS)}
            return None if kind is None else (job.name, kind, rest)
        target = self.file.target
        for one, tools in [(target.job, target.tools)] if target is not None else self._unasked():
            fitting = fitting_tool(tools, piece.kind)
            if fitting is not None:
                category = target.category if target is not None else next(iter(one.categories))
                fields = target.fields if target is not None else {}
                return one.name, fitting, {**fields, "categories": [{"name": category}]}
        who = f"job `{target.job.name}` has no tool" if target is not None else "no job has a tool"
        self._leave_out(f"{who} for a {piece.kind}", piece.path)
        return None

    def _kind(self, piece: FeaturePiece, job: Job, kili: Object) -> str | None:
        """Return the type that a feature names, otherwise the tool that fits; None if the piece is left out."""
        kind, path = kili.get("type"), f"{self.path}.properties.kili"
        if job.ml_task not in _DRAWING_TASKS:
            raise MalformedLabelError(_not_drawing(job), f"{path}.job")
        if "categories" not in kili:
            raise MalformedLabelError("`categories` is missing", path)
        if kind is None:
            fitting = fitting_tool(ordered_tools(job), piece.kind)
            if fitting is None:
                raise MalformedLabelError(f"job `{job.name}` has no tool for a {piece.kind}", piece.path)
            return fitting
        if not isinstance(kind, str) or kind not in GEOMETRIES:
            raise MalformedLabelError(missing_name("type of annotation", str(kind), TOOLS), f"{path}.type")
        if piece.is_collected and piece.kind not in GEOMETRIES[kind]:
            self._leave_out(f"a {piece.kind} in a collection of type `{kind}`", piece.path)
            return None
        return kind

    def _unasked(self) -> Iterator[tuple[Job, tuple[str, ...]]]:
        """Return the jobs that features without a job can belong to."""
        for name in root_jobs(self.gathering.ontology):
            job = self.gathering.ontology.jobs[name]
            if job.ml_task == "OBJECT_DETECTION" and job.categories:
                yield job, tuple(tool for tool in UNASKED_TOOLS if tool in job.tools)

    def _check(self, response: dict[str, object], steps: Sequence[str | int]) -> None:
        """Check what was made of the feature against the interface."""
        start = path_text(steps)
        for one in find_mismatches(response, self.gathering.ontology, ""):
            raise MalformedLabelError(one.message, f"{self.path}.properties.kili{one.path.removeprefix(start)}")

    def _note_far(self, annotation: Annotation) -> None:
        x, y = _some_vertex(annotation)
        if self.gathering.far is None and (abs(x) > _FARTHEST_LONGITUDE or abs(y) > _FARTHEST_LATITUDE):
            self.gathering.far = (x, y)

    def _leave_out(self, message: str, path: str) -> None:
        self.gathering.left_out.append(FeatureProblem(self.file.name, path, message))

    def _new_id(self, part: str) -> str:
        """Return an id that no other object of the label has; the same each time the files are read."""
        return str(uuid5(NAMESPACE_URL, f"{self.file.name}#{self.key}{part}"))


def _kili(feature: Object, path: str) -> Object | None:
    """Return what a feature says about itself; None if nothing."""
    properties = feature.get("properties")
    if properties is None:
        return None
    if not isinstance(properties, Mapping):
        raise MalformedLabelError("must be an object or null", f"{path}.properties")
    kili = properties.get("kili")
    if kili is not None and not isinstance(kili, Mapping):
        raise MalformedLabelError("must be an object", f"{path}.properties.kili")
    return kili


def _mid(value: object, path: str) -> str | None:
    """Return the id of a feature as the ``mid`` of its annotation."""
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
        raise MalformedLabelError("the id of a feature must be a text or a number", path)
    return str(value)


def pieces_of(geometry: object, path: str) -> Iterator[FeaturePiece]:
    """Return the geometries that can be annotations, in order, however deep collections are nested."""
    pending = [(geometry, path, False)]
    while pending:
        one, at, is_collected = pending.pop()
        if not isinstance(one, Mapping):
            raise MalformedLabelError("a geometry must be an object", at)
        kind = str(one.get("type"))
        if kind == "GeometryCollection":
            inner = items_of(one.get("geometries"), f"{at}.geometries")
            pending += [(each, f"{at}.geometries[{index}]", True) for index, each in enumerate(inner)][::-1]
        elif kind in _SINGLES:
            for index, each in enumerate(items_of(one.get("coordinates"), f"{at}.coordinates")):
                single = {"type": _SINGLES[kind], "coordinates": each}
                yield FeaturePiece(single, f"{at}.coordinates[{index}]", True, is_collected)
        elif any(kind in kinds for kinds in GEOMETRIES.values()):
            yield FeaturePiece(one, at, False, is_collected)
        else:
            raise MalformedLabelError(f"unknown type of geometry `{kind}`", f"{at}.type")


def shape_of_piece(kind: str, piece: FeaturePiece, *, is_nested: bool) -> Annotation:
    """Return the shape of an annotation; a semantic one as the list of its parts."""
    try:
        fields = shape_fields(kind, piece.geometry, piece.path)
    except MalformedLabelError as error:
        if not piece.is_single:
            raise
        path = error.path.replace(f"{piece.path}.coordinates", piece.path)
        raise MalformedLabelError(error.message, path.removesuffix(".type")) from None
    if kind == "semantic" and piece.kind == "Polygon" and is_nested:
        return {"boundingPoly": [fields["boundingPoly"]]}
    return fields


def fitting_tool(tools: Sequence[str], geometry: str) -> str | None:
    """Return the first tool that draws such a geometry; None if none does.

    >>> fitting_tool(("marker", "semantic"), "Polygon"), fitting_tool(("marker",), "LineString")
    ('semantic', None)
    """
    return next((tool for tool in tools if geometry in GEOMETRIES.get(tool, ())), None)


def _some_vertex(annotation: Annotation) -> tuple[float, float]:
    """Return one vertex of the shape."""
    found: object = annotation
    for key in ("point", "polyline", "boundingPoly"):
        found = annotation.get(key, found)
    while isinstance(found, list):
        found = found[0]
        if isinstance(found, Mapping) and "normalizedVertices" in found:
            found = found["normalizedVertices"]
    assert isinstance(found, Mapping)
    return found["x"], found["y"]


def _not_drawing(job: Job) -> str:
    return f"job `{job.name}` draws no shapes: its task is {job.ml_task or 'unknown'}, not OBJECT_DETECTION"
