"""The format ``label_studio``: tasks as Label Studio exports them, as JSON or JSON_MIN.

Each annotation of a task is a label, and so is each prediction. A task that nobody annotated, or that everyone skipped,
is an asset without label.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

import msgspec
from attrs import define

from kili_query.counting.decoding import is_sound
from kili_query.datasets.dataset import SOURCE, Dataset, DatasetItem, KnownItem
from kili_query.datasets.drawing import LONGEST_PX
from kili_query.datasets.files import Files
from kili_query.datasets.gathered import GatheredDataset, UniqueIds
from kili_query.datasets.label_studio_results import Results
from kili_query.datasets.raw_json import value_of, why_not_json
from kili_query.errors import MalformedLabelError, SourceError
from kili_query.ontology.decode import kind_of
from kili_query.places import Place, Problem, ProblemKind

_Object: TypeAlias = Mapping[str, Any]

_MEDIA = ("image", "video", "img", "ocr", "audio", "pdf", "url")  # the usual names of the data that is annotated
_TASK_FIELDS = {
    *("id", "data", "annotations", "completions", "predictions", "drafts", "file_upload", "created_at", "updated_at"),
    *("inner_id", "total_annotations", "cancelled_annotations", "total_predictions", "project", "updated_by"),
    *("comment_count", "unresolved_comment_count", "last_comment_updated_at", "comment_authors"),
}
_ANNOTATION_FIELDS = {
    *("id", "completed_by", "result", "was_cancelled", "created_at", "updated_at", "lead_time", "result_count"),
    *("task", "project", "unique_id", "prediction", "model_version", "score"),
}
_FIELDS_OF_MIN = {"id", "annotator", "annotation_id", "created_at", "updated_at", "lead_time"}
_LOCAL_FILES = "/data/local-files/?d="


def open_files(files: Files) -> Dataset:
    """Open the JSON of tasks."""
    return LabelStudioDataset(files, "Label Studio")


@define(slots=False)
class LabelStudioDataset(GatheredDataset):
    """Tasks with their annotations and predictions."""

    format = "label_studio"

    def items(self) -> Iterator[DatasetItem | Problem]:
        ids = UniqueIds()
        for name in self.own_files():
            for index, task in enumerate(_tasks(self.files, name)):
                place = self.files.place(name, path=f"[{index}]")
                try:
                    yield from self._task(_decoded(task), place, ids)
                except MalformedLabelError as error:
                    yield Problem(place, ProblemKind.MALFORMED, error.message, error.path)

    def _task(self, task: object, place: Place, ids: UniqueIds) -> Iterator[DatasetItem | Problem]:
        if not isinstance(task, Mapping):
            raise MalformedLabelError(f"a task must be an object, not {kind_of(task)}")
        if "annotation_id" in task and "data" not in task:
            yield self._short(task, place, ids)
            return
        data = task.get("data")
        if not isinstance(data, Mapping):
            raise MalformedLabelError(f"must be an object, not {kind_of(data)}", "data")
        answers = [*_listed(task, "annotations"), *_listed(task, "completions")]
        predictions = _listed(task, "predictions")
        skipped = [one for _, one in answers if isinstance(one, Mapping) and one.get("was_cancelled")]
        kept = {key: value for key, value in task.items() if key not in _TASK_FIELDS and value not in (None, {}, [])}
        kept |= {"drafts": task["drafts"]} if task.get("drafts") else {}
        kept |= {"skipped": skipped} if skipped else {}
        asset = self._asset(task, data, kept, [one for _, one in [*answers, *predictions]], place, ids)
        mine = [(at, one, False) for at, one in answers if one not in skipped] + [
            (at, one, True) for at, one in predictions
        ]
        for at, one, is_prediction in mine:
            where = place._replace(path=f"{place.path}.{at}")
            try:
                yield self._label(asset, one, where, is_prediction=is_prediction)
            except MalformedLabelError as error:
                yield Problem(where, ProblemKind.MALFORMED, error.message, error.path)
        if not mine:
            self.count_asset(asset)
            yield KnownItem(asset, None, {}, dict, place)

    def _label(self, asset: _Object, answer: object, place: Place, *, is_prediction: bool) -> DatasetItem:
        if not isinstance(answer, Mapping):
            raise MalformedLabelError(f"an annotation must be an object, not {kind_of(answer)}")
        found = answer.get("result")
        if not isinstance(found, list):
            raise MalformedLabelError(f"must be a list, not {kind_of(found)}", "result")
        kept = {
            key: value
            for key, value in answer.items()
            if key not in _ANNOTATION_FIELDS and value not in (None, {}, [], False)
        }
        label = _prediction(answer) if is_prediction else _annotation(answer)
        return self._answer(asset, label, kept, found, place)

    def _answer(
        self, asset: _Object, label: dict[str, Any], kept: dict[str, Any], results: Sequence[object], place: Place
    ) -> DatasetItem:
        reading = Results(self, results, place)
        counted = reading.content(is_whole=False)
        self._input_types.add(reading.input_type)
        kept = {**kept, "results": reading.left} if reading.left else kept
        label = {**label, SOURCE: kept} if kept else label
        return self._item(asset, label, counted, partial(reading.content, is_whole=True), place)

    def _short(self, task: _Object, place: Place, ids: UniqueIds) -> DatasetItem:
        """Read a task of JSON_MIN, where answers stand beside the data, without what tells the two apart."""
        results, data = [], {}
        for key, value in task.items():
            if key in _FIELDS_OF_MIN:
                continue
            found = list(_short_results(key, value))
            results += found
            if not found:
                data[key] = value
        texts = [key for key, value in data.items() if not isinstance(value, str) or not _is_media(key, value)]
        if texts:
            self.note(
                self.files.place(place.file.removeprefix(f"{self.files.path}/")),
                f"JSON_MIN does not tell answers from data: {', '.join(f'`{one}`' for one in texts)} are kept as data;"
                " export as JSON to read them as answers",
            )
        asset = self._asset(task, data, {}, [{"result": results}], place, ids)
        label = _annotation({**task, "id": task["annotation_id"], "completed_by": task.get("annotator")})
        return self._answer(asset, label, {}, results, place)

    def _asset(
        self, task: _Object, data: _Object, kept: dict[str, Any], answers: list[object], place: Place, ids: UniqueIds
    ) -> dict[str, Any]:
        key = next((name for name in _MEDIA if isinstance(data.get(name), str)), None)
        if key is None:
            key = next(
                (name for name, value in data.items() if isinstance(value, str) and _is_media(name, value)), None
            )
        rest = {name: value for name, value in data.items() if name != key}
        kept = {**kept, "data": rest} if rest else kept
        wanted = task.get("id", task.get("inner_id"))
        found = ids.of(wanted)
        if wanted is not None and found != str(wanted):
            self.note(place, f"another task has the id `{wanted}`; this one is `{found}`")
        name = data[key] if key is not None else str(task.get("file_upload") or found)
        asset: dict[str, Any] = {"id": found, "externalId": name}
        asset |= _resolution(answers)
        asset |= self._content(name, task.get("file_upload"))
        return asset | ({SOURCE: kept} if kept else {})

    def _content(self, name: str, upload: object) -> dict[str, str]:
        """Return where the file of an asset is, if it is there."""
        paths = [name.rpartition(_LOCAL_FILES)[2].lstrip("/"), name.rsplit("/", 1)[-1]]
        paths += [upload] if isinstance(upload, str) else []
        found = next(filter(None, map(self._media.find, paths)), None)
        return {} if found is None else {"content": found}


def _tasks(files: Files, name: str) -> Sequence[object]:
    """Return the tasks of a file, which are decoded one at a time."""
    data = files.read(name).removeprefix(b"\xef\xbb\xbf")
    try:
        if is_sound(data):
            return msgspec.json.decode(data, type=list[msgspec.Raw])
    except (msgspec.MsgspecError, RecursionError):
        pass  # it may hold NaN, which Python writes; otherwise Python says better where it ends
    try:
        tasks = json.loads(data.decode())
    except UnicodeDecodeError as error:
        raise SourceError(f"`{files.full_name(name)}` is not UTF-8 (at byte {error.start}): export it again") from error
    except (ValueError, RecursionError) as error:
        raise SourceError(f"`{files.full_name(name)}` is {why_not_json(error)}; export it again") from error
    if not isinstance(tasks, list):
        raise SourceError(f"`{files.full_name(name)}` must be a list of tasks, not {kind_of(tasks)}")
    return tasks


def _decoded(task: object) -> object:
    return value_of(task) if isinstance(task, msgspec.Raw) else task


def _listed(task: _Object, key: str) -> list[tuple[str, Any]]:
    found = task.get(key)
    if found is None:
        return []
    if not isinstance(found, list):
        raise MalformedLabelError(f"must be a list, not {kind_of(found)}", key)
    return [(f"{key}[{index}]", one) for index, one in enumerate(found)]


def _annotation(answer: _Object) -> dict[str, Any]:
    label: dict[str, Any] = {"labelType": "DEFAULT"}
    label |= {"id": str(answer["id"])} if answer.get("id") is not None else {}
    match answer.get("completed_by"):
        case {"email": str(email)}:
            label["author"] = {"email": email}
        case {"id": int(number)} | int(number):
            label["author"] = {"id": str(number)}
        case str(name):
            label["author"] = {"email": name}
    label |= {"createdAt": answer["created_at"]} if isinstance(answer.get("created_at"), str) else {}
    label |= {"secondsToLabel": answer["lead_time"]} if isinstance(answer.get("lead_time"), int | float) else {}
    return label


def _prediction(answer: _Object) -> dict[str, Any]:
    label: dict[str, Any] = {"labelType": "PREDICTION"}
    label |= {"id": f"prediction-{answer['id']}"} if answer.get("id") is not None else {}
    label |= {"modelName": str(answer["model_version"])} if answer.get("model_version") else {}
    label |= {"score": answer["score"]} if isinstance(answer.get("score"), int | float) else {}
    return label | ({"createdAt": answer["created_at"]} if isinstance(answer.get("created_at"), str) else {})


def _resolution(answers: list[object]) -> dict[str, Any]:
    """Return the size of the image, which each region states."""
    for answer in answers:
        results = answer.get("result") if isinstance(answer, Mapping) else None
        for one in results if isinstance(results, list) else ():
            match one:
                case {"original_width": int(width), "original_height": int(height)} if (
                    min(width, height) > 0 and max(width, height) <= LONGEST_PX
                ):
                    return {"resolution": {"width": width, "height": height}}
    return {}


def _is_media(key: str, value: str) -> bool:
    return key in _MEDIA or value.startswith(("/data/", "http://", "https://", "s3://", "gs://", "azure-blob://"))


def _short_results(key: str, value: object) -> Iterator[dict[str, Any]]:
    """Return what is certainly an answer: regions, and choices of several."""
    match value:
        case {"choices": [*_]}:
            yield {"type": "choices", "from_name": key, "value": value}
        case [*items]:
            for one in items:
                if not isinstance(one, Mapping):
                    return
                kind = next((name for name in one if isinstance(name, str) and name.endswith("labels")), None)
                kind = kind or ("rectangle" if {"x", "y", "width", "height"} <= one.keys() else None)
                if kind is None:
                    return
                size = {name: one[name] for name in ("original_width", "original_height") if name in one}
                shape = {name: part for name, part in one.items() if name not in size}
                yield {"type": kind, "from_name": key, "value": shape, **size}
