"""The five calls of the page: a JSON object in, a JSON object out.

Offsets are UTF-16 code units, as JavaScript counts; texts are plain text, never HTML.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

from kili_query.ast import And, Predicate, counters
from kili_query.counting.label import content_of
from kili_query.diagnostics import Diagnostic, Severity
from kili_query.diagnostics.pages import page
from kili_query.errors import DataError, KiliQueryError, LabelError, QueryError, QuerySyntaxError
from kili_query.labels.drawn import drawn_of
from kili_query.ontology.complete import complete as completions
from kili_query.ontology.named import written_names
from kili_query.ontology.seen import unseen_names
from kili_query.page.names import Described, hex_of
from kili_query.page.pictures import BIG, SMALL, picture_of
from kili_query.page.plans import plan_of
from kili_query.page.requests import BadRequest, RequestFields
from kili_query.page.snippets import snippets_of
from kili_query.page.source import LISTS, PageSource, Pair, TooSlowError
from kili_query.places import Problem
from kili_query.query import Query, parse
from kili_query.query import check as diagnostics_of
from kili_query.source import NOWHERE, Span, code_points, utf16_offsets
from kili_query.statistics import bins_of
from kili_query.syntax import print_name
from kili_query.targets.as_written import Written
from kili_query.targets.explain import Explanation
from kili_query.wording import shortened

Json: TypeAlias = dict[str, Any]

MAX_ROWS = 500
"""How many labels one call returns at most."""
_FIRST_ROWS = 100
_MOST_COLUMNS = 50
_MOST_OFFERS = 50
_LONGEST_FACT = 300
_LONGEST_JSON = 200_000


def check(source: PageSource, request: Json) -> Json:
    """Check a query as it is typed: diagnostics with fixes, what names mean, the plan, and the query to copy."""
    text = RequestFields(request, "query").query
    if not text.strip():
        return {"ok": True, "diagnostics": [], "names": [], "plan": None, "snippets": []}
    found = _diagnostics(source, text)
    units = utf16_offsets(text)
    is_fine = not any(severity is Severity.ERROR for _, severity in found)
    query = source.read(text) if is_fine else None
    return {
        "ok": is_fine,
        "diagnostics": [_diagnostic(one, severity, units) for one, severity in found],
        "names": list(_names(source, text, units)),
        "plan": None if query is None else plan_of(query, source),
        "snippets": [] if query is None else snippets_of(text, query, source),
    }


def _diagnostics(source: PageSource, text: str) -> list[tuple[Diagnostic, Severity]]:
    """Return all diagnostics. Without an ontology, names that no label holds are warnings."""
    found = [(one, one.severity) for one in diagnostics_of(text, source.ontology, policy=source.policy)]
    if source.ontology is None and not any(severity is Severity.ERROR for _, severity in found):
        unseen = unseen_names(parse(text).tree, source.occurrences.keys())
        found += [(one, Severity.WARNING) for one in unseen]
    return found


def _diagnostic(found: Diagnostic, severity: Severity, units: Sequence[int]) -> Json:
    edit = None if found.help is None else found.help.edit
    return {
        **_span(found.span, units),
        "code": found.code.value,
        "severity": severity.value,
        "message": found.message,
        "labels": [
            {**_span(one.span, units), "message": one.text} for one in (found.primary, *found.labels) if one.text
        ],
        "help": None if found.help is None else found.help.text,
        "fix": None if edit is None or edit.span == NOWHERE else {**_span(edit.span, units), "text": edit.text},
        "page": page(found.code),
    }


def _span(span: Span, units: Sequence[int]) -> Json:
    start, end = (0, 0) if span == NOWHERE else (max(0, min(at, len(units) - 1)) for at in span)
    return {"start": units[start], "end": units[end]}


def _names(source: PageSource, text: str, units: Sequence[int]) -> Iterator[Json]:
    described = Described(source)
    for name in written_names(text):
        found = described.name(name)
        if found is not None:
            yield {**_span(name.span, units), **found}


def complete(source: PageSource, request: Json) -> Json:
    """Complete a query at the cursor."""
    fields = RequestFields(request, "query", "offset")
    text, offset = fields.query, fields.number("offset")
    units = utf16_offsets(text)
    found = completions(text, code_points(text, len(text) if offset is None else offset), source.names)
    described = Described(source)
    return {
        "items": [
            {**_span(one.span, units), "text": one.text, **described.offer(one, text)} for one in found[:_MOST_OFFERS]
        ]
    }


def format_query(source: PageSource, request: Json) -> Json:
    """Format a query, and join another clause to it if there is one. Text that is not a query is returned as it is."""
    fields = RequestFields(request, "query", "add")
    text, added = fields.query, fields.text("add")
    try:
        if added is None or not added.strip():
            return {"query": parse(text).format() if text.strip() else text}
        clause = parse(added)
        if not text.strip():
            return {"query": clause.format()}
        return {"query": _joined(parse(text), clause)}
    except QuerySyntaxError:
        return {"query": text}


def _joined(query: Query, clause: Query) -> str:
    """The text of both with AND between, which keeps how they are written; a comment may end a line of either.

    A query that asks for all of the clause already stays as it is.
    """
    asked = _parts(query.tree)
    if all(part in asked for part in _parts(clause.tree)):
        return query.text
    wanted = And((query.tree, clause.tree))
    for left in (query.text.strip(), f"({query.text.strip()}\n)"):
        for right in (clause.text.strip(), f"({clause.text.strip()}\n)"):
            try:
                joined = parse(f"{left}\nAND {right}")
            except QuerySyntaxError:
                continue
            if joined.tree in (wanted, _flat(wanted)):
                return joined.format()
    return str(query & clause)


def _flat(tree: And) -> And:
    return And(tuple(one for part in tree.operands for one in _parts(part)))


def _parts(tree: Predicate) -> tuple[Predicate, ...]:
    return tree.operands if isinstance(tree, And) else (tree,)


def run(source: PageSource, request: Json) -> Json:
    """Return which labels match, some of them as rows, and one in detail."""
    fields = RequestFields(request, "query", "start", "stop", "label", "frame", "pictures", "list")
    query = source.read(fields.query)
    start, stop, label = fields.number("start") or 0, fields.number("stop"), fields.number("label")
    stop = start + _FIRST_ROWS if stop is None else min(stop, start + MAX_ROWS)
    found = source.find(query)
    pairs = [] if query is None else _pairs(query, source)
    name, has_pictures = fields.choice("list", LISTS), fields.flag("pictures", default=True)
    listed = source.listed(query, name)
    broken = source.broken_records.first if name == "malformed" else []
    stop = max(start, stop)
    rows = _rows(source, list(listed[start:stop]), pairs, has_pictures)
    if name in ("unknown", "malformed"):
        rows = _with_reasons(source, query, rows)
        rows += [_broken_row(one, pairs) for one in broken[max(0, start - len(listed)) : max(0, stop - len(listed))]]
    return {
        "source": {
            "title": source.title,
            "input_type": source.input_type,
            "labels": source.n_labels,
            "ontology": source.ontology is not None,
            "notes": list(source.notes),
        },
        "total": source.n_labels + source.broken,
        "matched": len(found.rows),
        "unknown": found.unknown,
        "malformed": found.malformed,
        "columns": [_column(source, pair) for pair in pairs],
        "listed": len(listed) + len(broken),
        "rows": rows,
        "label": None if label is None else _detail(source, query, fields.query, label, pairs, fields.number("frame")),
    }


def _pairs(query: Query, source: PageSource) -> list[Pair]:
    """Return the categories that get a column, in the order of the query; of too many, those that most labels hold."""
    pairs = list(dict.fromkeys((one.job, one.category) for one in counters(query.tree)))
    if len(pairs) <= _MOST_COLUMNS:
        return pairs
    return sorted(pairs, key=lambda pair: -sum(source.occurrences.get(pair, {}).values()))[:_MOST_COLUMNS]


def _column(source: PageSource, pair: Pair) -> Json:
    described = Described(source)
    return {"key": name_of(pair), "title": described.title(*pair), "color": hex_of(*pair, source.ontology)}


def name_of(pair: Pair) -> str:
    """Return a counter as a query writes it."""
    return f"{print_name(pair[0])}.{print_name(pair[1])}"


def _rows(source: PageSource, numbers: list[int], pairs: list[Pair], has_pictures: bool) -> list[Json]:
    read = source.labels if has_pictures else source.facts
    counted = source.counts(numbers, pairs)
    return [
        _row(source, number, label, counts, picture_of(label, number, source, SMALL) if has_pictures else None)
        for number, label, counts in zip(numbers, read(numbers), counted, strict=True)
    ]


def _with_reasons(source: PageSource, query: Query | None, rows: list[Json]) -> list[Json]:
    reasons = source.reasons(query, [row["index"] for row in rows])
    return [{**row, "reason": reason} for row, reason in zip(rows, reasons, strict=True)]


def _broken_row(problem: Problem, pairs: list[Pair]) -> Json:
    """Return the row of a record that is not a label, which has only a place and a reason."""
    known = {"place": shortened(str(problem.place), _LONGEST_FACT), "reason": shortened(problem.reason, _LONGEST_FACT)}
    facts = ("index", "id", "external_id", "type", "author", "created_at", "picture")
    return {**dict.fromkeys(facts), "counts": [None] * len(pairs), **known}


def _row(source: PageSource, number: int, label: Json, counts: list[int | None], picture: Json | None) -> Json:
    asset, author = (one if isinstance(one, Mapping) else {} for one in (label.get("labelOf"), label.get("author")))
    external = asset.get("externalId")
    return {
        "index": number,
        "id": _fact(label.get("id")),
        "external_id": _fact(label.get("externalId") if external is None else external),
        "type": _fact(label.get("labelType")),
        "author": _fact(author.get("email")),
        "created_at": _fact(label.get("createdAt")),
        "counts": counts,
        "picture": picture,
        "place": None,
        "reason": None,
    }


def _fact(value: object) -> str | None:
    is_known = isinstance(value, str | int | float) and not isinstance(value, bool)
    return shortened(str(value), _LONGEST_FACT) if is_known else None


def _detail(
    source: PageSource, query: Query | None, text: str, number: int, pairs: list[Pair], frame: int | None
) -> Json:
    if number >= source.n_labels:
        raise BadRequest(f"there is no label {number}: there are {source.n_labels}", status=404)
    (label,) = source.labels([number])
    (counts,) = source.counts([number], pairs)
    picture = picture_of(label, number, source, BIG, frame)
    matches, why, nearest = _why(source, query, text, label, number)
    return {
        "row": _row(source, number, label, counts, None),
        "matches": matches,
        "why": why,
        "nearest": nearest,
        "answers": _answers(source, label, frame),
        "picture": picture,
        "json": shortened(json.dumps(label, indent=2, ensure_ascii=False), _LONGEST_JSON),
    }


def _answers(source: PageSource, label: Json, frame: int | None) -> list[str]:
    try:
        drawing = drawn_of(label, ontology=source.ontology, view=frame)
    except LabelError as error:
        return [str(error)]
    return [*drawing.lines, *(f"not drawn: {one}" for one in drawing.problems)]


def _why(
    source: PageSource, query: Query | None, text: str, label: Json, number: int
) -> tuple[bool | None, list[str], str | None]:
    if query is None:
        (reason,) = source.reasons(None, [number])
        return (True, [], None) if reason is None else (None, [reason], None)
    try:
        matcher = query.compile(ontology=source.ontology, policy=source.policy)
        found = Written.of(query.tree, text).explanation(matcher.explain(content_of(label)))
    except LabelError as error:
        return None, [str(error)], None
    return found.matches, list(map(_clause, found.clauses)), None if found.why_not is None else str(found.why_not)


def _clause(part: Explanation) -> str:
    counts = ", ".join(f"{name} = {number}" for name, number in part.found)
    return f"{'✓' if part.matches else '✗'} {part.text}{f' ({counts})' if counts else ''}"


def histogram(source: PageSource, request: Json) -> Json:
    """Return for each category how many labels hold 0, 1, 2, … of it: of all, and of those that match."""
    query = source.read(RequestFields(request, "query").query)
    rows = source.find(query).rows
    among = source.occurrences if query is None else source.occurrences_among(rows)
    n_counted = source.n_counted if query is None else _n_counted(source, rows)
    described = Described(source)
    return {
        "total": source.n_labels + source.broken,
        "matched": len(rows),
        "categories": [_category(source, described, pair, among.get(pair, {}), n_counted) for pair in _all(source)],
    }


def _n_counted(source: PageSource, rows: Sequence[int]) -> int:
    uncounted = {*source.unknown, *source.malformed}
    return len(rows) - sum(row in uncounted for row in rows) if uncounted else len(rows)


def _all(source: PageSource) -> list[Pair]:
    declared = [] if source.ontology is None else list(source.ontology.pairs())
    return list(dict.fromkeys([*declared, *sorted(source.occurrences)]))


def _category(source: PageSource, described: Described, pair: Pair, among: Mapping[int, int], n_matching: int) -> Json:
    everywhere = source.occurrences.get(pair, {})
    counts = {**among, 0: n_matching - sum(among.values())}
    return {
        "job": pair[0],
        "category": pair[1],
        "job_title": described.job_title(pair[0]),
        "title": described.title(*pair),
        "color": hex_of(*pair, source.ontology),
        "objects": sum(number * labels for number, labels in everywhere.items()),
        "labels": sum(everywhere.values()),
        "bins": [
            {
                "first": one.first,
                "last": one.last,
                "all": one.labels,
                "matching": sum(labels for number, labels in counts.items() if one.first <= number <= one.last),
                "clause": clause_of(pair, one.first, one.last),
            }
            for one in bins_of(everywhere, source.n_counted)
        ],
    }


def clause_of(pair: Pair, first: int, last: int) -> str:
    """Return the clause for counts in a range, ends included.

    >>> clause_of(("J", "A"), 3, 3), clause_of(("J", "A"), 11, 20)
    ('J.A.count == 3', '11 <= J.A.count <= 20')
    """
    counter = f"{name_of(pair)}.count"
    return f"{counter} == {first}" if first == last else f"{first} <= {counter} <= {last}"


CALLS: Mapping[str, Callable[[PageSource, Json], Json]] = {
    "check": check,
    "complete": complete,
    "format": format_query,
    "run": run,
    "histogram": histogram,
}
"""The calls by name."""


def respond(source: PageSource, call: str, request: object) -> tuple[int, Json]:
    """Answer a call, and return the HTTP status with the answer. What cannot be answered is an ``error``."""
    try:
        if call not in CALLS:
            raise BadRequest(f"there is no call `{shortened(call, 80)}`: there are {', '.join(CALLS)}", status=404)
        if not isinstance(request, dict):
            raise BadRequest("a request must be a JSON object")
        return 200, CALLS[call](source, request)
    except BadRequest as error:
        return error.status, error_answer(str(error))
    except QueryError as error:
        first = next(one for one in error.diagnostics if one.severity is Severity.ERROR)
        return 422, error_answer(first.message, None if first.help is None else first.help.text)
    except TooSlowError as error:
        return 503, error_answer(str(error))
    except DataError as error:
        return 500, error_answer(str(error))
    except KiliQueryError as error:
        return 422, error_answer(str(error))


def answer(source: PageSource, call: str, request: object) -> Json:
    """Answer a call: see `respond`.

    >>> from kili_query.page.plain import PlainSource
    >>> answer(PlainSource.of([]), "format", {"query": "J.A.count>3"})
    {'query': 'J.A.count > 3'}
    """
    return respond(source, call, request)[1]


def error_answer(message: str, help_text: str | None = None) -> Json:
    """Return the answer that reports an error."""
    return {"error": {"message": message, "help": help_text}}
