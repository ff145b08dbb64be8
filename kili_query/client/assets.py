"""Lists and counts of assets."""

from collections.abc import Callable, Iterator
from functools import partial

from kili_query.client.contents import ANSWERS, CONTENT, CONTENT_URL, decode_metadata
from kili_query.client.paging import PAGE_SIZE, Listing, Row
from kili_query.client.reading import parsed_label
from kili_query.client.rows import ListContext, ListRequest, RowPlan, read_rows
from kili_query.client.search import SearchPlan
from kili_query.errors import TransportError
from kili_query.ontology import Ontology, is_conversation
from kili_query.protocol import ASSETS, COUNT_ASSETS, COUNT_LABELS, LABELS, AssetFilters, asset_where, selection_of

LABEL_PLACES = ("labels", "latestLabel", "latestLabels")
"""The keys under which an asset holds labels."""

_VIDEO_PAGE_SIZE = 10
_LLM_PAGE_SIZE = 50


def read_assets(context: ListContext, wanted: ListRequest) -> Iterator[Row]:
    """List assets, oldest first; arguments are checked before the first request.

    An asset matches a category search if one of its labels does that also meets all other filters of labels. If the
    service cannot evaluate all of it, the labels are read before the first asset is yielded.

    Raises:
        ArgumentError: an argument cannot be used; nothing was sent.
        QueryError: the search is not a query, or the project has no such job or category.
        ServiceError: the service refused the call, or cannot be reached.
        DataError: a content, or an asset's metadata, cannot be read.
    """
    wanted = _checked(wanted)
    if wanted.first == 0:
        return iter(())
    wanted = context.settled(wanted, AssetFilters)
    search = context.plan(wanted)
    return iter(()) if search.is_never else _read(context, wanted, search)


def read_assets_with_parsed_labels(context: ListContext, wanted: ListRequest) -> Iterator[Row]:
    """List assets with their labels as objects, which know the project's interface.

    Raises:
        ArgumentError, QueryError, ServiceError, DataError: as `read_assets` does.
    """
    wanted = context.settled(_checked(wanted), AssetFilters)
    ontology = context.projects.fetch(wanted.project_id)
    return (_with_parsed_labels(row, ontology) for row in read_assets(context, wanted))


def count_assets(context: ListContext, wanted: ListRequest) -> int:
    """Count assets; if the service cannot, their labels are read.

    Raises:
        ArgumentError, QueryError, ServiceError, DataError: as `read_assets` does.
    """
    wanted = context.settled(_checked(wanted), AssetFilters)
    search = context.plan(wanted)
    if search.is_never:
        return 0
    if search.judge is None:
        where = asset_where(wanted.project_id, wanted.filters, search.server_filter)
        return context.ask_count(COUNT_ASSETS, where, wanted.project_id)
    context.warn_of_counting()
    return len(_ids_of_matching_assets(context, wanted, search))


def _checked(wanted: ListRequest) -> ListRequest:
    return wanted.checked(AssetFilters, search_name="label_category_search")


def _read(context: ListContext, wanted: ListRequest, search: SearchPlan) -> Iterator[Row]:
    fields = tuple(dict.fromkeys((*wanted.fields, "id")))
    places = tuple(place for place in LABEL_PLACES if f"{place}.{CONTENT}" in fields)
    # with the ids of labels, so that an error can name one
    asked = (*fields, *(f"{place}.id" for place in places if f"{place}.id" not in fields))
    where = asset_where(wanted.project_id, wanted.filters, search.server_filter)
    input_type = context.projects.input_type(wanted.project_id) if places else None
    page_size = _page_size(input_type) if places else PAGE_SIZE
    if is_conversation(input_type):
        asked += tuple(f"{place}.{ANSWERS}" for place in places)
    plan = RowPlan(
        listing=Listing(ASSETS, COUNT_ASSETS, where, selection_of(asked), page_size),
        wide_selection=selection_of((*asked, *(f"{place}.{CONTENT_URL}" for place in places))),
        what="assets",
        places=places,
        has_contents=bool(places),
        has_answers=is_conversation(input_type),
        keep_urls=any(f"{place}.{CONTENT_URL}" in fields for place in places),
        keep_texts=wanted.keep_texts,
        prepare=decode_metadata if "jsonMetadata" in fields else None,
        keep=None if search.judge is None else _is_one_of(context, wanted, search),
        drop=() if "id" in wanted.fields else ("id",),
        places_without_id=tuple(place for place in places if f"{place}.id" not in fields),
        confirm=partial(context.projects.input_type, wanted.project_id),
    )
    return read_rows(context, plan, wanted)


def _page_size(input_type: str | None) -> int:
    if "VIDEO" in (input_type or ""):
        return _VIDEO_PAGE_SIZE
    return _LLM_PAGE_SIZE if "LLM" in (input_type or "") else PAGE_SIZE


def _is_one_of(context: ListContext, wanted: ListRequest, search: SearchPlan) -> Callable[[Row], bool]:
    ids: set[str] | None = None

    def keep(asset: Row) -> bool:
        nonlocal ids
        if ids is None:  # only read once the first asset is wanted
            ids = _ids_of_matching_assets(context, wanted, search)
        return str(asset.get("id")) in ids

    return keep


def _ids_of_matching_assets(context: ListContext, wanted: ListRequest, search: SearchPlan) -> set[str]:
    """Return the ids of the assets that have one label that meets the search and all filters of labels."""
    where = asset_where(wanted.project_id, wanted.filters, search.server_filter)
    of_labels = where.pop("label", {})
    assert isinstance(of_labels, dict)
    input_type = context.projects.input_type(wanted.project_id)
    fields = ("id", "labelOf.id", CONTENT, *((ANSWERS,) if is_conversation(input_type) else ()))
    is_video = "VIDEO" in (input_type or "")
    plan = RowPlan(
        listing=Listing(
            LABELS,
            COUNT_LABELS,
            {**of_labels, "project": {"id": wanted.project_id}, "asset": where},
            selection_of(fields),
            2 * _VIDEO_PAGE_SIZE if is_video else PAGE_SIZE,
        ),
        wide_selection=selection_of((*fields, CONTENT_URL)),
        has_contents=True,
        has_answers=is_conversation(input_type),
        judge=search.judge,
    )
    labels = read_rows(context, plan, ListRequest(project_id=wanted.project_id, disable_tqdm=True))
    return {_asset_id_of(label) for label in labels}


def _asset_id_of(label: Row) -> str:
    asset = label.get("labelOf")
    found = asset.get("id") if isinstance(asset, dict) else None
    if not isinstance(found, str):
        raise TransportError("the service lists a label and does not say which asset it is of", operation=LABELS.name)
    return found


def _with_parsed_labels(asset: Row, ontology: Ontology) -> Row:
    for place in LABEL_PLACES:
        found = asset.get(place)
        if isinstance(found, list):
            asset[place] = [_parsed(label, ontology) for label in found]
        elif found is not None:
            asset[place] = _parsed(found, ontology)
    return asset


def _parsed(label: object, ontology: Ontology) -> object:
    has_content = isinstance(label, dict) and isinstance(label.get(CONTENT), dict)
    return parsed_label(label, ontology) if isinstance(label, dict) and has_content else label
