"""Grammars for language models: the language narrowed to the names of one ontology."""

import json
from typing import Literal, TypeAlias

from attrs import evolve

from kili_query.errors import ArgumentError
from kili_query.grammars.json_form import json_schema, query_text
from kili_query.grammars.names import SpelledNames
from kili_query.grammars.narrow import narrow
from kili_query.grammars.writing import as_gbnf, as_lark
from kili_query.ontology import Ontology, OntologySource
from kili_query.syntax import Dialect

GrammarSyntax: TypeAlias = Literal["lark", "gbnf", "json-schema"]

DEFAULT_DEPTH = 4
MAX_DEPTH = 32
"""Far below the levels that a query may have, and enough for any that a person can read."""

__all__ = ["DEFAULT_DEPTH", "MAX_DEPTH", "GrammarSyntax", "grammar_text", "query_text"]


def grammar_text(
    ontology: OntologySource,
    syntax: GrammarSyntax = "lark",
    *,
    dialect: Dialect = "extended",
    depth: int = DEFAULT_DEPTH,
) -> str:
    """Return the grammar of the queries that name what an ontology has, and nothing else.

    A query that it accepts has no error, unless it is too long (KQ006). Names are keys, in one spelling. The grammar
    covers less than the language: no comments, no patterns with `*`, no display names, plain numbers, keywords in upper
    case with white space around them, and no white space around the dots of a name.

    Args:
        ontology: whose jobs and categories may be named.
        syntax: `lark` as LLGuidance reads it, `gbnf` as llama.cpp reads it, or the JSON Schema of a document that
            `query_text` makes a query of.
        dialect: names that the core dialect cannot spell are left out of it.
        depth: how many levels of parentheses and NOT a query may nest; brackets take two.

    Raises:
        OntologyError: the ontology cannot be read, or has no category that can be named.
        ArgumentError: the syntax or the depth is not one of those above.

    >>> ontology = Ontology.from_json_interface({"jobs": {"SKY": {"mlTask": "CLASSIFICATION", "content": {
    ...     "categories": {"BLUE": {}, "light grey": {}}}}}})
    >>> '"SKY." category-of-job-1' in grammar_text(ontology, "gbnf")
    True
    """
    if not 0 <= depth <= MAX_DEPTH:
        raise ArgumentError(f"`depth` must be a whole number from 0 to {MAX_DEPTH}")
    names = SpelledNames(Ontology.of(ontology), dialect)
    about = [f"Category searches with the names of one ontology: {dialect} dialect, {depth} levels of nesting."]
    match syntax:
        case "lark":
            return as_lark(narrow(names, depth), about)
        case "gbnf":
            return as_gbnf(narrow(names, depth), about)
        case "json-schema":
            return json.dumps(json_schema(evolve(names, is_json=True), depth), indent=2)
    raise ArgumentError(f"`syntax` must be `lark`, `gbnf` or `json-schema`, not `{syntax}`")
