"""Texts that fill the limits of a query in every shape, and all that the library does with a text.

`python -m tests.benchmarks.worst_shapes` walks them and prints what takes long; a part of a name as argument chooses.
"""

import copy
import pickle
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from time import process_time

import polars as pl

import kili_query as kq
from kili_query import frames
from kili_query.diagnostics.render.as_json import render_json
from kili_query.diagnostics.render.text import render_text
from kili_query.lint.in_python import find_in_python
from kili_query.ontology import Ontology
from kili_query.source import Source
from kili_query.syntax.parse import DEFAULT_LIMITS

__all__ = ["LIMIT_S", "SHAPES", "STEPS", "shape"]

LIMIT_S = 1.0
"""How long anything may take on any text within the limits, in seconds of one processor."""

_LENGTH, _DEPTH = DEFAULT_LIMITS.length, DEFAULT_LIMITS.depth


def _many(joint: str, part: Callable[[int], str], start: str = "", end: str = "", length: int = _LENGTH) -> str:
    """As many parts as fit."""
    parts: list[str] = []
    left = length - len(start) - len(end) + len(joint)
    for number in range(length):
        one = part(number)
        left -= len(one) + len(joint)
        if left < 0:
            break
        parts.append(one)
    return start + joint.join(parts) + end


def _nested(inner: str, start: str, end: str, depth: int) -> str:
    return start * depth + inner + end * depth


def _alternating(depth: int, width: int) -> str:
    text = "J.Z"
    for level in range(depth):
        joint = (" AND ", " OR ")[level % 2]
        text = joint.join([*(f"J.C{level}x{number}.count > {number}" for number in range(width)), f"({text})"])
    return text


def _brackets(number: int) -> str:
    return f"J.C{number}[K.D{number}.count > {number}].count > {number}"


SHAPES: dict[str, Callable[[], str]] = {
    # AND and OR
    "wide OR": lambda: _many(" OR ", lambda n: f"J.C{n}"),
    "wide AND": lambda: _many(" AND ", lambda n: f"J.C{n}.count > {n}"),
    "wide OR of one counter": lambda: _many(" OR ", lambda n: f"J.C.count == {2 * n}"),
    "wide AND of one counter": lambda: _many(" AND ", lambda n: f"J.C.count != {2 * n}"),
    "OR of pairs": lambda: _many(" OR ", lambda n: f"(J.C{n} AND J.D{n})"),
    "AND of pairs": lambda: _many(" AND ", lambda n: f"(J.C{n} OR J.D{n})"),
    "AND of pairs that share": lambda: _many(" AND ", lambda n: f"(J.C{n} OR J.C{n + 1})"),
    "AND of pairs of one": lambda: _many(" AND ", lambda n: f"(J.C.count > {n} OR J.D{n})"),
    "AND of triples": lambda: _many(" AND ", lambda n: f"(J.C{n % 40} OR NOT J.C{7 * n % 41} OR J.C{11 * n % 43})"),
    "OR of triples": lambda: _many(" OR ", lambda n: f"(J.C{n % 40} AND NOT J.C{7 * n % 41} AND J.C{11 * n % 43})"),
    "pigeonhole": lambda: " AND ".join(
        [*(f"({' OR '.join(f'J.P{p}H{h}' for h in range(20))})" for p in range(21))]
        + [f"(NOT J.P{p}H{h} OR NOT J.P{q}H{h})" for h in range(20) for p in range(21) for q in range(p)]
    )[:_LENGTH].rpartition(" AND ")[0],
    # depth
    "deep parentheses": lambda: _nested("J.C", "(", ")", _DEPTH),
    "deep NOT": lambda: _nested("J.C", "NOT ", "", _DEPTH),
    "deep NOT of wide": lambda: _nested(
        _many(" OR ", lambda n: f"J.C{n}", length=_LENGTH // 2), "NOT (", ")", _DEPTH // 2
    ),
    "deep AND and OR": lambda: _alternating(_DEPTH, 6),
    "deep brackets": lambda: _nested("J.C", "J.C[", "]", _DEPTH // 2),
    "deep brackets of sums": lambda: _nested("J.C", "J.C[J.A.count + J.D.count > 2 AND ", "]", _DEPTH // 2 - 1),
    "deep brackets with counts": lambda: "J.C[" * 100 + "K.D" + "].count > 2" * 100,
    "deep brackets of wide": lambda: _nested(_many(" OR ", lambda n: f"J.C{n}", length=_LENGTH // 2), "J.C[", "]", 100),
    # sets and numbers
    "set": lambda: _many(", ", lambda n: f"{3 * n}", "J.C.count IN {", "}", _LENGTH * 9 // 10),
    "set of ranges": lambda: _many(", ", lambda n: f"{9 * n}..{9 * n + 4}", "J.C.count IN {", "}"),
    "NOT set of ranges": lambda: _many(", ", lambda n: f"{9 * n}..{9 * n + 4}", "J.C.count NOT IN {", "}"),
    "set of a sum": lambda: _many(", ", lambda n: f"{3 * n}", "J.C.count + J.D.count IN {", "}"),
    "NOT set of a sum": lambda: _many(", ", lambda n: f"{3 * n}", "J.C.count - J.D.count NOT IN {", "}"),
    "set of a long sum": lambda: (
        _many(" + ", lambda n: f"J.C{n}.count", length=_LENGTH // 2)
        + _many(", ", lambda n: f"{3 * n}", " IN {", "}", _LENGTH // 2)
    ),
    "largest set of a sum": lambda: _many(", ", lambda n: f"{3 * n}", "J.C.count + J.D.count IN {", "}", _LENGTH // 11),
    "largest NOT set of a sum": lambda: _many(
        ", ", lambda n: f"{3 * n}", "J.C.count - J.D.count NOT IN {", "}", _LENGTH // 11
    ),
    "largest set of a pattern": lambda: _many(", ", lambda n: f"{3 * n}", "J.*.count IN {", "}", _LENGTH * 2 // 11),
    "largest set of brackets": lambda: _many(", ", lambda n: f"{3 * n}", "J.C[K.D].count IN {", "}", _LENGTH // 11),
    "set of a pattern": lambda: _many(", ", lambda n: f"{3 * n}", "J.*.count IN {", "}"),
    "set of brackets": lambda: _many(", ", lambda n: f"{3 * n}", "J.C[K.D].count IN {", "}"),
    "sets": lambda: _many(" AND ", lambda n: f"J.C{n}.count IN {{1, 3, 5, 7..9, 11}}"),
    "sets of one counter": lambda: _many(" OR ", lambda n: f"J.C.count IN {{{9 * n}, {9 * n + 3}..{9 * n + 5}}}"),
    "AND of a set with many": lambda: (
        _many(", ", lambda n: f"{3 * n}", "J.C.count IN {", "}", _LENGTH // 2)
        + _many(" AND ", lambda n: f"(J.C.count > {n} OR J.D{n})", " AND ", "", _LENGTH // 2)
    ),
    "long number": lambda: f"J.C.count > {'9' * (_LENGTH - 14)}",
    "long decimal": lambda: f"J.C.count > 0.{'9' * (_LENGTH - 16)}",
    "long decimal in a sum": lambda: f"J.C.count + 0.{'9' * (_LENGTH - 40)} > J.D.count",
    "huge exponents": lambda: _many(" + ", lambda n: "1e999999", "J.C.count + ", " > 3"),
    "tiny exponents": lambda: _many(" + ", lambda n: "1e-999999", "J.C.count + ", " > 3"),
    "chain": lambda: _many(" < ", lambda n: f"J.C{n}.count"),
    "chain of one": lambda: _many(" <= ", lambda n: "J.C.count"),
    # sums
    "long sum": lambda: _many(" + ", lambda n: f"J.C{n}.count", "", " > 100"),
    "long sum == ": lambda: _many(" + ", lambda n: f"J.C{n}.count", "", " == 1000"),
    "long sum <= ": lambda: _many(" + ", lambda n: f"J.C{n}.count", "", " <= 1000"),
    "long sum of one": lambda: _many(" + ", lambda n: "J.C.count", "", " > 100"),
    "long difference": lambda: _many(" - ", lambda n: f"J.C{n}.count", "", " > 100"),
    "many sums": lambda: _many(" AND ", lambda n: f"J.C{n}.count + J.D{n}.count > {n}"),
    "many sums that share": lambda: _many(" AND ", lambda n: f"J.C{n}.count > J.C{n + 1}.count"),
    "OR of sums that share": lambda: _many(" OR ", lambda n: f"J.C{n}.count > J.C{n + 1}.count"),
    "many sums of few": lambda: _many(" AND ", lambda n: f"J.C{n % 20}.count + J.C{7 * n % 19}.count > {n}"),
    "sums of three": lambda: _many(
        " AND ", lambda n: f"J.C{n % 9}.count + J.C{5 * n % 11}.count - J.C{7 * n % 13}.count <= {n}"
    ),
    "sums with small bounds": lambda: _many(
        " OR ", lambda n: f"J.A{n}.count + J.B{n}.count + J.C{n}.count + J.D{n}.count == {n % 9}"
    ),
    "small bounds of a long sum": lambda: _many(
        " AND ",
        lambda n: f"J.C{n}.count <= 1",
        "",
        _many(" + ", lambda n: f"J.C{n}.count", " AND ", " == 900", _LENGTH * 3 // 10),
    ),
    # patterns
    "patterns": lambda: _many(" OR ", lambda n: f"J.C{n}*.count > {n}"),
    "sum of patterns": lambda: _many(" + ", lambda n: f"J.C{n}*.count", "", " > 3"),
    "patterns with counters": lambda: _many(" AND ", lambda n: f"*.C{n}.count > {n} AND J.C{n}"),
    "stars": lambda: f"J.{'*a' * (_LENGTH * 9 // 20)}*.count > 1",
    "every count": lambda: _many(" + ", lambda n: "*.*.count", "", " > 3"),
    "every count, many": lambda: _many(" AND ", lambda n: f"*.*.count > {n}"),
    # brackets
    "brackets": lambda: _many(" AND ", _brackets),
    "brackets of one": lambda: _many(" OR ", lambda n: f"J.C[K.D.count > {n}].count > {n}"),
    "sum of brackets": lambda: _many(" + ", lambda n: f"J.C[K.D{n}].count", "", " > 3"),
    "brackets of patterns": lambda: _many(" OR ", lambda n: f"J.C{n}*[*.D{n}].count > 1"),
    "wide in brackets": lambda: _many(" AND ", lambda n: f"(K.C{n} OR K.D{n})", "J.C[", "].count > 1"),
    "set in brackets": lambda: _many(", ", lambda n: f"{3 * n}", "J.C[K.D.count IN {", "}].count > 2"),
    "long sum in brackets": lambda: _many(" + ", lambda n: f"K.C{n}.count", "J.C[", " > 5].count > 2"),
    # words
    "long names": lambda: f"{'J' * (_LENGTH * 9 // 20)}.{'C' * (_LENGTH * 9 // 20)}.count > 1",
    "long quoted names": lambda: f'"{"é" * (_LENGTH * 9 // 20)}"."{chr(0x1F600) * (_LENGTH * 9 // 20)}".count > 1',
    "many long names": lambda: _many(" OR ", lambda n: f"J.{'C' * 900}{n}"),
    "escapes": lambda: _many("", lambda n: "\\u00e9", 'J."', '".count > 1'),
    "comments": lambda: _many("\n", lambda n: f"# {n}", "J.A AND\n", "\nJ.B"),
    "comments between": lambda: _many(" OR # one\n", lambda n: f"J.C{n}"),
    "lines": lambda: "\n" * (_LENGTH * 9 // 10) + "J.A",
    "spaces": lambda: " " * (_LENGTH * 9 // 10) + "J.A",
    "spaces within": lambda: "J" + " " * (_LENGTH * 9 // 20) + "." + " " * (_LENGTH * 9 // 20) + "A",
    "display names": lambda: _many(" OR ", lambda n: f'"job {n}"."category {n}"'),
    # what is no query
    "open parentheses": lambda: "(" * _LENGTH,
    "closed parentheses": lambda: ")" * _LENGTH,
    "open brackets": lambda: "J.A[" * (_LENGTH // 4),
    "open quote": lambda: '"' + "a" * (_LENGTH * 9 // 10),
    "open quotes": lambda: '"' * _LENGTH,
    "backslashes": lambda: 'J."' + "\\" * (_LENGTH * 9 // 10),
    "commas": lambda: "J.A.count IN {" + "," * (_LENGTH * 9 // 10),
    "operators": lambda: "J.A.count " + "=" * (_LENGTH * 9 // 10),
    "dots": lambda: "." * _LENGTH,
    "digits": lambda: "1" * _LENGTH,
    "letters": lambda: "a" * _LENGTH,
    "unicode": lambda: "é" * _LENGTH,
    "surrogates": lambda: "\ud800" * _LENGTH,
    "controls": lambda: "\0" * _LENGTH,
    "signs": lambda: "J.A.count " + "- " * (_LENGTH * 9 // 20),
    "ANDs": lambda: "AND " * (_LENGTH // 4),
    "near names": lambda: _many(" OR ", lambda n: f"JUB.CAT_{n}x"),
    "ends early": lambda: _many(" OR ", lambda n: f"J.C{n}") + " OR",
    "&&": lambda: _many(" && ", lambda n: f"J.C{n}"),
}
"""Each fills the limits, or is as deep as they allow."""


@cache
def shape(name: str) -> str:
    return SHAPES[name]()


@cache
def _ontology() -> Ontology:
    categories = {f"CAT_{number}": {"name": f"category {number}"} for number in range(100)}
    inner = {f"D{number}": {"name": f"d {number}"} for number in range(50)}
    shared = {**{name: {"name": name, "children": ["K"]} for name in ("A", "B", "C", "D")}, **categories}
    many = {f"C{number}": {"name": f"c {number}", "children": ["K"]} for number in range(400)}
    jobs = {
        "J": {"mlTask": "OBJECT_DETECTION", "content": {"categories": {**shared, **many}}},
        "JOB": {"mlTask": "CLASSIFICATION", "content": {"input": "radio", "categories": categories}},
        "K": {"mlTask": "CLASSIFICATION", "isChild": True, "content": {"input": "checkbox", "categories": inner}},
    }
    return Ontology.from_json_interface({"jobs": jobs}, input_type="IMAGE")


_LABEL = {"J": {"annotations": [{"mid": str(n), "categories": [{"name": f"C{n}"}]} for n in range(20)]}}


def _explain(query: kq.Query) -> object:
    explanation = query.compile().explain(_LABEL)
    return str(explanation), explanation.failed, explanation.to_dict()


def _render(query: str) -> object:
    found = kq.check(query)
    return render_text(found), render_json(found)


def _frame() -> pl.DataFrame:
    return pl.DataFrame({"id": ["a"], "J/C": [3], "J/D": [2]})


def _linted(query: kq.Query) -> object:
    return list(find_in_python(Source(f"client.labels(category_search={query.text!r})")))


STEPS: dict[str, Callable[[kq.Query], object]] = {
    "print": str,
    "format": lambda query: query.format(),
    "check": kq.check,
    "check, ontology": lambda query: kq.check(query, _ontology()),
    "bind": lambda query: query.bind(_ontology()),
    "simplify": lambda query: query.simplify(),
    "simplify, ontology": lambda query: query.simplify(_ontology()),
    "plan": lambda query: query.plan().server_filter,
    "plan, ontology": lambda query: query.plan(_ontology()).server_filter,
    "plan, strict": lambda query: query.plan(_ontology(), profile=kq.STRICT_PROFILE).server_filter,
    "plan, columns": lambda query: query.plan(target="columns"),
    "to_server": lambda query: query.to_server(),
    "compile": lambda query: query.compile()(_LABEL),
    "compile, ontology": lambda query: query.compile(ontology=_ontology())(_LABEL),
    "compile_bytes": lambda query: query.compile_bytes(at="")(b"{}"),
    "compile_bytes, ontology": lambda query: query.compile_bytes(ontology=_ontology(), at="")(b"{}"),
    "explain": _explain,
    "to_sql": lambda query: query.to_sql(),
    "to_sql, long": lambda query: query.to_sql(layout="long"),
    "to_sql, sqlite": lambda query: query.to_sql("sqlite"),
    "to_narwhals": lambda query: query.to_narwhals(),
    "to_narwhals, known columns": lambda query: query.to_narwhals(columns=_frame().columns),
    "frame": lambda query: frames.filter(_frame(), query),
    "satisfiable": kq.satisfiable,
    "satisfiable, ontology": lambda query: kq.satisfiable(query, _ontology()),
    "always_true": kq.always_true,
    "implies": lambda query: kq.implies(query, query & kq.parse("J.C0.count > 2")),
    "equivalent": lambda query: kq.equivalent(query, ~query),
    "not": lambda query: (~query).simplify(),
    "counters": lambda query: query.counters,
    "hash": hash,
    "pickle": lambda query: pickle.loads(pickle.dumps(query)) == query,
    "pickle of what is built": lambda query: pickle.loads(pickle.dumps(~query)) == ~query,
    "copy": lambda query: (copy.copy(query), copy.deepcopy(query)),
    "join": lambda query: (query & ~query) | query,
    "lint of a file": _linted,
}
"""What is done with a query."""

OF_TEXT: dict[str, Callable[[str], object]] = {
    "parse": kq.parse,
    "parse, core": lambda text: kq.parse(text, dialect="core"),
    "check": kq.check,
    "complete": lambda text: kq.complete(text, len(text), _ontology()),
    "complete, middle": lambda text: kq.complete(text, len(text) // 2, _ontology()),
    "render": _render,
}


def steps(text: str) -> Iterator[tuple[str, Callable[[], object]]]:
    """All that can be done with a text, or with the query that it is."""
    for name, of_text in OF_TEXT.items():
        yield name, lambda of_text=of_text: of_text(text)  # type: ignore[misc]
    try:
        query = kq.parse(text)
    except kq.QuerySyntaxError:
        return
    planned = query.plan()
    yield "plan, printed", lambda: str(planned)
    yield "plan, diagnostics", lambda: planned.diagnostics
    for name, of_query in STEPS.items():
        yield f"{name} (query)", lambda of_query=of_query: of_query(query)  # type: ignore[misc]


def took_s(step: Callable[[], object]) -> float:
    """The seconds of processor that a step takes; being refused politely counts like an answer."""
    start = process_time()
    with suppress(kq.KiliQueryError, ValueError):
        step()
    return process_time() - start


class _TooLongError(BaseException):
    """No exception that the library may catch."""


def _stop(*_: object) -> None:
    raise _TooLongError


def walk(name: str, wanted: str = "", stop_s: float = 3) -> Iterator[tuple[str, float]]:
    """The steps for a shape, with the time of each; those that take longer than ``stop_s`` are ended."""
    signal.signal(signal.SIGVTALRM, _stop)
    for step, run in steps(shape(name)):
        if wanted in step:
            signal.setitimer(signal.ITIMER_VIRTUAL, stop_s)
            try:
                yield step, took_s(run)
            except (_TooLongError, RecursionError):
                yield step, float("inf")
            finally:
                signal.setitimer(signal.ITIMER_VIRTUAL, 0)


if __name__ == "__main__":
    part, wanted_step = [*sys.argv[1:], "", ""][:2]
    for chosen in SHAPES:
        if part in chosen:
            slow = [(step, seconds) for step, seconds in walk(chosen, wanted_step) if seconds > LIMIT_S / 2]
            print(f"{chosen:30}", ", ".join(f"{step} {seconds:.1f}" for step, seconds in slow) or "-", flush=True)
