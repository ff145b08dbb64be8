"""Filters become ``where`` objects."""

import pytest

from kili_query.protocol import AssetFilters, LabelFilters, WorkflowTerm, asset_where, filters_of, label_where


def test_all_label_filters() -> None:
    filters: LabelFilters = {
        "asset_id": "as-1",
        "asset_status_in": ("TODO",),
        "asset_external_id_in": ["e"],
        "asset_external_id_strictly_in": ["f"],
        "asset_step_name_in": ["st-1"],
        "asset_step_id_in": ["st-1"],
        "asset_step_status_in": ["DONE"],
        "asset_group_name_in": ["g"],
        "asset_group_name_not_in": ["h"],
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
            "stepIdIn": ["st-1"],
            "stepStatusIn": ["DONE"],
            "groupNameIn": ["g"],
            "groupNameNotIn": ["h"],
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


def test_pairs_of_steps_and_statuses() -> None:
    filters: AssetFilters = {"step_id_and_status_in": [("s", "DONE")]}
    assert asset_where("p", filters)["stepIdAndStatusIn"] == [{"stepId": "s", "status": "DONE"}]


@pytest.mark.parametrize("declaration", [LabelFilters, AssetFilters])
def test_each_filter_has_its_own_place(declaration: type) -> None:
    """But for steps by name, which are sent as those by id, and cannot be given with them."""
    declared = filters_of(declaration).values()
    places = [one.path for one in declared if one.term is not WorkflowTerm.STEP_NAME]
    assert len(set(places)) == len(places)
    assert {one.path for one in declared} == set(places)
