"""Rows of any list: fetched ahead, decoded, judged where the service cannot judge, and given one by one."""

import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import closing

from attrs import define, evolve, field, frozen

from kili_query.client.arguments import checked_count, checked_fields
from kili_query.client.contents import (
    CONTENT,
    CONTENT_URL,
    UNREADABLE,
    OnMalformed,
    decode_contents,
    download_contents,
    labels_in,
    of_label,
    settle_answers,
)
from kili_query.client.ontologies import Projects
from kili_query.client.paging import Listing, Pages, Row
from kili_query.client.prefetch import read_pages
from kili_query.client.progress import progress_bar
from kili_query.client.request import Request, Service
from kili_query.errors import GraphQLError, LabelError, UnknownContentError
from kili_query.planning import ServerProfile
from kili_query.protocol import selection_of
from kili_query.targets.closures import Matcher

__all__ = ["Reader", "Source", "Want", "read_rows"]

_SHOWN = 10


@define
class Reader:
    """What the lists of one client share. Many threads may use it.

    Attributes:
        service: who answers.
        pool: threads that fetch pages ahead.
        projects: what is known of projects.
        profile: what the service's category search is trusted with.
        on_malformed: what becomes of a label whose content cannot be read.
        has_content_urls: whether the service knows ``jsonResponseUrl``, as newer ones do; None until one was asked.
        has_warned: that a count takes reading was said.
        payload_pool: threads that fetch contents at URLs; None for new ones each time.
    """

    service: Service
    pool: Executor
    projects: Projects
    profile: ServerProfile
    on_malformed: OnMalformed = "raise"
    has_content_urls: bool | None = None
    has_warned: bool = False
    payload_pool: Executor | None = None

    def warn_of_counting(self, what: str) -> None:
        """Say, once, that a count takes reading all that is counted."""
        if not self.has_warned:
            self.has_warned = True
            message = f"the service cannot answer all of the category search, so that the {what} are read to be counted"
            warnings.warn(message, UserWarning, stacklevel=4)


@frozen(kw_only=True)
class Want:
    """What a caller wants of a list.

    Attributes:
        fields: of each row.
        first: rows at most; None for all.
        skip: rows left out at the beginning.
        disable_tqdm: whether the progress bar is hidden; None leaves it to the terminal.
        keep_texts: contents may stay JSON text, for someone who decodes them only as far as needed.
    """

    fields: Sequence[str] = ("id",)
    first: int | None = None
    skip: int = 0
    disable_tqdm: bool | None = None
    keep_texts: bool = False

    def checked(self) -> "Want":
        """The same, when it can be had.

        Raises:
            ArgumentError: it cannot.
        """
        fields = checked_fields(self.fields)
        selection_of(fields)
        if self.first is not None:
            checked_count("first", self.first)
        return evolve(self, fields=fields, skip=checked_count("skip", self.skip))


@frozen(kw_only=True)
class Source:
    """Where rows come from, and how they are made ready.

    Attributes:
        listing: the list; it asks for what the caller wants, and for what is needed here.
        wide_selection: the selection that asks for ``jsonResponseUrl`` too.
        what: the name of the rows, for people.
        places: the keys under which rows hold labels; none where the rows are labels.
        has_contents: the contents of labels are among what is asked for.
        has_answers: the annotations are asked for that tell the contents.
        keep_urls: the caller wants ``jsonResponseUrl`` itself.
        keep_texts: see `Want`.
        prepare: what else is done to the rows of a page.
        keep: which rows are meant, where the service cannot tell.
        judge: what must hold of the label that a row is.
        drop: the keys that the caller did not ask for.
        places_without_id: the keys of ``places`` below which the caller did not ask for the labels' ids.
        confirm: called where there is no row, to say so where that is because there is no such project.
    """

    listing: Listing
    wide_selection: str = ""
    what: str = "labels"
    places: tuple[str, ...] = ()
    has_contents: bool = False
    has_answers: bool = False
    keep_urls: bool = False
    keep_texts: bool = False
    prepare: Callable[[list[Row]], None] | None = None
    keep: Callable[[Row], bool] | None = None
    judge: Matcher | None = None
    drop: tuple[str, ...] = ()
    places_without_id: tuple[str, ...] = ()
    confirm: Callable[[], object] = lambda: None

    def without_extras(self, row: Row) -> Row:
        """The row as the caller asked for it."""
        for name in self.drop:
            row.pop(name, None)
        for label in labels_in((row,), self.places_without_id) if self.places_without_id else ():
            label.pop("id", None)
        return row


def read_rows(reader: Reader, source: Source, want: Want) -> Iterator[Row]:
    """The rows, in the service's order. ``first`` and ``skip`` count rows that are meant, whoever judges that."""
    if source.judge is None and source.keep is None:
        return _rows(reader, source, Pages(source.listing, want.skip, want.first), want.disable_tqdm)
    return _part(_rows(reader, source, Pages(source.listing), want.disable_tqdm), want)


def _part(rows: Generator[Row, None, None], want: Want) -> Iterator[Row]:
    """The rows between ``skip`` and ``first``; what comes after is not fetched."""
    end = None if want.first is None else want.skip + want.first
    with closing(rows):
        for number, row in enumerate(rows, 1):
            if number > want.skip:
                yield row
            if number == end:
                return


@define
class _Unknown:
    """Labels whose content is unknown, or cannot be read: how many, and the ids of the first."""

    consequence: str
    number: int = 0
    ids: list[str] = field(factory=list)

    def add(self, label: Row) -> None:
        self.number += 1
        if len(self.ids) < _SHOWN:
            self.ids.append(f"`{label.get('id', '?')}`")

    def report(self) -> None:
        if self.number:
            more = f" and {self.number - len(self.ids)} more" if self.number > len(self.ids) else ""
            message = f"labels of unknown or unreadable content {self.consequence}: {', '.join(self.ids)}{more}"
            warnings.warn(message, UserWarning, stacklevel=3)


def _rows(reader: Reader, source: Source, pages: Pages, disable_tqdm: bool | None) -> Generator[Row, None, None]:
    unknown = _Unknown("have the content None" if source.places else "are left out")

    def fetch(request: Request) -> object:
        return _fetch(reader, source, request)

    try:
        with (
            progress_bar(f"Retrieving {source.what}", disable=disable_tqdm) as bar,
            closing(read_pages(pages, fetch, reader.pool)) as fetched,
        ):
            is_empty = True
            for page in fetched:
                is_empty = is_empty and not page
                bar.total = pages.expected or len(page)
                bar.update(len(page))
                for row in page:
                    _make_ready(row, reader, source)
                    if _is_meant(row, reader, source, unknown):
                        yield source.without_extras(row)
            if is_empty:
                source.confirm()
    finally:
        unknown.report()


def _make_ready(row: Row, reader: Reader, source: Source) -> None:
    """Decode a row when it is its turn: as text, the pages that were fetched ahead take a tenth of the memory."""
    if source.has_contents and not source.keep_texts:
        decode_contents(labels_in((row,), source.places), reader.on_malformed)
    if source.has_answers:
        settle_answers(labels_in((row,), source.places), reader.on_malformed, keep_unreadable=source.keep_texts)
    if source.prepare is not None:
        source.prepare([row])


def _is_meant(row: Row, reader: Reader, source: Source, unknown: _Unknown) -> bool:
    if source.keep is not None and not source.keep(row):
        return False
    for label in labels_in((row,), source.places) if source.has_contents else ():
        if label.get(CONTENT) is UNREADABLE:
            label[CONTENT] = None
            unknown.add(label)
            if not source.places:
                return False
    if source.judge is None:
        return True
    try:
        return source.judge(row.get(CONTENT))
    except UnknownContentError:
        pass  # neither a match nor a non-match, whatever is done with malformed labels
    except LabelError as error:
        if reader.on_malformed == "raise":
            raise of_label(row, error) from error
    unknown.add(row)
    return False


def _fetch(reader: Reader, source: Source, request: Request) -> object:
    """The answer to a request, with the contents that stand at URLs; called in threads."""
    if request.operation != source.listing.rows:
        return reader.service.ask(request)
    answer = _ask(reader, source, request)
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        return answer  # not a page, as whoever takes it will say
    if source.has_contents:
        labels = list(labels_in(answer, source.places))
        download_contents(
            labels, reader.service, reader.on_malformed, keep_urls=source.keep_urls, pool=reader.payload_pool
        )
    return answer


def _ask(reader: Reader, source: Source, request: Request) -> object:
    """Ask for contents at URLs too, unless the service is known not to have any."""
    if not source.has_contents or source.keep_urls or reader.has_content_urls is False:
        return reader.service.ask(request)
    try:
        answer = reader.service.ask(evolve(request, selection=source.wide_selection))
    except GraphQLError as error:
        if reader.has_content_urls or CONTENT_URL not in error.message:
            raise
        reader.has_content_urls = False
        return reader.service.ask(request)
    reader.has_content_urls = True
    return answer
