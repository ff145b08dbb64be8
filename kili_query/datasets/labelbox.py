"""The format ``labelbox``: the rows that Labelbox exports (version 2), one JSON object a line, or a list of them.

Each label of each project is a label, and so is each prediction of a model run.
"""

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from attrs import define

from kili_query.counting.decoding import decode
from kili_query.datasets.dataset import SOURCE, Dataset, DatasetItem, KnownItem
from kili_query.datasets.drawing import LONGEST_PX
from kili_query.datasets.files import Files
from kili_query.datasets.gathered import GatheredDataset, UniqueIds
from kili_query.datasets.labelbox_annotations import LabelboxAnnotations, object_at
from kili_query.datasets.raw_json import why_not_json
from kili_query.errors import MalformedLabelError, SourceError
from kili_query.ontology.decode import kind_of
from kili_query.places import Place, Problem, ProblemKind

_INPUT_TYPES = {"video": "VIDEO", "text": "TEXT", "conversational": "TEXT", "document": "PDF"}


def open_files(files: Files) -> Dataset:
    """Open the rows of an export."""
    return LabelboxDataset(files, "Labelbox")


@define(slots=False)
class LabelboxDataset(GatheredDataset):
    """Data rows with the labels of all projects, and the predictions of all model runs."""

    format = "labelbox"

    def items(self) -> Iterator[DatasetItem | Problem]:
        ids = UniqueIds()
        for name in self.own_files():
            for row in _rows(self.files, name):
                if isinstance(row, Problem):
                    yield row
                    continue
                place, content = row
                try:
                    yield from self._row(content, place, ids)
                except MalformedLabelError as error:
                    yield Problem(place, ProblemKind.MALFORMED, error.message, error.path)

    def _row(self, row: object, place: Place, ids: UniqueIds) -> Iterator[DatasetItem | Problem]:
        if not isinstance(row, Mapping):
            raise MalformedLabelError(f"a row must be an object, not {kind_of(row)}")
        about = object_at(row, "data_row", "")
        if not about:
            raise MalformedLabelError("must be an object", "data_row")
        media = object_at(row, "media_attributes", "")
        self._input_types.add(_INPUT_TYPES.get(str(media.get("asset_type", "image")), "IMAGE"))
        answers = list(_answers(row))
        skipped = [one for _, one, _, _ in answers if object_at(one, "performance_details", "").get("skipped")]
        asset = self._asset(row, about, media, skipped, place, ids)
        answers = [one for one in answers if one[1] not in skipped]
        for path, one, label, more in answers:
            where = place._replace(path=f"{place.path}.{path}" if place.path else path)
            try:
                yield self._answer(asset, media, one, label, more, where)
            except MalformedLabelError as error:
                yield Problem(where, ProblemKind.MALFORMED, error.message, error.path)
        if not answers:
            self.count_asset(asset)
            yield KnownItem(asset, None, {}, dict, place)

    def _asset(
        self,
        row: Mapping[str, Any],
        about: Mapping[str, Any],
        media: Mapping[str, Any],
        skipped: list[Any],
        place: Place,
        ids: UniqueIds,
    ) -> dict[str, Any]:
        external = about.get("external_id") or about.get("global_key") or about.get("row_data") or about.get("id")
        wanted = about.get("id") or external
        found = ids.of(wanted)
        if wanted is not None and found != str(wanted):
            self.note(place, f"another row has the id `{wanted}`; this one is `{found}`")
        asset: dict[str, Any] = {"id": found, "externalId": str(external if external is not None else found)}
        width, height = media.get("width"), media.get("height")
        if all(isinstance(side, int) and 0 < side <= LONGEST_PX for side in (width, height)):
            asset["resolution"] = {"width": width, "height": height}
        content = self._media.find(asset["externalId"], place.file.removeprefix(f"{self.files.path}/"))
        asset |= {} if content is None else {"content": content}
        kept = {key: about[key] for key in ("global_key", "row_data", "details") if about.get(key)}
        kept |= {key: row[key] for key in ("metadata_fields", "attachments") if row.get(key)}
        kept |= {"skipped": skipped} if skipped else {}
        return asset | ({SOURCE: kept} if kept else {})

    def _answer(
        self,
        asset: Mapping[str, Any],
        media: Mapping[str, Any],
        answer: Mapping[str, Any],
        label: dict[str, Any],
        more: dict[str, Any],
        place: Place,
    ) -> DatasetItem:
        reading = LabelboxAnnotations(self, object_at(answer, "annotations", ""), media, place)
        counted = reading.content(is_whole=False)
        label = {**label, SOURCE: more} if more else label
        return self._item(asset, label, counted, partial(reading.content, is_whole=True), place)


def _rows(files: Files, name: str) -> Iterator[tuple[Place, object] | Problem]:
    data = files.read(name).removeprefix(b"\xef\xbb\xbf")
    if data.lstrip()[:1] == b"[":
        try:
            listed = decode(data)
        except (ValueError, RecursionError) as error:
            raise SourceError(f"`{files.full_name(name)}` is {why_not_json(error)}") from error
        rows = listed if isinstance(listed, list) else [listed]
        yield from ((files.place(name, path=f"[{index}]"), row) for index, row in enumerate(rows))
        return
    for number, line in enumerate(data.split(b"\n"), 1):
        if not line.strip():
            continue
        place = files.place(name, number)
        try:
            yield place, decode(line)
        except (ValueError, RecursionError) as error:
            yield Problem(place, ProblemKind.BROKEN, f"the line is {why_not_json(error)}")


def _answers(row: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any], dict[str, Any], dict[str, Any]]]:
    """Yield the path of each label and prediction, itself, the fields of our label, and what these keep."""
    for key, project in object_at(row, "projects", "").items():
        path = f"projects.{key}"
        about = object_at(project, "project_details", path) if isinstance(project, Mapping) else {}
        status = {"workflow_status": about["workflow_status"]} if about.get("workflow_status") else {}
        for at, one in _listed(project, "labels", path):
            details = object_at(one, "label_details", at)
            label: dict[str, Any] = {"labelType": "DEFAULT", **_id(one)}
            label |= {"author": {"email": details["created_by"]}} if details.get("created_by") else {}
            label |= {"createdAt": details["created_at"]} if details.get("created_at") else {}
            seconds = object_at(one, "performance_details", at).get("seconds_to_create")
            label |= {"secondsToLabel": seconds} if isinstance(seconds, int | float) else {}
            more = {"reviews": details["reviews"]} if details.get("reviews") else {}
            yield at, one, label, {"project": key, **status, **more}
    for key, experiment in object_at(row, "experiments", "").items():
        model = experiment.get("name") if isinstance(experiment, Mapping) else None
        runs = object_at(experiment, "runs", f"experiments.{key}") if isinstance(experiment, Mapping) else {}
        for run, content in runs.items():
            for at, one in _listed(content, "predictions", f"experiments.{key}.runs.{run}"):
                yield at, one, {"labelType": "PREDICTION", **_id(one), "modelName": str(model or key)}, {"run": run}


def _id(answer: Mapping[str, Any]) -> dict[str, Any]:
    return {"id": str(answer["id"])} if answer.get("id") is not None else {}


def _listed(holder: object, key: str, path: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    found = holder.get(key) if isinstance(holder, Mapping) else holder
    if found is None:
        return
    if not isinstance(found, list) or not all(isinstance(one, Mapping) for one in found):
        raise MalformedLabelError("must be a list of objects", f"{path}.{key}")
    yield from ((f"{path}.{key}[{index}]", one) for index, one in enumerate(found))
