"""``kili-query format``: a query laid out for reading."""

from typing import Annotated

import typer

from kili_query.cli import FINE, NEGATIVE
from kili_query.cli.arguments import JsonOption, QueryArgument
from kili_query.cli.inputs import read_query
from kili_query.cli.output import print_json, tell
from kili_query.query import parse


def format_query(
    query: QueryArgument,
    width: Annotated[int, typer.Option("--width", metavar="N", min=1, help="Characters in a line.")] = 88,
    check: Annotated[
        bool, typer.Option("--check", help="Print nothing; exit status 1 when formatting would change the text.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Format a query; keep comments and shorthand.

    Exit status: 0 when it was printed, 1 when the text would change and --check was given, 2 for a bad query.

    \b
    kili-query format 'a.b.count>3 and (c.d.count=0 or not e.f)'
    """
    text, name = read_query(query)
    formatted = parse(text, name=name).format(width)
    is_changed = formatted.rstrip("\n") != text
    if as_json:
        print_json({"text": text, "formatted": formatted, "changed": is_changed})
    elif not check:
        print(formatted.rstrip("\n"))
    elif is_changed:
        tell("formatting would change the query")
    return NEGATIVE if check and is_changed else FINE
