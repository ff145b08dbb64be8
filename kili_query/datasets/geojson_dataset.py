"""FeatureCollections without an ontology, as a dataset: each file is an asset with one label.

``properties.kili`` says what a feature is, as in exports of the platform. Other features belong to the job ``OBJECTS``;
their category is the first of the usual properties that the file has.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, TypeAlias

from attrs import define, field

from kili_query.datasets.dataset import SOURCE, Content, DatasetItem
from kili_query.datasets.features import UNASKED_TOOLS, FeatureFile, fitting_tool, pieces_of, shape_of_piece
from kili_query.datasets.gathered import GatheredDataset, UniqueIds
from kili_query.datasets.geojson import feature_collection
from kili_query.datasets.vocabulary import Answer, KnownCategory, Question, merge_answer
from kili_query.errors import MalformedLabelError
from kili_query.labels.geometry.geojson.annotations import GEOMETRIES
from kili_query.labels.geometry.geojson.features import GEOMETRY_FIELDS
from kili_query.ontology.decode import kind_of
from kili_query.places import Place, Problem, ProblemKind

CLASS_PROPERTIES = ("class", "category", "label", "name", "type")
"""The usual names of the property that says what a feature is, in the order in which they are looked for."""

_Object: TypeAlias = Mapping[str, Any]

_FIELDS_OF_FEATURES = ("type", "id", "geometry", "properties")
_FIELDS_OF_KILI = ("job", "categories", "children", *GEOMETRY_FIELDS)


@define(slots=False)
class GeojsonDataset(GatheredDataset):
    """Maps, each a file."""

    format = "geojson"

    @property
    def input_type(self) -> str:
        return "GEOSPATIAL"

    def items(self) -> Iterator[DatasetItem | Problem]:
        for name in self.own_files():
            place = self.files.place(name)
            collection = feature_collection(self.files.full_name(name), self.files.read(name))
            for note in collection.notes:
                self.note(place, note)
            reading = _Map(self, collection, place)
            try:
                counted = reading.content(is_whole=False)
            except MalformedLabelError as error:
                yield Problem(place, ProblemKind.MALFORMED, error.message, error.path)
                continue
            asset = {"id": name, "externalId": name}
            label: dict[str, Any] = {"labelType": "DEFAULT"}
            label |= {SOURCE: {"features": reading.left}} if reading.left else {}
            yield self._item(asset, label, counted, partial(reading.content, is_whole=True), place)


@define
class _Map:
    """Reads the features of one file."""

    dataset: GatheredDataset
    file: FeatureFile
    place: Place
    left: list[object] = field(factory=list)
    _is_whole: bool = False
    _ids: UniqueIds = field(factory=UniqueIds)
    _answers: dict[str, Answer] = field(factory=dict)

    def content(self, *, is_whole: bool) -> Content:
        """Return the content, with shapes or without.

        Raises:
            MalformedLabelError: a feature is malformed.
        """
        self._is_whole, self._ids, self._answers, self.left = is_whole, UniqueIds(), {}, []
        key = self._class_property()
        for index, feature in enumerate(self.file.features):
            path = f"features[{index}]"
            if not isinstance(feature, Mapping) or feature.get("type") != "Feature":
                raise MalformedLabelError("must be an object of type `Feature`", path)
            properties = _object(feature, "properties", path)
            kili = _object(properties, "kili", f"{path}.properties") if "kili" in properties else None
            geometry = feature.get("geometry")
            if geometry is not None:
                self._draw(feature, properties, kili, key, path)
            elif kili is not None and isinstance(kili.get("job"), str):
                self._merge(self._answers, (), {kili["job"]: kili}, f"{path}.properties.kili")
            else:
                self.left.append(feature)
                self.dataset.note(self.place, "features without a geometry are kept under `source`, and count nothing")
        return self._answers

    def _class_property(self) -> str | None:
        """Return the name of the property that says what features are; None if there is none."""
        for key in CLASS_PROPERTIES:
            for feature in self.file.features:
                properties = feature.get("properties") if isinstance(feature, Mapping) else None
                if isinstance(properties, Mapping) and _class(properties, key) is not None:
                    return key
        return None

    def _draw(self, feature: _Object, properties: _Object, kili: _Object | None, key: str | None, path: str) -> None:
        """Add the annotations of a feature; several points or lines are objects of their own."""
        title = kili.get("job") if kili is not None else None
        job = self.dataset.vocabulary.drawing(title) if isinstance(title, str) else self.dataset.vocabulary.drawing()
        wanted = feature.get("id")
        mid = self._ids.of(wanted)
        if wanted is not None and mid != str(wanted):
            self.dataset.note(self.place, f"another feature has the id `{wanted}`; this one is `{mid}`")
        pieces = list(pieces_of(feature["geometry"], f"{path}.geometry"))
        if not pieces:
            self.left.append(feature)
            self.dataset.note(self.place, "features with an empty geometry are kept under `source`, and count nothing")
        children: dict[str, Answer] = {}
        names = _names(kili.get("categories"), f"{path}.properties.kili.categories") if kili is not None else []
        if not names:
            found = _class(properties, key) if key is not None else None
            if found is None:
                found = str(feature["geometry"].get("type"))
                self.dataset.note(self.place, f"features without a class have the category `{found}`")
            names = [found]
        categories = job.choices(names)
        if kili is not None:
            self._merge(children, categories, _object(kili, "children", path), f"{path}.properties.kili.children")
        for number, piece in enumerate(pieces):
            kind = kili.get("type") if kili is not None else None
            kind = kind if isinstance(kind, str) else fitting_tool(UNASKED_TOOLS, piece.kind) or "polygon"
            job.tools[kind] = None
            annotation: dict[str, Any] = {
                "mid": mid if number == 0 or not piece.is_single else self._ids.of(f"{mid}/{number + 1}"),
                "type": kind,
                "categories": [{"name": one.key} for one in categories],
                "children": children,
            }
            if self._is_whole:
                if kind not in GEOMETRIES:
                    raise MalformedLabelError(f"unknown type of annotation `{kind}`", f"{path}.properties.kili.type")
                annotation |= shape_of_piece(kind, piece, is_nested=True)
                annotation |= self._kept(feature, properties, kili, key)
            self._answers.setdefault(job.name, {}).setdefault("annotations", []).append(annotation)

    def _kept(self, feature: _Object, properties: _Object, kili: _Object | None, key: str | None) -> dict[str, Any]:
        kept = {name: value for name, value in feature.items() if name not in _FIELDS_OF_FEATURES}
        rest = {name: value for name, value in properties.items() if name != "kili" and (kili or name != key)}
        kept |= {"properties": rest} if rest else {}
        kept |= {name: value for name, value in (kili or {}).items() if name not in _FIELDS_OF_KILI}
        return self.dataset.keep(kept)

    def _merge(self, answers: dict[str, Answer], parents: Sequence[KnownCategory], jobs: _Object, path: str) -> None:
        """Add answers as the platform writes them, whose jobs and categories become known."""
        for title, response in jobs.items():
            at = f"{path}.{title}"
            if not isinstance(response, Mapping):
                raise MalformedLabelError(f"must be an object, not {kind_of(response)}", at)
            question: Question = "text" if "text" in response else "choice"
            vocabulary = self.dataset.vocabulary
            job = vocabulary.child(parents, title, question) if parents else vocabulary.question(title, question)
            if question == "text":
                merge_answer(answers, job, job.answer(response["text"]))
                continue
            names = _names(response.get("categories"), f"{at}.categories")
            for category, one in zip(job.choices(names), response.get("categories") or (), strict=False):
                below: dict[str, Answer] = {}
                self._merge(below, [category], _object(one, "children", at), f"{at}.children")
                chosen = {"name": category.key, **({"children": below} if below else {})}
                merge_answer(answers, job, {"categories": [chosen]})


def _class(properties: _Object, key: str) -> str | None:
    found = properties.get(key)
    is_class = isinstance(found, str | int | float) and not isinstance(found, bool) and found != ""
    return str(found) if is_class else None


def _object(holder: _Object, key: str, path: str) -> _Object:
    found = holder.get(key)
    if found is None:
        return {}
    if not isinstance(found, Mapping):
        raise MalformedLabelError(f"must be an object, not {kind_of(found)}", f"{path}.{key}")
    return found


def _names(categories: object, path: str) -> list[str]:
    if categories is None:
        return []
    if not isinstance(categories, list):
        raise MalformedLabelError(f"must be a list, not {kind_of(categories)}", path)
    names = [one.get("name") if isinstance(one, Mapping) else None for one in categories]
    if not all(isinstance(name, str) for name in names):
        raise MalformedLabelError("each category must have a `name`", path)
    return [str(name) for name in names]
