"""Downloads of labels to a file, which continue where an earlier one was interrupted."""

import json
from collections.abc import Callable, Container, Iterator
from os import PathLike, fspath

from attrs import evolve, frozen

from kili_query.client.contents import CONTENT, of_label
from kili_query.client.paging import Row
from kili_query.client.progress import progress_bar
from kili_query.client.reading import count_labels, read_labels
from kili_query.client.resumable_file import ResumableFile, resumable
from kili_query.client.rows import ListContext, ListRequest
from kili_query.client.search import SearchPlan
from kili_query.client.warning import warn
from kili_query.errors import LabelError, UnknownContentError
from kili_query.output_files import OF_NDJSON, check_path, check_suffix
from kili_query.protocol import LabelFilters
from kili_query.wording import listed

_SHOWN = 10


@frozen
class Download:
    """A finished download.

    Attributes:
        path: the file.
        labels: the number of labels in it.
        kept: how many of them an earlier, interrupted download had fetched.
        left_out: the ids of labels that are not in it because the search cannot be evaluated on their content.
    """

    path: str
    labels: int
    kept: int
    left_out: tuple[str, ...]


def download_labels(
    context: ListContext, wanted: ListRequest, filename: str | PathLike[str], *, restart: bool
) -> Download:
    """Write the labels to a file; see `KiliClient.download_labels`."""
    check_path("filename", filename)
    path = fspath(filename)
    check_suffix(path, "NDJSON", OF_NDJSON)
    wanted = wanted.checked(LabelFilters)
    wanted = evolve(wanted, fields=tuple(dict.fromkeys(("id", *wanted.fields))))
    settled = context.settled(wanted, LabelFilters)
    search = context.plan(wanted)
    with resumable(path, _identity(wanted, search), restart=restart) as file:
        try:
            if not search.is_never:
                _fill(file, context, settled, search)
        except BaseException as error:
            file.save()
            if file.ids:
                error.add_note(f"kept {file.lines} labels in {file.part.name}: the same download continues from there")
            raise
        file.finish()
    if ids := [f"`{one}`" for one in file.left_out]:
        warn(f"labels of unknown or unreadable content are left out: {listed(ids, _SHOWN)}")
    return Download(path, file.lines, file.kept, tuple(file.left_out))


def _identity(wanted: ListRequest, search: SearchPlan) -> dict[str, object]:
    """Return what distinguishes this download from others, as JSON."""
    residual = None if search.residual is None else str(search.residual)
    filters = {
        name: sorted(map(str, value)) if isinstance(value, list | tuple | set) else str(value)
        for name, value in wanted.filters.items()
    }
    return {
        "project_id": wanted.project_id,
        "fields": list(wanted.fields),
        "category_search": [search.server_filter, residual],
        **filters,
    }


def _fill(file: ResumableFile, context: ListContext, wanted: ListRequest, search: SearchPlan) -> None:
    """Fetch the labels that the file lacks.

    Only the part of the search that the server answers selects the list, so that positions in it are known.
    """
    fields = wanted.fields if search.judge is None else tuple(dict.fromkeys((*wanted.fields, CONTENT)))
    listed = evolve(wanted, category_search=search.pushed, fields=fields, disable_tqdm=True)
    may_skip = context.on_malformed == "skip"
    with progress_bar("Downloading labels", disable=wanted.disable_tqdm) as bar:
        if not bar.disable:
            bar.total = count_labels(context, listed)
        bar.update(len(file.ids))
        rows = _missing(file, lambda skip: read_labels(context, evolve(listed, skip=skip)), may_skip=may_skip)
        for row in rows:
            is_match = _is_match(row, search, may_skip=may_skip)
            if CONTENT not in wanted.fields:
                row.pop(CONTENT, None)
            line = json.dumps(row, ensure_ascii=False) if is_match else None
            file.add(str(row["id"]), line, is_left_out=is_match is None)
            bar.update()


def _missing(file: ResumableFile, listed: Callable[[int], Iterator[Row]], *, may_skip: bool) -> Iterator[Row]:
    """Yield the labels after the last one that the file has seen.

    That label is fetched again. If it is not at its position, the list has changed. It may be further on only if
    labels before it were skipped, because these count in the list and not in the file.
    """
    if file.ids:
        rows = listed(len(file.ids) - 1)
        if _reaches(rows, next(reversed(file.ids)), file.ids if may_skip else ()):
            yield from (row for row in rows if str(row["id"]) not in file.ids)
            return
        warn("labels were added or removed since the download was interrupted: it starts again")
        file.begin_again()
    yield from listed(0)


def _reaches(rows: Iterator[Row], last_id: str, others: Container[str]) -> bool:
    """Return whether a label is reached, with only some others before it."""
    for row in rows:
        if row["id"] == last_id:
            return True
        if row["id"] not in others:
            return False
    return False


def _is_match(row: Row, search: SearchPlan, *, may_skip: bool) -> bool | None:
    """Return whether a label matches; None if its content does not say."""
    if search.judge is None:
        return True
    try:
        return search.judge(row.get(CONTENT))
    except UnknownContentError:
        return None
    except LabelError as error:
        if may_skip:
            return None
        raise of_label(row, error) from error
