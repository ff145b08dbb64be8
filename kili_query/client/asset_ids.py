"""From the external ids that users give their assets to the ids that the service gives them."""

from collections.abc import Sequence
from itertools import islice

from kili_query.client.answers import shape_of
from kili_query.client.request import Request, Service
from kili_query.errors import ArgumentError, NotFound, TransportError
from kili_query.protocol import ASSETS, asset_where

_IDS_PER_FILTER = 1000
_PAGE_SIZE = 100
_SHOWN = 10


def asset_ids_of(service: Service, project_id: str, external_ids: Sequence[str]) -> list[str]:
    """The id of the asset that bears each external id, in the order given.

    Cost: a request for each 100 assets.

    Raises:
        NotFound: no asset of the project bears some of them.
        ArgumentError: several assets bear one of them, so that it names none.
    """
    wanted = list(dict.fromkeys(external_ids))
    found: dict[str, list[str]] = {}
    for start in range(0, len(wanted), _IDS_PER_FILTER):
        for asset_id, external_id in _assets(service, project_id, wanted[start : start + _IDS_PER_FILTER]):
            bearers = found.setdefault(external_id, [])
            if asset_id not in bearers:
                bearers.append(asset_id)
    missing = [one for one in wanted if one not in found]
    if missing:
        raise NotFound(f"no asset of project `{project_id}` has the external id {_listed(missing)}")
    ambiguous = [one for one in wanted if len(found[one]) > 1]
    if ambiguous:
        raise ArgumentError(
            f"several assets of project `{project_id}` have the external id {_listed(ambiguous)}: give asset ids"
        )
    return [found[one][0] for one in external_ids]


def _assets(service: Service, project_id: str, external_ids: Sequence[str]) -> list[tuple[str, str]]:
    """The (id, external id) of the assets, page by page up to a short one."""
    where = asset_where(project_id, {"external_id_strictly_in": external_ids})
    assets: dict[str, str] = {}
    skip = 0
    while True:
        page = service.ask(Request(ASSETS, {"where": where, "first": _PAGE_SIZE, "skip": skip}, "id externalId"))
        known = len(assets)
        assets |= dict(_pair(asset) for asset in _items(page))
        if len(_items(page)) < _PAGE_SIZE:
            return list(assets.items())
        if len(assets) == known:
            raise TransportError("a page of assets repeats: the service does not page", operation=ASSETS.name)
        skip += _PAGE_SIZE


def _items(page: object) -> list[object]:
    if not isinstance(page, list):
        raise TransportError(f"the answer is not a list of assets: {shape_of(page)}", operation=ASSETS.name)
    return page


def _pair(asset: object) -> tuple[str, str]:
    if not isinstance(asset, dict) or not {"id", "externalId"} <= asset.keys():
        raise TransportError(f"an asset without id and external id: {shape_of(asset)}", operation=ASSETS.name)
    return str(asset["id"]), str(asset["externalId"])


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(f"`{name}`" for name in islice(names, _SHOWN))
    return shown if len(names) <= _SHOWN else f"{shown} and {len(names) - _SHOWN} more"
