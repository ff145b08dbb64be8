"""Short ways to a verdict on labels of the usual shape; whatever is unusual goes the careful way.

A job at the root of a label that is no video is one look-up away. For comparisons of a job this module writes the loop
that an engineer would write by hand, as source text that is compiled once: a call for each operand, and one more for
the predicate, would cost as much as the loop itself. Names of jobs and categories are data of that function, never part
of its text.

Mostly the root decides. Where it does not, and the job may stand in child jobs too, a quick look finds it there; that
is taken once for all operands.

INVARIANT: a shortcut never accepts what the careful judge refuses. It reads a label without looking at most types, by
operations that only the right shape allows; when one fails, the careful judge decides, from the start. So it has no
messages, and no rule about faults of its own.
"""

import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from textwrap import indent
from typing import Literal, TypeAlias

from attrs import frozen

from kili_query.ast import Comparison, Counter
from kili_query.counting import Rules, is_video
from kili_query.ontology.job import METADATA_JOBS
from kili_query.targets.below import IRREGULAR, count_below, jobs_below
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
    settling = connective == "or"
    last = len(operands) - 1
    for index, operand in enumerate(operands):
        if isinstance(operand, Shortcut):
            names |= {f"job{index}": operand.job, f"category{index}": operand.category, "rules": operand.rules}
            names |= {f"careful{index}": operand.careful, f"stop{index}": operand.outcome.stop}
            settles = index == last or operand.outcome.at_stop is settling
            lines.append(_write(_Form.of(operand, settles=settles)).replace("#", str(index)))
        else:
            names[f"careful{index}"] = operand
            lines.append(f"verdict = careful{index}(json_response)")
        lines.append(f"if verdict is {settling}:\n    return verdict" if index < last else "return verdict")
    body = indent("\n".join(lines), "        ")
    source = f"def make({', '.join(names)}):\n    def judge(json_response):\n{body}\n    return judge\n"
    return _made(source)(**names)


@lru_cache(maxsize=256)
def _made(source: str) -> Callable[..., Judge]:
    namespace: dict[str, object] = {
        "IRREGULAR": IRREGULAR,
        "count_below": count_below,
        "is_video": is_video,
        "jobs_below": jobs_below,
    }
    exec(source, namespace)  # noqa: S102 - the text is all ours, names are passed as values
    make: Callable[..., Judge] = namespace["make"]  # type: ignore[assignment]
    return make


@frozen
class _Form:
    """What the text for an operand depends on; there are few, so that the texts are written once.

    Attributes:
        is_first: the first object decides.
        at_stop: the verdict once enough are found.
        is_exact: the number before is the only one that is met.
        settles: the verdict is that of the whole.
        looks_below: the job may stand elsewhere than at the root.
        may_be_video: labels may be videos'.
    """

    is_first: bool
    at_stop: bool
    is_exact: bool
    settles: bool
    looks_below: bool
    may_be_video: bool

    @classmethod
    def of(cls, operand: Shortcut, *, settles: bool) -> "_Form":
        decided, rules = operand.outcome, operand.rules
        looks_below, may_be_video = operand.job not in rules.root_jobs, rules.is_video is not False
        return cls(decided.stop == 1, decided.at_stop, decided.is_exact, settles, looks_below, may_be_video)


@cache
def _write(form: _Form) -> str:
    """The text that sets `verdict`, or returns it once it settles the whole; a hash stands for the operand's number."""
    begin, hit, end = "pass", f"return {form.at_stop}", _write_end(form)
    if not form.settles:
        begin, hit = "verdict = None", f"verdict = {form.at_stop}\nbreak"
        end = "if verdict is None:\n" + indent(end, "    ")
    if not form.is_first:
        begin += "\nfound = set()"
        hit = "found.add(IDENTITY)\nif len(found) == stop#:\n" + indent(hit, "    ")
    parts = {
        "BEGIN": begin,
        "FOUND_CHOICE": hit.replace("IDENTITY", "name"),
        "FOUND_OBJECT": hit.replace("IDENTITY", "mid"),
        "END": end,
    }
    return _PART.sub(lambda part: part[1] + parts[part[2]].replace("\n", "\n" + part[1]), _TEMPLATE)


def _write_end(form: _Form) -> str:
    """The text that sets `verdict` where the root leaves it open, once it is known what else there is to count."""
    before, total = "", "0" if form.is_first else "len(found)"
    if form.looks_below:
        before, total = _LOOK_BELOW, f"{total} + (count_below(below, job#, category#) if job# in below else 0)"
    elif form.may_be_video:
        before = _ASSURE_NO_VIDEO
    if form.is_exact:
        return f"{before}verdict = {total} == stop# - 1"
    return f"{before}verdict = {total} {'>=' if form.at_stop else '<'} stop#"


_PART = re.compile(r"( *)\b(BEGIN|FOUND_CHOICE|FOUND_OBJECT|END)\b")

# Of JSON values an object alone has `.get`, and takes a name as a subscript. What yields one object at least and no
# other value is a list, so that the type of a list is looked at only when it comes to its end.

_TEMPLATE = """\
try:
    BEGIN
    payload = json_response.get(job#)
    if payload is None:
        pass
    elif "categories" in payload:
        categories = payload["categories"]
        for category in categories:
            name = category["name"]
            if name == category#:
                FOUND_CHOICE
            elif type(name) is not str:
                raise TypeError
        else:
            if type(categories) is not list or "annotations" in payload:
                raise TypeError
    else:
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
    END
except IRREGULAR:
    verdict = careful#(json_response)"""

_LOOK_BELOW = """\
if below is None:
    below = jobs_below(json_response, rules)
"""

# A label that holds the job at its root is no video's.
_ASSURE_NO_VIDEO = """\
if payload is None and is_video(json_response, rules):
    raise TypeError
"""
