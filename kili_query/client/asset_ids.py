"""Look up assets: from the external ids that users give them to the ids of the service."""

from collections.abc import Sequence

from kili_query.client.paging import Listing, Pages
from kili_query.client.request import Request, Service
from kili_query.errors import ArgumentError, NotFound, TransportError
from kili_query.protocol import ASSETS, COUNT_ASSETS, asset_where
from kili_query.wording import listed, shape_of

_IDS_PER_FILTER = 1000
_PAGE_SIZE = 100
_SHOWN = 10


def asset_ids_of(service: Service, project_id: str, external_ids: Sequence[str]) -> list[str]:
    """Return the id of the asset that has each external id, in the order given.

    Cost: a request for each 100 assets.

    Raises:
        NotFound: no asset of the project has some of the external ids.
        ArgumentError: several assets have the same external id, so that it is ambiguous.
    """
    wanted = list(dict.fromkeys(external_ids))
    found: dict[str, list[str]] = {}
    for start in range(0, len(wanted), _IDS_PER_FILTER):
        where = asset_where(project_id, {"external_id_strictly_in": wanted[start : start + _IDS_PER_FILTER]})
        pages = Pages(Listing(ASSETS, COUNT_ASSETS, where, "id externalId", _PAGE_SIZE))
        while (request := pages.next_request()) is not None:
            for asset in pages.take(service.ask(request)):
                if not {"id", "externalId"} <= asset.keys():
                    raise TransportError("an asset has no id or no external id", operation=ASSETS.name)
                found.setdefault(str(asset["externalId"]), []).append(str(asset["id"]))
    if missing := [f"`{one}`" for one in wanted if one not in found]:
        raise NotFound(f"no asset of project `{project_id}` has the external id {listed(missing, _SHOWN)}")
    if ambiguous := [f"`{one}`" for one in wanted if len(found[one]) > 1]:
        raise ArgumentError(
            f"several assets of project `{project_id}` have the external id {listed(ambiguous, _SHOWN)}: give asset ids"
        )
    return [found[one][0] for one in external_ids]


def project_id_of(service: Service, asset_id: str) -> str:
    """Return the id of the project that an asset is in.

    Raises:
        NotFound: there is no such asset, or this user may not see it.
    """
    variables = {"where": {"id": asset_id}, "skip": 0, "first": 1}
    found = service.ask(Request(ASSETS, variables, "project { id }"))
    if found == []:
        raise NotFound(f"there is no asset `{asset_id}`, or this user may not see it", operation=ASSETS.name)
    match found:
        case [{"project": {"id": str(project_id)}}]:
            return project_id
    raise TransportError(f"an asset has no project: {shape_of(found)}", operation=ASSETS.name)
