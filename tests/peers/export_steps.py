"""The exports that are compared: what each calls, and of which releases of the official client it is asked too."""

from collections.abc import Sequence

from attrs import field, frozen

from tests.peers.export_projects import PROJECT_ID
from tests.peers.official import LATEST, OLD

__all__ = [
    "BOTH",
    "CLASSIFIED",
    "EARTH",
    "EARTH_IN_PIXELS",
    "FILMS",
    "MAPS",
    "ODD_MAPS",
    "PHOTOS",
    "PICTURES",
    "REVIEWED",
    "SIMPLE",
    "TEXTS",
    "Step",
]

BOTH = (OLD, LATEST)
ONLY_OLD = (OLD,)
"""The newer release needs more than it brings for sizes of images, and has no filter by an old name."""


@frozen
class Step:
    """One call of ``export_labels``."""

    name: str
    fmt: str
    more: dict[str, object] = field(factory=dict)
    versions: Sequence[str] = BOTH

    def as_json(self) -> dict[str, object]:
        arguments = {"project_id": PROJECT_ID, "fmt": self.fmt, "with_assets": False, **self.more}
        return {"name": self.name, "arguments": arguments}


def _step(fmt: str, what: str = "", versions: Sequence[str] = BOTH, **more: object) -> Step:
    told = what or " ".join(str(value) if not isinstance(value, bool) else name for name, value in more.items())
    return Step(f"{fmt} {told}".strip(), fmt, more, versions)


_MERGED = {"layout": "merged"}
_YOLO = [
    _step(fmt, versions=versions, layout=layout)
    for fmt, ofs in {
        "yolo_v4": ((LATEST,), (OLD,)),
        "yolo_v5": (BOTH, BOTH),
        "yolo_v7": ((OLD,), (LATEST,)),
        "yolo_v8": ((LATEST,), (OLD,)),
    }.items()
    for layout, versions in zip(("split", "merged"), ofs, strict=True)
]
"""Each format in each layout, and of each release."""
_COCO = [_step("coco", layout=layout) for layout in ("split", "merged")]
_VOC = _step("pascal_voc", **_MERGED)


def _filtered(what: str, versions: Sequence[str] = BOTH, **filters: object) -> Step:
    return _step("raw", what, versions, asset_filter_kwargs=filters)


PHOTOS = [
    _step("kili"),
    _step("raw"),
    _step("kili", "merged", **_MERGED),
    _step("kili", single_file=True),
    _step("raw", "in pixels", normalized_coordinates=False),
    _step("raw", "in fractions", normalized_coordinates=True),
    *_YOLO,
    _step("yolo_v5", "in fractions", normalized_coordinates=True),
    *_COCO,
    _step("coco", single_file=True),
    _step("coco", "modified", is_modified=True),
    _VOC,
    _step("raw", "of assets", asset_ids=["asset-03", "asset-01"]),
    _step("raw", "of external ids", external_ids=["img-05", "img-02"]),
    _step("raw", "of an unlabeled asset", asset_ids=["asset-11"]),
    _filtered("of a status", status_in=["REVIEWED"]),
    _filtered("of ids in part", external_id_in=["g-03", "g-11"]),
    _filtered("of external ids in filters", external_id_strictly_in=["img-01", "img-02"]),
    _filtered("of external ids by an old name", external_id_contains=["img-01"], versions=ONLY_OLD),
    _filtered("of a search", label_category_search="SHIPS.BOAT.count > 1"),
    _filtered("of an author", label_author_in=["Bo Wu"]),
    _filtered("of dates", created_at_gte="2024-01-03", created_at_lte="2024-01-06"),
    _filtered("of metadata", metadata_where={"pier": 1}),
    # what is refused
    _step("pascal_voc", "split"),
    _step("pascal_voc", "in one file", single_file=True, **_MERGED),
    _step("geojson", "split"),
    _step("geojson", "in pixels", normalized_coordinates=False, **_MERGED),
    _step("yolo_v5", "in one file", single_file=True),
    _step("yolo_v5", "in pixels", normalized_coordinates=False),
    _step("coco", "in fractions", normalized_coordinates=True),
    _step("llm_v1", "of images", ONLY_OLD, with_assets=True),
    _step("yolo_v6"),
    _step("raw", "without a name", is_nameless=True),
    _step("raw", "of an unknown project", project_id="none"),
    _step("raw", "of unknown external ids", external_ids=["none"]),
    _step("raw", "of no assets", asset_ids=[]),
    _filtered("of an unknown filter", stauts_in=["REVIEWED"]),
    _filtered("of a wrong search", label_category_search="SHIPS.BOAT.count >"),
]
SIMPLE = [
    _step("raw"),
    _step("raw", "in pixels", normalized_coordinates=False),
    _step("yolo_v5", layout="split"),
    _step("coco", layout="split"),
    _VOC,
]
FILMS = [_step("raw"), _step("yolo_v5", layout="split"), _step("yolo_v5", layout="merged")]
MAPS = [_step("geojson", **_MERGED), _step("raw"), _step("yolo_v5"), _VOC]
ODD_MAPS = [_step("geojson", versions=(LATEST,), **_MERGED)]
TEXTS = [_step("raw"), _step("raw", "in pixels", normalized_coordinates=False), _step("yolo_v5")]
CLASSIFIED = [_step("coco"), _step("yolo_v5"), _VOC]
PICTURES = [
    _step("raw", with_assets=True),
    _step("yolo_v5", with_assets=True),
    _step("coco", versions=ONLY_OLD, with_assets=True),
    _step("pascal_voc", versions=ONLY_OLD, with_assets=True, **_MERGED),
]
_TYPES = ("latest", "latest_from_last_step", "latest_from_all_steps", "normal")
_NEW = (LATEST,)
REVIEWED = [
    *(_step("raw", versions=_NEW, export_type=one) for one in _TYPES),
    *(_step("kili", versions=_NEW, export_type=one) for one in ("latest", "latest_from_all_steps")),
    *(
        _step("raw", f"{one} of {kind}", _NEW, export_type=one, label_type_in=[kind])
        for one in _TYPES
        for kind in ("DEFAULT", "REVIEW", "PREDICTION")
    ),
    *(_step("raw", f"{one} not sent back", _NEW, export_type=one, include_sent_back_labels=False) for one in _TYPES),
    _step("raw", "of no type", _NEW, label_type_in=[]),
    *(
        _step(fmt, one, _NEW, export_type=one, **layout)
        for fmt, layout, types in (
            ("coco", {}, _TYPES),
            ("yolo_v5", {}, ("latest_from_last_step", "normal")),
            ("yolo_v8", _MERGED, ("latest", "latest_from_all_steps")),
            ("pascal_voc", _MERGED, ("latest_from_last_step", "latest_from_all_steps")),
        )
        for one in types
    ),
    _step("yolo_v5", "not sent back", _NEW, include_sent_back_labels=False),
    _step("raw", "of an unknown type of export", _NEW, export_type="latest_from_lst_step"),
]
EARTH = [_step("raw", versions=_NEW), _step("geojson", versions=_NEW, **_MERGED)]
EARTH_IN_PIXELS = [
    _step("raw", "in pixels", _NEW, normalized_coordinates=False),
    _step("raw", "in fractions", _NEW, normalized_coordinates=True),
    _step("geojson", versions=_NEW, **_MERGED),
]
