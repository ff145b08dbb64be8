"""Work grows with the length of a query, not with its square, whatever is done with it.

`tests/benchmarks/worst_shapes.py` times the same steps at full length.
"""

from collections.abc import Callable
from contextlib import suppress

import pytest

import kili_query as kq
from tests.benchmarks.worst_shapes import OF_TEXT, STEPS
from tests.work import lines_run

SMALL = 12
WALKED = ["parse", "format", "simplify", "plan", "compile", "compile_bytes", "to_sql", "to_narwhals", "pickle", "hash"]
"""What searches (`check`, `explain`, `equivalent`) has a budget instead: its work on short queries says nothing."""


def joined(joint: str, part: Callable[[int], str], start: str = "", end: str = "") -> Callable[[int], str]:
    return lambda count: start + joint.join(map(part, range(count))) + end


SHAPES: dict[str, Callable[[int], str]] = {
    "set": joined(", ", lambda n: f"{3 * n}", "J.C.count IN {", "}"),
    "set of ranges": joined(", ", lambda n: f"{9 * n}..{9 * n + 4}", "J.C.count NOT IN {", "}"),
    "set of a sum": joined(", ", lambda n: f"{3 * n}", "J.C.count + J.D.count IN {", "}"),
    "counters": joined(" OR ", lambda n: f"J.C{n}.count > {n}"),
    "one counter": joined(" AND ", lambda n: f"J.C.count != {2 * n}"),
    "pairs": joined(" AND ", lambda n: f"(J.C{n} OR J.D{n})"),
    "sum": joined(" + ", lambda n: f"J.C{n}.count", "", " > 5"),
    "sums": joined(" AND ", lambda n: f"J.C{n}.count + J.D{n}.count > {n}"),
    "patterns": joined(" OR ", lambda n: f"J.C{n}*.count > {n}"),
    "every count": joined(" + ", lambda n: "*.*.count", "", " > 3"),
    "brackets": joined(" OR ", lambda n: f"J.C[K.D{n}].count > 1"),
    "wide in brackets": joined(" AND ", lambda n: f"K.C{n}", "J.C[", "].count > 1"),
}


def refusable(step: Callable[[], object]) -> Callable[[], object]:
    def run() -> None:
        with suppress(kq.KiliQueryError, ValueError):
            step()

    return run


def run(step: str, text: str) -> Callable[[], object]:
    """A step for a text; one of a query begins when the text is read, so that reading is counted by itself alone."""
    if step in OF_TEXT:
        return refusable(lambda: OF_TEXT[step](text))
    query = kq.parse(text)
    return refusable(lambda: STEPS[step](query))


def work(step: str, shape: Callable[[int], str]) -> list[int]:
    """The lines that a step runs for texts of three lengths, once a first run has loaded all modules."""
    run(step, shape(SMALL))()
    return [lines_run(run(step, shape(times * SMALL))) for times in (1, 2, 4)]


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_length_is_twice_the_work(shape: str) -> None:
    grown = {step: work(step, SHAPES[shape]) for step in WALKED}
    too_much = {
        step: sizes for step, sizes in grown.items() if sizes[2] - sizes[1] > 2.6 * (sizes[1] - sizes[0]) + 2_000
    }
    assert not too_much


def test_sums_of_all_categories_take_work_in_proportion() -> None:
    def lines(count: int) -> int:
        interface = {"jobs": {"J": {"mlTask": "OBJECT_DETECTION", "content": {"categories": categories(count)}}}}
        ontology = kq.Ontology.from_json_interface(interface)
        query = kq.parse("J.*.count > 2 AND NOT J.C1")
        kq.check(query, ontology)
        return lines_run(lambda: kq.check(query, ontology))

    sizes = [lines(times * SMALL) for times in (1, 2, 4)]
    assert sizes[2] - sizes[1] < 2.6 * (sizes[1] - sizes[0])


def categories(count: int) -> dict[str, dict[str, str]]:
    return {f"C{number}": {"name": f"Category {number}"} for number in range(count)}
