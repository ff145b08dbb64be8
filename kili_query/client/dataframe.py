"""Labels of a project as a pandas data frame."""

import math
from collections.abc import Iterable, Sequence
from typing import Any

import pandas as pd

from kili_query.client.arguments import checked_fields
from kili_query.client.assets import read_assets
from kili_query.client.paging import Row
from kili_query.client.rows import ListContext, ListRequest
from kili_query.errors import ArgumentError, TransportError
from kili_query.protocol import ASSETS, selection_of
from kili_query.wording import shape_of


def read_label_frame(
    context: ListContext,
    project_id: str,
    fields: Sequence[str],
    asset_fields: Sequence[str],
    flatten: bool,
    *,
    disable_tqdm: bool | None,
) -> pd.DataFrame:
    """Read all labels of a project, with the assets that hold them.

    Raises:
        ArgumentError: an argument cannot be used; nothing was sent.
        ServiceError: the service refused, or could not be asked.
    """
    of_label, of_asset = checked_fields(fields), checked_fields(asset_fields, "asset_fields")
    selection_of(of_label)
    if taken := [name for name in of_asset if name.split(".")[0] == "labels"]:
        raise ArgumentError(f"`asset_fields` holds `{taken[0]}`: labels are the rows, so put it in `fields`")
    asked = (*of_asset, *(f"labels.{name}" for name in of_label))
    assets = read_assets(context, ListRequest(project_id=project_id, fields=asked, disable_tqdm=disable_tqdm))
    return label_frame(assets, of_label, of_asset, flatten=flatten)


def label_frame(
    assets: Iterable[Row], fields: Sequence[str], asset_fields: Sequence[str], *, flatten: bool = False
) -> pd.DataFrame:
    """One row for each label of each asset.

    Args:
        assets: with their labels under ``labels``.
        fields: the fields of labels, dotted where they lead into objects.
        asset_fields: the fields of assets; their columns begin with ``asset_``.
        flatten: a column for each field; else one for each object, which holds dicts.

    Returns:
        The frame; its columns are those of the fields, in their order, even when there is no label.
    """
    rows = [row for asset in assets for row in _rows(asset, fields, asset_fields, flatten)]
    named = (*_columns(fields, "", flatten), *_columns(asset_fields, "asset_", flatten))
    return _frame(rows, named)


def asset_frame(assets: Sequence[Row], fields: Sequence[str]) -> pd.DataFrame:
    """One row for each asset; the columns are those of the fields, in their order, even when there is no asset."""
    return _frame(assets, tuple(_columns(fields, "", False)))


def _frame(rows: Sequence[Row], named: Sequence[str]) -> pd.DataFrame:
    further = (name for row in rows for name in row)  # of fragments, or added by the client
    columns = list(dict.fromkeys((*named, *further)))
    try:
        return pd.DataFrame(rows, columns=pd.Index(columns))
    except UnicodeEncodeError:  # half of a pair of characters, which JSON can write and the texts of pandas 3 cannot
        return pd.DataFrame({name: _column(rows, name) for name in columns}, columns=pd.Index(columns, dtype=object))


def _column(rows: Sequence[Row], name: str) -> "pd.Series[Any]":
    values = [row.get(name, math.nan) for row in rows]
    try:
        return pd.Series(values)
    except UnicodeEncodeError:
        return pd.Series(values, dtype=object)


def _rows(asset: Row, fields: Sequence[str], asset_fields: Sequence[str], flatten: bool) -> Iterable[Row]:
    labels = asset.pop("labels", None)
    own = {f"asset_{name}": value for name, value in (_flat(asset, asset_fields) if flatten else asset).items()}
    for label in labels if isinstance(labels, list) else ():
        if not isinstance(label, dict):
            raise TransportError(f"the labels of an asset are no objects: {shape_of(label)}", operation=ASSETS.name)
        yield (_flat(label, fields) if flatten else label) | own


def _columns(fields: Sequence[str], prefix: str, flatten: bool) -> Iterable[str]:
    names = (field if flatten else field.split(".")[0] for field in fields if "..." not in field)
    return dict.fromkeys(prefix + name for name in names)


def _flat(row: Row, fields: Sequence[str]) -> Row:
    flat = {field: _at(row, field.split(".")) for field in fields if "..." not in field}
    named = {field.split(".")[0] for field in flat}
    return flat | {name: value for name, value in row.items() if name not in named}


def _at(row: object, path: Sequence[str]) -> object:
    """The value at a path; a list of them where the path leads through a list, and None where it ends early."""
    for number, name in enumerate(path):
        if isinstance(row, list):
            return [_at(one, path[number:]) for one in row]
        row = row.get(name) if isinstance(row, dict) else None
    return row
