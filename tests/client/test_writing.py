"""The writing calls: arguments are checked before anything is sent, and no id is lost on the way."""

import json
import math
from contextlib import nullcontext
from typing import Any

import pytest

from kili_query.client import writing
from kili_query.client.request import Request
from kili_query.client.testing import FakeService
from kili_query.client.writing import append_to_labels, create_honeypot, delete_labels, update_properties_in_label
from kili_query.errors import (
    ArgumentError,
    GraphQLError,
    IncompatibleArgumentsError,
    MissingArgumentError,
    MutationOutcomeUnknown,
    NotFound,
    ServiceError,
    TransportError,
)

CONTENT: dict[str, object] = {"JOB": {"text": "déjà"}}


def answering(request: Request) -> object:
    """What a well-behaved server answers: ids made of the assets' ids; each asset's external id is its own id."""
    match request.operation.name:
        case "appendManyLabels":
            data: Any = request.variables["data"]
            return [{"id": f"label of {one['assetID']}"} for one in data["labelsData"]]
        case "countAssets":
            counted: Any = request.variables["where"]
            return len(counted["externalIdStrictlyIn"])
        case "deleteLabels":
            return request.variables["ids"]
        case "assets":
            where: Any = request.variables["where"]
            first: Any = request.variables["first"]
            skip: Any = request.variables["skip"]
            ids = where["externalIdStrictlyIn"][skip : skip + first]
            return [{"id": f"id of {one}", "externalId": one} for one in ids if not one.startswith("unknown")]
        case "me":
            return {"id": "me"}
        case _:
            return {"id": "written"}


@pytest.fixture
def service() -> FakeService:
    return FakeService(answering)


def append_labels(service: FakeService, *, advance: Any = lambda _: None, **arguments: Any) -> list[dict[str, str]]:
    return writing.append_labels(service, writing.NewLabels(**arguments), advance)


def create_predictions(
    service: FakeService, *, external_id_array: Any = None, model_name_array: Any = None, **arguments: Any
) -> dict[str, str]:
    new = writing.NewLabels(project_id="p", asset_external_id_array=external_id_array, **arguments)
    return writing.create_predictions(service, new, model_name_array)


def test_append_by_ids(service: FakeService) -> None:
    created = append_labels(
        service,
        asset_id_array=["a", "a"],
        json_response_array=(CONTENT, {}),
        author_id_array=["ann", "bob"],
        seconds_to_label_array=[3, 0],
        project_id="p",
    )
    assert created == [{"id": "label of a"}, {"id": "label of a"}]
    (request,) = service.requests
    assert request.variables == {
        "data": {
            "labelType": "DEFAULT",
            "overwrite": False,
            "labelsData": [
                {
                    "assetID": "a",
                    "authorID": author,
                    "clientVersion": None,
                    "jsonResponse": text,
                    "modelName": None,
                    "secondsToLabel": seconds,
                }
                for author, text, seconds in (("ann", json.dumps(CONTENT), 3), ("bob", "{}", 0))
            ],
        },
        "where": {"idIn": ["a", "a"], "project": {"id": "p"}},
    }


def test_append_by_external_ids_in_batches(service: FakeService) -> None:
    names = [f"image {number}" for number in range(1005)]
    told: list[int] = []
    created = append_labels(
        service,
        asset_external_id_array=names,
        project_id="p",
        json_response_array=[CONTENT] * 1005,
        advance=told.append,
    )
    assert created == [{"id": f"label of id of {name}"} for name in names]
    assert told == [100] * 10 + [5]
    sent = [request.operation.name for request in service.requests]
    # 1000 ids: pages overlap by a row, so that it takes eleven; then a page of five ids
    assert sent == ["assets", "countAssets", *["assets"] * 11, *["appendManyLabels"] * 11]


def test_batches_are_bounded_in_bytes(service: FakeService) -> None:
    large = {"JOB": {"text": "x" * 1_500_000}}
    append_labels(service, asset_id_array=list("abcde"), json_response_array=[large] * 5)
    sizes = [len(request.variables["where"]["idIn"]) for request in service.requests]  # type: ignore[index]
    assert sizes == [2, 2, 1]


@pytest.mark.parametrize(
    ("arguments", "kind", "said"),
    [
        ({"asset_id_array": ["a"]}, ArgumentError, "`json_response_array` is empty"),
        (
            {"json_response_array": [{}], "asset_id_array": ["a"], "asset_external_id_array": ["b"]},
            IncompatibleArgumentsError,
            "not both",
        ),
        ({"json_response_array": [{}]}, MissingArgumentError, "no asset is named"),
        ({"json_response_array": [{}], "asset_id_array": []}, MissingArgumentError, "no asset is named"),
        ({"json_response_array": [{}], "asset_external_id_array": ["b"]}, MissingArgumentError, "and `project_id`"),
        ({"json_response_array": [{}], "asset_id_array": ["a", "b"]}, ArgumentError, "`json_response_array` 1, .* 2"),
        ({"json_response_array": [{}], "asset_id_array": ["a"], "author_id_array": []}, ArgumentError, "lengths"),
        ({"json_response_array": [{}, {}], "asset_id_array": ["a", ""]}, ArgumentError, r"`asset_id_array\[1\]`"),
        ({"json_response_array": [{}, {}], "asset_id_array": ["a", None]}, ArgumentError, r"`asset_id_array\[1\]`"),
        ({"json_response_array": [{}], "asset_id_array": ["a"], "label_type": "PREDICTION"}, ArgumentError, "model"),
        ({"json_response_array": [{}], "asset_id_array": ["a"], "label_type": "WRONG"}, ArgumentError, "DEFAULT"),
        (
            {"json_response_array": [{}, "x"], "asset_id_array": ["a", "b"]},
            ArgumentError,
            r"array\[1\]` must be a dict",
        ),
        ({"json_response_array": [{}], "asset_id_array": "a"}, ArgumentError, "`asset_id_array` must be a list"),
        ({"json_response_array": [{}], "asset_id_array": [7]}, ArgumentError, "must be a text, not 7"),
        ({"json_response_array": [{"a": math.nan}], "asset_id_array": ["a"]}, ArgumentError, "not JSON"),
        (
            {"json_response_array": [{}], "asset_id_array": ["a"], "seconds_to_label_array": [1.5]},
            ArgumentError,
            "whole number of seconds",
        ),
    ],
)
def test_append_refuses_before_sending(
    service: FakeService, arguments: dict[str, Any], kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said) as caught:
        append_labels(service, **arguments)
    assert isinstance(caught.value, ValueError)
    assert service.requests == []


def test_unknown_external_ids_change_nothing(service: FakeService) -> None:
    names = ["known", *(f"unknown {number}" for number in range(12))]
    with pytest.raises(NotFound, match=r"`unknown 0`, .* and 2 more"):
        append_labels(service, asset_external_id_array=names, project_id="p", json_response_array=[{}] * 13)
    assert [request.operation.name for request in service.requests] == ["assets"]


def test_ambiguous_external_ids_change_nothing() -> None:
    twins = [{"id": "1", "externalId": "x"}, {"id": "2", "externalId": "x"}]
    service = FakeService(lambda _: twins)
    with pytest.raises(ArgumentError, match="several assets of project `p` have the external id `x`"):
        append_labels(service, asset_external_id_array=["x"], project_id="p", json_response_array=[{}])
    assert len(service.requests) == 1


def test_assets_that_repeat_forever_end() -> None:
    page = [{"id": str(number), "externalId": "x"} for number in range(100)]
    service = FakeService(lambda request: page if request.operation.name == "assets" else 10_000)
    with pytest.raises(ServiceError, match="the service repeats its rows"):
        append_labels(service, asset_external_id_array=["x"], project_id="p", json_response_array=[{}])


class _FailsAt:
    """Answers well, but for one request."""

    def __init__(self, number: int, failure: object) -> None:
        self.number, self.failure, self.seen = number, failure, 0

    def __call__(self, request: Request) -> object:
        self.seen += 1
        return self.failure if self.seen == self.number else answering(request)


def failing(failure: object) -> tuple[FakeService, ServiceError]:
    """The error of a call of 250 labels whose second of three mutations fails."""
    service = FakeService(_FailsAt(2, failure))
    with pytest.raises(ServiceError) as caught:
        append_labels(service, asset_id_array=[str(n) for n in range(250)], json_response_array=[{}] * 250)
    assert len(service.requests) == 2
    return service, caught.value


FIRST = tuple({"id": f"label of {number}"} for number in range(100))


def test_refused_batch_tells_what_was_created() -> None:
    _, error = failing(GraphQLError("no"))
    assert isinstance(error, GraphQLError)
    assert error.created == FIRST
    assert error.in_doubt == ()
    assert error.not_sent == tuple(range(100, 250))


def test_batch_without_answer_is_in_doubt() -> None:
    _, error = failing(MutationOutcomeUnknown("no answer"))
    assert error.created == FIRST
    assert error.in_doubt == tuple(range(100, 200))
    assert error.not_sent == tuple(range(200, 250))


@pytest.mark.parametrize("answer", [None, {}, "text", 3, [], [{"id": "one"}]])
def test_batch_with_a_wrong_answer_is_in_doubt(answer: Any) -> None:
    _, error = failing(answer)
    assert isinstance(error, MutationOutcomeUnknown)
    assert error.created == (*FIRST, *(answer if isinstance(answer, list) else ()))
    assert error.in_doubt == tuple(range(100, 200))


@pytest.mark.parametrize("hole", [None, {}, {"id": None}, {"id": ""}, {"id": 3}, [], True])
def test_batch_with_an_answer_that_lacks_an_id_is_in_doubt(hole: object) -> None:
    rest = [{"id": f"new {number}"} for number in range(99)]
    _, error = failing([*rest, hole])
    assert isinstance(error, MutationOutcomeUnknown)
    assert error.created == (*FIRST, *rest)  # no id that is known is lost
    assert error.in_doubt == tuple(range(100, 200))
    assert error.not_sent == tuple(range(200, 250))


def test_interruption_tells_what_was_created() -> None:
    service = FakeService(_FailsAt(2, KeyboardInterrupt()))
    with pytest.raises(KeyboardInterrupt) as caught:
        delete_labels(service, ids=[str(number) for number in range(150)])
    (note,) = caught.value.__notes__
    assert "carried out before: ['0', '1'," in note
    assert "in doubt: ['100'," in note


def test_create_predictions(service: FakeService) -> None:
    answer = create_predictions(
        service, external_id_array=["x"], json_response_array=[{}], model_name="m", overwrite=True
    )
    assert answer == {"id": "p"}
    data: Any = service.variables()["data"]
    assert (data["labelType"], data["overwrite"], data["labelsData"][0]["modelName"]) == ("PREDICTION", True, "m")


def test_create_predictions_prefers_ids(service: FakeService) -> None:
    create_predictions(
        service,
        external_id_array=["x"],
        asset_id_array=["a"],
        json_response_array=[{}],
        model_name="m",
    )
    assert [request.operation.name for request in service.requests] == ["appendManyLabels"]


def test_model_name_array_is_deprecated(service: FakeService) -> None:
    with pytest.warns(DeprecationWarning, match="give `model_name`"):
        create_predictions(
            service,
            asset_id_array=["a", "b"],
            json_response_array=[{}, {}],
            model_name_array=["m", "m"],
        )
    data: Any = service.variables()["data"]
    assert [one["modelName"] for one in data["labelsData"]] == ["m", "m"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "`json_response_array` is empty"),
        ({"json_response_array": [{}], "model_name": "m", "asset_id_array": ["a", "b"]}, "lengths"),
        ({"json_response_array": [{}], "asset_id_array": ["a"]}, "`model_name` is missing"),
        (
            {"json_response_array": [{}, {}], "asset_id_array": ["a", "b"], "model_name_array": ["m", "n"]},
            "not of 2",
        ),
        ({"json_response_array": [{}], "model_name": "m"}, "no asset is named"),
        ({"json_response_array": [{}], "model_name": "", "asset_id_array": ["a"]}, "`model_name` is missing"),
    ],
)
def test_create_predictions_refuses_before_sending(service: FakeService, arguments: dict[str, Any], said: str) -> None:
    with pytest.raises(ArgumentError, match=said):
        create_predictions(service, **arguments)
    assert service.requests == []


def test_create_honeypot(service: FakeService) -> None:
    assert create_honeypot(service, json_response={}, asset_external_id="x", project_id="p") == {"id": "written"}
    assert service.variables() == {"data": {"jsonResponse": "{}"}, "where": {"id": "id of x"}}


@pytest.mark.parametrize("arguments", [{}, {"asset_external_id": "x"}, {"project_id": "p"}])
def test_create_honeypot_needs_an_asset(service: FakeService, arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError, match="no asset is named"):
        create_honeypot(service, json_response={}, **arguments)
    assert service.requests == []


def test_append_to_labels_asks_who_writes(service: FakeService) -> None:
    with pytest.warns(DeprecationWarning, match="call `append_labels`"):
        append_to_labels(service, json_response=CONTENT, label_asset_id="a")
    assert [request.operation.name for request in service.requests] == ["me", "appendToLabels"]
    assert service.variables() == {
        "data": {
            "authorID": "me",
            "jsonResponse": json.dumps(CONTENT),
            "labelType": "DEFAULT",
            "secondsToLabel": 0,
        },
        "where": {"id": "a"},
    }


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        ({}, MissingArgumentError),
        ({"label_asset_external_id": "x"}, MissingArgumentError),
        ({"label_asset_external_id": "x", "label_asset_id": "a"}, IncompatibleArgumentsError),
    ],
)
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_append_to_labels_needs_one_asset(
    service: FakeService, arguments: dict[str, Any], kind: type[Exception]
) -> None:
    with pytest.raises(kind):
        append_to_labels(service, json_response={}, **arguments)
    assert service.requests == []


def test_update_can_empty_a_label(service: FakeService) -> None:
    update_properties_in_label(service, label_id="l", json_response={}, seconds_to_label=0, model_name="m")
    assert service.variables() == {
        "where": {"id": "l"},
        "data": {"jsonResponse": "{}", "modelName": "m", "secondsToLabel": 0},
    }


@pytest.mark.parametrize("arguments", [{"label_id": "l"}, {"label_id": "", "model_name": "m"}])
def test_update_refuses_before_sending(service: FakeService, arguments: dict[str, Any]) -> None:
    with pytest.raises(ArgumentError):
        update_properties_in_label(service, **arguments)
    assert service.requests == []


@pytest.mark.parametrize("answer", [None, [], {}, {"id": None}])
def test_update_without_an_answer_is_in_doubt(answer: object) -> None:
    with pytest.raises(MutationOutcomeUnknown, match="the answer holds no id"):
        update_properties_in_label(FakeService(lambda _: answer), label_id="l", model_name="m")


@pytest.mark.filterwarnings("ignore:`append_to_labels` is deprecated")
@pytest.mark.parametrize("answer", ["unexpected", [], {}, {"id": None}])
def test_append_to_labels_without_a_known_author_sends_nothing(answer: object) -> None:
    service = FakeService(lambda _: answer)
    with pytest.raises(TransportError, match="the current user has no id") as raised:
        append_to_labels(service, json_response={}, label_asset_id="a")
    assert raised.value.not_sent == ("a",)
    assert [request.operation.name for request in service.requests] == ["me"]


@pytest.mark.parametrize("kind", [list, tuple])
def test_delete(service: FakeService, kind: type) -> None:
    ids = [str(number) for number in range(205)]
    assert delete_labels(service, ids=kind(ids)) == ids
    assert len(service.requests) == 3


@pytest.mark.parametrize("answer", [None, {}, "text", ["a", None], [["a"]]])
def test_delete_with_a_wrong_answer_is_in_doubt(answer: Any) -> None:
    with pytest.raises(MutationOutcomeUnknown) as raised:
        delete_labels(FakeService(lambda _: answer), ids=["a", "b"])
    assert raised.value.created == (("a",) if answer == ["a", None] else ())
    assert raised.value.in_doubt == ("a", "b")


@pytest.mark.parametrize("failure", [NotFound("no"), GraphQLError("no"), MutationOutcomeUnknown("lost")])
def test_what_became_of_a_single_label_is_told(failure: ServiceError) -> None:
    service = FakeService(lambda _: failure)
    calls = {
        "x": lambda: create_honeypot(service, json_response={}, asset_external_id="x", project_id="p"),
        "a": lambda: append_to_labels(service, json_response={}, label_asset_id="a"),
        "l": lambda: update_properties_in_label(service, label_id="l", model_name="m"),
    }
    for name, call in calls.items():
        warns = pytest.warns(DeprecationWarning, match="`append_labels`") if name == "a" else nullcontext()
        with warns, pytest.raises(ServiceError) as raised:
            call()
        is_unknown = isinstance(failure, MutationOutcomeUnknown)
        told = (raised.value.created, raised.value.in_doubt, raised.value.not_sent)
        assert told == (((), (name,), ()) if is_unknown else ((), (), (name,)))


def test_a_lookup_that_fails_tells_that_nothing_was_sent() -> None:
    service = FakeService(lambda _: GraphQLError("no"))
    with pytest.raises(GraphQLError) as raised:
        append_labels(
            service, asset_external_id_array=["a", "b"], project_id="p", json_response_array=[CONTENT, CONTENT]
        )
    assert (raised.value.created, raised.value.in_doubt, raised.value.not_sent) == ((), (), (0, 1))


@pytest.mark.parametrize("nothing", [[], ()])
def test_delete_nothing(service: FakeService, nothing: Any) -> None:
    with pytest.warns(UserWarning, match="no label is deleted"):
        assert delete_labels(service, ids=nothing) == []
    assert service.requests == []


@pytest.mark.parametrize("ids", ["abc", [""], [None], [3]])
def test_delete_refuses_before_sending(service: FakeService, ids: Any) -> None:
    with pytest.raises(ArgumentError):
        delete_labels(service, ids=ids)
    assert service.requests == []
