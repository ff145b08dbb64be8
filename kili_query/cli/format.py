"""``kili-query format``: a query, or files of queries, laid out for reading."""

from collections.abc import Sequence
from typing import Annotated

import typer

from kili_query.cli import BAD, FINE, NEGATIVE
from kili_query.cli.arguments import JsonOption
from kili_query.cli.completion import complete_query
from kili_query.cli.inputs import read_query
from kili_query.cli.output import QUOTE_IT, print_json, tell, tell_diagnostics, tell_error
from kili_query.diagnostics.layout import counted
from kili_query.errors import QueryError, SourceError
from kili_query.output_files import WriteError
from kili_query.query import parse


def format_query(
    query: Annotated[
        list[str],
        typer.Argument(
            metavar="QUERY",
            show_default=False,
            help="The query; - reads it from standard input, @FILE from a file. With --files: files (.kq) and folders.",
            autocompletion=complete_query,
        ),
    ],
    width: Annotated[int, typer.Option("--width", metavar="N", min=1, help="Characters in a line.")] = 88,
    check: Annotated[
        bool,
        typer.Option(
            "--check", help="Print and write nothing; exit status 1 when formatting would change the text, or a file."
        ),
    ] = False,
    files: Annotated[
        bool, typer.Option("--files", help="Format the files, and those in folders, in place: one query each.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Format a query; keep comments and shorthand.

    Exit status: 0 when it was printed or the files were formatted, 1 when a text would change and --check was given,
    2 for a bad query, or a file that cannot be read or written (the others are still formatted).

    \b
    kili-query format 'a.b.count>3 and (c.d.count=0 or not e.f)'
    kili-query format --files queries
    kili-query format --files queries --check
    """
    if files:
        return _format_files(query, width, is_checked=check, as_json=as_json)
    if len(query) > 1:
        raise typer.BadParameter(f"{QUOTE_IT}; too many arguments: {' '.join(query[1:])}", param_hint="'QUERY'")
    text, name = read_query(query[0])
    formatted = parse(text, name=name).format(width)
    is_changed = formatted.rstrip("\n") != text
    if as_json:
        print_json({"text": text, "formatted": formatted, "changed": is_changed})
    elif not check:
        print(formatted.rstrip("\n"))
    elif is_changed:
        tell("formatting would change the query")
    return NEGATIVE if check and is_changed else FINE


def _format_files(paths: Sequence[str], width: int, *, is_checked: bool, as_json: bool) -> int:
    from kili_query.lint.files import query_files  # here, because a query alone needs none of it
    from kili_query.lint.formatting import format_file

    changed: dict[str, bool] = {}
    status = FINE
    for name in query_files(paths):
        try:
            if not isinstance(name, str):
                raise SourceError(str(name))
            changed[name] = format_file(name, width, is_written=not is_checked)
        except QueryError as error:
            tell_diagnostics(error.diagnostics)
            status = BAD
        except (SourceError, WriteError) as error:
            tell_error(str(error))
            status = BAD
    number = sum(changed.values())
    if as_json:
        print_json({"files": [{"file": name, "changed": is_changed} for name, is_changed in changed.items()]})
    else:
        for name in (name for name, is_changed in changed.items() if is_changed):
            tell(f"{name}: {'formatting would change it' if is_checked else 'formatted'}")
        tell(f"{counted(number, 'file')} {'would change' if is_checked else 'formatted'}, of {len(changed)}")
    return NEGATIVE if is_checked and number and status == FINE else status
