"""The arguments of lists: their order, their help, and what becomes of arguments that a method does not have."""

import inspect
from functools import partial

import pytest

from kili_query.client import KiliClient
from kili_query.client.keyword_arguments import LABEL_FIELDS
from kili_query.client.testing import FakeService
from kili_query.errors import ArgumentError
from kili_query.protocol import AssetKeywords, EventFilters, LabelFilters, PredictionFilters, filters_of
from tests.client.list_server import KEY, label, serve_lists

ORDERS = {
    "count_labels": "project_id asset_id asset_status_in asset_external_id_in asset_external_id_strictly_in author_in "
    "created_at created_at_gte created_at_lte honeypot_mark_gte honeypot_mark_lte label_id type_in user_id "
    "category_search id_contains",
    "labels": "project_id asset_id asset_status_in asset_external_id_in asset_external_id_strictly_in author_in "
    "created_at created_at_gte created_at_lte fields first honeypot_mark_gte honeypot_mark_lte id_contains label_id "
    "skip type_in user_id disable_tqdm category_search output_format as_generator",
    "predictions": "project_id asset_id asset_status_in asset_external_id_in author_in created_at created_at_gte "
    "created_at_lte fields first honeypot_mark_gte honeypot_mark_lte id_contains label_id skip user_id disable_tqdm "
    "category_search as_generator",
    "inferences": "project_id asset_id asset_status_in asset_external_id_in author_in created_at created_at_gte "
    "created_at_lte fields first honeypot_mark_gte honeypot_mark_lte id_contains label_id skip user_id disable_tqdm "
    "category_search as_generator",
    "assets": "project_id asset_id skip fields",
    "count_assets": "project_id asset_id",
    "append_labels": "asset_id_array json_response_array author_id_array seconds_to_label_array model_name label_type "
    "project_id asset_external_id_array disable_tqdm overwrite step_name reviewed_label_id_array step_id group_name",
}


@pytest.mark.parametrize(
    ("method", "slip", "meant"),
    [("assets", "feilds", "fields"), ("assets", "as_generatr", "as_generator"), ("events", "ordr", "order")],
)
def test_slips_in_arguments_beside_filters(method: str, slip: str, meant: str) -> None:
    client = KiliClient(transport=FakeService({}))
    with pytest.raises(ArgumentError, match=f"there is no argument `{slip}`: did you mean `{meant}`"):
        getattr(client, method)("p", **{slip: None})


@pytest.mark.parametrize("name", ORDERS)
def test_positions(name: str) -> None:
    parameters = inspect.signature(getattr(KiliClient, name)).parameters.values()
    positional = [one.name for one in parameters if one.kind is inspect.Parameter.POSITIONAL_OR_KEYWORD]
    assert [one for one in positional if one != "self"] == ORDERS[name].split()


@pytest.mark.parametrize(
    ("name", "declaration"),
    [
        ("count_labels", LabelFilters),
        ("labels", LabelFilters),
        ("predictions", PredictionFilters),
        ("assets", AssetKeywords),
        ("count_assets", AssetKeywords),
        ("events", EventFilters),
    ],
)
def test_each_filter_is_in_the_signature(name: str, declaration: type) -> None:
    parameters = inspect.signature(getattr(KiliClient, name)).parameters
    assert parameters.keys() >= filters_of(declaration).keys()
    assert all(parameters[filter_].default is None for filter_ in filters_of(declaration))


@pytest.mark.parametrize(
    ("name", "declaration"), [("labels", LabelFilters), ("assets", AssetKeywords), ("events", EventFilters)]
)
def test_each_filter_is_in_the_help(name: str, declaration: type) -> None:
    text = inspect.getdoc(getattr(KiliClient, name)) or ""
    for filter_, declared in filters_of(declaration).items():
        assert f"    {filter_}: {declared.help}" in text
    assert max(map(len, text.splitlines())) <= 112
    assert "**filters" not in text


def test_arguments_by_position() -> None:
    with (
        serve_lists(labels=[label(number) for number in range(3)]) as served,
        KiliClient(KEY, served.endpoint, disable_tqdm=True) as client,
    ):
        by_position = ("project-1", None, ["TODO"], ["e"], [], ["Ann"], None, "2024", None, ("id",), 2)
        client.labels(*by_position)
        where = served.requests[-1][1]["where"]
        assert where["asset"]["statusIn"] == ["TODO"]
        assert (where["authorIn"], where["createdAtGte"]) == (["Ann"], "2024")
        assert served.requests[-1][1]["first"] == 2


@pytest.mark.parametrize("name", ["count_labels", "labels", "predictions"])
def test_wrong_arguments_are_errors_of_the_call(name: str) -> None:
    method = partial(getattr(KiliClient, name), *(() if name == "labels" else (object(),)))
    with pytest.raises(TypeError, match=rf"^KiliClient.{name}\(\) got an unexpected keyword argument 'author'.*"):
        method("p", author="Ann")
    with pytest.raises(TypeError, match=r"'categorysearch': did you mean `category_search`\?$"):
        method("p", categorysearch="A.B")
    with pytest.raises(TypeError, match=rf"^KiliClient.{name}\(\) missing a required argument: 'project_id'$"):
        method()
    with pytest.raises(TypeError, match=rf"^KiliClient.{name}\(\) multiple values for argument 'asset_id'$"):
        method("p", "a", asset_id="a")


def test_defaults_show() -> None:
    assert inspect.signature(KiliClient.labels).parameters["fields"].default == LABEL_FIELDS
