"""``kili-query lsp``: a language server for editors."""

import gc
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Annotated

import typer

from kili_query.cli import FINE, NEGATIVE
from kili_query.cli.datasets import chosen_format, reading_as
from kili_query.cli.inputs import load_ontology, named_ontology
from kili_query.cli.output import tell
from kili_query.extras import load

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kili_query.ontology import Ontology

_FEATURE, _EXTRA = "`kili-query lsp`", "lsp"


def lsp(
    ontology: Annotated[
        str | None,
        typer.Option(
            "--ontology",
            metavar="FILE",
            help="The project, or its jsonInterface alone, as JSON, a label cache or a dataset; `none` for none. "
            "[default: KILI_ONTOLOGY, else that of the labels, or project.json beside them]",
        ),
    ] = None,
    labels: Annotated[
        str | None,
        typer.Option(
            "--labels",
            metavar="LABELS",
            help="A file of labels, a label cache or a dataset, whose counts are shown with names.",
        ),
    ] = None,
) -> int:
    """Check, complete and rename queries while you type: a language server for editors.

    An editor starts it and talks to it over standard input and output. Settings of the editor come before options:
    initializationOptions, or those of the section kili-query, with the keys ontology and labels. Exit status: 0 when
    the editor said goodbye, 1 when it went away, 2 for bad usage.

    \b
    kili-query lsp --ontology project.json
    kili-query lsp --labels labels-cache
    """
    settings = load("kili_query.lsp.settings", _FEATURE, _EXTRA).EditorSettings(ontology, labels, chosen_format())
    serve = load("kili_query.lsp.server", _FEATURE, _EXTRA).serve
    if sys.stdin.isatty():
        tell("note: an editor starts this command and talks to it on standard input; Ctrl-D ends it")
    gc.freeze()  # otherwise a keystroke may wait while the garbage collector looks at all modules
    try:
        has_shut_down: bool = serve(settings, _find_ontology, _load_ontology, version("kili-query"))
    finally:
        gc.unfreeze()
    return FINE if has_shut_down else NEGATIVE


def _find_ontology(option: str | None, labels: "Sequence[str]") -> str | None:
    """Return the file that other commands would use, which no note on standard error names."""
    with reading_as(chosen_format()):
        return named_ontology(option, labels)[0]


def _load_ontology(path: str | None) -> "Ontology | None":
    """Read an ontology anew: that of a dataset may have changed since it was opened."""
    with reading_as(chosen_format()):
        return load_ontology(path)
