"""`Query`: a predicate, the text it came from, and its methods.

Longer than most files: it is the surface that people read first, and most of it documents the methods. Each calls a
function of a lower layer. `check` and `validate` stand here too, because binding a query validates it.

A method imports what only it needs when it is called, so that programs start fast.
"""

from collections.abc import Collection
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast

from attrs import evolve, field, frozen

from kili_query.ast import And, Constant, Not, Or, Predicate, conjunction, counters, disjunction
from kili_query.ast.flat import Flat, flatten, restore
from kili_query.counting import DEFAULT_POLICY, CountPolicy
from kili_query.diagnostics import Diagnostic, Severity, sort_diagnostics
from kili_query.diagnostics.layout import text_as_html
from kili_query.errors import ArgumentError, QueryError, QuerySyntaxError
from kili_query.extras import load
from kili_query.ontology import Ontology, OntologySource
from kili_query.planning import DEFAULT_PROFILE, ServerProfile, checked_profile
from kili_query.source import Source
from kili_query.syntax import (
    DEFAULT_LIMITS,
    Dialect,
    Limits,
    TreeSize,
    lint_text,
    parse_and_lint,
    parse_source,
    print_tree,
    refuse_large,
    tree_size,
    without_foreign_edit,
)
from kili_query.targets.base import COLUMNS, CORE, LABELS, Capabilities

if TYPE_CHECKING:
    import narwhals as nw

    from kili_query.planning.split import Split
    from kili_query.targets.closures import Matcher
    from kili_query.targets.raw_bytes import BytesMatcher


TargetName: TypeAlias = Literal["server", "columns", "labels"]
_CAPABILITIES: dict[TargetName, Capabilities] = {"server": CORE, "columns": COLUMNS, "labels": LABELS}

_NAMES: dict[TargetName, str] = {"server": "the server", "columns": "a table of counts", "labels": "the local engine"}

_UNLIMITED = Limits(length=2**40, depth=2**40)


@frozen(repr=False)
class Query:
    """A question about one label: how many objects of which categories it holds.

    Immutable, hashable and picklable. Two queries are equal when their trees are, wherever they were written.

    >>> import kili_query as kq
    >>> query = kq.parse("OBJECTS.CAR.count>3 and scene.NIGHT")
    >>> str(query)
    'OBJECTS.CAR.count > 3 AND scene.NIGHT'
    >>> query.matches({"OBJECTS": {"annotations": []}})
    False
    >>> sorted(query.counters)
    [('OBJECTS', 'CAR'), ('scene', 'NIGHT')]

    Attributes:
        tree: the predicate as written.
        bound_to: the ontology whose keys it names, where it was bound; it is not checked against that one again.
    """

    tree: Predicate
    _written_text: str | None = field(eq=False)
    dialect: Dialect = field(default="extended", eq=False)
    name: str = field(default="query", eq=False)
    bound_to: Ontology | None = field(default=None, eq=False, kw_only=True)
    _is_written: bool = field(default=False, eq=False, kw_only=True)
    _joined_extent: TreeSize | None = field(default=None, eq=False, kw_only=True)
    _matchers: "list[Matcher]" = field(factory=list, init=False, eq=False)

    @cached_property
    def text(self) -> str:
        """The text as written; of a query built in Python, its canonical text."""
        return print_tree(self.tree) if self._written_text is None else self._written_text

    @cached_property
    def _extent(self) -> TreeSize:
        return tree_size(self.tree) if self._joined_extent is None else self._joined_extent

    def __str__(self) -> str:
        return print_tree(self.tree)

    def __repr__(self) -> str:
        return f"Query({str(self)!r})"

    def _repr_html_(self) -> str:
        """Return what notebooks show: the formatted query."""
        return text_as_html(self.format())

    def __reduce__(self) -> tuple[object, ...]:
        if self._is_written:  # its text says it all, and is no deeper for pickle than a string
            return _read_again, (self.text, self.dialect, self.name)
        return _restore, (flatten(self.tree), self._written_text, self.dialect, self.name, self.bound_to)

    def __bool__(self) -> bool:
        raise TypeError("a query has no truth value: join queries with `&`, `|` and `~`, and chain with `&`")

    def __and__(self, other: object) -> "Query":
        if not isinstance(other, Query):
            return NotImplemented
        return _joined(conjunction((self.tree, other.tree)), And, self, other)

    def __or__(self, other: object) -> "Query":
        if not isinstance(other, Query):
            return NotImplemented
        return _joined(disjunction((self.tree, other.tree)), Or, self, other)

    def __invert__(self) -> "Query":
        return built_query(self.tree.operand if isinstance(self.tree, Not) else Not(self.tree), bound_to=self.bound_to)

    @property
    def counters(self) -> frozenset[tuple[str, str]]:
        """The (job, category) pairs that the query names, those inside brackets too; not those of patterns."""
        return frozenset((counter.job, counter.category) for counter in counters(self.tree))

    def format(self, width: int = 88) -> str:
        """The text laid out for reading, in lines of at most ``width`` characters where names allow it.

        Sugar and comments are kept. Formatting a formatted text changes nothing.
        """
        from kili_query.syntax.formatter import format_text

        return format_text(self.text, self.dialect, width, limits=_UNLIMITED)

    def bind(self, ontology: OntologySource) -> "Query":
        """Resolve display names and expand patterns by the ontology.

        A query that is already bound to it is returned as it is.

        Args:
            ontology: the project's, or the path of its file.

        Raises:
            QueryError: the ontology has no such job or category.
            OntologyError: the file of the ontology cannot be read or has another shape.
        """
        from kili_query.ontology.bind import bind

        known = Ontology.of(ontology)
        if _is_bound(self, known):
            return self
        return query_of(bind(validate(self, known).tree, known), bound_to=known)

    def _tree_for(self, ontology: OntologySource | None) -> Predicate:
        return self.tree if ontology is None else self.bind(ontology).tree

    def simplify(self, ontology: OntologySource | None = None, *, policy: CountPolicy = DEFAULT_POLICY) -> "Query":
        """An equivalent query, never longer, and the same for simplifying it again.

        Args:
            ontology: with one, names are bound, and the result is equivalent on labels that obey it: for people to
                read, not for running.
            policy: how objects are counted; it decides what can be said of labels that obey the ontology.

        Raises:
            QueryError: the ontology has no such job or category.

        >>> import kili_query as kq
        >>> kq.parse("J.A.count > 5 AND (J.A.count > 3 OR J.B.count == 1)").simplify()
        Query('J.A.count > 5')
        """
        from kili_query.logic import ontology_facts, simplify

        if ontology is None:
            return query_of(simplify(self.tree), bound_to=self.bound_to)
        known = Ontology.of(ontology)
        tree = self.bind(known).tree
        facts = ontology_facts([tree], known, video=policy.video)
        return query_of(simplify(tree, facts=facts), bound_to=known)

    def plan(
        self,
        ontology: OntologySource | None = None,
        *,
        target: TargetName = "server",
        profile: ServerProfile = DEFAULT_PROFILE,
        policy: CountPolicy = DEFAULT_POLICY,
    ) -> "Plan":
        """Split the query into what a target is asked and what is left to evaluate locally.

        Args:
            ontology: the project's, or the path of its file, which patterns are expanded by.
            target: ``"server"``; ``"columns"``, tables of counts; or ``"labels"``, our own engines.
            profile: which of the server's searches are reliable.
            policy: how objects are counted locally.

        Raises:
            ArgumentError: there is no such target, or the profile is not one.
            QueryError: the ontology has no such job or category.

        >>> import kili_query as kq
        >>> print(kq.parse("J.A.count + J.B.count >= 2 AND NOT J.C").plan().server_filter)
        (J.A.count > 1 OR J.A.count > 0 AND J.B.count > 0 OR J.B.count > 1) AND J.C.count < 1
        """
        from kili_query.planning.split import split
        from kili_query.planning.weaken import Target

        known = Ontology.if_given(ontology)
        query = self if known is None else self.bind(known)
        if target not in _NAMES:
            raise ArgumentError(f"`target` must be one of {', '.join(map(repr, _NAMES))}, not {target!r:.80}")
        trusted = checked_profile(profile)
        asked = Target(
            _CAPABILITIES[target],
            _NAMES[target],
            trusted if target == "server" else None,
            known,
            has_default_policy=policy == DEFAULT_POLICY,
        )
        return Plan(query, split(query.tree, asked), target)

    def to_server(self, ontology: OntologySource | None = None) -> str:
        """Return the exact text for the server's ``search`` filter, in the core language.

        Raises:
            QueryError: the ontology has no such job or category.
            NotExpressible: the core language cannot say it, or there is nothing to ask.
        """
        from kili_query.targets.server import print_core

        return print_core(self._tree_for(ontology))

    def compile(self, *, ontology: OntologySource | None = None, policy: CountPolicy = DEFAULT_POLICY) -> "Matcher":
        """Return a function from a label's ``jsonResponse`` to a verdict, for many labels.

        Args:
            ontology: the project's, or the path of its file; the query is checked against it and bound to it.
            policy: what one object is.

        Raises:
            QueryError: the ontology has no such job or category.
            OntologyError: the file of the ontology cannot be read or has another shape.
        """
        from kili_query.targets.closures import compile_closure

        known = Ontology.if_given(ontology)
        return compile_closure(self._tree_for(known), ontology=known, policy=policy)

    def compile_bytes(
        self, *, ontology: OntologySource | None = None, policy: CountPolicy = DEFAULT_POLICY, at: str = "jsonResponse"
    ) -> "BytesMatcher":
        """Return a function from one label as JSON bytes to a verdict; it decodes only what the query needs.

        Args:
            ontology: the project's, or the path of its file; with one, less is decoded.
            policy: what one object is.
            at: the field of a label that holds its content, as an object or as JSON text; empty when the bytes are the
                content.

        Raises:
            QueryError: the ontology has no such job or category.
            OntologyError: the file of the ontology cannot be read or has another shape.
            MissingExtraError: the extra ``fast`` is not installed.

        >>> import kili_query as kq
        >>> matches = kq.parse("SKY.BLUE").compile_bytes(at="")
        >>> matches(b'{"SKY": {"categories": [{"name": "BLUE"}]}}')
        True
        """
        known = Ontology.if_given(ontology)
        engine = load("kili_query.targets.raw_bytes", "matching JSON bytes", "fast")
        return cast("BytesMatcher", engine.compile_bytes(self._tree_for(known), ontology=known, policy=policy, at=at))

    def to_narwhals(self, prefix: str = "", *, columns: Collection[str] | None = None) -> "nw.Expr":
        """An expression over wide count columns named ``JOB/CATEGORY``, which filters any frame that narwhals knows.

        A counter without a column is 0; a label whose counts are null is found by no query.

        Args:
            prefix: put before every column name.
            columns: the columns of the frame, where they are known beforehand.

        Raises:
            NotExpressible: the query looks inside annotations, holds a pattern that no ontology has expanded, or nests
                more than 128 levels of AND and OR.
            MissingExtraError: the extra ``frames`` is not installed.
        """
        module = load("kili_query.targets.columns", "filtering frames", "frames")
        return cast("nw.Expr", module.to_narwhals(self.tree, prefix, columns))

    def to_sql(
        self,
        dialect: str = "duckdb",
        *,
        layout: Literal["wide", "long"] = "wide",
        table: str = "labels",
        counts_table: str | None = None,
        columns: Collection[str] | None = None,
    ) -> str:
        """A statement that selects the ids of the labels that match, in any dialect of sqlglot.

        Args:
            dialect: such as ``duckdb``, ``sqlite``, ``postgres``, ``spark``, ``bigquery``, ``snowflake``.
            layout: ``"wide"``, one column for each counter, or ``"long"``, one row for each counter that is not 0.
            table: the table of the labels.
            counts_table: of the long layout, the table of the counts; by default the name of the table and ``_counts``.
            columns: of the wide layout, all columns that the table has: a counter without one is 0, and without
                ``fault`` a label is left out when all its counts are null.

        Raises:
            NotExpressible: the query says more than counts can tell, or the dialect cannot name a column.
            MissingExtraError: the extra ``sql`` is not installed.

        >>> import kili_query as kq
        >>> kq.parse("OBJECTS.CAR.count >= 3").to_sql()
        'SELECT "labels"."id" FROM "labels" WHERE "labels"."OBJECTS/CAR" >= 3'
        """
        module = load("kili_query.targets.sql", "SQL", "sql")
        statement = module.to_sql(
            self.tree, dialect, layout=layout, table=table, counts_table=counts_table, columns=columns
        )
        return cast("str", statement)

    def matches(self, json_response: object) -> bool:
        """Whether a label with this content matches.

        Args:
            json_response: the decoded ``jsonResponse`` of one label.

        Raises:
            UnknownContentError: the content is None.
            MalformedLabelError: the content has the wrong shape.
        """
        if not self._matchers:
            self._matchers.append(self.compile())
        return self._matchers[0](json_response)

    def filter(
        self,
        dataset: Any,  # of packages that this one does not need
        column: str = "jsonResponse",
        *,
        ontology: OntologySource | None = None,
        policy: CountPolicy = DEFAULT_POLICY,
    ) -> Any:
        """The part of a dataset for training whose labels match.

        Args:
            dataset: of the package ``datasets`` (Hugging Face), or anything that PyTorch reads by index.
            column: what holds a label's content, decoded or as JSON text: a column, or a key of each item.
            ontology: the project's, or the path of its file.
            policy: what one object is.

        Returns:
            What ``dataset.filter`` of Hugging Face's package returns; or a ``torch.utils.data.Subset``.

        Raises:
            QueryError: the ontology has no such job or category.
            ArgumentError: it is neither.
            ModuleNotFoundError: ``torch`` is not installed, and the dataset is not one of ``datasets``.
            UnknownContentError: an item has no content.
            MalformedLabelError: a content has the wrong shape.
        """
        from kili_query.targets.training_sets import filter_dataset

        return filter_dataset(dataset, self.compile(ontology=ontology, policy=policy), column)


@frozen
class Plan:
    """A query cut in what a target is asked and what is left.

    For every label: the query holds if and only if both ``pushed`` and ``residual`` hold; ``pushed`` alone holds
    wherever the query does.

    Attributes:
        query: the query, bound where there was an ontology.
        cut: the trees of the two parts, and why the residual stays.
        target: who is asked.
    """

    query: Query
    cut: "Split"
    target: TargetName = "server"

    @property
    def pushed(self) -> Query:
        """The part that the target evaluates: TRUE for everything, FALSE if no label can match."""
        return query_of(self.cut.pushed, bound_to=self.query.bound_to)

    @property
    def residual(self) -> Query | None:
        """The part that is evaluated locally; None if the target evaluates everything."""
        return None if self.cut.residual is None else query_of(self.cut.residual, bound_to=self.query.bound_to)

    @property
    def never(self) -> bool:
        """No label can match: there is nothing to ask."""
        return self.cut.pushed == Constant(False)

    @property
    def is_exact(self) -> bool:
        """Nothing is left to evaluate locally."""
        return self.cut.residual is None

    @property
    def server_filter(self) -> str | None:
        """The text of the server's ``search`` filter; None for no filter, or where there is nothing to ask.

        Raises:
            NotExpressible: the plan is for a target that can say more than the server.
        """
        from kili_query.targets.server import print_core

        return None if isinstance(self.cut.pushed, Constant) else print_core(self.cut.pushed)

    @property
    def diagnostics(self) -> list[Diagnostic]:
        """KQ301 for each part that is evaluated locally."""
        from kili_query.planning.split import local_notes

        return [evolve(note, source=Source(self.query.text)) for note in local_notes(self.cut)]

    def explain(self) -> str:
        """The query, what is pushed, what stays, and why, in lines for people."""
        lines = [f"query     {self.query}"]
        if self.never:
            return "\n".join([*lines, "pushed    nothing: no label can match, so no request is made"])
        lines.append(f"pushed    {'no filter: all labels' if self.cut.pushed == Constant(True) else self.pushed}")
        lines.append(f"residual  {'none: the answer is exact' if self.is_exact else self.residual}")
        for kept in self.cut.kept:
            why = [kept.reason, kept.instead]
            if len(self.cut.kept) > 1:
                why = [f"`{print_tree(kept.part)}`:", *(f"  {line}" for line in why)]
            lines += [f"          {line}" for line in why]
        return "\n".join(lines)

    def __str__(self) -> str:
        return self.explain()

    def _repr_html_(self) -> str:
        return text_as_html(self.explain())


def query_of(tree: Predicate, *, bound_to: Ontology | None = None) -> Query:
    """The query of a tree that was made of others.

    Args:
        tree: the tree.
        bound_to: the ontology whose keys it names, where its patterns were expanded.
    """
    return Query(tree, None, bound_to=bound_to)


def built_query(tree: Predicate, *, bound_to: Ontology | None = None, extent: TreeSize | None = None) -> Query:
    """The query of a tree that a caller joined; see `query_of`.

    Args:
        tree: the tree.
        bound_to: the ontology whose keys it names.
        extent: how large it is, where that is known.

    Raises:
        QueryError: it is nested deeper than a text may be, or larger than any text is.
    """
    known = tree_size(tree) if extent is None else extent
    too_large = refuse_large(tree, known)
    if too_large is not None:
        raise QueryError([too_large])
    return Query(tree, None, bound_to=bound_to, joined_extent=known)


def _joined(tree: Predicate, connective: type[And | Or], *joined: Query) -> Query:
    """The query of a tree that joins others. It is not walked: a long query is often joined from many short ones."""
    extents = [one._extent for one in joined]
    levels = max(
        extent.levels + (not isinstance(one.tree, connective)) for one, extent in zip(joined, extents, strict=True)
    )
    extent = TreeSize(levels, 1 + sum(extent.parts for extent in extents))
    return built_query(tree, bound_to=_bound_alike(*joined), extent=extent)


def parse(text: str, *, dialect: Dialect = "extended", name: str = "query", limits: Limits = DEFAULT_LIMITS) -> Query:
    """Read a query.

    Args:
        text: the query.
        dialect: ``"extended"``, which holds all of the language, or ``"core"``, what the server understands.
        name: what diagnostics call the text, such as a file name.
        limits: how long and how deep a query may be.

    Raises:
        QuerySyntaxError: the text is not a query; its ``diagnostics`` say where and why.

    >>> import kili_query as kq
    >>> kq.parse("2 <= J.C.count < 5")
    Query('2 <= J.C.count < 5')
    """
    if dialect not in ("core", "extended"):
        raise ValueError(f"unknown dialect {dialect!r}: choose 'core' or 'extended'")
    if not isinstance(text, str):
        raise TypeError(f"a query is a str, not {type(text).__name__}")
    return Query(parse_source(Source(text, name), dialect, limits), text, dialect, name, is_written=True)


def check(
    text_or_query: str | Query, ontology: OntologySource | None = None, *, policy: CountPolicy = DEFAULT_POLICY
) -> list[Diagnostic]:
    """Every diagnostic of a query, sorted by position; an empty list means that nothing is wrong.

    Never raises on a bad query, but does on an ontology that cannot be read (`OntologyError`).

    Args:
        text_or_query: a query or its text.
        ontology: the project's, or the path of its file; with one, names are checked, and bounds that its labels cannot
            reach are reported.
        policy: how objects are counted; frames that count by themselves reach bounds that objects do not.

    >>> import kili_query as kq
    >>> [found.code.value for found in kq.check("A.B.count > 1.5 AND")]
    ['KQ205', 'KQ003']
    """
    from kili_query.logic.lints import check_logic

    known = Ontology.if_given(ontology)
    if isinstance(text_or_query, str):
        try:
            tree, warnings = parse_and_lint(Source(text_or_query))
        except QuerySyntaxError as error:
            return sort_diagnostics(error.diagnostics)
        query = Query(tree, text_or_query, is_written=True)
    else:
        query = _written(_read(text_or_query))
        warnings = _lint(query)
    source = Source(query.text, query.name)
    found = [] if _is_bound(text_or_query, known) else _unknown_names(query, known)
    if not found:  # what means nothing has no logic
        logical = check_logic(query.tree, known, text=query.text, video=policy.video)
        found = [evolve(one, source=source) for one in logical]
    return sort_diagnostics([*warnings, *found])


def find_errors(text: str, ontology: Ontology | None = None) -> list[Diagnostic]:
    """The errors that `check` finds, without the warnings, in a part of the time.

    >>> [found.code.value for found in find_errors("A.B.count > 1.5 AND")]
    ['KQ003']
    """
    try:
        tree = parse_source(Source(text), with_warnings=False)
    except QuerySyntaxError as error:
        return [one for one in error.diagnostics if one.severity is Severity.ERROR]
    return sort_diagnostics(_unknown_names(Query(tree, text), ontology))


def _lint(query: Query) -> list[Diagnostic]:
    return lint_text(Source(query.text, query.name), query.dialect, _UNLIMITED)


def _unknown_names(query: Query, ontology: Ontology | None) -> list[Diagnostic]:
    """The errors that a query that could be read may still have."""
    if ontology is None:
        return []
    from kili_query.ontology.check import check_names

    source = Source(query.text, query.name)
    found = (evolve(one, source=source) for one in check_names(query.tree, ontology))
    return [without_foreign_edit(one, query.dialect) for one in found]


def validate(
    text_or_query: str | Query, ontology: OntologySource | None = None, *, policy: CountPolicy = DEFAULT_POLICY
) -> Query:
    """Return the query if nothing is wrong with it; warnings do not count as errors.

    Args:
        text_or_query: a query or its text.
        ontology: the project's, or the path of its file, which names are checked against.
        policy: how objects are counted, for the warnings that come with an error.

    Raises:
        QueryError: there is an error; all diagnostics come with it.
    """
    query = _read(text_or_query)
    known = Ontology.if_given(ontology)
    found = [] if _is_bound(query, known) else _unknown_names(_written(query), known)
    if found:
        raise QueryError(sort_diagnostics([*_lint(_written(query)), *found]))
    return query


def _read(text_or_query: str | Query) -> Query:
    return text_or_query if isinstance(text_or_query, Query) else parse(text_or_query)


def _is_bound(query: str | Query, ontology: Ontology | None) -> bool:
    """Whether the query is bound to the ontology: its names are keys, which patterns may have brought anywhere."""
    return isinstance(query, Query) and query.bound_to is not None and query.bound_to == ontology


def _bound_alike(one: Query, other: Query) -> Ontology | None:
    """The ontology that both queries are bound to."""
    return one.bound_to if _is_bound(other, one.bound_to) else None


def _read_again(text: str, dialect: Dialect, name: str) -> Query:
    return parse(text, dialect=dialect, name=name, limits=_UNLIMITED)


def _restore(flat: Flat, text: str | None, dialect: Dialect, name: str, bound_to: Ontology | None) -> Query:
    return Query(restore(flat), text, dialect, name, bound_to=bound_to)


def _written(query: Query) -> Query:
    """The query with places in its text: of one that was built, its canonical text is read."""
    return query if query._is_written else parse(query.text, limits=_UNLIMITED)
