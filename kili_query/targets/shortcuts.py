"""Short ways to a verdict on labels of the usual shape; whatever is unusual goes the careful way.

With an ontology, a job at the root of a label that is no video is one look-up away. For comparisons of such jobs this
module writes the loop that an engineer would write by hand, as source text that is compiled once: a call for each
operand, and one more for the predicate, would cost as much as the loop itself. Names of jobs and categories are data of
that function, never part of its text.

INVARIANT: a shortcut never accepts what the careful judge refuses. It reads a label without looking at most types, by
operations that only the right shape allows; when one fails, the careful judge decides, from the start. So it has no
messages, and no rule about faults of its own.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from textwrap import indent
from typing import Literal, TypeAlias, cast

from attrs import evolve, frozen

from kili_query.ast import Comparison, Counter
from kili_query.counting import Rules
from kili_query.ontology import Ontology
from kili_query.ontology.job import METADATA_JOBS
from kili_query.targets.outcome import Outcome, outcome

__all__ = ["MAX_INLINED", "Judge", "Shortcut", "compile_shortcuts", "shortcut"]

Judge: TypeAlias = Callable[[object], bool]

MAX_INLINED = 16
"""How many operands are written into one function; above it calls no longer matter, and compiling would."""


@frozen
class Shortcut:
    """A comparison of one root job of labels that are no videos.

    Attributes:
        job: where to look.
        names: which category names are the wanted one; a look-up fails for what may be no name.
        outcome: when the comparison is decided.
        is_classification: whether the job holds choices, and else annotations.
        careful: judges what is unusual.
    """

    job: str
    names: dict[str, bool]
    outcome: Outcome
    is_classification: bool
    careful: Judge


class _Names(dict[str, bool]):
    """The same for names that the ontology does not know: slower, and it fails only for what is no name."""

    def __missing__(self, name: object) -> bool:
        if isinstance(name, str):
            return False
        raise KeyError(name)


def shortcut(comparison: Comparison, rules: Rules, ontology: Ontology | None, careful: Judge) -> Shortcut | None:
    """The shortcut for a comparison, equal to the careful judge on every label; None where there is none."""
    term = comparison.counter
    if ontology is None or rules.is_video is not False or not isinstance(term, Counter):
        return None
    decided = outcome(comparison.op, comparison.bound)
    if term.job not in rules.root_jobs or term.job in METADATA_JOBS or decided.stop == 0:
        return None
    job = ontology.jobs[term.job]
    names = dict.fromkeys(job.categories, False) | {term.category: True}
    tolerant = Shortcut(term.job, _Names(names), decided, job.is_classification, careful)
    return evolve(tolerant, names=names, careful=compile_shortcuts([tolerant], "and"))


def compile_shortcuts(operands: Sequence[Shortcut | Judge], connective: Literal["and", "or"]) -> Judge:
    """One function that judges all operands, from left to right, as long as the verdict is open."""
    names: dict[str, object] = {}
    lines: list[str] = []
    settled = "not verdict" if connective == "and" else "verdict"
    for index, operand in enumerate(operands):
        if isinstance(operand, Shortcut):
            names |= {f"job{index}": operand.job, f"names{index}": operand.names, f"careful{index}": operand.careful}
            lines.append(_write(operand).replace("#", str(index)))
        else:
            names[f"careful{index}"] = operand
            lines.append(f"verdict = careful{index}(json_response)")
        lines.append(
            f"if {settled}:\n    return {connective == 'or'}" if index < len(operands) - 1 else "return verdict"
        )
    body = indent("\n".join(lines), "        ")
    source = f"def make({', '.join(names)}):\n    def judge(json_response):\n{body}\n    return judge\n"
    return _made(source)(**names)


@lru_cache(maxsize=256)
def _made(source: str) -> Callable[..., Judge]:
    namespace: dict[str, Callable[..., Judge]] = {}
    exec(source, cast("dict[str, object]", namespace))  # noqa: S102 - the text is all ours, names are passed as values
    return namespace["make"]


def _write(operand: Shortcut) -> str:
    """The text that sets `verdict`; a hash stands for the number of the operand."""
    decided = operand.outcome
    hit: tuple[str, ...]
    if decided.stop == 1:
        begin, hit = "pass", (f"verdict = {decided.at_stop}", "break")
        end = f"verdict = {decided.at_end(0)}"
    elif operand.is_classification:  # a name counts 0 or 1 here, and never comes to `stop`
        begin, hit = "found = False", ("found = True",)
        end = f"verdict = {decided.at_end(1)} if found else {decided.at_end(0)}"
    else:
        begin = "mids = set()"
        hit = ("mids.add(mid)", f"if len(mids) == {decided.stop}:", f"    verdict = {decided.at_stop}", "    break")
        end = f"verdict = len(mids) == {decided.stop - 1}" if decided.is_exact else f"verdict = {not decided.at_stop}"
    template = _CHOICES if operand.is_classification else _ANNOTATIONS
    absent = f"verdict = {decided.at_end(0)}"
    written = template.replace("BEGIN", begin).replace("END", end).replace("ABSENT", absent)
    return written.replace("HIT", indent("\n".join(hit), " " * 16).lstrip())


# Of JSON values an object alone has `.get`, and takes a name as a subscript. What yields one object at least and no
# other value is a list, so that the type of a list is looked at only when it comes to its end.

_CHOICES = """\
try:
    payload = json_response.get(job#)
    if payload is None:
        ABSENT
    else:
        if "annotations" in payload:
            raise TypeError
        categories = payload["categories"]
        BEGIN
        for category in categories:
            if names#[category["name"]]:
                HIT
        else:
            if type(categories) is not list:
                raise TypeError
            END
except (AttributeError, KeyError, TypeError, ValueError):
    verdict = careful#(json_response)"""

_ANNOTATIONS = """\
try:
    payload = json_response.get(job#)
    if payload is None:
        ABSENT
    else:
        if "categories" in payload:
            raise TypeError
        annotations = payload["annotations"]
        BEGIN
        for annotation in annotations:
            [category] = annotation["categories"]
            if names#[category["name"]]:
                mid = annotation["mid"]
                if type(mid) is not str:
                    raise TypeError
                HIT
        else:
            if type(annotations) is not list:
                raise TypeError
            END
except (AttributeError, KeyError, TypeError, ValueError):
    verdict = careful#(json_response)"""
