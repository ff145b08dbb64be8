"""Short ways to a verdict on labels of the usual shape; whatever is unusual goes the careful way.

A job at the root of a label that is no video is one look-up away. For comparisons of a job this module writes the loop
that an engineer would write by hand, as source text that is compiled once: a call for each operand, and one more for
the predicate, would cost as much as the loop itself. Names of jobs and categories are data of that function, never part
of its text.

Mostly the root decides. Where it does not, and the job may stand in child jobs too, a quick look tells whether it does;
that is taken once for all operands.

INVARIANT: a shortcut never accepts what the careful judge refuses. It reads a label without looking at most types, by
operations that only the right shape allows; when one fails, the careful judge decides, from the start. So it has no
messages, and no rule about faults of its own.
"""

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from textwrap import indent
from typing import Literal, TypeAlias

from attrs import frozen

from kili_query.ast import Comparison, Counter
from kili_query.counting import Rules, is_video
from kili_query.ontology.job import METADATA_JOBS
from kili_query.targets.below import IRREGULAR, jobs_below
from kili_query.targets.outcome import Outcome, outcome

__all__ = ["MAX_INLINED", "Judge", "Shortcut", "compile_shortcuts", "shortcut"]

Judge: TypeAlias = Callable[[object], bool]

MAX_INLINED = 16
"""How many operands are written into one function; above it calls no longer matter, and compiling would."""


@frozen
class Shortcut:
    """A comparison of a job that is looked for at the root of labels that are no videos.

    Attributes:
        job: where to look.
        category: what to count there.
        outcome: when the comparison is decided.
        rules: what is known about labels; together with the job it tells where else the job may stand.
        careful: judges what is unusual.
    """

    job: str
    category: str
    outcome: Outcome
    rules: Rules
    careful: Judge


def shortcut(comparison: Comparison, rules: Rules, careful: Judge) -> Shortcut | None:
    """The shortcut for a comparison, equal to the careful judge on every label; None where there is none."""
    term = comparison.counter
    if not isinstance(term, Counter) or term.job in METADATA_JOBS or is_video({term.job: {}}, rules):
        return None
    decided = outcome(comparison.op, comparison.bound)
    return Shortcut(term.job, term.category, decided, rules, careful) if decided.stop > 0 else None


def compile_shortcuts(operands: Sequence[Shortcut | Judge], connective: Literal["and", "or"]) -> Judge:
    """One function that judges all operands, from left to right, as long as the verdict is open."""
    names: dict[str, object] = {}
    lines: list[str] = ["below = None"]
    settled = "not verdict" if connective == "and" else "verdict"
    for index, operand in enumerate(operands):
        if isinstance(operand, Shortcut):
            names |= {f"job{index}": operand.job, f"category{index}": operand.category, "rules": operand.rules}
            names[f"careful{index}"] = operand.careful
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
    namespace: dict[str, object] = {"IRREGULAR": IRREGULAR, "is_video": is_video, "jobs_below": jobs_below}
    exec(source, namespace)  # noqa: S102 - the text is all ours, names are passed as values
    make: Callable[..., Judge] = namespace["make"]  # type: ignore[assignment]
    return make


def _write(operand: Shortcut) -> str:
    """The text that sets `verdict`; a hash stands for the number of the operand."""
    stop, at_stop = operand.outcome.stop, operand.outcome.at_stop
    begin, hit, end = "", f"verdict = {at_stop}\nbreak", f"{operand.outcome.at_end(0)}"
    if stop > 1:
        begin = "found = set()"
        hit = f"found.add(IDENTITY)\nif len(found) == {stop}:\n    verdict = {at_stop}\n    break"
        end = f"len(found) == {stop - 1}" if operand.outcome.is_exact else end
    parts = {
        "BEGIN": begin,
        "FOUND_CHOICE": hit.replace("IDENTITY", "name"),
        "FOUND_OBJECT": hit.replace("IDENTITY", "mid"),
        "ASSURE": _assure(operand),
        "END": end,
    }
    return _PART.sub(lambda part: part[1] + parts[part[2]].replace("\n", "\n" + part[1]), _TEMPLATE)


def _assure(operand: Shortcut) -> str:
    """The text that makes sure that there is no more to count than what the root holds."""
    if operand.job not in operand.rules.root_jobs:
        return _ASSURE_NOT_BELOW
    return "" if operand.rules.is_video is False else _ASSURE_NO_VIDEO


_PART = re.compile(r"( *)\b(BEGIN|FOUND_CHOICE|FOUND_OBJECT|ASSURE|END)\b")

# Of JSON values an object alone has `.get`, and takes a name as a subscript. What yields one object at least and no
# other value is a list, so that the type of a list is looked at only when it comes to its end.

_TEMPLATE = """\
try:
    verdict = None
    payload = json_response.get(job#)
    BEGIN
    if payload is None:
        pass
    elif "annotations" in payload:
        if "categories" in payload:
            raise TypeError
        annotations = payload["annotations"]
        for annotation in annotations:
            [category] = annotation["categories"]
            name = category["name"]
            if name == category#:
                mid = annotation["mid"]
                if type(mid) is not str:
                    raise TypeError
                FOUND_OBJECT
            elif type(name) is not str:
                raise TypeError
        else:
            if type(annotations) is not list:
                raise TypeError
    else:
        categories = payload["categories"]
        for category in categories:
            name = category["name"]
            if name == category#:
                FOUND_CHOICE
            elif type(name) is not str:
                raise TypeError
        else:
            if type(categories) is not list:
                raise TypeError
    if verdict is None:
        ASSURE
        verdict = END
except IRREGULAR:
    verdict = careful#(json_response)"""

_ASSURE_NOT_BELOW = """\
if below is None:
    below = jobs_below(json_response, rules)
if job# in below:
    raise TypeError"""

# A label that holds the job at its root is no video's.
_ASSURE_NO_VIDEO = """\
if payload is None and is_video(json_response, rules):
    raise TypeError"""
