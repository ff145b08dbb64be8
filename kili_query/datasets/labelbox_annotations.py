"""The annotations of one label of Labelbox, as the content of a label."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from attrs import define, field

from kili_query.datasets import drawing
from kili_query.datasets.drawing import Position, Shape, number
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
)
from kili_query.errors import MalformedLabelError
from kili_query.ontology.decode import kind_of
from kili_query.places import Place

_Object: TypeAlias = Mapping[str, Any]

_TOOLS = {
    "bounding_box": "rectangle",
    "polygon": "polygon",
    "line": "polyline",
    "point": "marker",
    "mask": "semantic",
    "composite_mask": "semantic",
}
"""The tool of each kind of object, by the key of its shape."""

_FIELDS = {
    *("feature_id", "feature_schema_id", "name", "value", "annotation_kind", "classifications", "confidence"),
    *("bounding_box", "polygon", "line", "point"),
}
_BLENDED = ("bounding_box", "point")
_RELATIONSHIPS = ("unidirectional_relationship", "bidirectional_relationship", "relationship")


@define
class LabelboxAnnotations:
    """Reads the annotations of one label."""

    dataset: GatheredDataset
    annotations: _Object
    media: _Object
    place: Place
    _ids: UniqueIds = field(factory=UniqueIds)
    _is_whole: bool = False
    _tasks: dict[str, str] = field(factory=dict)

    def content(self, *, is_whole: bool) -> dict[str, Any]:
        """Return the content, with shapes or without.

        Raises:
            MalformedLabelError: something has the wrong shape.
        """
        self._is_whole, self._ids, self._tasks = is_whole, UniqueIds(), {}
        answers: dict[str, Answer] = {}
        if "frames" in self.annotations or "segments" in self.annotations:
            frames = self._frames()
            self._classify(answers, (), _objects(self.annotations, "classifications", ""), "classifications")
            return content_of_frames(frames) | ({"assetLevel": answers} if answers else {})
        for index, one in enumerate(_objects(self.annotations, "objects", "")):
            path = f"objects[{index}]"
            job = self._job(one)
            annotation = self._annotation(one, job, self._mid(one), path)
            if self._is_whole:
                annotation |= self._shape(one, self._numbers(one, path), path)
            answers.setdefault(job.name, {}).setdefault("annotations", []).append(annotation)
        self._classify(answers, (), _objects(self.annotations, "classifications", ""), "classifications")
        for index, one in enumerate(_objects(self.annotations, "relationships", "")):
            self._relate(answers, one, f"relationships[{index}]")
        return answers

    def _job(self, one: _Object) -> KnownJob:
        if "location" in one:
            return self.dataset.vocabulary.drawing(ENTITIES, "NAMED_ENTITIES_RECOGNITION")
        job = self.dataset.vocabulary.drawing()
        tool = _TOOLS.get(_kind(one))
        if tool is None:
            self.dataset.note(self.place, f"objects without a known shape are counted: `{one.get('annotation_kind')}`")
        else:
            job.tools[tool] = None
        return job

    def _mid(self, one: _Object) -> str:
        wanted = one.get("feature_id")
        mid = self._ids.of(wanted)
        if wanted is not None and mid != str(wanted):
            self.dataset.note(self.place, f"another object has the id `{wanted}`; this one is `{mid}`")
        return mid

    def _annotation(self, one: _Object, job: KnownJob, mid: str, path: str) -> dict[str, Any]:
        category = job.category(_name(one, path))
        self._tasks[mid] = job.task
        children: dict[str, Answer] = {}
        self._classify(children, [category], _objects(one, "classifications", path), f"{path}.classifications")
        annotation: dict[str, Any] = {"mid": mid, "categories": [{"name": category.key}], "children": children}
        if one.get("confidence") is not None:
            annotation["score"] = number(one["confidence"], f"{path}.confidence") * 100
            annotation["categories"][0]["confidence"] = annotation["score"]
        return annotation

    def _classify(
        self, answers: dict[str, Answer], parents: Sequence[KnownCategory], listed: Sequence[_Object], path: str
    ) -> None:
        """Add classifications, which may be below the answers of others."""
        for index, one in enumerate(listed):
            at = f"{path}[{index}]"
            question, chosen = _chosen(one, at)
            title, vocabulary = _name(one, at), self.dataset.vocabulary
            job = vocabulary.child(parents, title, question) if parents else vocabulary.question(title, question)
            if question == "text":
                merge_answer(answers, job, job.answer(chosen[0].get("content", "")))
                continue
            for answer in chosen:
                category = job.category(_name(answer, at))
                found: Answer = {"name": category.key}
                children: dict[str, Answer] = {}
                self._classify(children, [category], _objects(answer, "classifications", at), f"{at}.classifications")
                found |= {"children": children} if children else {}
                if answer.get("confidence") is not None:
                    found["confidence"] = number(answer["confidence"], f"{at}.confidence") * 100
                merge_answer(answers, job, {"categories": [found]})

    def _relate(self, answers: dict[str, Answer], one: _Object, path: str) -> None:
        ends: _Object = next((one[key] for key in _RELATIONSHIPS if isinstance(one.get(key), Mapping)), {})
        found = [str(ends.get("source")), str(ends.get("target"))]
        if not set(found) <= self._tasks.keys():
            self.dataset.note(self.place, "a relationship names an object that is not there")
        is_text = any(self._tasks.get(end) == "NAMED_ENTITIES_RECOGNITION" for end in found)
        task, what = ("NAMED_ENTITIES_RELATION", "Entities") if is_text else ("OBJECT_RELATION", "Objects")
        job = self.dataset.vocabulary.drawing(RELATIONS, task)
        annotation = {
            "mid": self._ids.of(one.get("feature_id")),
            "categories": [{"name": job.category(_name(one, path)).key}],
            "children": {},
            f"start{what}": [{"mid": found[0]}],
            f"end{what}": [{"mid": found[1]}],
        }
        answers.setdefault(job.name, {}).setdefault("annotations", []).append(annotation)

    def _frames(self) -> dict[int, dict[str, Answer]]:
        frames: dict[int, dict[str, Answer]] = {}
        tracks: dict[str, dict[int, _Object]] = {}
        for key, content in object_at(self.annotations, "frames", "").items():
            path = f"frames.{key}"
            frame = int(number(key, path)) - 1
            if frame < 0 or not isinstance(content, Mapping):
                raise MalformedLabelError("must be an object with the number of a frame, from 1", path)
            for mid, one in object_at(content, "objects", path).items():
                if not isinstance(one, Mapping):
                    raise MalformedLabelError(f"must be an object, not {kind_of(one)}", f"{path}.objects.{mid}")
                tracks.setdefault(mid, {})[frame] = one
            answers: dict[str, Answer] = {}
            self._classify(answers, (), _objects(content, "classifications", path), f"{path}.classifications")
            for job, answer in answers.items():
                frames.setdefault(frame, {})[job] = {**answer, "isKeyFrame": True}
        for mid, track in tracks.items():
            self._track(frames, mid, track)
        return frames

    def _track(self, frames: dict[int, dict[str, Answer]], mid: str, track: Mapping[int, _Object]) -> None:
        """Add an object to the frames in which it is there: those of its segments, or those that name it."""
        segments = list(self._segments(mid))
        keys = object_at(self.annotations, "key_frame_feature_map", "").get(mid)
        points: dict[int, TrackPoint] = {}
        for frame, one in sorted(track.items()):
            path = f"frames.{frame + 1}.objects.{mid}"
            end = next((last for first, last in segments if first <= frame < last), None)
            is_key = not isinstance(keys, list) or frame + 1 in keys
            numbers = self._numbers(one, path) if self._is_whole else ()
            content = {"object": one, "path": path}
            points[frame] = TrackPoint(
                frame, numbers, content, is_key=is_key, goes_on=end is not None, is_blended=_kind(one) in _BLENDED
            )
            if end is not None and not any(frame < later <= end + 1 for later in track):
                points[end + 1] = TrackPoint(end + 1, numbers, content, is_shown=False, goes_on=False)
        for moment in moments([points[frame] for frame in sorted(points)], -1):
            one, path = moment.point.content["object"], moment.point.content["path"]
            job = self._job(one)
            annotation = {**self._annotation(one, job, mid, path), "isKeyFrame": moment.is_key}
            if self._is_whole:
                annotation |= self._shape(one, moment.numbers, path)
            in_frame(frames, moment.frame, job.name).setdefault("annotations", []).append(annotation)

    def _segments(self, mid: str) -> Iterator[tuple[int, int]]:
        listed = object_at(self.annotations, "segments", "").get(mid) or []
        for index, one in enumerate(listed if isinstance(listed, list) else [listed]):
            path = f"segments.{mid}[{index}]"
            if not isinstance(one, list) or len(one) != 2:
                raise MalformedLabelError("must be the first and the last frame", path)
            first, last = (int(number(end, path)) - 1 for end in one)
            yield first, last

    def _numbers(self, one: _Object, path: str) -> list[float]:
        """Return where an object is, in pixels."""
        kind = _kind(one)
        at = f"{path}.{kind}"
        if kind == "bounding_box":
            box = object_at(one, kind, path)
            return [number(box.get(key), f"{at}.{key}") for key in ("left", "top", "width", "height")]
        if kind in ("polygon", "line", "point"):
            points = [object_at(one, kind, path)] if kind == "point" else _objects(one, kind, path)
            return [number(point.get(axis), f"{at}.{axis}") for point in points for axis in ("x", "y")]
        return []

    def _shape(self, one: _Object, numbers: Sequence[float], path: str) -> Shape:
        kept = self.dataset.keep({key: value for key, value in one.items() if key not in _FIELDS and value})
        kind = _kind(one)
        if kind == "location":
            start, end = (
                number(object_at(one, kind, path).get(key), f"{path}.{kind}.{key}") for key in ("start", "end")
            )
            return {"beginOffset": int(start), "endOffset": int(end) + 1, **kept}  # both ends are part of the passage
        tool = _TOOLS.get(kind)
        if tool == "semantic":
            self.dataset.note(self.place, "masks are addresses, which are kept under `source`; they have no shape")
            return {"type": tool, **kept}
        if tool is None:
            return kept
        size = self._size()
        points = list(zip(numbers[::2], numbers[1::2], strict=True))
        if kind == "bounding_box":
            left, top, width, height = numbers
            return drawing.rectangle(left, top, left + width, top + height, size) | kept
        if kind == "point":
            return drawing.marker(points[0], size) | kept
        return (drawing.polygon if kind == "polygon" else drawing.polyline)(points, size) | kept

    def _size(self) -> Position:
        width, height = (number(self.media.get(key), f"media_attributes.{key}") for key in ("width", "height"))
        if width <= 0 or height <= 0:
            raise MalformedLabelError(f"an image is not {width:g} by {height:g} pixels", "media_attributes")
        return width, height


def _kind(one: _Object) -> str:
    return next((key for key in (*_TOOLS, "location") if one.get(key) is not None), "")


def _name(one: _Object, path: str) -> str:
    found = one.get("name") or one.get("value")
    if not isinstance(found, str):
        raise MalformedLabelError("has no `name`", path)
    return found


def _chosen(one: _Object, path: str) -> tuple[Question, Sequence[_Object]]:
    match one:
        case {"radio_answer": {} as answer}:
            return "choice", [answer]
        case {"checklist_answers": [*_]}:
            return "choices", _objects(one, "checklist_answers", path)
        case {"text_answer": {} as answer}:
            return "text", [answer]
    raise MalformedLabelError("has no `radio_answer`, `checklist_answers` or `text_answer`", path)


def object_at(holder: _Object, key: str, path: str) -> _Object:
    """Return an object inside another; an empty one if it is not there.

    Raises:
        MalformedLabelError: it is something else.
    """
    found = holder.get(key)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise MalformedLabelError(f"must be an object, not {kind_of(found)}", f"{path}.{key}".removeprefix("."))
    return found


def _objects(holder: _Object, key: str, path: str) -> Sequence[_Object]:
    found = holder.get(key)
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise MalformedLabelError("must be a list of objects", f"{path}.{key}".removeprefix("."))
    return found
