"""The grammar of the language, narrowed to the names of one ontology.

The rules are those of ``grammar/``, with four changes. The names of a job and its category become texts of the
ontology. A number becomes a plain one. White space between words is limited. A rule that contains itself is written
once for each level that a query may nest, so that nothing nests without end.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import TypeAlias

from kili_query.grammars.names import Scope, SpelledNames
from kili_query.grammars.rules import Chars, Maybe, Part, Ref, Row, Rule, Text
from kili_query.ontology.job import Job
from kili_query.syntax.parser import rules_of, spellings_of

Symbols: TypeAlias = tuple[str, ...]
"""One thing that a rule can be, in names of rules and of words."""

SPACE = Rule("space", ((Chars(r" \t\r\n", 1, 32),),), is_word=True)
"""White space: enough for the lines of a formatted query, and too little to go on for ever."""

NUMBER = Rule("number_text", ((Text("0"),), (Chars("1-9"), Chars("0-9", 0, 9))), is_word=True)
"""A count without a sign, a fraction or leading zeros; none is longer than ten digits."""

_LEVELS = {"group": 1, "negation": 1}
_LEVELS_OF_BRACKETS = 2
"""How many levels each takes, as `kili_query.syntax.Limits` counts them."""

_NAMES = frozenset({"NAME", "STRING", "_name"})
_PAIR, _TOTAL, _CALLED_COUNT = "<job.category>", "<job.count>", "<job.count.count>"
_SPACED = frozenset({"_AND", "_OR", "NOT", "IN", "SIGN"})
"""Words with white space around them: most need it, and all read better with it."""


def narrow(names: SpelledNames, depth: int) -> list[Rule]:
    """Return the rules of a dialect with the names of an ontology; the first one is `start`.

    Args:
        names: of the ontology, in the spelling of the dialect.
        depth: how many levels of parentheses and NOT a query may nest; brackets take two.
    """
    narrower = _Narrower(names)
    narrower.rule("start", None, depth)
    return [*narrower.finished(), SPACE, NUMBER]


class _Narrower:
    """Makes each rule once for each place where it means something else: by scope, and by the levels that are left."""

    def __init__(self, names: SpelledNames) -> None:
        self.names = names
        self.rules = _with_pairs(rules_of(names.dialect))
        self.naming = _reaching({_PAIR, _TOTAL, _CALLED_COUNT}, self.rules)
        self.nesting = _reaching({*_LEVELS, "LBRACKET"}, self.rules)
        self.scopes: dict[Scope, str] = {None: ""}
        self.made: dict[str, tuple[Row, ...] | None] = {}  # None while its parts are made
        self.again: dict[str, Ref | Maybe] = {}
        self.words: dict[object, Rule] = {}

    def finished(self) -> Iterator[Rule]:
        """All rules that were made, outer ones first, and the words they are made of."""
        yield from (Rule(name, rows, again=self.again.get(name)) for name, rows in self.made.items() if rows)
        yield from self.words.values()

    def rule(self, name: str, scope: Scope, depth: int) -> Part | None:
        """Return a rule at a place, or None if nothing can stand there."""
        place = self.scope(scope) if name in self.naming else ""
        level = f"_{depth}" if name in self.nesting and name != "start" else ""
        own = f"{_own_name(name)}{place}{level}"
        if own not in self.made:
            self.made[own] = None
            left = depth - _LEVELS.get(name, 0)
            rows = (row for one in self.rules[name] if one[-1] != name for row in self.rows(one, scope, left))
            if any(one[-1] == name for one in self.rules[name]):
                self.again[own] = self.space_before(name)
            around = (Maybe(SPACE.name),) if name == "start" else ()
            self.made[own] = tuple((*around, *row, *around) for row in rows)
        return None if self.made[own] == () else Ref(own)

    def rows(self, symbols: Symbols, scope: Scope, depth: int) -> Iterator[Row]:
        """Yield what a row of symbols can be at a place."""
        places: list[tuple[Scope, Part | None]] = [(scope, self.pairs(scope) if _PAIR in symbols else None)]
        if "LBRACKET" in symbols:
            depth -= _LEVELS_OF_BRACKETS
            places = self.pairs_with_children(scope)
        for inside, pairs in places if depth >= 0 else ():
            parts = [pairs if symbol == _PAIR else self.part(symbol, inside, depth) for symbol in symbols]
            found = [part for part in parts if part is not None]
            if len(found) == len(parts):
                yield _joined(self.with_space(symbols, found))

    def part(self, symbol: str, scope: Scope, depth: int) -> Part | None:
        """Return a rule or a word at a place."""
        if symbol in self.rules:
            return self.rule(symbol, scope, depth)
        if symbol in (_TOTAL, _CALLED_COUNT):
            return self.count(symbol, scope)
        if symbol == "NUMBER":
            return Ref(NUMBER.name)
        texts = spellings_of(symbol, self.names.dialect)
        return Text(texts[0]) if len(texts) == 1 else self.word(symbol.lower(), [(Text(text),) for text in texts])

    def count(self, symbol: str, scope: Scope) -> Part | None:
        """Return the word of a job's total, or of its category that is called `count` itself, if one is."""
        jobs = [job for job, keys in self.names.pairs_at(scope) if symbol == _TOTAL or "count" in keys]
        name, ending = ("total", "count") if symbol == _TOTAL else ("called_count", "count.count")
        rows = [(Text(f"{self.names.job(job.name)}.{ending}"),) for job in jobs]
        return self.word(f"{name}{self.scope(scope)}", rows) if rows else None

    def pairs(self, scope: Scope) -> Part:
        """Return the rule of a job and a category."""
        texts = [(self.pairs_of(job, keys),) for job, keys in self.names.pairs_at(scope)]
        return self.word(f"category{self.scope(scope)}", texts)

    def pairs_with_children(self, scope: Scope) -> list[tuple[Scope, Part | None]]:
        """Return those that have child jobs, by what these are."""
        rows: dict[Scope, list[Row]] = {}
        for inside, job, keys in self.names.parents_at(scope):
            rows.setdefault(inside, []).append((self.pairs_of(job, keys),))
        return [
            (inside, self.word(f"parent{self.scope(inside)}{self.scope(scope)}", texts))
            for inside, texts in rows.items()
        ]

    def pairs_of(self, job: Job, keys: Sequence[str]) -> Part:
        """Return the word that is a job with one of some of its categories."""
        key = (job.name, *keys)
        if key not in self.words:
            own = f"job_{sum(isinstance(one, tuple) for one in self.words) + 1}"
            categories = self.word(f"category_of_{own}", [(Text(self.names.category(one)),) for one in keys])
            self.words[key] = Rule(own, ((Text(f"{self.names.job(job.name)}."), categories),), is_word=True)
        return Ref(self.words[key].name)

    def word(self, name: str, rows: Sequence[Row]) -> Part:
        """Return the word of that name."""
        self.words.setdefault(name, Rule(name, tuple(rows), is_word=True))
        return Ref(name)

    def scope(self, scope: Scope) -> str:
        """Return what the names of rules at a place end with."""
        return self.scopes.setdefault(scope, f"_below_{len(self.scopes)}")

    def with_space(self, symbols: Symbols, parts: Sequence[Part]) -> Iterator[Part]:
        """Yield the parts with the white space that they need between them, or may have."""
        before = ""
        for symbol, part in zip(symbols, parts, strict=True):
            if before and "_DOT" not in (before, symbol):
                yield Ref(SPACE.name) if before in _SPACED else self.space_before(symbol)
            yield part
            before = symbol

    def space_before(self, symbol: str) -> Ref | Maybe:
        """Return the white space before a word or a rule: needed where it can only start with a word that needs it."""
        starts = {row[0] for row in self.rules[symbol]} if symbol in self.rules else {symbol}
        return Ref(SPACE.name) if starts <= _SPACED else Maybe(SPACE.name)


def _with_pairs(rules: Mapping[str, tuple[Symbols, ...]]) -> dict[str, list[Symbols]]:
    """Put one symbol for each job with its category, or with the word `count`."""
    return {name: [_with_pair(row) for row in rows] for name, rows in rules.items() if name not in _NAMES}


def _with_pair(row: Symbols) -> Symbols:
    match row:
        case (job, "_DOT", category, *rest) if job in _NAMES and category in _NAMES:
            return (_PAIR, *rest)
        case (job, "_DOT", "COUNT") if job in _NAMES:
            return (_TOTAL,)
        case (job, "_DOT", "COUNT", "_DOT", "COUNT") if job in _NAMES:
            return (_CALLED_COUNT,)
        case _:
            return row


def _reaching(symbols: Collection[str], rules: Mapping[str, Sequence[Symbols]]) -> set[str]:
    """Return the rules that some symbols are part of, however deep."""
    found = set(symbols)
    while True:
        more = {name for name, rows in rules.items() if any(found.intersection(row) for row in rows)}
        if more <= found:
            return found
        found |= more


def _joined(parts: Iterator[Part]) -> Row:
    """Join texts that follow each other."""
    found: list[Part] = []
    for part in parts:
        if isinstance(part, Text) and found and isinstance(found[-1], Text):
            found[-1] = Text(found[-1].text + part.text)
        else:
            found.append(part)
    return tuple(found)


def _own_name(name: str) -> str:
    """Return the name of a rule; what Lark adds for a repetition is called the rest.

    >>> _own_name("or_expr"), _own_name("__or_expr_star_0")
    ('or_expr', 'rest_of_or_expr')
    """
    found = re.fullmatch(r"__(\w+)_(?:star|plus)_\d+", name)
    return name if found is None else f"rest_of_{found[1]}"
