"""Filters become ``where`` objects."""

import pytest

from kili_query.protocol import AssetFilters, LabelFilters, asset_where, filters_of, label_where


def test_all_label_filters() -> None:
    filters: LabelFilters = {
        "asset_id": "as-1",
        "asset_status_in": ("TODO",),
        "asset_external_id_in": ["e"],
        "asset_external_id_strictly_in": ["f"],
        "author_in": ["Ann"],
        "created_at": "2024-01-01",
        "created_at_gte": "2024-01-01",
        "created_at_lte": "2024-01-02",
        "honeypot_mark_gte": 0.1,
        "honeypot_mark_lte": 0.9,
        "id_contains": ["lab-1", "lab-2"],
        "label_id": "lab-1",
        "type_in": ["DEFAULT", "REVIEW"],
        "user_id": "u-1",
    }
    assert filters.keys() == filters_of(LabelFilters).keys()
    assert label_where("p", filters, "BOX.CAR.count > 0") == {
        "asset": {
            "id": "as-1",
            "project": {"id": "p"},
            "statusIn": ["TODO"],
            "externalIdStrictlyIn": ["f"],
            "externalIdIn": ["e"],
        },
        "authorIn": ["Ann"],
        "createdAt": "2024-01-01",
        "createdAtGte": "2024-01-01",
        "createdAtLte": "2024-01-02",
        "honeypotMarkGte": 0.1,
        "honeypotMarkLte": 0.9,
        "id": "lab-1",
        "idIn": ["lab-1", "lab-2"],
        "project": {"id": "p"},
        "search": "BOX.CAR.count > 0",
        "typeIn": ["DEFAULT", "REVIEW"],
        "user": {"id": "u-1"},
    }


def test_zero_false_and_empty_filter() -> None:
    filters: AssetFilters = {"skipped": False, "honeypot_mark_gte": 0, "asset_id_in": []}
    assert asset_where("p", filters, "") == {
        "project": {"id": "p"},
        "skipped": False,
        "honeypotMarkGte": 0,
        "idIn": [],
        "label": {"search": ""},
    }


def test_none_filters_nothing() -> None:
    assert asset_where("p", dict.fromkeys(filters_of(AssetFilters))) == {"project": {"id": "p"}}


@pytest.mark.parametrize("declaration", [LabelFilters, AssetFilters])
def test_each_filter_has_its_own_place(declaration: type) -> None:
    places = [declared.path for declared in filters_of(declaration).values()]
    assert len(set(places)) == len(places)
