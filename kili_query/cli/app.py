"""The application: its commands, which are imported when they are called, and the options of the command itself."""

import inspect
import os
import re
import sys
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from functools import cache
from importlib import import_module
from io import TextIOWrapper
from typing import Annotated, Protocol

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

from kili_query.cli import FINE
from kili_query.cli.guard import guarded, settle
from kili_query.cli.output import QUOTE_IT

GROUPS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "Commands for queries": {
        "check": ("check.check", "Check a query and suggest fixes."),
        "format": ("format.format_query", "Format a query; keep comments and shorthand."),
        "explain": ("explain.explain", "Explain a diagnostic code, or what a query does."),
        "simplify": ("simplify.simplify", "Print the shortest query found that matches the same labels."),
        "compare": ("compare.compare", "Compare two queries: same, stricter, looser, disjoint or different."),
        "lint": ("lint.lint", "Check the category searches in source files."),
        "grammar": ("grammar.grammar", "Print a grammar of queries for a language model."),
        "lsp": ("lsp.lsp", "Check, complete and rename queries while you type: a language server for editors."),
    },
    "Commands for files of labels": {
        "match": ("match.match", "Print the labels that match a query."),
        "count": ("count.count", "Count the objects of every category, and the labels with any."),
        "histogram": ("histogram.histogram", "Draw how many labels hold 0, 1, 2, … objects of each category."),
        "show": ("pictures.show", "Draw one label, over its image if you give it."),
        "sheet": ("pictures.sheet", "Draw the labels that match a query, side by side."),
        "export": ("export.export", "Write labels in the format of another program."),
        "open": ("open.open_page", "Open labels on a page in the browser, to write queries and see what matches."),
        "split": ("split.split", "Divide labels into parts, with wanted shares of what matches queries."),
        "cache": ("cache.cache", "Fill a label cache from files, or say what it holds."),
        "drift": ("drift.drift", "Find the queries that changed meaning between two versions of a cache."),
        "mcp": ("mcp.mcp", "Serve queries on files to an agent, by the Model Context Protocol."),
        "demo": ("demo.demo", "Take a tour of the command, on labels that come with it."),
    },
    "Commands that use a server": {
        "labels": ("labels.labels", "List or count the labels of a project, oldest first."),
        "pull": ("pull.pull", "Download the labels of a project, to a file or a cache."),
        "events": ("events.events", "List what happened to a project, from its change feed."),
        "watch": ("watch.watch", "Print the labels of a project as they are created or changed."),
        "audit": ("audit.audit", "Measure which of a server's searches are reliable."),
        "serve": ("serve.serve", "Serve a project on this machine, to clients of the platform."),
    },
}
"""Each command: its function below `kili_query.cli`, and the first line of its help, so that no list imports it."""
COMMANDS = {name: found for group in GROUPS.values() for name, found in group.items()}
_HELP_OPTIONS = {"help_option_names": ["-h", "--help"]}
_EXAMPLES = """\b
kili-query check 'OBJECTS.PERSON.count >= 3' --ontology project.json
kili-query match 'OBJECTS.PERSON.count >= 3' labels.ndjson
kili-query labels PROJECT --where 'NOT SCENE.NIGHT'
"""

_QUERIES = ("QUERY", "CODE|QUERY", "B")
"""How arguments and options that are queries are called in help, the last one where there are two."""

_FRAMEWORK_WORDS = (
    ("^Value error, ", ""),
    ("^Input should be a valid integer.*", "must be a whole number"),
    ("^Input should be a valid number.*", "must be a number"),
    ("^Input should be greater than or equal to (.*)", r"must be \1 or more"),
    ("^Input should be less than or equal to (.*)", r"must be \1 or less"),
)
"""How newer versions of typer word mistakes, and what is said instead."""


class _Formatter(Protocol):
    """The part of the formatter of help pages that is used here."""

    def section(self, name: str) -> AbstractContextManager[None]: ...
    def write_dl(self, rows: list[tuple[str, str]]) -> None: ...
    def write_text(self, text: str) -> None: ...


class _Command(TyperCommand):
    """A command whose help and messages do not show the types of the framework."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]  # the base of
        # this context is private to typer
        queries = [param for param in self.get_params(ctx) if param.metavar in _QUERIES]
        named = {argument.partition("=")[0] for argument in args}  # as in `--where QUERY` and `--where=QUERY`
        given = [one for one in queries if one.param_type_name == "argument" or not named.isdisjoint(one.opts)]
        query = f"'{given[0].metavar}'" if given else None
        ctx.allow_extra_args = query is not None  # refused below, with the advice that a query needs
        try:
            rest = super().parse_args(ctx, args)
            if ctx.args and query is not None:
                raise typer.BadParameter(f"{QUOTE_IT}; too many arguments: {' '.join(ctx.args)}", param_hint=query)
        except typer.BadParameter as error:
            for pattern, words in _FRAMEWORK_WORDS:
                error.message = re.sub(pattern, words, error.message)
            raise
        return rest

    def collect_usage_pieces(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]  # as above
        return [piece.replace("{", "").replace("}", "") for piece in super().collect_usage_pieces(ctx)]

    def format_options(self, ctx: typer.Context, formatter: _Formatter) -> None:  # type: ignore[override]  # as above
        for title, kind in (("Arguments", "argument"), ("Options", "option")):
            params = [param for param in self.get_params(ctx) if param.param_type_name == kind]
            rows = [record for param in params if (record := param.get_help_record(ctx)) is not None]
            if kind == "argument":
                rows = [(name.partition(" <")[0], words.replace("  [required]", "")) for name, words in rows]
            if rows:
                with formatter.section(title):
                    formatter.write_dl(rows)

    def format_epilog(self, ctx: object, formatter: _Formatter) -> None:
        _write_examples(self.epilog, formatter)


class _Commands(TyperGroup):
    """The commands by group; one is imported when it is called or its help is shown."""

    def get_command(self, ctx: object, cmd_name: str) -> TyperCommand | None:
        return _load_command(cmd_name) if cmd_name in self.commands else None

    def format_commands(self, ctx: object, formatter: _Formatter) -> None:
        for title, group in GROUPS.items():
            with formatter.section(title):
                formatter.write_dl([(name, summary) for name, (_, summary) in group.items()])

    def format_epilog(self, ctx: object, formatter: _Formatter) -> None:
        _write_examples(self.epilog, formatter)


def _write_examples(text: str | None, formatter: _Formatter) -> None:
    with formatter.section("Examples"):
        formatter.write_text(text or "")


@cache
def _load_command(name: str) -> TyperCommand:
    """Import a command; the examples at the end of its docstring follow its options."""
    module, _, function = COMMANDS[name][0].partition(".")
    command = getattr(import_module(f"kili_query.cli.{module}"), function)
    text, _, examples = (inspect.getdoc(command) or "").partition("\n\b\n")
    own = _application()
    own.command(name, cls=_Command, help=text, epilog=f"\b\n{examples}", context_settings=_HELP_OPTIONS)(
        guarded(command)
    )
    loaded = get_command(own)
    assert isinstance(loaded, TyperCommand)
    return loaded


def _application(commands: type[TyperGroup] | None = None) -> typer.Typer:
    return typer.Typer(
        cls=commands,
        no_args_is_help=True,
        epilog=_EXAMPLES,
        rich_markup_mode=None,  # plain help starts fast, and stays whole in pipes and on narrow terminals
        pretty_exceptions_enable=False,
        add_completion=commands is not None,
        context_settings=_HELP_OPTIONS,
    )


def _register(names: Iterable[str]) -> typer.Typer:
    """Name the commands, so that a slip finds the nearest; `_Commands` imports the real ones."""
    listed = _application(_Commands)
    for name in names:
        listed.command(name)(lambda: None)
    return listed


app = _register(COMMANDS)


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        from importlib.metadata import version  # here, because it takes long to import

        print(f"kili-query {version('kili-query')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", "-V", callback=_print_version, is_eager=True, help="Print the version and exit."),
    ] = False,
) -> None:
    """Ask precise questions of labeled data.

    A query is a condition on the number of objects in one label, such as
    OBJECTS.PERSON.count >= 3 AND NOT SCENE.NIGHT. New here? Run: kili-query demo

    Exit status: 0 success (for match: something matched), 1 a negative answer, 2 a bad query, bad input or bad usage.
    """


def run() -> int:
    """Run the command on the arguments of this process, and return its exit status."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:  # closed by whoever started this process
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - to the end of the process
        elif mode == "w" and isinstance(stream, TextIOWrapper):  # a name that cannot be shown is no reason to fail
            stream.reconfigure(errors="backslashreplace")
    return settle(_run_app)  # for help, versions and usage errors: commands are guarded themselves


@cache
def _all_commands() -> TyperGroup:
    """Return the parser of all commands. Making it takes longer than many commands do, so it is made once."""
    made = get_command(app)
    assert isinstance(made, TyperGroup)
    return made


def _run_app() -> int:
    try:
        _all_commands()(prog_name="kili-query")
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else FINE
    return FINE
