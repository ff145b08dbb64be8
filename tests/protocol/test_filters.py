"""Filters become ``where`` objects."""

from kili_query.protocol import AssetFilters, LabelFilters


def test_all_label_filters() -> None:
    filters = LabelFilters(
        project_id="p",
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
        id_in=["lab-1", "lab-2"],
        type_in=["DEFAULT", "REVIEW"],
        user_id="u-1",
        category_search="BOX.CAR.count > 0",
    )
    assert filters.where() == {
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
    filters = AssetFilters(skipped=False, honeypot_mark_gte=0, label_category_search="", asset_id_in=[])
    assert filters.where() == {"skipped": False, "honeypotMarkGte": 0, "label": {"search": ""}, "idIn": []}


def test_none_filters_nothing() -> None:
    assert AssetFilters().where() == {}
