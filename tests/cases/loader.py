"""Reads the case files; their format is described in the README beside them."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from attrs import field, frozen

from kili_query.conversations import rebuilt

FOLDER = Path(__file__).parent
DATA = FOLDER.parent / "data"

_NAME = r'(?:"(?:[^"\\]|\\.)*"|[^\s".=]+)'
_COUNT = re.compile(rf"({_NAME})\.({_NAME})=(\d+)")
_SINGLE = {"query", "dialect", "ontology", "printed", "core", "simplified"}
_ROWS = {"match", "reject", "malformed", "unknown"}


@frozen
class Row:
    """One label and how it is judged: ``match``, ``reject``, ``malformed`` or ``unknown``."""

    verdict: str
    text: str
    content: object = field(eq=False)


@frozen
class Finding:
    """A diagnostic that a case expects."""

    code: str
    start: int
    end: int
    message: str


@frozen
class Case:
    """One query, what it says of it, and labels with their verdicts."""

    title: str
    place: str
    query: str
    facts: dict[str, str] = field(factory=dict)
    findings: list[Finding] = field(factory=list)
    rows: list[Row] = field(factory=list)
    gaps: dict[str, str] = field(factory=dict)


def load_cases() -> list[Case]:
    """All cases of all files, in order."""
    return [case for path in sorted(FOLDER.glob("*.case")) for case in _read(path)]


def _read(path: Path) -> Iterator[Case]:
    case: Case | None = None
    title, place = "", ""
    for number, line in enumerate(path.read_text("utf-8").split("\n"), start=1):
        if line.startswith("== "):
            if case is not None:
                yield case
            case, title, place = None, line[3:], f"{path.name}:{number}"
        elif line.startswith("      | "):
            assert case is not None, f"{path.name}:{number}: nothing goes on here"
            object.__setattr__(case, "query", f"{case.query}\n{line[8:]}")
        elif line.strip() and not line.startswith("//"):
            keyword, _, rest = line.partition(" ")
            case = _add(case, title, place, keyword, rest.strip() if keyword != "query" else rest.lstrip())
    if case is not None:
        yield case


def _add(case: Case | None, title: str, place: str, keyword: str, rest: str) -> Case:
    if keyword in ("query", "json"):
        assert case is None, f"{place}: a case has one query"
        return Case(title, place, rest if keyword == "query" else str(json.loads(rest)))
    assert case is not None, f"{place}: a case starts with its query"
    if keyword in _SINGLE:
        case.facts[keyword] = rest
    elif keyword in _ROWS:
        case.rows.append(Row(keyword, rest, _content(rest, place)))
    elif keyword == "finding":
        code, span, message = rest.split(" ", 2)
        start, end = span.split("..")
        case.findings.append(Finding(code, int(start), int(end), message))
    elif keyword == "gap":
        target, _, reason = rest.partition(":")
        case.gaps[target.strip()] = reason.strip()
    else:
        raise AssertionError(f"{place}: no keyword {keyword!r}")
    return case


def _content(text: str, place: str) -> object:
    if text == "nothing":
        return {}
    if text.startswith("conversation "):
        return rebuilt(json.loads(text.removeprefix("conversation ")))
    if not _COUNT.match(text):
        return json.loads(text)
    counts = _COUNT.findall(text)
    assert _COUNT.sub("", text).strip() == "", f"{place}: not counts: {text}"
    return content_of_counts({(_plain(job), _plain(category)): int(count) for job, category, count in counts})


def _plain(name: str) -> str:
    return str(json.loads(name)) if name.startswith('"') else name


def content_of_counts(counts: dict[tuple[str, str], int]) -> dict[str, object]:
    """The content of a label that holds so many objects of each (job, category)."""
    content: dict[str, dict[str, list[object]]] = {}
    for (job, category), count in counts.items():
        annotations = content.setdefault(job, {"annotations": []})["annotations"]
        for _ in range(count):
            mid = f"{job}-{len(annotations)}"
            annotations.append({"mid": mid, "categories": [{"name": category}], "children": {}})
    return dict(content)
