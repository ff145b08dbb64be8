"""The tools: what each takes, and what it answers. Nothing here knows the protocol."""

import re
import time
from collections.abc import Callable, Mapping, Sequence
from itertools import islice
from threading import Event
from typing import Any, TypeAlias

from attrs import define, field, frozen

from kili_query.counting import DEFAULT_POLICY, CountPolicy, count
from kili_query.diagnostics import Code, Diagnostic, Severity
from kili_query.diagnostics.pages import page
from kili_query.errors import ArgumentError, KiliQueryError, QueryError, QuerySyntaxError, SourceError
from kili_query.mcp.answers import Answer, diagnostics_of, failure, rejected, text_of
from kili_query.mcp.files import ServedFile, ServedFiles
from kili_query.ontology import Ontology, complete
from kili_query.ontology.job import Job
from kili_query.query import Query, check, parse
from kili_query.scanning import Judged, Judgements, Report, Scan, content_of, judge_labels, scan
from kili_query.verdicts import always_true, satisfiable, verdict_text

FIRST, MOST_ROWS = 10, 50
"""How many labels `match` returns if nothing is said, and at most."""

MOST_COMPLETIONS, MOST_JOBS, MOST_CATEGORIES, MOST_COUNTERS = 50, 50, 200, 20

Arguments: TypeAlias = Mapping[str, object]


class OutOfTimeError(Exception):
    """Work was stopped: it took too long, or nobody waits for it any more."""


@define
class Patience:
    """How long a call may take; whatever reads labels asks it now and then.

    Attributes:
        seconds: the limit.
    """

    seconds: float
    _start: float = field(factory=time.monotonic, init=False)
    _is_over: Event = field(factory=Event, init=False)

    def end(self) -> None:
        """Let the call end as soon as it can."""
        self._is_over.set()

    def check(self, *_: object) -> None:
        """Raise if the time is over.

        Raises:
            OutOfTimeError: it is.
        """
        if self._is_over.is_set() or time.monotonic() - self._start > self.seconds:
            raise OutOfTimeError


@frozen
class Parameter:
    """One argument of a tool.

    Attributes:
        name: of the argument.
        kind: `str` or `int`.
        about: what it is.
        is_needed: whether a call must have it.
        among: the texts that it may be; any for none.
        least: the smallest number.
        most: the largest number.
    """

    name: str
    kind: type[str] | type[int]
    about: str
    is_needed: bool = False
    among: tuple[str, ...] = ()
    least: int = 0
    most: int = 10**9

    def schema(self) -> dict[str, object]:
        """Return its JSON Schema."""
        if self.kind is int:
            return {"type": "integer", "minimum": self.least, "maximum": self.most, "description": self.about}
        choice = {"enum": list(self.among)} if self.among else {}
        return {"type": "string", "description": self.about, **choice}

    def refuse(self, value: object) -> None:
        """Refuse a value of the wrong type or size.

        Raises:
            ArgumentError: it is.
        """
        if not isinstance(value, self.kind) or isinstance(value, bool):
            what = "a whole number" if self.kind is int else "a string"
            raise ArgumentError(f"`{self.name}` must be {what}, not {_kind_of(value)}")
        if isinstance(value, int) and not self.least <= value <= self.most:
            raise ArgumentError(f"`{self.name}` must be from {self.least} to {self.most}")
        if self.among and value not in self.among:
            raise ArgumentError(f"`{self.name}` must be one of {', '.join(f'`{one}`' for one in self.among)}")


@frozen
class Tool:
    """One tool.

    Attributes:
        name: what calls name.
        about: what it does, for the model.
        parameters: what it takes.
        run: what answers a call.
    """

    name: str
    about: str
    parameters: tuple[Parameter, ...]
    run: "Callable[[Call], Answer]"

    def schema(self) -> dict[str, object]:
        """Return the JSON Schema of its arguments."""
        return {
            "type": "object",
            "properties": {one.name: one.schema() for one in self.parameters},
            "required": [one.name for one in self.parameters if one.is_needed],
            "additionalProperties": False,
        }

    def call(self, arguments: Arguments, files: ServedFiles, patience: Patience) -> Answer:
        """Answer a call. Whatever is wrong with it is an answer too.

        Raises:
            OutOfTimeError: it took too long.
        """
        try:
            self._refuse(arguments)
            answer = self.run(Call(arguments, files, patience))
        except QueryError as error:
            answer = rejected(error.diagnostics)
        except KiliQueryError as error:
            kind = "argument" if isinstance(error, ArgumentError) else "file"
            answer = failure(files.hide_paths(str(error)), kind)
        return answer.limited()

    def _refuse(self, arguments: Arguments) -> None:
        known = {one.name: one for one in self.parameters}
        for name, value in arguments.items():
            if name not in known:
                takes = ", ".join(f"`{one}`" for one in known) or "no arguments"
                raise ArgumentError(f"`{self.name}` has no argument `{name[:40]}`: it takes {takes}")
            known[name].refuse(value)
        missing = [one.name for one in self.parameters if one.is_needed and one.name not in arguments]
        if missing:
            raise ArgumentError(f"`{missing[0]}` is missing")


@frozen
class Call:
    """A call of a tool, whose arguments were checked."""

    arguments: Arguments
    files: ServedFiles
    patience: Patience

    def text(self, name: str) -> str:
        """Return an argument that is a text; empty if it was not given."""
        return str(self.arguments.get(name, ""))

    def number(self, name: str, otherwise: int) -> int:
        """Return an argument that is a number."""
        value = self.arguments.get(name, otherwise)
        assert isinstance(value, int)
        return value

    @property
    def file_name(self) -> str | None:
        """The name of the file, if one was given."""
        return self.text("file") or None

    @property
    def ontology(self) -> Ontology | None:
        """The ontology of the file that was named, or of the server."""
        return self.files.ontology_for(self.file_name)

    def query(self, ontology: Ontology | None) -> tuple[Query, list[Diagnostic]]:
        """Return the query and its warnings.

        Raises:
            QueryError: it has errors.
        """
        query = parse(self.text("query"))
        found = check(query, ontology)
        if any(one.severity is Severity.ERROR for one in found):
            raise QueryError(found)
        return query, found


def run_check(call: Call) -> Answer:
    """Check a query; errors in it are the answer, not a failure."""
    ontology = call.ontology
    try:
        query = parse(call.text("query"), dialect="core" if call.text("dialect") == "core" else "extended")
        found = check(query, ontology)
    except QuerySyntaxError as error:
        found = list(error.diagnostics)
    is_valid = not any(one.severity is Severity.ERROR for one in found)
    unchecked = "" if ontology is not None else " (names were not checked: there is no ontology)"
    lines = [text_of(found)] * bool(found) + [f"ok{unchecked}"] * is_valid
    return Answer("\n".join(lines), {"valid": is_valid, "names_checked": ontology is not None, **diagnostics_of(found)})


def run_explain(call: Call) -> Answer:
    """Explain a code or a query."""
    subject = call.text("subject").strip()
    if re.fullmatch(r"KQ[0-9]*", subject, re.IGNORECASE):
        if subject.upper() not in list(Code):
            raise ArgumentError(f"there is no code `{subject}`: the codes are {', '.join(Code)}")
        text = page(Code(subject.upper()))
        return Answer(text, {"page": text})
    ontology = call.ontology
    query, found = Call({"query": subject}, call.files, call.patience).query(ontology)
    can_match, must_match = satisfiable(query, ontology), always_true(query, ontology)
    data: dict[str, object] = {
        "query": str(query),
        "verdict": verdict_text(can_match, must_match),
        "matching_example": None if can_match.example is None else str(can_match.example),
        "other_example": None if must_match.counterexample is None else str(must_match.counterexample),
        "simplified": str(query.simplify(ontology)),
    }
    lines = [f"{key.replace('_', ' ')}: {value}" for key, value in data.items() if value is not None]
    return Answer("\n".join([*lines, text_of(found)]).rstrip(), {**data, **diagnostics_of(found)})


def run_complete(call: Call) -> Answer:
    """Complete a query that is being written."""
    ontology = call.ontology
    if ontology is None:
        raise ArgumentError("there is no ontology to complete names from")
    text = call.text("query")
    found = complete(text, call.number("cursor", len(text)), ontology)
    shown = [
        {"text": one.text, "kind": one.kind, "start": one.span.start, "end": one.span.end, "detail": one.detail}
        for one in found[:MOST_COMPLETIONS]
    ]
    lines = [f"{one['text']}  ({one['kind']}{', ' if one['detail'] else ''}{one['detail']})" for one in shown]
    more = [f"… and {len(found) - len(shown)} more"] * (len(found) > len(shown))
    return Answer("\n".join([*lines, *more]) or "nothing fits", {"completions": shown, "n_completions": len(found)})


def run_plan(call: Call) -> Answer:
    """Split a query in what a server is asked and what is left."""
    ontology = call.ontology
    query, found = call.query(ontology)
    plan = query.plan(ontology)
    data = {
        "never": plan.never,
        "exact": plan.is_exact,
        "pushed": str(plan.pushed),
        "server_filter": plan.server_filter,
        "residual": None if plan.residual is None else str(plan.residual),
    }
    notes = [*found, *plan.diagnostics]
    return Answer(plan.explain(), {**data, **diagnostics_of(notes)})


def run_count(call: Call) -> Answer:
    """Count the labels that match, or all."""
    file = call.files.file(call.file_name)
    ontology = call.files.ontology_for(file.name)
    query, found = call.query(ontology) if "query" in call.arguments else (None, [])
    report = _count(call, file, query, ontology)
    numbers = {key: value for key, value in report.to_dict().items() if key not in ("problems", "is_complete")}
    text = (
        f"{report.matched} of {report.judged} labels match"
        f" ({report.unknown} without a known content, {report.malformed} malformed)"
    )
    return Answer("\n".join([text, *([text_of(found)] * bool(found))]), {**numbers, **diagnostics_of(found)})


def run_match(call: Call) -> Answer:
    """Return the first labels that match."""
    file = call.files.file(call.file_name)
    ontology = call.files.ontology_for(file.name)
    query, found = call.query(ontology)
    first = call.number("first", FIRST)
    rows = _first_rows(call, file, query, ontology, first + 1)
    has_more, rows = len(rows) > first, rows[:first]
    lines = [_line(row) for row in rows] + ["… and more"] * has_more
    data = {"labels": rows, "has_more": has_more, **diagnostics_of(found)}
    return Answer("\n".join(lines) or "no label matches", data)


def run_describe(call: Call) -> Answer:
    """Describe the jobs and categories."""
    ontology = call.ontology
    if ontology is None:
        raise ArgumentError("there is no ontology")
    wanted = call.text("job")
    if wanted and wanted not in ontology.jobs:
        raise ArgumentError(f"no job has the key `{wanted}`")
    jobs = [ontology.jobs[wanted]] if wanted else list(ontology.jobs.values())
    start = call.number("start", 0)
    described = [_described(job, start) for job in jobs[:MOST_JOBS]]
    lines = [line for job, data in zip(jobs, described, strict=False) for line in _job_lines(job, data)]
    more = [f"… and {len(jobs) - len(described)} more jobs: ask for one by `job`"] * (len(jobs) > len(described))
    data = {"input_type": ontology.input_type, "jobs": described, "n_jobs": len(jobs)}
    return Answer("\n".join([*lines, *more]) or "no jobs", data)


def _described(job: Job, start: int) -> dict[str, object]:
    shown = list(job.categories.values())[start : start + MOST_CATEGORIES]
    return {
        "key": job.name,
        "name": job.instruction,
        "task": job.ml_task,
        "input": job.input,
        "is_child": job.is_child,
        "parents": [".".join(parent) for parent in job.parents],
        "categories": [{"key": one.key, "name": one.name, "children": list(one.children)} for one in shown],
        "n_categories": len(job.categories),
    }


def _job_lines(job: Job, data: Mapping[str, object]) -> Sequence[str]:
    shown = data["categories"]
    assert isinstance(shown, list)
    about = ", ".join(filter(None, (job.ml_task or "no task", job.input, "child job" if job.is_child else "")))
    lines = [f"{job.name} ({about}){f': {job.instruction}' if job.instruction else ''}"]
    for one in shown:
        name = f": {one['name']}" if one["name"] != one["key"] else ""
        children = f" (children: {', '.join(one['children'])})" if one["children"] else ""
        lines.append(f"  {job.name}.{one['key']}{name}{children}")
    if len(job.categories) > len(shown):
        lines.append(f"  … {len(job.categories)} in all: ask for more with `job` and `start`")
    return lines


def _count(call: Call, file: ServedFile, query: Query | None, ontology: Ontology | None) -> Report:
    """Count by the columns of a cache if they say it all, and by the labels themselves otherwise."""
    cache = call.files.cache(file) if file.is_cache else None
    if cache is None:
        return _scanned(call, file.path, query, ontology, DEFAULT_POLICY)
    if not call.files.counts_as_cached(file):
        return _scanned(call, cache.reading().stream(), query, ontology, cache.state.policy)
    reading = cache.reading(query)
    totals = reading.totals()
    if not reading.is_exact:
        report = _scanned(call, reading.stream(), query, ontology, cache.state.policy)
        totals.matched = report.matched
    return totals


def _scanned(call: Call, source: Any, query: Query | None, ontology: Ontology | None, policy: CountPolicy) -> Report:
    """Read labels to their end; without a query, all that can be counted match."""

    def is_counted(content: object) -> bool:
        count(content, ontology=ontology, policy=policy)
        return True

    progress = call.patience.check
    found: Judgements[Judged[bool]] | Scan = (
        judge_labels(source, is_counted, progress=progress)
        if query is None
        else scan(source, query, ontology=ontology, policy=policy, progress=progress)
    )
    with found:
        for _ in found:
            call.patience.check()
    _refuse_unreadable(found.report)
    return found.report


def _refuse_unreadable(report: Report) -> None:
    if report.unreadable:
        reasons = [f": {one.reason}" for one in report.problems[:1]]
        raise SourceError(f"nothing in `{report.unreadable[0]}` could be read as a label{''.join(reasons)}")


def _first_rows(
    call: Call, file: ServedFile, query: Query, ontology: Ontology | None, first: int
) -> list[dict[str, object]]:
    cache = call.files.cache(file) if file.is_cache else None
    policy = DEFAULT_POLICY if cache is None else cache.state.policy
    bound = query if ontology is None else query.bind(ontology)
    counters = sorted(bound.counters)[:MOST_COUNTERS]

    def row(label: Mapping[str, object]) -> dict[str, object]:
        counts = count(content_of(dict(label)), ontology=ontology, policy=policy)
        named = {".".join(pair): counts.get(pair, 0) for pair in counters}
        return {**{name: _at(label, path) for name, path in _FIELDS.items()}, "counts": named}

    if cache is not None and call.files.counts_as_cached(file):
        paths = [*_FIELDS.values(), "jsonResponse"]
        return [row(label) for label in cache.labels(category_search=query, fields=paths, first=first)]
    source: Any = file.path if cache is None else cache.reading().stream()
    with scan(source, query, ontology=ontology, policy=policy, progress=call.patience.check) as found:
        rows = [row(label) for label in islice(found, first)]
    if len(rows) < first:
        _refuse_unreadable(found.report)
    return rows


_FIELDS = {"id": "id", "external_id": "labelOf.externalId", "author": "author.email", "created_at": "createdAt"}


def _at(label: Mapping[str, object], path: str) -> object:
    value: object = label
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return value if isinstance(value, str | int | float) else None


def _line(row: Mapping[str, object]) -> str:
    counts = row["counts"]
    assert isinstance(counts, Mapping)
    fields = [f"{name}={row[name]}" for name in _FIELDS if row[name] is not None]
    return " ".join([*fields, *(f"{name}={number}" for name, number in counts.items())])


def _kind_of(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "a string"
        case list():
            return "a list"
        case _:
            return "an object"


def tools_for(files: ServedFiles) -> dict[str, Tool]:
    """Return the tools by name, with the names of the files in what they take."""
    query = Parameter("query", str, "The query, such as OBJECTS.PERSON.count >= 3 AND NOT SCENE.NIGHT.", is_needed=True)
    labels = Parameter(
        "file", str, "The file of labels or label cache.", is_needed=len(files.files) > 1, among=tuple(files.files)
    )
    names = Parameter("file", str, "The file whose ontology names are taken from.", among=tuple(files.files))
    ontology = (names,) if files.files else ()
    dialect = Parameter("dialect", str, "core is what a server's filter understands.", among=("extended", "core"))
    cursor = Parameter("cursor", int, "The place in the query, in characters; by default its end.", most=40_000)
    first = Parameter("first", int, f"How many labels to return: {FIRST} by default.", least=1, most=MOST_ROWS)
    some = Parameter("query", str, "Only labels that match; by default all.")
    subject = Parameter("subject", str, "A query, or a code such as KQ102.", is_needed=True)
    job = Parameter("job", str, "The key of one job; by default all.")
    start = Parameter("start", int, "How many categories of each job to leave out at the beginning.")
    found = (
        Tool("check", "Check a query and suggest fixes.", (query, dialect, *ontology), run_check),
        Tool(
            "explain",
            "Explain a diagnostic code, or what a query means: whether it can match, an example, its shortest form.",
            (subject, *ontology),
            run_explain,
        ),
        Tool("complete", "List what can stand at a place of a query.", (query, cursor, *ontology), run_complete),
        Tool("count", "Count the labels that match a query.", (some, labels), run_count),
        Tool("match", "Return the first labels that match, with their counts.", (query, labels, first), run_match),
        Tool("plan", "Say which part of a query a server can answer.", (query, *ontology), run_plan),
        Tool(
            "describe_ontology",
            "List jobs and categories: their keys, which queries use, and their names for people.",
            (job, start, *ontology),
            run_describe,
        ),
    )
    return {tool.name: tool for tool in found}
