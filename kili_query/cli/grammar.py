"""``kili-query grammar``: the language, narrowed to one ontology, for a language model."""

from typing import Annotated

import typer

from kili_query.cli import FINE
from kili_query.cli.arguments import JsonOption, OntologyOption, OutputOption
from kili_query.cli.inputs import find_ontology, load_ontology
from kili_query.cli.output import opened, to_json
from kili_query.grammars import DEFAULT_DEPTH, MAX_DEPTH, GrammarSyntax, grammar_text
from kili_query.syntax import Dialect


def grammar(
    ontology: OntologyOption = None,
    syntax: Annotated[
        GrammarSyntax,
        typer.Option("--syntax", help="Lark as LLGuidance reads it, GBNF as llama.cpp reads it, or a JSON Schema."),
    ] = "lark",
    dialect: Annotated[
        Dialect,
        typer.Option("--dialect", help="core is what the server's filter understands, extended is the whole language."),
    ] = "extended",
    depth: Annotated[
        int,
        typer.Option(
            "--depth", metavar="N", min=0, max=MAX_DEPTH, help="Levels of parentheses and NOT; brackets take two."
        ),
    ] = DEFAULT_DEPTH,
    output: OutputOption = None,
    as_json: JsonOption = False,
) -> int:
    """Print a grammar of queries for a language model.

    A model that is held to the grammar can only name jobs and categories of the ontology, by their keys. Exit status:
    0 when it was printed, 2 for an ontology without categories, bad input or bad usage.

    \b
    kili-query grammar --ontology project.json --syntax gbnf
    """
    path = find_ontology(ontology)
    loaded = load_ontology(path)
    if loaded is None:
        raise typer.BadParameter("a grammar needs an ontology: name the file of the project", param_hint="'--ontology'")
    text = grammar_text(loaded, syntax, dialect=dialect, depth=depth)
    with opened(output, [path]) as out:
        if as_json:
            text = to_json({"syntax": syntax, "dialect": dialect, "depth": depth, "grammar": text}, out.stream)
        out.stream.write(f"{text}\n")
    return FINE
