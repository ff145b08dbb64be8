"""The application: its commands, and the options of the command itself."""

import os
import sys
from io import TextIOWrapper
from typing import Annotated

import typer

from kili_query.cli.audit import audit
from kili_query.cli.check import check
from kili_query.cli.compare import compare
from kili_query.cli.count import count
from kili_query.cli.demo import demo
from kili_query.cli.exit_status import FINE
from kili_query.cli.explain import explain
from kili_query.cli.export import export
from kili_query.cli.format import format_query
from kili_query.cli.guard import guarded, settle
from kili_query.cli.histogram import histogram
from kili_query.cli.labels import labels
from kili_query.cli.lint import lint
from kili_query.cli.match import match
from kili_query.cli.pictures import sheet, show
from kili_query.cli.pull import pull
from kili_query.cli.serve import serve
from kili_query.cli.simplify import simplify
from kili_query.cli.watch import watch

__all__ = ["app", "run"]

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,  # plain help: it starts fast, and pipes and narrow terminals keep it whole
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
for name, command in (
    ("check", check),
    ("format", format_query),
    ("explain", explain),
    ("simplify", simplify),
    ("compare", compare),
    ("lint", lint),
    ("match", match),
    ("count", count),
    ("histogram", histogram),
    ("show", show),
    ("sheet", sheet),
    ("export", export),
    ("demo", demo),
    ("labels", labels),
    ("pull", pull),
    ("audit", audit),
    ("serve", serve),
    ("watch", watch),
):
    app.command(name)(guarded(command))


def _print_version(is_wanted: bool) -> None:
    if is_wanted:
        from importlib.metadata import version  # here, for it takes long to import

        print(f"kili-query {version('kili-query')}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Ask precise questions of labeled data.

    A query is a condition on the number of objects in one label, such as
    OBJECTS.PERSON.count >= 3 AND NOT SCENE.NIGHT. New here? Run: kili-query demo

    Exit status: 0 fine (for match: something matched), 1 a negative answer, 2 a bad query, bad input or bad usage.
    """


def run() -> int:
    """Run the command on the arguments of this process, and give its exit status."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        stream = getattr(sys, name)
        if stream is None:  # closed by who started this process
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115 - to the end of the process
        elif mode == "w" and isinstance(stream, TextIOWrapper):  # a name that cannot be shown is no reason to fail
            stream.reconfigure(errors="backslashreplace")
    return settle(_run_app)  # for help, versions and complaints about usage: commands are guarded themselves


def _run_app() -> int:
    try:
        app(prog_name="kili-query")
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else FINE
    return FINE
