"""What a client knows of projects, and when it asks anew."""

import copy
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from kili_query import Ontology
from kili_query.client import KiliClient
from kili_query.errors import ArgumentError, NotFound, OntologyError, QueryError
from tests.client.list_server import INTERFACE, KEY, ListServer, label, serve_lists

PROJECT = "project-1"


@pytest.fixture
def served() -> Iterator[ListServer]:
    with serve_lists(labels=[label(number, cars=number) for number in range(4)]) as server:
        yield server


def count(client: KiliClient, query: str = "OBJECTS.CAR") -> int:
    return client.count_labels(PROJECT, category_search=query)


def asked(served: ListServer) -> int:
    return served.roots.count("projects")


def add_category(served: ListServer) -> None:
    served.interface["jobs"]["OBJECTS"]["content"]["categories"]["TRAM"] = {"name": "Tram", "children": []}


def test_an_ontology_is_asked_for_once(served: ListServer) -> None:
    with KiliClient(KEY, served.endpoint) as client:
        assert [count(client) for _ in range(3)] == [3, 3, 3]
        client.labels(PROJECT, category_search="OBJECTS.CAR")
    assert asked(served) == 1


def test_many_threads_ask_once(served: ListServer) -> None:
    with KiliClient(KEY, served.endpoint) as client, ThreadPoolExecutor(20) as pool:
        assert list(pool.map(lambda _: count(client), range(40))) == [3] * 40
    assert asked(served) == 1


def test_without_a_cache_it_is_asked_for_each_time(served: ListServer) -> None:
    with KiliClient(KEY, served.endpoint, ontology_cache=False) as client:
        count(client)
        count(client)
    assert asked(served) == 2


def test_an_ontology_that_is_given_is_not_asked_for(served: ListServer) -> None:
    known = {PROJECT: Ontology.from_json_interface(INTERFACE, input_type="IMAGE")}
    with KiliClient(KEY, served.endpoint, ontology_cache=known) as client:
        assert count(client) == 3
        assert len(client.labels(PROJECT)) == 4
    assert asked(served) == 0


def test_a_cache_is_shared(served: ListServer) -> None:
    cache: dict[str, Ontology] = {}
    for _ in range(2):
        with KiliClient(KEY, served.endpoint, ontology_cache=cache) as client:
            count(client)
    assert list(cache) == [PROJECT]
    assert asked(served) == 1


def test_an_unknown_name_may_have_been_added(served: ListServer) -> None:
    with KiliClient(KEY, served.endpoint) as client:
        count(client)
        with pytest.raises(QueryError, match="unknown category `TRAM`"):
            count(client, "OBJECTS.TRAM")
        add_category(served)
        assert count(client, "OBJECTS.TRAM.count == 0") == 4
        assert count(client, "OBJECTS.TRAM.count == 0") == 4
    assert asked(served) == 3


def test_a_fresh_ontology_is_not_asked_for_again(served: ListServer) -> None:
    with KiliClient(KEY, served.endpoint) as client, pytest.raises(QueryError):
        count(client, "OBJECTS.TRAM")
    assert asked(served) == 1


def test_a_pattern_knows_what_was_added(served: ListServer) -> None:
    served.interface = copy.deepcopy(INTERFACE)
    with KiliClient(KEY, served.endpoint) as client:
        count(client)
        add_category(served)
        boxes = '{"OBJECTS": {"annotations": [{"mid": "a", "categories": [{"name": "TRAM"}]}]}}'
        served.labels = [label(0, jsonResponse=boxes)]
        with pytest.warns(UserWarning, match="read to be counted"):
            assert count(client, "OBJECTS.*.count > 0 AND OBJECTS.CAR.count == OBJECTS.BUS.count") == 1


def test_a_project_of_the_wrong_shape_says_where(served: ListServer) -> None:
    served.interface["jobs"]["OBJECTS"]["content"] = "none"
    with KiliClient(KEY, served.endpoint) as client:
        with pytest.raises(OntologyError) as raised:
            count(client)
        assert "jobs.OBJECTS.content" in raised.value.path
        assert len(client.labels(PROJECT)) == 4  # which needs no ontology


def test_an_unknown_project_is_not_found(served: ListServer) -> None:
    with KiliClient(KEY, served.endpoint) as client, pytest.raises(NotFound, match="there is no project `p`"):
        client.count_labels("p", category_search="OBJECTS.CAR")


@pytest.mark.parametrize("cache", [None, [], "yes"])
def test_a_cache_that_is_none_is_refused(cache: object) -> None:
    with pytest.raises(ArgumentError, match="`ontology_cache` must be a dict"):
        KiliClient(KEY, "http://127.0.0.1:1/graphql", ontology_cache=cache)
