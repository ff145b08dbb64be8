"""Category searches through the client: the answers are those of our own engine, however far the server is trusted."""

from collections.abc import Iterator

import pytest

import kili_query as kq
from kili_query.client import KiliClient
from kili_query.errors import MalformedLabelError, QueryError, QuerySyntaxError
from kili_query.planning import STRICT_PROFILE
from tests.client.list_server import KEY, ListServer, label, serve_lists
from tests.client.plain_box import small_pages

PROJECT = "project-1"
LABELS = 25
"""Three of the `small_pages`."""
COUNTS = [(number % 5, number % 3) for number in range(LABELS)]
RESIDUAL = "OBJECTS.CAR.count > OBJECTS.BUS.count"
EXACT = "OBJECTS.CAR.count > 2"


@pytest.fixture
def served() -> Iterator[ListServer]:
    labels = [label(number, cars=cars, buses=buses) for number, (cars, buses) in enumerate(COUNTS)]
    with small_pages(), serve_lists(labels=labels) as server:
        server.assets = [
            {"id": f"asset-{number}", "externalId": f"file {number}", "labels": [labels[number]]}
            for number in range(LABELS)
        ]
        yield server


@pytest.fixture
def client(served: ListServer) -> Iterator[KiliClient]:
    with KiliClient(KEY, served.endpoint) as client:
        yield client


def matching(query: str, served: ListServer) -> list[str]:
    """The ids of the labels that match, as our own engine says."""
    matches = kq.parse(query).compile(ontology=kq.Ontology.from_json_interface(served.interface))
    contents = [
        {
            "OBJECTS": {
                "annotations": [{"categories": [{"name": "CAR"}]}] * cars + [{"categories": [{"name": "BUS"}]}] * buses
            }
        }
        for cars, buses in COUNTS
    ]
    return [f"label-{number}" for number, content in enumerate(contents) if matches(content)]


QUERIES = [
    EXACT,
    RESIDUAL,
    "NOT OBJECTS.CAR",
    "OBJECTS.CAR.count == OBJECTS.BUS.count",
    "OBJECTS.CAR.count > 1 AND OBJECTS.CAR.count + OBJECTS.BUS.count == 5",
    "OBJECTS.*.count >= 3",
    "OBJECTS.Car.count > 2",
    "OBJECTS.CAR.count >= 0",
]


@pytest.mark.parametrize("query", QUERIES)
@pytest.mark.parametrize("profile", [kq.ServerProfile(), STRICT_PROFILE], ids=["default", "strict"])
@pytest.mark.filterwarnings("ignore:the service cannot answer all")
def test_lists_and_counts_are_those_of_our_engine(served: ListServer, query: str, profile: kq.ServerProfile) -> None:
    wanted = matching(query, served)
    with KiliClient(KEY, served.endpoint, profile=profile) as client:
        assert [one["id"] for one in client.labels(PROJECT, category_search=query)] == wanted
        assert client.count_labels(PROJECT, category_search=query) == len(wanted)
        found = client.assets(PROJECT, label_category_search=query, fields=["id"])
        assert [one["id"] for one in found] == [name.replace("label", "asset") for name in wanted]
        assert client.count_assets(PROJECT, label_category_search=query) == len(wanted)


@pytest.mark.parametrize("query", [EXACT, RESIDUAL])
@pytest.mark.parametrize(("first", "skip"), [(0, 0), (3, 0), (3, 5), (None, 6), (1000, 2), (5, 1000)])
def test_first_and_skip_count_labels_that_match(
    client: KiliClient, served: ListServer, query: str, first: int | None, skip: int
) -> None:
    found = client.labels(PROJECT, category_search=query, first=first, skip=skip, fields=["id"])
    end = None if first is None else skip + first
    assert [one["id"] for one in found] == matching(query, served)[skip:end]


def test_a_query_is_as_good_as_its_text(client: KiliClient, served: ListServer) -> None:
    found = client.labels(PROJECT, category_search=kq.parse(RESIDUAL), fields=["id"])
    assert [one["id"] for one in found] == matching(RESIDUAL, served)


def test_what_is_judged_here_does_not_show(client: KiliClient, served: ListServer) -> None:
    found = client.labels(PROJECT, category_search=RESIDUAL, fields=["labelType"], first=2)
    assert found == [{"labelType": "DEFAULT"}] * 2
    assert "jsonResponse" in served.selections[-1]


def test_at_most_one_page_after_the_last_label_wanted_is_fetched(client: KiliClient, served: ListServer) -> None:
    assert len(client.labels(PROJECT, category_search=RESIDUAL, first=2)) == 2
    assert served.roots[:2] == ["projects", "labels"]
    assert served.roots[2:].count("labels") <= 1


def test_the_server_is_asked_for_what_it_can_judge(client: KiliClient, served: ListServer) -> None:
    client.labels(PROJECT, category_search="objects.Car.count > 2 and not OBJECTS.BUS".replace("objects", "OBJECTS"))
    assert served.requests[-1][1]["where"]["search"] == "OBJECTS.BUS.count < 1 AND OBJECTS.CAR.count > 2"


def test_a_search_that_nothing_can_match_asks_for_nothing(client: KiliClient, served: ListServer) -> None:
    never = "OBJECTS.CAR.count > 3 AND OBJECTS.CAR.count < 2"
    assert client.labels(PROJECT, category_search=never) == []
    assert list(client.labels(PROJECT, category_search=never, as_generator=True, disable_tqdm=True)) == []
    assert client.count_labels(PROJECT, category_search=never) == 0
    assert client.assets(PROJECT, label_category_search=never) == []
    assert client.count_assets(PROJECT, label_category_search=never) == 0
    assert served.roots == ["projects"]


def test_a_search_that_all_match_sends_no_filter(client: KiliClient, served: ListServer) -> None:
    assert client.count_labels(PROJECT, category_search="OBJECTS.CAR.count >= 0") == LABELS
    assert "search" not in served.requests[-1][1]["where"]


@pytest.mark.parametrize("text", ["", "OBJECTS.CAR.count >", "OBJECTS.CAR.count => 3", "((OBJECTS.CAR)"])
def test_a_text_that_is_no_query_is_shown_before_anything_is_sent(
    client: KiliClient, served: ListServer, text: str
) -> None:
    with pytest.raises(QuerySyntaxError) as raised:
        client.labels(PROJECT, category_search=text, as_generator=True, disable_tqdm=True)
    assert raised.value.diagnostics
    assert served.requests == []


def test_unknown_names_are_shown_before_labels_are_asked_for(client: KiliClient, served: ListServer) -> None:
    with pytest.raises(QueryError, match=r"unknown category `CRA`[\s\S]*category_search:1:9[\s\S]*did you mean `CAR`"):
        client.count_labels(PROJECT, category_search="OBJECTS.CRA.count > 1")
    assert served.roots == ["projects"]


def test_a_count_by_reading_is_said_once(client: KiliClient) -> None:
    with pytest.warns(UserWarning, match="the labels are read to be counted") as warned:
        first = client.count_labels(PROJECT, category_search=RESIDUAL)
    assert warned[0].filename == __file__
    assert client.count_labels(PROJECT, category_search=RESIDUAL) == first  # a second warning would be an error


def test_labels_of_unknown_content_are_neither_found_nor_passed_over(served: ListServer) -> None:
    served.labels[1]["jsonResponse"] = ""
    wanted = matching("OBJECTS.CAR.count == OBJECTS.BUS.count", served)
    with (
        KiliClient(KEY, served.endpoint, profile=STRICT_PROFILE) as client,
        pytest.warns(UserWarning, match="are left out: `label-1`"),
    ):
        found = client.labels(PROJECT, category_search="OBJECTS.CAR.count == OBJECTS.BUS.count")
    assert [one["id"] for one in found] == [name for name in wanted if name != "label-1"]


def test_a_label_of_the_wrong_shape_is_named(client: KiliClient, served: ListServer) -> None:
    served.labels[3]["jsonResponse"] = '{"OBJECTS": {"annotations": "none"}}'
    query = "OBJECTS.CAR.count == OBJECTS.BUS.count"
    with (
        KiliClient(KEY, served.endpoint, profile=STRICT_PROFILE) as strict,
        pytest.raises(MalformedLabelError, match="label `label-3`: ") as raised,
    ):
        strict.labels(PROJECT, category_search=query)
    assert raised.value.path == "OBJECTS.annotations"


def test_or_left_out_and_reported_when_asked(served: ListServer) -> None:
    served.labels[3]["jsonResponse"] = '{"OBJECTS": {"annotations": "none"}}'
    with (
        KiliClient(KEY, served.endpoint, profile=STRICT_PROFILE, on_malformed="skip") as client,
        pytest.warns(UserWarning, match="are left out: `label-3`"),
    ):
        client.labels(PROJECT, category_search="OBJECTS.CAR.count == OBJECTS.BUS.count")


def test_an_asset_needs_one_label_that_meets_everything(client: KiliClient, served: ListServer) -> None:
    wanted = len(matching(RESIDUAL, served))
    for number in range(0, LABELS, 2):
        served.labels[number]["labelType"] = "REVIEW"
    found = client.assets(PROJECT, label_category_search=RESIDUAL, label_type_in=["REVIEW"], fields=["id"])
    assert 0 < len(found) < wanted
    assert {int(str(one["id"])[6:]) % 2 for one in found} == {0}
    all_found = client.assets(PROJECT, label_category_search=RESIDUAL, fields=["id"])
    assert client.assets(PROJECT, label_category_search=RESIDUAL, fields=["id"], first=2, skip=1) == all_found[1:3]


def test_parsed_labels_can_be_searched(client: KiliClient, served: ListServer) -> None:
    found = client.labels(PROJECT, category_search=RESIDUAL, output_format="parsed_label")
    assert [one["id"] for one in found] == matching(RESIDUAL, served)
    assert len(found[0].jobs["OBJECTS"].annotations) > 0
