"""The queries of all cases, and one ontology that has whatever they name."""

import re
from collections.abc import Iterator
from functools import cache

import kili_query as kq
from kili_query.ast import Counter, Filtered, Pattern, Predicate, terms
from kili_query.diagnostics.layout import escape_unprintable
from kili_query.syntax import Dialect, print_tree
from kili_query.syntax.parser import Word, read_lexemes
from tests.cases.loader import DATA, load_cases

DEPTH = 4
_PLAIN = re.compile("0|[1-9][0-9]{0,9}")
_DEEPER = {Word.LPAR: 1, Word.NOT: 1, Word.LBRACKET: 2}


@cache
def queries(dialect: Dialect) -> tuple[kq.Query, ...]:
    """The queries that have no error in their text, without display names: keys alone are in the ontology below."""
    found = []
    for case in load_cases():
        if case.facts.get("dialect", "extended") == dialect and "ontology" not in case.facts:
            try:
                found.append(kq.parse(case.query, dialect=dialect))
            except kq.QuerySyntaxError:
                continue
    return tuple(found)


@cache
def ontology() -> kq.Ontology:
    """Jobs at the root with each category that a query names; those in brackets are children too."""
    jobs: dict[str, dict[str, set[str]]] = {}
    for query in (*queries("core"), *queries("extended")):
        _collect(query.tree, jobs)
    return kq.Ontology.from_json_interface(
        {
            "jobs": {
                name: {
                    "mlTask": "OBJECT_DETECTION",
                    "content": {"categories": {key: {"children": sorted(children)} for key, children in keys.items()}},
                }
                for name, keys in jobs.items()
            }
        }
    )


def _collect(tree: Predicate, jobs: dict[str, dict[str, set[str]]]) -> set[str]:
    named = set()
    for term in terms(tree):
        counter = term.counter if isinstance(term, Filtered) else term
        if isinstance(counter, Counter):
            children = jobs.setdefault(counter.job, {}).setdefault(counter.category, set())
            named.add(counter.job)
            if isinstance(term, Filtered):
                children |= _collect(term.condition, jobs)
        elif isinstance(counter, Pattern) and len(counter.job.pieces) == 1:
            jobs.setdefault(counter.job.pieces[0], {}).setdefault("SOME", set())
            named.add(counter.job.pieces[0])
    return named


def is_covered(text: str, dialect: Dialect) -> bool:
    """Whether a canonical text has only what grammars cover: no patterns, plain numbers, few levels."""
    lexemes, failure = read_lexemes(text, dialect)
    numbers = (one.text for one in lexemes if one.word is Word.NUMBER)
    names = (one.text for one in lexemes if one.word is Word.NAME)
    return (
        failure is None  # quotes that the core has not
        and all(map(_PLAIN.fullmatch, numbers))
        and not any("*" in name for name in names)
        and sum(_DEEPER.get(one.word, 0) for one in lexemes) <= DEPTH
    )


def bound_texts(name: str) -> list[str]:
    """The canonical texts of the queries of all cases that name what an ontology in `tests/data` has, by its keys."""
    ontology, found = kq.Ontology.load(DATA / name), {}
    for case in load_cases():
        if case.facts.get("ontology") == name and not any(one.code < "KQ2" for one in case.findings):
            tree = kq.parse(case.query).bind(ontology).tree
            filtered = [one for one in terms(tree) if isinstance(one, Filtered)]
            if all(list(terms(one.condition)) for one in filtered):  # patterns in brackets may match nothing there
                found[escaped(tree)] = None
    return [text for text in found if is_covered(text, "extended")]


def escaped(tree: Predicate) -> str:
    """The canonical text of a tree, in characters that can be shown, as grammars spell names."""
    return escape_unprintable(print_tree(tree))


def covered(dialect: Dialect) -> Iterator[str]:
    """The canonical texts of queries that grammars cover."""
    texts = dict.fromkeys(escaped(query.tree) for query in queries(dialect))
    return (text for text in texts if is_covered(text, dialect))
