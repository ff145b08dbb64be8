"""Lists of labels and assets, over HTTP, from a server whose contents are good, bad, absent or elsewhere."""

import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl
import pytest

from kili_query.client import KiliClient
from kili_query.client.paging import WINDOW
from kili_query.errors import (
    ArgumentError,
    DataError,
    GraphQLError,
    MalformedLabelError,
    NotFound,
    TransportError,
    UnknownContentError,
)
from kili_query.labels import ParsedLabel
from tests.client.list_server import KEY, ListServer, label, serve_lists
from tests.each import for_each

PROJECT = "project-1"


@pytest.fixture
def served() -> Iterator[ListServer]:
    with serve_lists(labels=[label(number, cars=number % 4) for number in range(250)]) as server:
        yield server


@pytest.fixture
def client(served: ListServer) -> Iterator[KiliClient]:
    with KiliClient(KEY, served.endpoint) as client:
        yield client


def test_labels_come_in_order_with_the_default_fields(client: KiliClient) -> None:
    found = client.labels(PROJECT)
    assert [one["id"] for one in found] == [f"label-{number}" for number in range(250)]
    assert found[2] == {
        "author": {"email": "ann@kili.example", "id": "user-1"},
        "id": "label-2",
        "jsonResponse": {
            "OBJECTS": {
                "annotations": [{"mid": f"2-{index}", "categories": [{"name": "CAR"}]} for index in range(2)],
            }
        },
        "labelType": "DEFAULT",
        "secondsToLabel": 3,
        "isLatestLabelForUser": True,
        "assetId": "asset-2",
    }


def test_only_the_fields_asked_for_come_back(client: KiliClient, served: ListServer) -> None:
    assert client.labels(PROJECT, fields=["labelType"], first=2) == [{"labelType": "DEFAULT"}] * 2
    assert served.roots == ["labels"]  # without contents, the kind of the project does not matter


@pytest.mark.parametrize(("first", "skip"), [(0, 0), (3, 0), (100, 0), (120, 7), (None, 240), (5, 300), (500, 0)])
def test_first_and_skip(client: KiliClient, first: int | None, skip: int) -> None:
    found = client.labels(PROJECT, first=first, skip=skip, fields=["id"])
    end = 250 if first is None else min(skip + first, 250)
    assert [one["id"] for one in found] == [f"label-{number}" for number in range(skip, end)]


def test_none_wanted_is_none_asked_for(client: KiliClient, served: ListServer) -> None:
    assert client.labels(PROJECT, first=0) == []
    assert served.requests == []


def test_a_generator_asks_for_nothing_before_its_first_label(client: KiliClient, served: ListServer) -> None:
    found = client.labels(PROJECT, as_generator=True, disable_tqdm=True, fields=["id"])
    assert served.requests == []
    assert next(found) == {"id": "label-0"}
    assert served.roots[0] == "labels"
    assert len(served.roots) <= 3  # and perhaps the count and the second page already
    assert len(list(found)) == 249


def test_a_generator_says_that_it_has_no_bar(client: KiliClient) -> None:
    with pytest.warns(UserWarning, match="hides the progress bar"):
        found = client.labels(PROJECT, as_generator=True, fields=["id"])
    assert len(list(found)) == 250


def test_a_generator_that_is_left_stops_asking(client: KiliClient, served: ListServer) -> None:
    served.labels = [label(number) for number in range(3000)]
    found = client.labels(PROJECT, as_generator=True, disable_tqdm=True, fields=["id"])
    for _ in range(150):
        next(found)
    del found
    assert served.roots.count("labels") <= 2 + WINDOW
    assert client.count_labels(PROJECT) == 3000


def test_predictions_and_inferences_are_of_their_type(client: KiliClient, served: ListServer) -> None:
    served.labels = [
        label(number, labelType=kind)
        for number, kind in enumerate(("DEFAULT", "PREDICTION", "INFERENCE", "PREDICTION"))
    ]
    assert [one["id"] for one in client.predictions(PROJECT)] == ["label-1", "label-3"]
    (inference,) = client.inferences(PROJECT, as_generator=True, disable_tqdm=True)
    assert list(inference) == ["author", "id", "jsonResponse", "labelType", "modelName"]
    assert client.count_labels(PROJECT, type_in=["DEFAULT", "INFERENCE"]) == 2


def test_filters_are_sent_as_the_service_names_them(client: KiliClient, served: ListServer) -> None:
    client.labels(
        PROJECT,
        asset_id="as-1",
        asset_status_in=("TODO",),
        asset_external_id_in=["e"],
        asset_external_id_strictly_in=["f"],
        author_in=["Ann"],
        created_at="2024-01-01",
        created_at_gte="2024-01-01",
        created_at_lte="2024-01-02",
        honeypot_mark_gte=0.1,
        honeypot_mark_lte=0.9,
        label_id="lab-1",
        id_contains=["lab-1", "lab-2"],
        type_in=["DEFAULT"],
        user_id="u-1",
        fields=["id"],
    )
    assert next(variables for root, variables in served.requests if root == "labels")["where"] == {
        "asset": {
            "id": "as-1",
            "project": {"id": PROJECT},
            "statusIn": ["TODO"],
            "externalIdIn": ["e"],
            "externalIdStrictlyIn": ["f"],
        },
        "authorIn": ["Ann"],
        "createdAt": "2024-01-01",
        "createdAtGte": "2024-01-01",
        "createdAtLte": "2024-01-02",
        "honeypotMarkGte": 0.1,
        "honeypotMarkLte": 0.9,
        "id": "lab-1",
        "idIn": ["lab-1", "lab-2"],
        "project": {"id": PROJECT},
        "typeIn": ["DEFAULT"],
        "user": {"id": "u-1"},
    }


def test_empty_ids_are_no_filter_but_empty_lists_of_words_are(client: KiliClient, served: ListServer) -> None:
    client.count_labels(PROJECT, asset_id="", label_id="", user_id="", id_contains=[], asset_external_id_in=[])
    client.count_labels(PROJECT, type_in=[], author_in=())
    plain = {"project": {"id": PROJECT}, "asset": {"project": {"id": PROJECT}}}
    counts = [variables["where"] for root, variables in served.requests if root == "countLabels"]
    assert counts == [plain, plain | {"authorIn": [], "typeIn": []}]


BAD_ARGUMENTS = [
    ({"project_id": ""}, "`project_id` must be the id of a project"),
    ({"project_id": None}, "`project_id` must be the id of a project"),
    ({"first": -1}, "`first` is negative"),
    ({"skip": -1}, "`skip` is negative"),
    ({"first": 2.5}, "`first` must be a whole number"),
    ({"first": True}, "`first` must be a whole number"),
    ({"skip": "1"}, "`skip` must be a whole number"),
    ({"fields": "id"}, "`fields` must be a list of names"),
    ({"fields": []}, "`fields` is empty"),
    ({"fields": [1]}, "`fields` holds 1"),
    ({"fields": ["no name"]}, "is not the name of a field"),
    ({"fields": ["author", "author.id"]}, "keep the one or the other"),
    ({"type_in": ["PREDICTED"]}, r"`type_in\[0\]` must be one of AUTOSAVE"),
    ({"type_in": "DEFAULT"}, "`type_in` must be a list of texts"),
    ({"asset_status_in": ["TO REVIEW"]}, "did you mean 'TO_REVIEW'"),
    ({"author_in": "Ann"}, "`author_in` must be a list of texts"),
    ({"author_in": ["Ann", 3]}, r"`author_in\[1\]` must be a text"),
    ({"id_contains": "label-1"}, "`id_contains` must be a list of texts"),
    ({"id_contains": np.array(["a", "b"])}, "must be a list of texts, not .*: convert it with `list`"),
    ({"id_contains": pl.Series(["a"])}, "must be a list of texts, not .*: convert it with `list`"),
    ({"type_in": {"DEFAULT"}}, "must be a list of texts, not .*: convert it with `list`"),
    ({"label_id": 0}, "`label_id` must be a text"),
    ({"label_id": np.array([])}, "`label_id` must be a text"),
    ({"asset_id": 3}, "`asset_id` must be a text"),
    ({"created_at": 20240101}, "`created_at` must be a text"),
    ({"honeypot_mark_gte": "0.5"}, "`honeypot_mark_gte` must be a number"),
    ({"honeypot_mark_lte": float("nan")}, "`honeypot_mark_lte` is nan"),
    ({"output_format": "json"}, "`output_format` must be 'dict' or 'parsed_label'"),
    ({"output_format": "parsed_label", "fields": ["id"]}, "`fields` lacks `jsonResponse`"),
    ({"category_search": 3}, "`category_search` must be a text or a `Query`"),
]


@pytest.mark.parametrize("as_generator", [False, True])
def test_bad_arguments_are_found_before_anything_is_sent(
    client: KiliClient, served: ListServer, as_generator: bool
) -> None:
    @for_each(BAD_ARGUMENTS)
    def found(case: tuple[dict[str, object], str]) -> None:
        arguments, message = case
        with pytest.raises(ArgumentError, match=message):
            client.labels(**{"project_id": PROJECT, "as_generator": as_generator, **arguments})
        assert served.requests == []

    found()


def test_many_partial_ids_are_warned_about_and_sent(client: KiliClient, served: ListServer) -> None:
    with pytest.warns(UserWarning, match="asset_external_id_strictly_in") as warned:
        client.count_labels(PROJECT, asset_external_id_in=list("abcdefghijk"))
    assert warned[0].filename == __file__
    assert served.roots == ["countLabels"]


@pytest.mark.parametrize(
    "ask",
    [
        lambda client: client.labels("elsewhere"),
        lambda client: client.labels("elsewhere", fields=["id"]),
        lambda client: list(client.labels("elsewhere", fields=["id"], as_generator=True, disable_tqdm=True)),
        lambda client: client.assets("elsewhere", fields=["id"]),
        lambda client: client.count_labels("elsewhere"),
        lambda client: client.count_assets("elsewhere"),
        lambda client: client.export_labels_as_df("elsewhere"),
    ],
)
def test_an_unknown_project_is_not_found(served: ListServer, ask: Callable[[KiliClient], object]) -> None:
    served.labels, served.assets = [], []
    with KiliClient(KEY, served.endpoint) as client, pytest.raises(NotFound, match="there is no project `elsewhere`"):
        ask(client)


def test_an_empty_project_is_empty(client: KiliClient, served: ListServer) -> None:
    served.labels, served.assets = [], []
    assert client.labels(PROJECT, fields=["id"]) == client.assets(PROJECT, fields=["id"]) == []
    assert client.count_labels(PROJECT) == client.count_assets(PROJECT) == 0


def test_absent_contents_are_none_and_empty_ones_empty(client: KiliClient, served: ListServer) -> None:
    served.labels = [label(number, jsonResponse=text) for number, text in enumerate((None, "", "{}", "null"))]
    assert [one["jsonResponse"] for one in client.labels(PROJECT)] == [None, None, {}, None]


@pytest.mark.parametrize("text", ["{", '{"A": NaN}', "[" * 100_000, "{} {}"])
def test_a_content_that_is_not_json_names_its_label(client: KiliClient, served: ListServer, text: str) -> None:
    served.labels[1]["jsonResponse"] = text
    with pytest.raises(MalformedLabelError, match="label `label-1`: `jsonResponse` is not JSON"):
        client.labels(PROJECT, fields=["jsonResponse"])


def test_labels_before_a_bad_page_are_given(client: KiliClient, served: ListServer) -> None:
    served.labels[230]["jsonResponse"] = "{"
    found = client.labels(PROJECT, as_generator=True, disable_tqdm=True)
    before = []
    with pytest.raises(MalformedLabelError, match="label-230"):
        before.extend(found)
    before = []
    found = client.labels(PROJECT, as_generator=True, disable_tqdm=True)
    before = [next(found) for _ in range(199)]
    assert before[-1]["id"] == "label-198"


def test_bad_contents_are_left_out_and_reported_when_asked(served: ListServer) -> None:
    for number in range(0, 24, 2):
        served.labels[number]["jsonResponse"] = "{"
    with (
        KiliClient(KEY, served.endpoint, on_malformed="skip") as client,
        pytest.warns(UserWarning, match="are left out: `label-0`, .*`label-18` and 2 more"),
    ):
        found = client.labels(PROJECT)
    assert len(found) == 238
    assert found[0]["id"] == "label-1"


def test_what_json_allows_beyond_plain_text_is_read(client: KiliClient, served: ListServer) -> None:
    text = '{"A": "d\\u00e9j\\u00e0 \\ud83d\\ude00", "B": 123456789012345678901234567890, "C": 1.5e3}'
    served.labels = [label(0, jsonResponse=text)]
    assert client.labels(PROJECT)[0]["jsonResponse"] == json.loads(text)


class TestContentsElsewhere:
    """Newer services keep contents in files of their own."""

    @pytest.fixture(autouse=True)
    def contents(self, served: ListServer) -> None:
        for number in range(0, 250, 2):
            content = served.labels[number]["jsonResponse"]
            served.labels[number] |= {"jsonResponse": "", "jsonResponseUrl": served.url(f"content-{number}")}
            served.payloads[f"content-{number}"] = content.encode()

    def test_they_are_fetched_and_no_key_more_is_given(self, client: KiliClient, served: ListServer) -> None:
        found = client.labels(PROJECT, fields=["id", "jsonResponse"])
        assert all(one.keys() == {"id", "jsonResponse"} for one in found)
        assert [len(one["jsonResponse"].get("OBJECTS", {}).get("annotations", [])) for one in found] == [
            number % 4 for number in range(250)
        ]
        assert set(served.fetched) == set(served.payloads)
        assert len(served.fetched) <= len(served.payloads) + 2  # the row that two pages share comes with both

    def test_they_are_not_fetched_in_vain(self, client: KiliClient, served: ListServer) -> None:
        client.labels(PROJECT, fields=["id", "labelType"])
        assert served.fetched == []

    def test_the_url_is_given_to_who_asks_for_it(self, client: KiliClient, served: ListServer) -> None:
        found = client.labels(PROJECT, fields=["id", "jsonResponse", "jsonResponseUrl"], first=3)
        assert [one["jsonResponseUrl"] for one in found] == [served.url("content-0"), None, served.url("content-2")]
        assert found[2]["jsonResponse"]["OBJECTS"]

    def test_one_that_cannot_be_had_is_an_error(self, client: KiliClient, served: ListServer) -> None:
        del served.payloads["content-4"]
        with pytest.raises(TransportError, match="content-4"):
            client.labels(PROJECT)

    def test_or_is_left_out_and_reported_when_asked(self, served: ListServer) -> None:
        del served.payloads["content-4"]
        with (
            KiliClient(KEY, served.endpoint, on_malformed="skip") as client,
            pytest.warns(UserWarning, match="are left out: `label-4`"),
        ):
            found = client.labels(PROJECT)
        assert len(found) == 249

    def test_an_older_service_is_learned_once(self, client: KiliClient, served: ListServer) -> None:
        served.knows_urls = False
        served.labels = [label(0, cars=1)]
        for _ in range(2):
            assert client.labels(PROJECT)[0]["jsonResponse"] != {}
        assert served.roots == ["projects", "labels", "labels", "labels"]

    def test_another_refusal_is_not_mistaken_for_it(self, client: KiliClient, served: ListServer) -> None:
        served.knows_urls = False
        with pytest.raises(GraphQLError, match="jsonResponseUrl"):
            client.labels(PROJECT, fields=["jsonResponse", "jsonResponseUrl"])


def test_videos_come_in_small_pages(client: KiliClient, served: ListServer) -> None:
    served.input_type = "VIDEO"
    client.labels(PROJECT, first=20)
    client.labels(PROJECT, first=20, fields=["id"])
    sizes = [variables["first"] for root, variables in served.requests if root == "labels"]
    assert sizes == [20, 20]
    served.requests.clear()
    client.labels(PROJECT, first=21)
    assert [variables["first"] for _, variables in served.requests] == [20, 2]


@pytest.mark.parametrize("as_generator", [False, True])
def test_labels_as_objects(client: KiliClient, served: ListServer, as_generator: bool) -> None:
    how = {"output_format": "parsed_label", "as_generator": as_generator, "disable_tqdm": True}
    found = list(client.labels(PROJECT, first=3, **how))
    assert all(isinstance(one, ParsedLabel) for one in found)
    assert [one["id"] for one in found] == ["label-0", "label-1", "label-2"]
    assert found[2].jobs["OBJECTS"].annotations[1].category.name == "CAR"
    assert served.roots == ["projects", "labels"]


ASSETS = [
    {
        "id": f"asset-{number}",
        "externalId": f"file {number}",
        "jsonMetadata": json.dumps({"day": number}),
        "labels": [label(number, cars=number)],
        "latestLabel": None if number else label(0),
    }
    for number in range(5)
]


class TestAssets:
    @pytest.fixture(autouse=True)
    def assets(self, served: ListServer) -> None:
        served.assets = json.loads(json.dumps(ASSETS))

    def test_texts_are_decoded(self, client: KiliClient, served: ListServer) -> None:
        found = client.assets(PROJECT, fields=["jsonMetadata", "labels.jsonResponse", "latestLabel.jsonResponse"])
        assert found[0] == {
            "jsonMetadata": {"day": 0},
            "labels": [{"jsonResponse": {}}],
            "latestLabel": {"jsonResponse": {}},
        }
        assert found[1]["latestLabel"] is None
        assert found[3]["labels"][0]["jsonResponse"]["OBJECTS"]
        assert client.count_assets(PROJECT) == 5

    def test_contents_elsewhere_are_fetched(self, client: KiliClient, served: ListServer) -> None:
        served.assets[1]["labels"][0] |= {"jsonResponse": "", "jsonResponseUrl": served.url("content")}
        served.payloads["content"] = b'{"OBJECTS": {}}'
        found = client.assets(PROJECT, fields=["labels.jsonResponse"])
        assert [one["labels"][0] for one in found[:2]] == [{"jsonResponse": {}}, {"jsonResponse": {"OBJECTS": {}}}]

    @pytest.mark.parametrize(("text", "value"), [(None, None), ("", {}), ("{}", {})])
    def test_no_metadata(self, client: KiliClient, served: ListServer, text: str | None, value: object) -> None:
        served.assets[0]["jsonMetadata"] = text
        assert client.assets(PROJECT, fields=["jsonMetadata"], first=1) == [{"jsonMetadata": value}]

    def test_bad_metadata_names_its_asset(self, client: KiliClient, served: ListServer) -> None:
        served.assets[3]["jsonMetadata"] = "{"
        with pytest.raises(DataError, match="`jsonMetadata` of asset `asset-3` is not JSON"):
            client.assets(PROJECT, fields=["jsonMetadata"])

    def test_a_bad_content_names_its_label(self, client: KiliClient, served: ListServer) -> None:
        served.assets[3]["labels"][0]["jsonResponse"] = "{"
        with pytest.raises(MalformedLabelError, match="label `label-3`"):
            client.assets(PROJECT, fields=["labels.jsonResponse"])

    def test_or_becomes_unknown_and_is_reported_when_asked(self, served: ListServer) -> None:
        served.assets[3]["labels"][0]["jsonResponse"] = "{"
        with (
            KiliClient(KEY, served.endpoint, on_malformed="skip") as client,
            pytest.warns(UserWarning, match="have the content None: `label-3`"),
        ):
            found = client.assets(PROJECT, fields=["labels.jsonResponse"])
        assert found[3] == {"labels": [{"jsonResponse": None}]}

    def test_labels_as_objects(self, client: KiliClient) -> None:
        fields = ["labels.id", "labels.jsonResponse", "latestLabel.jsonResponse"]
        found = client.assets(PROJECT, fields=fields, label_output_format="parsed_label")
        assert found[2]["labels"][0].jobs["OBJECTS"].annotations[0].category.name == "CAR"
        assert isinstance(found[0]["latestLabel"], ParsedLabel)
        assert found[1]["latestLabel"] is None

    def test_filters(self, client: KiliClient, served: ListServer) -> None:
        client.count_assets(
            PROJECT, status_in=["TODO"], skipped=False, metadata_where={"day": [1, 2]}, label_author_in=["Ann"]
        )
        assert served.requests[-1][1]["where"] == {
            "project": {"id": PROJECT},
            "statusIn": ["TODO"],
            "skipped": False,
            "metadata": {"day": [1, 2]},
            "label": {"authorIn": ["Ann"]},
        }

    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            ({"statuses": ["TODO"]}, "no filter of assets `statuses`"),
            ({"statusin": ["TODO"]}, "did you mean `status_in`"),
            ({"skipped": "yes"}, "`skipped` must be True or False"),
            ({"metadata_where": ["day"]}, "`metadata_where` must be a dict"),
            ({"label_type_in": ["MINE"]}, "`label_type_in.*must be one of"),
            ({"label_category_search": 3}, "`label_category_search` must be a text or a `Query`"),
            ({"first": -2}, "`first` is negative"),
            ({"label_output_format": "json"}, "`label_output_format` must be 'dict' or"),
        ],
    )
    def test_bad_arguments(
        self, client: KiliClient, served: ListServer, arguments: dict[str, object], message: str
    ) -> None:
        with pytest.raises(ArgumentError, match=message):
            client.assets(PROJECT, **arguments)
        assert served.requests == []

    def test_pages_of_videos_are_small(self, client: KiliClient, served: ListServer) -> None:
        served.input_type = "VIDEO"
        client.assets(PROJECT)
        assert served.requests[-1][1]["first"] == 10


class TestConversations:
    """Some conversations have their contents in annotations, and an empty text beside them."""

    KIND: ClassVar[dict[str, Any]] = {
        "__typename": "ClassificationAnnotation",
        "id": "1",
        "job": "OBJECTS",
        "labelId": "label-1",
        "path": [],
        "annotationValue": {"categories": ["CAR"]},
    }
    CONTENT: ClassVar[dict[str, Any]] = {"OBJECTS": {"categories": [{"name": "CAR"}]}}

    @pytest.fixture
    def served(self) -> Iterator[ListServer]:
        odd = {"__typename": "VideoAnnotation", "id": "2", "job": "OBJECTS", "labelId": "label-2", "path": []}
        rows = [
            label(0, annotations=[]),
            label(1, annotations=[self.KIND]),
            label(2, annotations=[odd]),
        ]
        assets = [{"id": row["assetId"], "externalId": row["id"], "labels": [row], "latestLabel": row} for row in rows]
        with serve_lists(labels=rows, assets=assets, input_type="LLM_STATIC") as server:
            yield server

    def test_labels(self, served: ListServer) -> None:
        with KiliClient(KEY, served.endpoint, on_malformed="skip") as client:
            with pytest.warns(UserWarning, match="left out: `label-2`"):
                rows = client.labels("project-1", fields=["id", "jsonResponse"])
            assert rows == [{"id": "label-0", "jsonResponse": {}}, {"id": "label-1", "jsonResponse": self.CONTENT}]
            found = client.labels("project-1", fields=["id"], category_search="OBJECTS.CAR.count != OBJECTS.BUS.count")
            assert found == [{"id": "label-1"}]
        with KiliClient(KEY, served.endpoint) as client, pytest.raises(UnknownContentError, match="label `label-2`"):
            client.labels("project-1", fields=["id", "jsonResponse"])

    def test_assets(self, served: ListServer, tmp_path: Path) -> None:
        with KiliClient(KEY, served.endpoint, on_malformed="skip") as client:
            fields = ["id", "labels.jsonResponse"]
            with pytest.warns(UserWarning, match="content None: `label-2`"):
                rows = client.assets("project-1", fields=fields)
            assert [row["labels"][0] for row in rows] == [
                {"jsonResponse": content} for content in ({}, self.CONTENT, None)
            ]
            with pytest.warns(UserWarning, match="asset `label-2`.*which cannot be read"):
                client.export_labels("project-1", tmp_path / "a.zip", "raw", with_assets=False, on_error="skip")
        with zipfile.ZipFile(tmp_path / "a.zip") as archive:
            document = json.loads(archive.read("labels/label-1.json"))
            assert document["latestLabel"]["jsonResponse"] == self.CONTENT
            assert "annotations" not in document["latestLabel"]
