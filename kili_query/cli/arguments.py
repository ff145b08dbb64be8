"""The arguments and options that several commands share."""

import sys
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Annotated, Literal, TypeAlias, TypeVar

import typer

from kili_query.cli.completion import complete_query

T = TypeVar("T")

QueryArgument: TypeAlias = Annotated[
    str,
    typer.Argument(
        metavar="QUERY",
        show_default=False,
        help="The query; - reads it from standard input, @FILE from a file.",
        autocompletion=complete_query,
    ),
]
LabelsArgument: TypeAlias = Annotated[
    list[str],
    typer.Argument(
        metavar="LABELS",
        show_default=False,
        help="Files of labels (NDJSON, a JSON array), raw exports (folder or zip), any of them compressed, or "
        "a label cache (folder), or a dataset of another tool, such as COCO; - is standard input.",
    ),
]
_ONTOLOGY = "The project, or its jsonInterface alone, as JSON; `none` for none."
OntologyOption: TypeAlias = Annotated[
    str | None, typer.Option("--ontology", metavar="FILE", help=f"{_ONTOLOGY} [default: KILI_ONTOLOGY]")
]
OntologyOfLabelsOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--ontology",
        metavar="FILE",
        help=f"{_ONTOLOGY} [default: KILI_ONTOLOGY, else that of a label cache, or project.json beside the labels]",
    ),
]
ProjectSynonym: TypeAlias = Annotated[str | None, typer.Option("--project", metavar="FILE", hidden=True)]
"""The earlier name of ``--ontology`` in some commands."""
PolicyOption: TypeAlias = Annotated[
    Literal["objects", "key_frames", "frames"],
    typer.Option("--policy", help="What counts in a video: objects, their key frames, or the frames that hold any."),
]
OnMalformed: TypeAlias = Annotated[
    Literal["skip", "raise"],
    typer.Option(
        "--on-malformed",
        "--on-error",
        help="Leave out and report what is malformed or cannot be written (skip), or stop at the first (raise).",
    ),
]
At: TypeAlias = Annotated[
    str,
    typer.Option(
        "--at", metavar="FIELD", help="The field of a label that holds its content; empty: the label is the content."
    ),
]
ProfileOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--profile",
        metavar="PROFILE",
        help="Which of the server's searches are trusted: `default`, all that should count as we do; `strict`, as few "
        "as possible; or a FILE that an audit wrote. [default: default]",
    ),
]
VerboseOption: TypeAlias = Annotated[
    bool, typer.Option("--verbose", "-v", help="Print in full what is shortened, such as what a pattern expands to.")
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Print one JSON document, for other programs.")]
JsonLinesOption: TypeAlias = Annotated[bool, typer.Option("--jsonl", help="Print NDJSON: one JSON row per line.")]
OutputOption: TypeAlias = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="FILE",
        help="Write to a file, which appears once it is complete; .gz and .zst compress it.",
    ),
]


def at_most(rows: Iterable[T], number: int | None) -> Iterator[T]:
    """Return the first rows; all for None, however large a number an option may hold.

    >>> list(at_most("abc", 2)), list(at_most("abc", 10**30))
    (['a', 'b'], ['a', 'b', 'c'])
    """
    return islice(rows, None if number is None else min(number, sys.maxsize))
