"""The results of one annotation of Label Studio, as the content of a label.

Results that share an id are one region: its shape, its labels, and its answers. Answers without a region are those of
the whole task.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeAlias

from attrs import define, field

from kili_query.datasets import drawing
from kili_query.datasets.drawing import Shape, number
from kili_query.datasets.gathered import GatheredDataset, UniqueIds
from kili_query.datasets.tracks import TrackPoint, content_of_frames, in_frame, moments
from kili_query.datasets.vocabulary import (
    ENTITIES,
    RELATIONS,
    Answer,
    KnownCategory,
    KnownJob,
    Question,
    merge_answer,
    merge_categories,
)
from kili_query.errors import MalformedLabelError
from kili_query.extras import load
from kili_query.ontology.decode import kind_of
from kili_query.places import Place

_Object: TypeAlias = Mapping[str, Any]

_ANSWERS: Mapping[str, Question] = {
    "choices": "choice",
    "taxonomy": "choice",
    "pairwise": "choice",
    "textarea": "text",
    "datetime": "text",
    "rating": "number",
    "number": "number",
}
"""The types of results that answer a question."""

_TOOLS = {
    "rectangle": "rectangle",
    "polygon": "polygon",
    "ellipse": "polygon",
    "brush": "semantic",
    "magicwand": "semantic",
    "bitmask": "semantic",
    "keypoint": "marker",
    "vector": "polyline",
    "range": "range",
    "timeseries": "range",
    "videorectangle": "rectangle",
}
"""The tool of each kind of region that is an object."""

_TEXTS = ("text", "hypertext", "paragraph")
_FIELDS = {"id", "type", "value", "original_width", "original_height", "to_name", "score"}
_USUAL = {"image_rotation": 0, "origin": "manual"}
_PERCENT = (100.0, 100.0)
_VIDEO_NUMBERS = ("x", "y", "width", "height", "rotation")


@define
class _Region:
    """Results with one id."""

    kind: str
    id: object
    results: list[_Object]
    path: str

    @property
    def shape(self) -> _Object:
        """The result that says where the region is."""
        drawn = [one for one in self.results if _kind(one) == self.kind]
        return next((one for one in drawn if one["type"] not in _ANSWERS), drawn[0])

    @property
    def labels(self) -> list[str]:
        found: list[str] = []
        for one in self.results:
            names = one["value"].get(one["type"]) if str(one["type"]).endswith("labels") else None
            if names is None and "labels" in one["value"]:
                names = one["value"]["labels"]
            if names is not None and not isinstance(names, list):
                raise MalformedLabelError(f"labels must be a list, not {kind_of(names)}", self.path)
            found += [str(name) for name in names or ()]
        return list(dict.fromkeys(found))


@define
class Results:
    """Reads the results of one annotation.

    Attributes:
        left: results that are no part of the content.
        input_type: of the asset, as far as the results tell.
    """

    dataset: GatheredDataset
    results: Sequence[object]
    place: Place
    left: list[object] = field(factory=list)
    input_type: str = "IMAGE"
    _ids: UniqueIds = field(factory=UniqueIds)
    _is_whole: bool = False
    _answers: dict[str, Answer] = field(factory=dict)
    _frames: dict[int, dict[str, Answer]] = field(factory=dict)
    _jobs_of_regions: dict[str, tuple[str, str]] = field(factory=dict)

    def content(self, *, is_whole: bool) -> dict[str, Any]:
        """Return the content, with shapes or without.

        Raises:
            MalformedLabelError: a result has the wrong shape.
        """
        self._is_whole, self._ids, self.left, self._answers, self._frames = is_whole, UniqueIds(), [], {}, {}
        regions, relations = self._grouped()
        if any(one.kind in ("videorectangle", "timeline") for one in regions):
            self.input_type = "VIDEO"
        elif any(one.kind in _TEXTS for one in regions):
            self.input_type = "TEXT"
        for region in regions:
            self._add(region)
        for path, one in relations:
            self._relate(one, path)
        if self.input_type != "VIDEO":
            return self._answers
        return content_of_frames(self._frames) | ({"assetLevel": self._answers} if self._answers else {})

    def _grouped(self) -> tuple[list[_Region], list[tuple[str, _Object]]]:
        regions: dict[object, _Region] = {}
        relations = []
        for index, one in enumerate(self.results):
            path = f"result[{index}]"
            if not isinstance(one, Mapping) or not isinstance(one.get("type"), str):
                raise MalformedLabelError("a result must be an object with a `type`", path)
            if one["type"] == "relation":
                relations.append((path, one))
                continue
            if not isinstance(one.get("value"), Mapping):
                raise MalformedLabelError(f"must be an object, not {kind_of(one.get('value'))}", f"{path}.value")
            kind, name = _kind(one), one.get("id")
            identity = name if isinstance(name, str | int) else ("", index)
            known = regions.get(identity)
            if known is None or (known.kind == kind == ""):
                regions[identity if known is None else ("", index)] = _Region(kind, name, [one], path)
            else:
                known.results.append(one)
                known.kind = known.kind or kind
        return list(regions.values()), relations

    def _add(self, region: _Region) -> None:
        kind = region.kind
        if not kind:
            for one in region.results:
                self._answer(self._answers, (), one, region.path)
        elif kind == "timeline":
            self._add_timeline(region)
        elif kind == "videorectangle":
            self._add_track(region)
        else:
            job = self._job(kind)
            annotation = self._annotation(region, job)
            if self._is_whole:
                annotation |= self._shape(region)
            self._answers.setdefault(job.name, {}).setdefault("annotations", []).append(annotation)

    def _job(self, kind: str) -> KnownJob:
        if kind in _TEXTS:
            return self.dataset.vocabulary.drawing(ENTITIES, "NAMED_ENTITIES_RECOGNITION")
        job = self.dataset.vocabulary.drawing()
        job.tools[_TOOLS[kind]] = None
        return job

    def _annotation(self, region: _Region, job: KnownJob) -> dict[str, Any]:
        """Return an annotation without its shape."""
        names = region.labels
        if not names:
            names = [str(region.shape.get("from_name") or "region")]
            self.dataset.note(self.place, f"regions without a label have the name of their control, `{names[0]}`")
        categories = job.choices(names)
        mid = self._ids.of(region.id)
        if region.id is not None and mid != str(region.id):
            self.dataset.note(self.place, f"another region has the id `{region.id}`; this one is `{mid}`")
        self._jobs_of_regions[str(region.id)] = job.task, mid
        children: dict[str, Answer] = {}
        for one in region.results:
            if one["type"] in _ANSWERS:
                self._answer(children, categories, one, region.path)
            elif one is not region.shape and not one["type"].endswith("labels") and _kind(one) != region.kind:
                self.left.append(one)
        listed: list[Answer] = [{"name": one.key} for one in categories]
        annotation: dict[str, Any] = {"mid": mid, "categories": listed, "children": children}
        score = region.shape.get("score")
        if isinstance(score, int | float) and not isinstance(score, bool):
            annotation["score"] = number(score, f"{region.path}.score") * 100
            for category in listed:
                category["confidence"] = annotation["score"]
        return annotation

    def _answer(self, answers: dict[str, Answer], parents: Sequence[KnownCategory], result: _Object, path: str) -> None:
        """Add the answer of a result to those of a task or a region."""
        kind, value = result["type"], result["value"]
        question = _ANSWERS.get(kind)
        found = value.get("selected") if kind == "pairwise" else value.get("text" if kind == "textarea" else kind)
        if question is None or found is None:
            self.left.append(result)
            return
        title = str(result.get("from_name") or kind)
        vocabulary = self.dataset.vocabulary
        job = vocabulary.child(parents, title, question) if parents else vocabulary.question(title, question)
        if kind == "taxonomy":
            for branch in _list(found, path):
                answer = self._branch(job, title, [str(name) for name in _list(branch, path)])
                merge_answer(answers, job, answer)
        elif kind == "choices":
            merge_answer(answers, job, job.answer(_list(found, path)))
        else:
            for one in found if isinstance(found, list) else [found]:
                merge_answer(answers, job, job.answer(one))

    def _branch(self, job: KnownJob, title: str, names: Sequence[str]) -> Answer:
        """Return the answer of one branch of a taxonomy: a child job for each level."""
        root: Answer = {"categories": []}
        answer = root
        for level, name in enumerate(names, 2):
            category = job.category(name)
            chosen: Answer = {"name": category.key}
            answer["categories"].append(chosen)
            if level <= len(names):
                job = self.dataset.vocabulary.child([category], f"{title} {level}", "choices")
                answer = {"categories": []}
                chosen["children"] = {job.name: answer}
        return root

    def _add_track(self, region: _Region) -> None:
        """Add an object of a video to the frames in which it is there."""
        job = self._job(region.kind)
        annotation, value = self._annotation(region, job), region.shape["value"]
        kept = self._kept(region) if self._is_whole else {}
        points = _track(value, f"{region.path}.value.sequence")
        count = number(value.get("framesCount") or 0, f"{region.path}.value.framesCount")
        for moment in moments(points, int(count) - 1):
            one: dict[str, Any] = {**annotation, "isKeyFrame": moment.is_key}
            if self._is_whole:
                *box, degrees = moment.numbers
                one |= {**kept, **self._box(region, box, degrees)}
            in_frame(self._frames, moment.frame, job.name).setdefault("annotations", []).append(one)

    def _add_timeline(self, region: _Region) -> None:
        """Add labels of some frames of a video."""
        title = str(region.shape.get("from_name") or "timeline")
        job = self.dataset.vocabulary.question(title, "choices")
        categories = job.choices(region.labels)
        for index, one in enumerate(_list(region.shape["value"].get("ranges"), region.path)):
            path = f"{region.path}.value.ranges[{index}]"
            if not isinstance(one, Mapping):
                raise MalformedLabelError(f"must be an object, not {kind_of(one)}", path)
            first, end = (int(number(one.get(key), f"{path}.{key}")) for key in ("start", "end"))
            for moment in moments([TrackPoint(first - 1, (), {})], end - 1):
                answer = in_frame(self._frames, moment.frame, job.name)
                answer["isKeyFrame"] = answer.get("isKeyFrame", False) or moment.is_key
                merge_categories(answer.setdefault("categories", []), [{"name": one.key} for one in categories])

    def _relate(self, result: _Object, path: str) -> None:
        ends = [result.get("from_id"), result.get("to_id")]
        if result.get("direction") == "left":
            ends.reverse()
        found = [self._jobs_of_regions.get(str(end), ("", str(end))) for end in ends]
        if not all(task for task, _ in found):
            self.dataset.note(self.place, "a relation names a region that is not there")
        is_text = any(task == "NAMED_ENTITIES_RECOGNITION" for task, _ in found)
        task, what = ("NAMED_ENTITIES_RELATION", "Entities") if is_text else ("OBJECT_RELATION", "Objects")
        job = self.dataset.vocabulary.drawing(RELATIONS, task)
        names = [str(name) for name in _list(result.get("labels") or [], path)] or ["relation"]
        kept = {"direction": result["direction"]} if result.get("direction") not in (None, "left", "right") else {}
        annotation = {
            "mid": self._ids.of(result.get("id")),
            "categories": [{"name": one.key} for one in job.choices(names)],
            "children": {},
            f"start{what}": [{"mid": found[0][1]}],
            f"end{what}": [{"mid": found[1][1]}],
            **(self.dataset.keep(kept) if self._is_whole else {}),
        }
        self._answers.setdefault(job.name, {}).setdefault("annotations", []).append(annotation)

    def _kept(self, region: _Region, *more: str) -> dict[str, Any]:
        """Return what has no counterpart, by its name in the result or in its value."""
        shape = region.shape
        kept = {
            key: value
            for key, value in shape.items()
            if key not in _FIELDS and key != "from_name" and value not in (None, _USUAL.get(key))
        }
        kept |= {key: shape["value"][key] for key in more if shape["value"].get(key) not in (None, 0)}
        return self.dataset.keep(kept)

    def _shape(self, region: _Region) -> dict[str, Any]:
        return _SHAPES[region.kind](self, region)

    def _size(self, region: _Region) -> tuple[float, float]:
        """Return the size of the image in pixels, which turning a shape needs."""
        shape, path = region.shape, region.path
        size = [number(shape.get(key), f"{path}.{key}") for key in ("original_width", "original_height")]
        if min(size) <= 0:
            raise MalformedLabelError(f"an image is not {size[0]:g} by {size[1]:g} pixels", path)
        return size[0], size[1]

    def _numbers(self, region: _Region, *keys: str) -> list[float]:
        value = region.shape["value"]
        return [number(value.get(key), f"{region.path}.value.{key}") for key in keys]

    def _rectangle(self, region: _Region) -> dict[str, Any]:
        box = self._numbers(region, "x", "y", "width", "height")
        degrees = number(region.shape["value"].get("rotation") or 0, f"{region.path}.value.rotation")
        return self._box(region, box, degrees) | self._kept(region, "rotation")

    def _box(self, region: _Region, box: Sequence[float], degrees: float) -> Shape:
        """Return a box in percent, turned around its corner on the upper left."""
        x, y, width, height = box
        if not degrees:
            return drawing.rectangle(x, y, x + width, y + height, _PERCENT)
        size = self._size(region)
        self.dataset.vocabulary.drawing().tools["polygon"] = None
        left, top = x * size[0] / 100, y * size[1] / 100
        right, bottom = left + width * size[0] / 100, top + height * size[1] / 100
        return drawing.turned_rectangle(left, top, right, bottom, degrees, (left, top), size)

    def _polygon(self, region: _Region) -> dict[str, Any]:
        value, path = region.shape["value"], f"{region.path}.value.points"
        points = [_pair(one, f"{path}[{index}]") for index, one in enumerate(_list(value.get("points"), path))]
        shape = drawing.polyline if value.get("closed") is False else drawing.polygon
        return shape(points, _PERCENT) | self._kept(region)

    def _vector(self, region: _Region) -> dict[str, Any]:
        value, path = region.shape["value"], f"{region.path}.value.vertices"
        points = []
        for index, one in enumerate(_list(value.get("vertices"), path)):
            at = one if isinstance(one, Mapping) else {}
            points.append((number(at.get("x"), f"{path}[{index}].x"), number(at.get("y"), f"{path}[{index}].y")))
        shape = drawing.polygon if value.get("closed") else drawing.polyline
        return shape(points, _PERCENT) | self._kept(region, "vertices")

    def _keypoint(self, region: _Region) -> dict[str, Any]:
        x, y = self._numbers(region, "x", "y")
        return drawing.marker((x, y), _PERCENT) | self._kept(region, "width")

    def _ellipse(self, region: _Region) -> dict[str, Any]:
        x, y, radius_x, radius_y = self._numbers(region, "x", "y", "radiusX", "radiusY")
        degrees = number(region.shape["value"].get("rotation") or 0, f"{region.path}.value.rotation")
        kept = self._kept(region, "x", "y", "radiusX", "radiusY", "rotation")
        if not degrees:
            return drawing.ellipse((x, y), radius_x, radius_y, 0, _PERCENT) | kept
        width, height = self._size(region)
        center = x * width / 100, y * height / 100
        radii = radius_x * width / 100, radius_y * height / 100
        return drawing.ellipse(center, *radii, degrees, (width, height)) | kept

    def _brush(self, region: _Region) -> dict[str, Any]:
        value = region.shape["value"]
        if "rle" not in value:
            self.dataset.note(self.place, "masks that are not run lengths are kept under `source` and have no shape")
            return {"type": "semantic"} | self._kept(region, *(key for key in value if not key.endswith("labels")))
        width, height = self._size(region)
        runs = load("kili_query.datasets.brush_runs", "masks of Label Studio", "masks")
        masks = load("kili_query.datasets.masks", "masks of Label Studio", "masks")
        try:
            pixels = runs.brush_pixels(_list(value["rle"], f"{region.path}.value.rle"), int(width), int(height))
        except MalformedLabelError as error:
            raise MalformedLabelError(error.message, f"{region.path}.value.rle") from error
        parts = masks.outlines(masks.PixelMask(pixels))
        return drawing.semantic(parts, (width, height)) | self._kept(region)

    def _passage(self, region: _Region) -> dict[str, Any]:
        value, path = region.shape["value"], f"{region.path}.value"
        found = {"content": value["text"]} if isinstance(value.get("text"), str) else {}
        offsets = value.get("globalOffsets") if region.kind != "text" else value
        if isinstance(offsets, Mapping):
            begin, end = (number(offsets.get(key), f"{path}.{key}") for key in ("start", "end"))
            found |= {"beginOffset": int(begin), "endOffset": int(end)}
        more = () if region.kind == "text" else ("start", "end", "startOffset", "endOffset")
        return found | self._kept(region, *more)

    def _range(self, region: _Region) -> dict[str, Any]:
        names = {"text", region.shape["type"], "labels"}
        return {"type": "range"} | self._kept(region, *(key for key in region.shape["value"] if key not in names))


_SHAPES: Mapping[str, Callable[[Results, _Region], dict[str, Any]]] = {
    "rectangle": Results._rectangle,
    "polygon": Results._polygon,
    "vector": Results._vector,
    "keypoint": Results._keypoint,
    "ellipse": Results._ellipse,
    "brush": Results._brush,
    "magicwand": Results._brush,
    "bitmask": Results._brush,
    "text": Results._passage,
    "hypertext": Results._passage,
    "paragraph": Results._passage,
    "range": Results._range,
    "timeseries": Results._range,
}


def _kind(result: _Object) -> str:
    """Return what kind of region a result belongs to; empty for an answer of the whole task.

    >>> _kind({"type": "rectanglelabels", "value": {}}), _kind({"type": "choices", "value": {"choices": ["a"]}})
    ('rectangle', '')
    >>> _kind({"type": "labels", "value": {"start": 3, "end": 5, "text": "ab"}})
    'text'
    """
    base = str(result["type"]).removesuffix("labels").removesuffix("s")
    for kind in (base, f"{base}s"):
        if kind in _SHAPES or kind in ("videorectangle", "timeline"):
            return kind
    value = result["value"]
    for key, kind in (("rle", "brush"), ("points", "polygon"), ("radiusX", "ellipse"), ("sequence", "videorectangle")):
        if key in value:
            return kind
    if "start" in value and "end" in value:
        if "globalOffsets" in value or "startOffset" in value:
            return "hypertext"
        return "range" if "channel" in value or "text" not in value else "text"
    if "x" in value and "y" in value:
        return "rectangle" if "height" in value else "keypoint"
    return ""


def _track(value: _Object, path: str) -> list[TrackPoint]:
    """Return the key frames of an object, by frame; of two for one frame the later counts."""
    found: dict[int, TrackPoint] = {}
    for index, one in enumerate(_list(value.get("sequence"), path)):
        at = f"{path}[{index}]"
        if not isinstance(one, Mapping):
            raise MalformedLabelError(f"must be an object, not {kind_of(one)}", at)
        frame = int(number(one.get("frame"), f"{at}.frame")) - 1
        if frame < 0:
            raise MalformedLabelError("frames start at 1", f"{at}.frame")
        numbers = [number(one.get(key, 0), f"{at}.{key}") for key in _VIDEO_NUMBERS]
        found[frame] = TrackPoint(
            frame, numbers, {}, is_key=not one.get("auto"), goes_on=bool(one.get("enabled", True))
        )
    return [found[frame] for frame in sorted(found)]


def _list(value: object, path: str) -> Sequence[Any]:
    if not isinstance(value, list):
        raise MalformedLabelError(f"must be a list, not {kind_of(value)}", path)
    return value


def _pair(value: object, path: str) -> tuple[float, float]:
    match value:
        case [x, y]:
            return number(x, path), number(y, path)
    raise MalformedLabelError("must be two numbers", path)
