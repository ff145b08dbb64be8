"""The format ``cvat``: CVAT for images 1.1 and CVAT for video 1.1, as XML.

Files are read as a stream. Of images one is in memory at a time. The content of a video needs all its tracks, and is
read again from the file when its shapes are needed.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from io import BytesIO
from typing import Any, TypeAlias
from xml.etree.ElementTree import Element, ParseError

from attrs import define, field, frozen
from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse

from kili_query.datasets.cvat_shapes import FIELDS, TOOLS, is_blended, numbers_of, shapes_of
from kili_query.datasets.dataset import SOURCE, Content, Dataset, DatasetItem
from kili_query.datasets.drawing import LONGEST_PX, Position, number
from kili_query.datasets.files import Files
from kili_query.datasets.gathered import GatheredDataset, UniqueIds
from kili_query.datasets.tracks import TrackPoint, content_of_frames, in_frame, moments
from kili_query.datasets.vocabulary import Answer, KnownCategory, Question, merge_answer, merge_categories
from kili_query.errors import MalformedLabelError, SourceError
from kili_query.places import Place, Problem, ProblemKind

TAGS = "TAGS"
"""The job of the tags of images."""

_QUESTIONS: Mapping[str, Question] = {"number": "number", "text": "text"}  # all others are choices
_USUAL = {"occluded": "0", "z_order": "0", "source": "manual", "rotation": "0.0", "group_id": "0"}
_LABEL = {"labelType": "DEFAULT"}

_Frames: TypeAlias = dict[int, dict[str, Answer]]


def open_files(files: Files) -> Dataset:
    """Open the XML files of images and videos."""
    return CvatDataset(files, "CVAT")


@frozen
class _Task:
    """What a file says about a task: of a video, its size and its frames."""

    id: str | None = None
    name: str = ""
    source: str = ""
    is_video: bool = False
    size: tuple[str | None, str | None] = (None, None)
    last_frame: int = -1
    step: int = 1

    @classmethod
    def of(cls, element: Element) -> "_Task":
        def text(path: str) -> str:
            return (element.findtext(path) or "").strip()

        step = text("frame_filter").removeprefix("step=")
        count, stop = text("size"), text("stop_frame")
        last = int(stop) if stop.isdigit() else int(count) - 1 if count.isdigit() else -1
        return cls(
            text("id") or None,
            text("name"),
            text("source"),
            text("mode") == "interpolation",
            (text("original_size/width") or None, text("original_size/height") or None),
            last,
            max(1, int(step)) if step.isdigit() else 1,
        )


@define
class _Video:
    """The frames of one task."""

    task: _Task
    frames: _Frames = field(factory=dict)
    ids: UniqueIds = field(factory=UniqueIds)


@define(slots=False)
class CvatDataset(GatheredDataset):
    """Images with their shapes and tags, and videos with their tracks."""

    format = "cvat"
    _questions: dict[tuple[str, str], Question] = field(factory=dict, init=False)

    def items(self) -> Iterator[DatasetItem | Problem]:
        ids = UniqueIds()
        for name in self.own_files():
            tasks: dict[str | None, _Task] = {}
            has_tracks = has_images = False
            for element in self._elements(name):
                match element.tag:
                    case "meta":
                        tasks = self._meta(element)
                    case "track":
                        has_tracks = True
                    case "image":
                        has_images = True
                        yield self._image(element, name, ids)
            if has_tracks or (not has_images and any(task.is_video for task in tasks.values())):
                yield from self._videos(name, ids)

    def _elements(self, name: str) -> Iterator[Element]:
        """Yield the elements below the root, which are forgotten one after another.

        Raises:
            SourceError: the file is not XML, or not as CVAT writes it.
        """
        whole = self.files.full_name(name)
        try:
            depth, root = 0, None
            for event, element in iterparse(BytesIO(self.files.read(name)), events=("start", "end")):
                depth += 1 if event == "start" else -1
                if root is None:
                    root = element
                    if element.tag != "annotations":
                        raise SourceError(f"`{whole}`: the root must be `annotations`, not `{element.tag!s:.40}`")
                elif event == "end" and depth == 1:
                    yield element
                    root.clear()
        except DefusedXmlException as error:
            raise SourceError(f"`{whole}` has XML entities, which are not read: remove them") from error
        except (ParseError, ValueError, LookupError) as error:
            raise SourceError(f"`{whole}` is not XML, or truncated: {error}; export it again") from error

    def _meta(self, meta: Element) -> dict[str | None, _Task]:
        """Read the labels that a file declares, and its tasks."""
        for label in meta.iter("label"):
            name = label.findtext("name") or ""
            if not name:
                continue
            if parent := label.findtext("parent"):
                self.vocabulary.drawing().category(parent).point(name)
                continue
            job = self._tags if label.findtext("type") == "tag" else self.vocabulary.drawing()
            category = job.category(name, label.findtext("color") or None)
            for attribute in label.iterfind("attributes/attribute"):
                title = attribute.findtext("name") or ""
                kind = attribute.findtext("input_type") or "select"
                question = self._questions[name, title] = _QUESTIONS.get(kind, "choice")
                child = self.vocabulary.child([category], title, question)
                values = (attribute.findtext("values") or "").split("\n")
                for value in ["true", "false"] if kind == "checkbox" else values:
                    if question == "choice" and value:
                        child.category(value)
        found = [_Task.of(one) for tag in ("task", "job") for one in meta.iter(tag)]
        return {task.id: task for task in found}

    def _image(self, image: Element, name: str, ids: UniqueIds) -> DatasetItem | Problem:
        wanted, external = image.get("id"), image.get("name") or ""
        if wanted is not None and image.get("task_id"):
            wanted = f"{image.get('task_id')}-{wanted}"
        place = self.files.place(name, path=f"image[@id='{wanted}']")
        found = ids.of(wanted or external or None)
        if wanted is not None and found != wanted:
            self.note(place, f"another image has the id `{wanted}`; this one is `{found}`")
        width, height = image.get("width", ""), image.get("height", "")
        asset: dict[str, Any] = {"id": found, "externalId": external or found}
        asset |= _resolution(width, height)
        content = self._media.find(external, name, image.get("subset"))
        asset |= {} if content is None else {"content": content}
        kept = {key: value for key, value in image.attrib.items() if key not in ("id", "name", "width", "height")}
        asset |= {SOURCE: kept} if kept else {}
        try:
            counted = self._content(image, place, is_whole=False)
        except MalformedLabelError as error:
            return Problem(place, ProblemKind.MALFORMED, error.message, error.path)
        return self._item(asset, _LABEL, counted, partial(self._content, image, place, is_whole=True), place)

    def _content(self, image: Element, place: Place, *, is_whole: bool) -> Content:
        answers: dict[str, Answer] = {}
        ids, size = UniqueIds(), (image.get("width"), image.get("height"))
        for index, shape in enumerate(image):
            path = f"{shape.tag}[{index + 1}]"
            if shape.tag == "tag":
                self._tag(shape, answers, place)
            elif shape.tag in TOOLS:
                found = self._annotations(shape, None, ids.of(None), size if is_whole else None, path, place)
                answers.setdefault(self.vocabulary.drawing().name, {}).setdefault("annotations", []).extend(found)
            else:
                self.note(place, f"elements `{shape.tag!s:.40}` are not known, and are not read")
        return answers

    @property
    def _tags(self) -> Any:
        return self.vocabulary.question(TAGS, "choices")

    def _tag(self, tag: Element, answers: dict[str, Answer], place: Place) -> None:
        category = self._tags.category(self._label(tag, place))
        children = self._children(tag, category)
        chosen = {"name": category.key, **({"children": children} if children else {})}
        merge_categories(answers.setdefault(self._tags.name, {}).setdefault("categories", []), [chosen])

    def _label(self, element: Element, place: Place) -> str:
        name = element.get("label")
        if not name:
            self.note(place, "shapes without a label have the category `unlabeled`")
        return name or "unlabeled"

    def _children(self, element: Element, category: KnownCategory) -> dict[str, Answer]:
        children: dict[str, Answer] = {}
        for attribute in element.iterfind("attribute"):
            title, value = attribute.get("name") or "", attribute.text or ""
            question = self._questions.get((category.name, title), "choice")
            job = self.vocabulary.child([category], title, question)
            if value:
                merge_answer(children, job, job.answer(value))
        return children

    def _annotations(
        self,
        shape: Element,
        numbers: Sequence[float] | None,
        mid: str,
        size: tuple[str | None, str | None] | None,
        path: str,
        place: Place,
        label: Element | None = None,
    ) -> list[dict[str, Any]]:
        """Return the annotations of one object, without shapes if the size of the image is not known.

        Args:
            shape: as CVAT writes it.
            numbers: where it is, if that is not where the element says.
            mid: of the object.
            size: of the image, as written.
            path: of the element, for messages.
            place: of the image, for messages.
            label: the element that names the category.
        """
        named = shape if label is None else label
        job = self.vocabulary.drawing()
        job.tools[TOOLS[shape.tag]] = None
        if shape.get("rotation") not in (None, "0", "0.0", "0.00"):
            job.tools["polygon"] = None
        category = job.category(self._label(named, place))
        for point in shape.iterfind("points") if shape.tag == "skeleton" else ():
            category.point(point.get("label", "point"))
        children = {**self._children(named, category), **(self._children(shape, category) if label is not None else {})}
        annotation = {"mid": mid, "categories": [{"name": category.key}], "children": children}
        if size is None:
            return [annotation]
        found = numbers_of(shape, path) if numbers is None else numbers
        shapes, aside = shapes_of(shape, found, _size(size), path, category, mid)
        kept = {
            key: value
            for key, value in {**named.attrib, **shape.attrib}.items()
            if key not in FIELDS | {"id", "rotation"} and value != _USUAL.get(key)
        }
        more = self.keep({**kept, **aside})
        return [{**annotation, **one, **more} for one in shapes]

    def _videos(self, name: str, ids: UniqueIds) -> Iterator[DatasetItem | Problem]:
        self._input_types.add("VIDEO")
        place = self.files.place(name)
        try:
            videos = self._read_videos(name, is_whole=False)
        except MalformedLabelError as error:
            yield Problem(place, ProblemKind.MALFORMED, error.message, error.path)
            return
        for key, video in videos.items():
            task = video.task
            external = task.source or task.name or name
            asset: dict[str, Any] = {"id": ids.of(task.id or external), "externalId": external}
            width, height = task.size
            asset |= _resolution(width or "", height or "")
            content = self._media.find(external, name)
            asset |= {} if content is None else {"content": content}

            where = place._replace(path=f"task[@id='{asset['id']}']")
            read = partial(self._video_content, name, key)
            yield self._item(asset, _LABEL, content_of_frames(video.frames), read, where)

    def _video_content(self, name: str, key: str | None) -> Content:
        return content_of_frames(self._read_videos(name, is_whole=True)[key].frames)

    def _read_videos(self, name: str, *, is_whole: bool) -> dict[str | None, _Video]:
        """Read all tracks of a file, which belong to one video or, in a project, to several."""
        videos: dict[str | None, _Video] = {}
        for index, element in enumerate(self._elements(name)):
            if element.tag == "meta":
                tasks = {key: task for key, task in self._meta(element).items() if task.is_video}
                videos = {key: _Video(task) for key, task in tasks.items()}
            elif element.tag in ("track", "tag"):
                key = element.get("task_id") or next(iter(videos), None)
                video = videos.setdefault(key, _Video(_Task(key)))
                place = self.files.place(name, path=f"{element.tag}[{index}]")
                if element.tag == "track":
                    self._track(element, video, place, is_whole=is_whole)
                else:
                    frame = int(number(element.get("frame"), f"{place.path}/@frame"))
                    self._tag(element, video.frames.setdefault(frame, {}), place)
                    video.frames[frame][self._tags.name]["isKeyFrame"] = True
        return videos or {None: _Video(_Task())}

    def _track(self, track: Element, video: _Video, place: Place, *, is_whole: bool) -> None:
        mid = video.ids.of(track.get("id"))
        if track.get("id") is not None and mid != track.get("id"):
            self.note(place, f"another track has the id `{track.get('id')}`; this one is `{mid}`")
        points: dict[int, TrackPoint] = {}
        for index, shape in enumerate(track):
            if shape.tag not in TOOLS:
                continue
            path = f"{place.path}/{shape.tag}[{index + 1}]"
            frame = int(number(shape.get("frame"), f"{path}/@frame"))
            if frame < 0:
                raise MalformedLabelError("frames start at 0", f"{path}/@frame")
            is_out = shape.get("outside") == "1"
            points[frame] = TrackPoint(
                frame,
                numbers_of(shape, path) if is_whole else (),
                {"shape": shape, "path": path},
                is_key=shape.get("keyframe", "1") != "0",
                is_shown=not is_out,
                goes_on=not is_out,
                is_blended=is_blended(shape),
            )
        job = self.vocabulary.drawing()
        for moment in moments([points[frame] for frame in sorted(points)], video.task.last_frame, video.task.step):
            shape, path = moment.point.content["shape"], moment.point.content["path"]
            size = video.task.size if is_whole else None
            found = self._annotations(shape, moment.numbers, mid, size, path, place, label=track)
            listed = in_frame(video.frames, moment.frame, job.name).setdefault("annotations", [])
            listed += [{**one, "isKeyFrame": moment.is_key} for one in found]


def _size(size: tuple[str | None, str | None]) -> Position:
    width, height = (number(one, f"@{name}") for one, name in zip(size, ("width", "height"), strict=True))
    if width <= 0 or height <= 0:
        raise MalformedLabelError(f"an image is not {width:g} by {height:g} pixels")
    return width, height


def _resolution(width: str, height: str) -> dict[str, Any]:
    """Return the size of an image or a video, where it is written.

    >>> _resolution("40", "30"), _resolution("9" * 5000, "30"), _resolution("", "")
    ({'resolution': {'width': 40, 'height': 30}}, {}, {})
    """
    sides = [one for one in (width, height) if one.isdecimal() and len(one) <= len(str(LONGEST_PX))]
    return {"resolution": {"width": int(width), "height": int(height)}} if len(sides) == 2 else {}
