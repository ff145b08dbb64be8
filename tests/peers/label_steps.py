"""What is called in the comparison of label methods: calls as data, in the order in which they are made.

Longer than most files: each line is a call.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias

from attrs import frozen

from tests.peers.label_project import PROJECT_ID, TWIN
from tests.peers.official import LATEST, OLD

__all__ = [
    "ASSET_FILTERS",
    "BAD_SEARCHES",
    "BROKEN",
    "ELSEWHERE",
    "FILTERS",
    "OF_LABELS",
    "OTHERWISE",
    "READING",
    "SEARCHES",
    "SHAPES",
    "UPDATING",
    "VIDEO",
    "WRITING",
    "Step",
]

Json: TypeAlias = "Mapping[str, object]"

BOTH = (OLD, LATEST)
"""The versions of the official client."""


@frozen
class Step:
    """A call.

    Attributes:
        name: unique within its section.
        method: of the client.
        arguments: as JSON; ``{"$": …}`` stands for what JSON cannot say.
        versions: of the official client that have the method.
        official: its name and where in its result ours is, where it has another name there.
    """

    name: str
    method: str
    arguments: Mapping[str, object]
    versions: tuple[str, ...] = BOTH
    official: tuple[str, tuple[int, ...]] | None = None

    def as_json(self, *, is_official: bool) -> dict[str, object]:
        method, at = self.official if is_official and self.official else (self.method, ())
        return {"name": self.name, "method": method, "at": at, "arguments": self.arguments}


def call(method: str, what: str, *, versions: tuple[str, ...] = BOTH, **arguments: object) -> Step:
    """A call about the project."""
    return Step(f"{method}: {what}", method, {"project_id": PROJECT_ID, **arguments}, versions)


def bare(method: str, what: str, *, versions: tuple[str, ...] = BOTH, **arguments: object) -> Step:
    """A call whose arguments are all there is."""
    return Step(f"{method}: {what}", method, arguments, versions)


NAN: Json = {"$": "nan"}


def tuple_of(*items: object) -> Json:
    return {"$": "tuple", "items": items}


def ids_of(name: str, start: int = 0, end: int | None = None) -> Json:
    """The ids of what an earlier step gave."""
    return {"$": "ids", "of": name, "start": start, "end": end}


ID = ("id",)
CAR = "OBJECTS.CAR.count"
FILTERS: Mapping[str, Mapping[str, object]] = {
    "all": {},
    "asset_id": {"asset_id": "asset-007"},
    "asset_id empty": {"asset_id": ""},
    "asset_id unknown": {"asset_id": "no-such"},
    "asset_status_in": {"asset_status_in": ["LABELED", "TO_REVIEW"]},
    "asset_status_in empty": {"asset_status_in": []},
    "asset_external_id_in": {"asset_external_id_in": ["img-00", "02"]},
    "asset_external_id_in empty": {"asset_external_id_in": []},
    "asset_external_id_in many": {"asset_external_id_in": [f"img-0{number}" for number in range(11)]},
    "author_in first name": {"author_in": ["Ann"]},
    "author_in last name": {"author_in": ["Lee"]},
    "author_in whole name": {"author_in": ["Bo Lee", "Cy Ann", "No One"]},
    "author_in empty": {"author_in": []},
    "created_at": {"created_at": "2024-02-03"},
    "created_at_gte": {"created_at_gte": "2024-02-20"},
    "created_at_lte": {"created_at_lte": "2024-02-03"},
    "created_at between": {"created_at_gte": "2024-02-03", "created_at_lte": "2024-02-03"},
    "honeypot_mark_gte": {"honeypot_mark_gte": 0.5},
    "honeypot_mark_lte": {"honeypot_mark_lte": 0.3},
    "honeypot_mark integer": {"honeypot_mark_gte": 1},
    "honeypot_mark zero": {"honeypot_mark_lte": 0},
    "id_contains": {"id_contains": ["label-003", "label-008", "label-006", "no-such"]},
    "id_contains empty": {"id_contains": []},
    "label_id": {"label_id": "label-004"},
    "label_id empty": {"label_id": ""},
    "user_id": {"user_id": "user-cy"},
    "user_id empty": {"user_id": ""},
    "dates and author": {"created_at_gte": "2024-02-02", "created_at_lte": "2024-02-20", "author_in": ["Ann Lee"]},
    "status, author and mark": {"asset_status_in": ["REVIEWED"], "user_id": "user-ann", "honeypot_mark_gte": 0.1},
    "all at once": {
        "asset_id": "asset-028",
        "asset_status_in": ["TODO", "ONGOING", "LABELED", "TO_REVIEW", "REVIEWED"],
        "asset_external_id_in": ["img-"],
        "author_in": ["Bo"],
        "created_at": "2024-02-01",
        "created_at_gte": "2024-02-01",
        "created_at_lte": "2024-02-01",
        "honeypot_mark_gte": 0.1,
        "honeypot_mark_lte": 0.9,
        "id_contains": ["label-004", "label-005"],
        "label_id": "label-004",
        "user_id": "user-bo",
        "category_search": f"{CAR} >= 0",
    },
}
OF_LABELS: Mapping[str, Mapping[str, object]] = {
    "asset_external_id_strictly_in": {"asset_external_id_strictly_in": ["img-007.jpg", "img-0"]},
    "asset_external_id_strictly_in empty": {"asset_external_id_strictly_in": []},
    "type_in": {"type_in": ["DEFAULT", "REVIEW"]},
    "type_in autosave": {"type_in": ["AUTOSAVE"]},
    "type_in empty": {"type_in": []},
    "type and search": {"type_in": ["DEFAULT"], "category_search": f"{CAR} > 1", "author_in": ["Lee"]},
    "external id and search": {"asset_external_id_in": ["1"], "category_search": f"SCENE.DAY.count > 0 OR {CAR} > 2"},
}
SEARCHES = (
    f"{CAR} > 0",
    f"{CAR} == 0",
    f"{CAR} <= 1",
    f"{CAR}<3",
    f"{CAR} >= 2 AND SCENE.NIGHT.count == 1",
    f"({CAR} > 2 OR OBJECTS.BUS.count > 2) AND CROWDED.YES.count < 1",
    f"{CAR} > 1 OR SCENE.DAY.count > 0 AND OBJECTS.DOG.count == 1",
    "COLOR.RED.count >= 1",
    f" {CAR}\n>\t0 ",
    f"{CAR} < 0",
    f"{CAR} > 0 AND {CAR} < 1",
    f"{CAR} > 1.5",
    f"{CAR} == 1.5",
    f"{CAR} >= 01",
    f"{CAR} > -1",
    f"{CAR} >= +1",
    f"{CAR} < 1e1",
    f"{CAR} > 1e400",
    f"{CAR} > 0ORSCENE.DAY.count > 0",
)
BAD_SEARCHES = (
    "",
    "OBJECTS.PLANE.count > 0",
    "NO_SUCH.CAR.count == 0",
    f"{CAR} >",
    f"{CAR} => 1",
    f"{CAR} > 1 and {CAR} < 3",
    "OBJECTS.CAR > 0",
    f"NOT {CAR} > 1",
    f"{CAR} != 1",
    f"0 < {CAR}",
)
FIELDS: Mapping[str, Sequence[str]] = {
    "nested": ("id", "author.email", "author.id", "labelOf.externalId", "labelOf.id", "labelOf.project.id"),
    "nested alone": ("labelOf.externalId",),
    "without id": ("labelType", "secondsToLabel"),
    "content alone": ("jsonResponse",),
    "duplicates": ("id", "labelType", "id", "labelType"),
    "many": (
        "assetId",
        "createdAt",
        "id",
        "honeypotMark",
        "isLatestLabelForUser",
        "isLatestDefaultLabelForUser",
        "isLatestReviewLabelForUser",
        "labelType",
        "modelName",
        "numberOfAnnotations",
        "secondsToLabel",
    ),
    "metadata of the asset": ("id", "labelOf.jsonMetadata"),
    "contents of the asset's labels": ("id", "labelOf.labels.jsonResponse"),
    "a fragment": ("id", "...on Label{labelType}"),
    "a fragment beside nested ones": ("author.id", "...on Label{labelType}"),
    "an object and what is in it": ("author", "author.email"),
    "an object whole": ("author",),
    "unknown": ("id", "noSuchField"),
    "none": (),
}


def _in_turn(number: int) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The release that counts with a filter, and the one that lists with it. Our client does both."""
    return (BOTH[number % 2],), (BOTH[1 - number % 2],)


def _reading() -> Iterator[Step]:
    by_position = [PROJECT_ID, "", None, None, None, ["Ann"]]
    yield bare("labels", "by position", **{"*": by_position, "fields": ID})
    for number, (what, filters) in enumerate((FILTERS | OF_LABELS).items()):
        one, other = _in_turn(number)
        yield call("count_labels", what, versions=one, **filters)
        yield call("labels", what, versions=other, fields=ID, **filters)
        if what in FILTERS and what != "all at once":
            yield call("predictions", what, versions=one, fields=ID, **filters)
            yield call("inferences", what, versions=other, fields=ID, **filters)
    for number, search in enumerate((*SEARCHES, *BAD_SEARCHES)):
        one, other = _in_turn(number)
        yield call("count_labels", f"search {search!r}", versions=one, category_search=search)
        yield call("labels", f"search {search!r}", versions=other, category_search=search, fields=ID, id_contains=SOME)
    for method in ("predictions", "inferences"):
        yield call(method, "search", category_search=f"{CAR} > 1", fields=ID)
        yield call(method, "bad search", category_search=f"{CAR}")


SOME = [f"label-{number:03}" for number in range(60)]


def _shapes() -> Iterator[Step]:
    """Fields, parts, generators, objects, and all that can be wrong with arguments."""
    for method in ("labels", "predictions", "inferences"):
        yield call(method, "default fields")
        yield call(method, "as_generator", as_generator=True, disable_tqdm=True, fields=ID)
    for what, fields in FIELDS.items():
        yield call("labels", f"fields: {what}", fields=fields, first=5)
    for part in PARTS:
        yield call("labels", f"part {part}", fields=ID, **part)
    yield call("labels", "part with a search", fields=ID, first=7, skip=3, category_search=f"{CAR} > 0")
    yield call("labels", "part with a search judged here", fields=ID, first=7, skip=3, category_search=f"{CAR} == 0")
    yield call("labels", "as_generator with bars", as_generator=True, fields=ID, first=3)
    yield call("labels", "as_generator bad search", as_generator=True, category_search="A")
    yield call("labels", "as_generator unknown field", as_generator=True, fields=("noSuchField",))
    yield call("labels", "fields as a tuple", fields=tuple_of("id"), first=2)
    yield call("labels", "fields as a text", fields="id")
    yield call("labels", "parsed", output_format="parsed_label", first=60)
    yield call(
        "labels", "parsed generator", output_format="parsed_label", first=3, as_generator=True, disable_tqdm=True
    )
    yield call("labels", "parsed without content", output_format="parsed_label", fields=ID)
    yield call("labels", "unknown output", output_format="no_such")
    for method in ("count_labels", "labels", "predictions", "inferences"):
        shown = {} if method == "count_labels" else {"fields": ID}
        for what, wrong in WRONG.items():
            yield call(method, f"wrong {what}", **{**shown, **wrong})
        yield bare(method, "no project")
    yield call("labels", "wrong project, contents asked", project_id="no-such")
    yield call("labels", "wrong first", first="1")
    yield call("labels", "wrong skip", skip="1")
    yield call("labels", "wrong skip None", skip=None)
    yield from _assets()


PARTS: Sequence[Mapping[str, int]] = (
    {"first": 0},
    {"first": 1},
    {"first": 100},
    {"first": 101},
    {"first": 1000},
    {"skip": 0},
    {"skip": 229},
    {"skip": 230},
    {"skip": 5000},
    {"first": 10, "skip": 225},
    {"first": 150, "skip": 50},
    {"first": -1},
    {"skip": -1},
)
WRONG: Mapping[str, Mapping[str, object]] = {
    "project": {"project_id": "no-such"},
    "project kind": {"project_id": 5},
    "asset_id": {"asset_id": 5},
    "author_in": {"author_in": "Ann"},
    "author_in items": {"author_in": [5]},
    "created_at": {"created_at": "no time"},
    "created_at kind": {"created_at": 2024},
    "honeypot_mark": {"honeypot_mark_gte": "0.5"},
    "status": {"asset_status_in": ["NO_SUCH"]},
    "search": {"category_search": 5},
    "argument": {"no_such": 5},
}


def _assets() -> Iterator[Step]:
    fields = ("id", "externalId")
    for number, (what, filters) in enumerate(ASSET_FILTERS.items()):
        one, other = _in_turn(number)
        yield call("count_assets", what, versions=one, **filters)
        yield call("assets", what, versions=other, fields=fields, **filters)
    yield call("assets", "default fields", first=12)
    yield call("assets", "nested", fields=("externalId", "labels.id", "labels.jsonResponse", "jsonMetadata"), first=5)
    yield call("assets", "latest label", fields=("id", "latestLabel.jsonResponse", "latestLabel.id"), first=12)
    yield call("assets", "first", fields=fields, first=12)
    yield call("assets", "first and skip", fields=("externalId",), first=30, skip=95)
    yield call("assets", "beyond", fields=fields, skip=500)
    yield call("assets", "as_generator", fields=fields, as_generator=True, disable_tqdm=True)
    yield call(
        "assets",
        "parsed",
        fields=("id", "labels.id", "labels.jsonResponse"),
        label_output_format="parsed_label",
        first=12,
    )
    yield call("assets", "bad search", label_category_search="A")
    yield call("assets", "unknown filter", no_such=5)
    fields = ("id", "title", "inputType", "jsonInterface")
    yield Step("project: fields", "project", {"project_id": PROJECT_ID, "fields": fields}, official=("projects", (0,)))


ASSET_FILTERS: Mapping[str, Mapping[str, object]] = {
    "all": {},
    "asset_id": {"asset_id": "asset-003"},
    "asset_id_in": {"asset_id_in": ["asset-003", "asset-010"]},
    "asset_id_not_in": {"asset_id_not_in": ["asset-003", "asset-010"]},
    "external_id_in": {"external_id_in": ["img-01"]},
    "external_id_strictly_in": {"external_id_strictly_in": ["img-011.jpg", TWIN]},
    "status_in": {"status_in": ["TO_REVIEW", "TODO"]},
    "skipped": {"skipped": True},
    "marks": {"honeypot_mark_gte": 0.2, "consensus_mark_lte": 0.5},
    "metadata_where": {"metadata_where": {"city": "Oslo", "speed": [3, 30]}},
    "created": {"created_at_gte": "2024-01-05", "created_at_lte": "2024-01-06"},
    "label_type_in": {"label_type_in": ["AUTOSAVE"]},
    "label_author_in": {"label_author_in": ["Ann Lee"]},
    "label_category_search": {"label_category_search": f"{CAR} > 2"},
    "labels together": {"label_category_search": f"{CAR} > 1", "label_type_in": ["REVIEW"], "label_author_in": ["Bo"]},
    "label_created_at": {"label_created_at_gte": "2024-02-03", "label_created_at_lte": "2024-02-04"},
}
CONTENT: Json = {"SCENE": {"categories": [{"name": "DAY", "confidence": 100}]}}
CONTENTS = [CONTENT, {"NOTE": {"text": "naïve “ø” \U0001f600"}}]
TWO = ["asset-000", "asset-001"]
TWO_NAMES = ["img-002.jpg", "img-003.jpg"]
READ_BACK = (
    "assetId",
    "author.id",
    "id",
    "isLatestLabelForUser",
    "jsonResponse",
    "labelType",
    "modelName",
    "secondsToLabel",
)


def _appending() -> Iterator[Step]:
    def append(what: str, **arguments: object) -> Step:
        return bare("append_labels", what, **{"json_response_array": CONTENTS, **arguments})

    named: Json = {"project_id": PROJECT_ID, "asset_external_id_array": TWO_NAMES}
    yield append("by ids", asset_id_array=TWO)
    yield append("by ids, with the project", asset_id_array=TWO, project_id=PROJECT_ID)
    yield append("by external ids", **named)
    yield append("one asset twice", asset_id_array=["asset-004"] * 2)
    yield append("one external id twice", project_id=PROJECT_ID, asset_external_id_array=["img-005.jpg"] * 2)
    for label_type in ("AUTOSAVE", "DEFAULT", "INFERENCE", "PREDICTION", "REVIEW"):
        yield append(label_type, asset_id_array=TWO, label_type=label_type, model_name="m")
    yield append("INFERENCE without a model", asset_id_array=TWO, label_type="INFERENCE")
    yield append("seconds", asset_id_array=TWO, seconds_to_label_array=[3, 0])
    yield append("authors", asset_id_array=TWO, author_id_array=["user-ann", "user-cy"])
    yield append("overwrite", asset_id_array=TWO, label_type="PREDICTION", model_name="m", overwrite=True)
    yield append("empty contents", asset_id_array=TWO, json_response_array=[{}, {}])
    keys = {"$": "int-keys", "items": {"0": CONTENT}}
    yield append("whole numbers as keys", asset_id_array=["asset-008"], json_response_array=[keys])
    many = [f"asset-{number % 110:03}" for number in range(205)]
    yield append(
        "205", asset_id_array=many, json_response_array=[CONTENT] * 205, seconds_to_label_array=list(range(205))
    )
    names = [f"img-{number % 110:03}.jpg" for number in range(115)]
    yield append(
        "115 by external ids",
        project_id=PROJECT_ID,
        asset_external_id_array=names,
        json_response_array=[CONTENT] * 115,
        label_type="PREDICTION",
        model_name="many",
    )
    yield append("no content", asset_id_array=TWO, json_response_array=[])
    yield bare("append_labels", "nothing")
    yield append("ids and external ids", asset_id_array=TWO, **named)
    yield append("no asset")
    yield append("external ids without a project", asset_external_id_array=TWO_NAMES)
    yield append("no ids", asset_id_array=[], project_id=PROJECT_ID)
    yield append("no ids but external ids", asset_id_array=[], **named)
    yield append("other lengths of ids", asset_id_array=TWO[:1])
    yield append("other lengths of external ids", project_id=PROJECT_ID, asset_external_id_array=TWO_NAMES[:1])
    yield append("other lengths of authors", asset_id_array=TWO, author_id_array=["user-ann"])
    yield append("other lengths of seconds", asset_id_array=TWO, seconds_to_label_array=[1, 2, 3])
    yield append("an empty id", asset_id_array=["asset-000", ""])
    yield append("an empty id first", asset_id_array=["", "asset-000"])
    yield append("an empty external id", project_id=PROJECT_ID, asset_external_id_array=["", "img-002.jpg"])
    yield append("PREDICTION without a model", asset_id_array=TWO, label_type="PREDICTION")
    yield append("PREDICTION of an empty model", asset_id_array=TWO, label_type="PREDICTION", model_name="")
    yield append("unknown external id", project_id=PROJECT_ID, asset_external_id_array=["img-002.jpg", "no-such"])
    yield append("unknown id", asset_id_array=["asset-000", "no-such"])
    yield append("unknown author", asset_id_array=TWO, author_id_array=["user-ann", "no-such"])
    yield append("unknown project", asset_external_id_array=TWO_NAMES, project_id="no-such")
    yield append("unknown type", asset_id_array=TWO, label_type="NO_SUCH")
    yield append("a text for ids", asset_id_array="asset-000")
    yield append("a number for an id", asset_id_array=[5, "asset-000"])
    yield append("fractions of seconds", asset_id_array=TWO, seconds_to_label_array=[1.5, 2.5])
    yield append("NaN", asset_id_array=TWO, json_response_array=[{"NOTE": {"text": NAN}}, CONTENT])
    yield append("a set", asset_id_array=TWO, json_response_array=[{"NOTE": {"$": "set", "items": [1]}}, CONTENT])
    yield append("a text for a content", asset_id_array=TWO, json_response_array=["{}", "{}"])
    yield append("None for a content", asset_id_array=TWO, json_response_array=[None, CONTENT])
    yield append("a bare dict for contents", asset_id_array=TWO, json_response_array=CONTENT)


def _predicting() -> Iterator[Step]:
    def predict(what: str, **arguments: object) -> Step:
        return call("create_predictions", what, **{"json_response_array": CONTENTS, **arguments})

    names, ids, model = {"external_id_array": TWO_NAMES}, {"asset_id_array": TWO}, {"model_name": "model"}
    yield predict("by external ids", **names, **model)
    yield predict("by ids", **ids, **model)
    yield predict("overwrite", **ids, **model, overwrite=True)
    yield predict("both", **ids, **names, **model)
    yield predict("model_name_array", **ids, model_name_array=["model", "model"])
    yield predict("model_name_array and model_name", **ids, **model, model_name_array=["a", "b"])
    yield predict("model_name_array of two", **ids, model_name_array=["a", "b"])
    yield predict("model_name_array short", **ids, model_name_array=["a"])
    yield predict("model_name_array empty", **ids, model_name_array=[])
    yield predict("no model", **ids)
    yield predict("an empty model", **ids, model_name="")
    yield predict("no content", **ids, **model, json_response_array=[])
    yield predict("None for contents", **ids, **model, json_response_array=None)
    yield predict("no asset", **model)
    yield predict("no ids", **model, asset_id_array=[], external_id_array=[])
    yield predict("other lengths", **ids, **model, external_id_array=["img-002.jpg"])
    yield predict("unknown external id", **model, external_id_array=["img-002.jpg", "no-such"])
    yield predict("unknown project", **names, **model, project_id="no-such")
    yield predict("an empty id", **model, asset_id_array=["asset-000", ""])


def _single() -> Iterator[Step]:
    def honeypot(what: str, **arguments: object) -> Step:
        return bare("create_honeypot", what, **{"json_response": CONTENT, **arguments})

    named: Json = {"asset_external_id": "img-009.jpg", "project_id": PROJECT_ID}
    yield honeypot("by id", asset_id="asset-009")
    yield honeypot("by external id", **named)
    yield honeypot("both", asset_id="asset-010", **named)
    yield honeypot("no asset")
    yield honeypot("no project", asset_external_id="img-009.jpg")
    yield honeypot("unknown external id", asset_external_id="no-such", project_id=PROJECT_ID)
    yield honeypot("unknown id", asset_id="no-such")
    yield honeypot("a text for the content", asset_id="asset-009", json_response="{}")

    def append(what: str, **arguments: object) -> Step:
        return bare("append_to_labels", what, **{"json_response": CONTENT, **arguments})

    named = {"label_asset_external_id": "img-012.jpg", "project_id": PROJECT_ID}
    yield append("by id", label_asset_id="asset-012")
    yield append("by external id", **named)
    yield append("author, type and seconds", **named, author_id="user-bo", label_type="REVIEW", seconds_to_label=7)
    yield append("no seconds", label_asset_id="asset-012", seconds_to_label=None)
    yield append("both", label_asset_id="asset-012", **named)
    yield append("no asset")
    yield append("no project", label_asset_external_id="img-012.jpg")
    yield append("unknown external id", label_asset_external_id="no-such", project_id=PROJECT_ID)
    yield append("unknown id", label_asset_id="no-such")
    yield append("unknown type", label_asset_id="asset-012", label_type="NO_SUCH")
    yield append("PREDICTION", label_asset_id="asset-012", label_type="PREDICTION")


def _updating() -> Iterator[Step]:
    """What the newest release cannot do, so that its server would hold other labels in the end."""

    def update(what: str, **arguments: object) -> Step:
        return bare("update_properties_in_label", what, versions=(OLD,), **{"label_id": "label-020", **arguments})

    yield update("content", json_response=CONTENT)
    yield update("model", model_name="other", label_id="label-004")
    yield update("seconds", seconds_to_label=99)
    yield update("all", json_response=CONTENT, model_name="x", seconds_to_label=1, label_id="label-021")
    yield update("zero seconds", seconds_to_label=0)
    yield update("an empty model", model_name="", label_id="label-011")
    yield update("unknown", label_id="no-such", seconds_to_label=1)
    yield call("labels", "read back", fields=READ_BACK, versions=(OLD,))


def _deleting() -> Iterator[Step]:
    def delete(what: str, **arguments: object) -> Step:
        return bare("delete_labels", what, **arguments)

    yield delete("imported", ids=["label-004", "label-006"])
    yield delete("predictions", ids=ids_of("append_labels: PREDICTION", 1))
    yield delete("many", ids=ids_of("append_labels: 115 by external ids", 5))
    yield delete("a tuple", ids=tuple_of("label-011"))
    yield delete("none", ids=[])
    yield delete("no tuple", ids=tuple_of())
    yield delete("one twice", ids=["label-012", "label-012"])
    yield delete("unknown", ids=["label-013", "no-such"])
    yield delete("of labelers", ids=["label-000"])
    yield delete("a text", ids="label-013")
    yield delete("an empty id", ids=["label-013", ""])


def _writing() -> Iterator[Step]:
    yield from _appending()
    yield from _predicting()
    yield from _single()
    yield from _deleting()
    yield call("labels", "read back", fields=READ_BACK)
    yield call("export_labels_as_df", "default", versions=(OLD,))
    fields = ("id", "author.email", "author.id", "secondsToLabel", "labelType")
    assets = ("id", "externalId", "status", "isHoneypot")
    yield call("export_labels_as_df", "fields", versions=(OLD,), fields=fields, asset_fields=assets)
    yield call("export_labels_as_df", "contents", versions=(OLD,), fields=("jsonResponse", "modelName"))
    yield call(
        "export_labels_as_df", "nested asset", versions=(OLD,), asset_fields=("resolution.width", "jsonMetadata")
    )
    yield call("export_labels_as_df", "unknown field", versions=(OLD,), fields=("noSuchField",))
    yield call("export_labels_as_df", "unknown project", versions=(OLD,), project_id="no-such")


def _otherwise() -> Iterator[Step]:
    """What changes other things than with the official client."""
    twins = [TWIN, "img-006.jpg"]
    yield bare(
        "append_labels",
        "an external id of two assets",
        project_id=PROJECT_ID,
        asset_external_id_array=twins,
        json_response_array=CONTENTS,
    )
    yield bare("append_labels", "a tuple of ids", asset_id_array=tuple_of(*TWO), json_response_array=CONTENTS)
    for what, given in {"an empty content": {"json_response": {}}, "nothing": {}}.items():
        yield bare("update_properties_in_label", what, versions=(OLD,), label_id="label-022", **given)
    yield call("labels", "read back", fields=("id", "jsonResponse"), label_id="label-022", versions=(OLD,))


def _opening() -> Iterator[Step]:
    yield bare("open", "a wrong key", api_key="wrong", api_endpoint=ENDPOINT)
    yield bare("open", "no key", api_endpoint=ENDPOINT)
    yield bare("open", "an empty key", api_key="", api_endpoint=ENDPOINT)


ENDPOINT: Json = {"$": "endpoint"}
READING = tuple(_reading())
SHAPES = (*_opening(), *_shapes())
WRITING = tuple(_writing())
UPDATING = tuple(_updating())
OTHERWISE = tuple(_otherwise())
VIDEO = (
    call("labels", "default fields"),
    call("labels", "a part", first=3, skip=19, fields=("id", "jsonResponse")),
    call("labels", "parsed", output_format="parsed_label", first=4),
    call("count_labels", "search", category_search="OBJECTS.BUS.count > 0"),
    call("labels", "search", category_search="OBJECTS.BUS.count > 0", fields=ID),
    call("assets", "contents", fields=("id", "labels.jsonResponse", "labels.id"), first=12),
)
BROKEN = tuple(
    step
    for name in ("good", "broken", "list", "null", "empty")
    for step in (
        call("labels", name, label_id=name, fields=("id", "jsonResponse")),
        call("labels", f"{name}, without content", label_id=name, fields=ID),
    )
)
ELSEWHERE = (
    call("labels", "contents", fields=("id", "jsonResponse"), first=10),
    call("labels", "contents and URLs", fields=("id", "jsonResponseUrl", "jsonResponse"), first=2, versions=(LATEST,)),
    call("assets", "contents", fields=("id", "labels.id", "labels.jsonResponse"), first=5),
    call("labels", "parsed", output_format="parsed_label", first=5),
)
