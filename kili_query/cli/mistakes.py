"""Mistakes in what a command is given, told as what they probably are."""

import re
from collections.abc import Sequence

import typer

from kili_query.cli.datasets import exists
from kili_query.cli.output import QUOTE_IT, tell
from kili_query.counting.label import LOOKS_LIKE_ASSET, LOOKS_LIKE_CONTENT
from kili_query.errors import SourceError
from kili_query.ontology.seen import unseen_names
from kili_query.query import Query
from kili_query.scanning import LabelNames, Problem, ProblemKind, Report
from kili_query.scanning.labels import LOOKS_LIKE_PROJECT

_SHOWN = 5


_WORDS_OF_QUERIES = re.compile("AND|OR|NOT|IN|[-+<>=!&|(){}]+", re.IGNORECASE)


def _refuse_unquoted(labels: Sequence[str]) -> None:
    """Refuse labels that are the rest of a query, which a shell has taken apart where it was not in quotes."""
    rest = next((one for one in labels if _WORDS_OF_QUERIES.fullmatch(one) and one != "-" and not exists(one)), None)
    if rest is not None:
        raise typer.BadParameter(f"{QUOTE_IT}: `{rest}` is taken for a file", param_hint="'QUERY'")


def refuse_swapped(first: str, labels: Sequence[str], name: str = "QUERY") -> None:
    """Refuse arguments in the wrong order: a file of labels where something else comes first.

    Args:
        first: the argument before the labels.
        labels: the labels.
        name: of the first argument, as the usage line shows it.
    """
    if name == "QUERY":
        _refuse_unquoted(labels)
    others = [one for one in labels if one != "-" and not exists(one)]
    if exists(first) and others:
        raise typer.BadParameter(
            f"`{first}` is a file, and `{others[0]}` is not: write {name} first, then the labels",
            param_hint=f"'{name}'",
        )


def refuse_unreadable(report: Report) -> None:
    """Fail where no label of a file or stream could be judged: numbers and answers would be about nothing.

    Raises:
        SourceError: there is one; the message says what it holds instead.
    """
    if not report.unreadable:
        return
    name, *others = report.unreadable
    told = taken_for(name, [one.reason for one in report.problems_of(name)])
    if others:
        also = f"`{others[0]}`" if len(others) == 1 else f"{len(others)} other sources"
        told += f"; nothing in {also} could be read as a label either"
    raise SourceError(told)


def taken_for(name: str, reasons: Sequence[str], *, reads_contents: bool = True) -> str:
    """Say what a source holds instead of labels, and what to do with it.

    Args:
        name: the source.
        reasons: why the first records of it are not labels.
        reads_contents: whether the command has ``--at``.
    """
    if LOOKS_LIKE_PROJECT in reasons:
        return f"`{name}` looks like a project, not like labels: give it with --ontology"
    if any(LOOKS_LIKE_CONTENT in one for one in reasons):
        reader = "read it with" if reads_contents else "`match` and `count` read contents with"
        return f"`{name}` looks like contents without their labels: {reader} `--at ''`"
    if any(LOOKS_LIKE_ASSET in one for one in reasons):
        return f"`{name}` looks like assets without labels: give a file of labels (`export --assets` takes assets)"
    why = f": {reasons[0]}" if reasons else ""
    return f"nothing in `{name}` could be read as a label{why}"


def tell_report(report: Report, heading: str) -> None:
    """Print what a scan came across, with its problems, on standard error.

    Of a source that is no file of labels at all, each line has the same fault: `refuse_unreadable` says it once.
    """
    said = [problem for name in report.unreadable for problem in _said_once(report.problems_of(name))]
    shown = [problem for problem in report.problems if problem not in said]
    tell("\n".join([heading, *report.told(shown).split("\n")[1:]]))


def _said_once(problems: Sequence[Problem]) -> list[Problem]:
    return [one for one in problems if one.fault is ProblemKind.BROKEN or one.reason == problems[0].reason]


def tell_unseen(query: Query, names: LabelNames | None) -> None:
    """Tell which names of a query the labels do not hold: without an ontology, it may be a slip.

    Args:
        query: the query that was evaluated.
        names: what the labels hold; None where the names were checked.
    """
    found = [] if names is None or not names.labels else list(unseen_names(query.tree, names.pairs, names.jobs))
    if not found or names is None:
        return
    lines = [f"{one.message}{'' if one.help is None else f': {one.help.text}'}" for one in found[:_SHOWN]]
    more = [f"… and {len(found) - _SHOWN} more"] if len(found) > _SHOWN else []
    where = f"the first {names.labels} labels" if names.is_enough else "the labels"
    heading = f"note: names were not checked (no --ontology), and not all of them are in {where}"
    tell("\n  ".join([heading, *lines, *more]))
