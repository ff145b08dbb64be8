"""Rows of any list: fetched ahead, decoded, filtered if the service cannot do it, and yielded one by one."""

from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from contextlib import closing
from itertools import islice
from typing import TYPE_CHECKING, Protocol

from attrs import Factory, define, evolve, field, frozen

from kili_query.client.arguments import check_project_id, checked_count, checked_fields, checked_filters
from kili_query.client.contents import (
    CONTENT,
    CONTENT_URL,
    UNREADABLE,
    OnMalformed,
    decode_content,
    download_contents,
    labels_of,
    of_label,
    settle_answers,
)
from kili_query.client.ontologies import Projects
from kili_query.client.paging import Listing, Pages, Row, checked_count_answer, read_pages
from kili_query.client.progress import progress_bar
from kili_query.client.request import Request, Service
from kili_query.client.search import SearchPlan, parse_search, plan_search
from kili_query.client.warning import warn
from kili_query.client.workflow import Workflows
from kili_query.errors import GraphQLError, LabelError, UnknownContentError
from kili_query.planning import ServerProfile
from kili_query.protocol import Operation, selection_of

if TYPE_CHECKING:
    from kili_query.query import Query
    from kili_query.targets.closures import Matcher

_SHOWN = 10


@frozen(kw_only=True)
class ListRequest:
    """A list that a caller wants: which rows of a project, and which fields.

    Attributes:
        project_id: the project.
        filters: the filters, by their names.
        category_search: a query that a label must match.
        fields: the fields of each row.
        first: maximum number of rows; None for all.
        skip: number of rows to leave out at the beginning.
        disable_tqdm: whether the progress bar is hidden; None shows it in terminals only.
        keep_texts: contents may stay JSON text, for callers that only decode what they need.
        is_settled: names of steps in the filters have become ids.
    """

    project_id: str
    filters: Mapping[str, object] = field(factory=dict)
    category_search: "str | Query | None" = None
    fields: Sequence[str] = ("id",)
    first: int | None = None
    skip: int = 0
    disable_tqdm: bool | None = None
    keep_texts: bool = False
    is_settled: bool = False

    def checked(self, declaration: type, *, search_name: str = "category_search") -> "ListRequest":
        """Check all arguments; return them with the search parsed, and without filters that filter nothing.

        Args:
            declaration: the class that declares the filters.
            search_name: the name of the argument that holds the search.

        Raises:
            ArgumentError: an argument cannot be used.
            QuerySyntaxError: the search is not a query.
        """
        fields = checked_fields(self.fields)
        selection_of(fields)
        first = None if self.first is None else checked_count("first", self.first)
        skip = checked_count("skip", self.skip)
        check_project_id(self.project_id)
        filters = checked_filters(declaration, self.filters)
        query = parse_search(self.category_search, name=search_name)
        return evolve(self, filters=filters, category_search=query, fields=fields, first=first, skip=skip)


class CachedLists(Protocol):
    """Answers lists of labels without the service, where it can."""

    def read(self, wanted: ListRequest) -> Iterator[Row] | None:
        """Return the labels of a checked request; None if the service has to be asked."""

    def count(self, wanted: ListRequest) -> int | None:
        """Return the number of labels of a checked request; None if the service has to be asked."""


@define
class ListContext:
    """The part that all lists of one client share. Many threads may use it.

    Attributes:
        service: answers requests.
        pool: threads that fetch pages ahead.
        projects: the projects and their ontologies.
        profile: which category searches the service evaluates reliably.
        on_malformed: how to treat a label whose content cannot be read.
        has_content_urls: whether the service knows ``jsonResponseUrl``, as newer releases do; None until it was asked.
        has_warned: whether the client has warned that labels are read to be counted.
        payload_pool: threads that fetch contents at URLs; None to fetch them one after another.
        cache: a source that is asked before the service; see `kili_query.client.cached`.
        workflows: the steps of projects.
    """

    service: Service
    pool: Executor
    projects: Projects
    profile: ServerProfile
    on_malformed: OnMalformed = "raise"
    has_content_urls: bool | None = None
    has_warned: bool = False
    payload_pool: Executor | None = None
    cache: "CachedLists | None" = None
    workflows: Workflows = field(default=Factory(lambda self: Workflows(self.service), takes_self=True))

    def settled(self, wanted: ListRequest, declaration: type) -> ListRequest:
        """Return a checked request whose filters hold ids in the place of names of steps.

        Raises:
            ArgumentError: the project's workflow has no such filter, step or group; no list was asked for.
            ServiceError: the workflow cannot be fetched.
        """
        if wanted.is_settled:
            return wanted
        filters = self.workflows.settled(wanted.project_id, declaration, wanted.filters)
        return evolve(wanted, filters=filters, is_settled=True)

    def plan(self, wanted: ListRequest) -> SearchPlan:
        """Plan how a checked search is carried out.

        Raises:
            QueryError: the project has no such job or category.
            ServiceError: the ontology cannot be had.
        """
        return plan_search(parse_search(wanted.category_search), wanted.project_id, self.projects, self.profile)

    def ask_count(self, operation: Operation, where: Mapping[str, object], project_id: str) -> int:
        """Ask the service for the number of rows.

        Raises:
            ServiceError: the service refused, could not be asked, or has no such project.
        """
        count = checked_count_answer(self.service.ask(Request(operation, {"where": where})), operation)
        if not count:
            self.projects.input_type(project_id)  # raises if the project does not exist
        return count

    def warn_of_counting(self) -> None:
        """Warn, once, that labels are read to be counted."""
        if not self.has_warned:
            self.has_warned = True
            message = "the service cannot answer all of the category search, so that the labels are read to be counted"
            warn(message)


@frozen(kw_only=True)
class RowPlan:
    """Where rows come from, and how each is decoded, filtered and trimmed.

    Attributes:
        listing: the list, with the fields that the caller wants and those that are needed here.
        wide_selection: the same fields and ``jsonResponseUrl``.
        what: the name of the rows in the progress bar.
        places: the keys under which rows hold labels; empty if the rows are labels.
        has_contents: whether the contents of labels are requested.
        has_answers: whether the annotations that describe the contents are requested.
        keep_urls: whether the caller wants ``jsonResponseUrl`` itself.
        keep_texts: see `ListRequest`.
        prepare: decodes other fields of a row.
        keep: returns whether a row is listed; None if the service decides.
        judge: returns whether the content of a label matches; None if the service decides.
        drop: the keys that the caller did not ask for.
        places_without_id: the keys of ``places`` whose labels' ids the caller did not ask for.
        confirm: called if the list is empty; raises if the project does not exist.
    """

    listing: Listing
    wide_selection: str = ""
    what: str = "labels"
    places: tuple[str, ...] = ()
    has_contents: bool = False
    has_answers: bool = False
    keep_urls: bool = False
    keep_texts: bool = False
    prepare: Callable[[Row], None] | None = None
    keep: Callable[[Row], bool] | None = None
    judge: "Matcher | None" = None
    drop: tuple[str, ...] = ()
    places_without_id: tuple[str, ...] = ()
    confirm: Callable[[], object] = lambda: None

    def without_extras(self, row: Row) -> Row:
        """Return the row with only the fields that the caller asked for."""
        for name in self.drop:
            row.pop(name, None)
        for label in labels_of(row, self.places_without_id) if self.places_without_id else ():
            label.pop("id", None)
        return row


def read_rows(context: ListContext, plan: RowPlan, wanted: ListRequest) -> Iterator[Row]:
    """Yield the rows in the service's order. ``first`` and ``skip`` count matching rows, whoever does the matching."""
    if plan.judge is None and plan.keep is None:
        return _rows(context, plan, wanted, Pages(plan.listing, wanted.skip, wanted.first))
    return _part(_rows(context, plan, wanted, Pages(plan.listing)), wanted)


def _part(rows: Generator[Row, None, None], wanted: ListRequest) -> Iterator[Row]:
    """Yield the rows between ``skip`` and ``first``; what comes after is not fetched."""
    with closing(rows):
        yield from islice(rows, wanted.skip, None if wanted.first is None else wanted.skip + wanted.first)


@define
class _Unknown:
    """Labels whose content is unknown or cannot be read: their number, and the ids of the first."""

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
            warn(message)


def _rows(context: ListContext, plan: RowPlan, wanted: ListRequest, pages: Pages) -> Generator[Row, None, None]:
    is_whole_list = wanted.first == pages.first  # otherwise `_part` stops where it has enough
    unknown = _Unknown("have the content None" if plan.places else "are left out")

    def fetch(request: Request) -> object:
        return _fetch(context, plan, request)

    try:
        with (
            progress_bar(f"Retrieving {plan.what}", disable=wanted.disable_tqdm) as bar,
            closing(read_pages(pages, fetch, context.pool, is_whole_list=is_whole_list)) as fetched,
        ):
            is_empty = True
            for page in fetched:
                is_empty = is_empty and not page
                bar.total = pages.expected or len(page)
                bar.update(len(page))
                for row in page:
                    if _made_ready(row, context, plan, unknown):
                        yield plan.without_extras(row)
            if is_empty:
                plan.confirm()
    finally:
        unknown.report()


def _made_ready(row: Row, context: ListContext, plan: RowPlan, unknown: _Unknown) -> bool:
    """Decode a row, and return whether it is listed.

    Rows are decoded as late as this because, as text, the pages that were fetched ahead take a tenth of the memory.
    """
    if plan.keep is not None and not plan.keep(row):
        return False
    for label in labels_of(row, plan.places) if plan.has_contents else ():
        if not plan.keep_texts:
            decode_content(label, context.on_malformed)
        if plan.has_answers:
            settle_answers(label, context.on_malformed, keep_unreadable=plan.keep_texts)
        if label.get(CONTENT) is UNREADABLE:
            label[CONTENT] = None
            if plan.keep_texts and not plan.places:
                continue
            unknown.add(label)
            if not plan.places:
                return False
    if plan.prepare is not None:
        plan.prepare(row)
    if plan.judge is None:
        return True
    try:
        return plan.judge(row.get(CONTENT))
    except UnknownContentError:
        pass  # neither a match nor a mismatch, even if malformed labels are errors
    except LabelError as error:
        if context.on_malformed == "raise":
            raise of_label(row, error) from error
    unknown.add(row)
    return False


def _fetch(context: ListContext, plan: RowPlan, request: Request) -> object:
    """Return the answer to a request, with the contents that are kept at URLs; called in threads."""
    if request.operation != plan.listing.rows:
        return context.service.ask(request)
    answer = _ask(context, plan, request)
    if not isinstance(answer, list) or not all(isinstance(row, dict) for row in answer):
        return answer  # not a page; `Pages.take` raises
    if plan.has_contents:
        labels = [label for row in answer for label in labels_of(row, plan.places)]
        download_contents(
            labels, context.service, context.on_malformed, keep_urls=plan.keep_urls, pool=context.payload_pool
        )
    return answer


def _ask(context: ListContext, plan: RowPlan, request: Request) -> object:
    """Also ask for the URLs of contents, unless the service does not know such."""
    if not plan.has_contents or plan.keep_urls or context.has_content_urls is False:
        return context.service.ask(request)
    try:
        answer = context.service.ask(evolve(request, selection=plan.wide_selection))
    except GraphQLError as error:
        if context.has_content_urls or CONTENT_URL not in error.message:
            raise
        context.has_content_urls = False
        return context.service.ask(request)
    context.has_content_urls = True
    return answer
