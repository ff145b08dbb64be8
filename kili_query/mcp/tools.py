"""The tools: what each takes, and what it answers. Nothing here knows the protocol."""

import re
from collections.abc import Mapping, Sequence

from kili_query.diagnostics import Code, Diagnostic, Severity
from kili_query.diagnostics.pages import page
from kili_query.errors import ArgumentError, QuerySyntaxError
from kili_query.mcp.answers import MAX_DIAGNOSTICS, Answer, Data, diagnostics_of, text_of
from kili_query.mcp.calls import Call, Parameter, Tool
from kili_query.mcp.files import ServedFiles
from kili_query.mcp.reading import ServedReader, line_of, spelled
from kili_query.ontology.complete import complete
from kili_query.ontology.job import Job
from kili_query.query import check, parse
from kili_query.verdicts import always_true, satisfiable, verdict_text

FIRST, MOST_ROWS = 10, 50
"""How many labels `match` returns if nothing is said, and at most."""

MOST_COMPLETIONS, MOST_JOBS, MOST_CATEGORIES = 50, 50, 200


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
    reader = ServedReader.of(call)
    query, found = call.query(reader.ontology) if "query" in call.arguments else (None, [])
    report = reader.count(query)
    numbers = {key: value for key, value in report.to_dict().items() if key not in ("problems", "is_complete")}
    text = (
        f"{report.matched} of {report.judged} labels match"
        f" ({report.unknown} without a known content, {report.malformed} malformed)"
    )
    return _with_notes(text, numbers, found, reader.unseen(query))


def run_match(call: Call) -> Answer:
    """Return the first labels that match."""
    reader = ServedReader.of(call)
    query, found = call.query(reader.ontology)
    first = call.number("first", FIRST)
    rows = reader.first_rows(query, first + 1)
    has_more, rows = len(rows) > first, rows[:first]
    lines = [line_of(row) for row in rows] + ["… and more"] * has_more
    unseen = [] if rows else reader.unseen(query)
    return _with_notes("\n".join(lines) or "no label matches", {"labels": rows, "has_more": has_more}, found, unseen)


def _with_notes(text: str, data: Data, found: Sequence[Diagnostic], unseen: Sequence[str]) -> Answer:
    """Add warnings, and names that are not in the labels where no ontology checked them."""
    lines = [text, *([text_of(found)] * bool(found))]
    lines += [f"note: {one}" for one in unseen[:MAX_DIAGNOSTICS]]
    return Answer("\n".join(lines), {**data, **diagnostics_of(found), "unseen": list(unseen[:MAX_DIAGNOSTICS])})


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
        "parents": [spelled(*parent) for parent in job.parents],
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
        lines.append(f"  {spelled(job.name, one['key'])}{name}{children}")
    if len(job.categories) > len(shown):
        lines.append(f"  … {len(job.categories)} in all: ask for more with `job` and `start`")
    return lines


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
