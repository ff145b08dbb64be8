"""``kili-query explain``: the documentation of a diagnostic code, or what becomes of a query."""

import re
import sys
from typing import Annotated

import typer

from kili_query.cache_folder import is_cache
from kili_query.cli import FINE, CommandError
from kili_query.cli.arguments import JsonOption, OntologyOfLabelsOption, ProfileOption, VerboseOption
from kili_query.cli.completion import complete_subject
from kili_query.cli.connection import load_profile
from kili_query.cli.explain_query import explain_query
from kili_query.cli.output import print_json
from kili_query.diagnostics import Code
from kili_query.diagnostics.pages import page


def explain(
    subject: Annotated[
        str,
        typer.Argument(
            metavar="CODE|QUERY",
            show_default=False,
            help="A code, such as KQ102, or a query; - reads a query from standard input, @FILE from a file.",
            autocompletion=complete_subject,
        ),
    ],
    ontology: OntologyOfLabelsOption = None,
    labels: Annotated[
        str | None,
        typer.Option("--labels", metavar="FILE", help="Labels, to estimate which share of them a query matches."),
    ] = None,
    sample: Annotated[
        int, typer.Option("--sample", metavar="N", min=0, help="Read the first N of those labels; 0 reads all.")
    ] = 10_000,
    cache: Annotated[
        str | None,
        typer.Option(
            "--cache", metavar="FOLDER", help="Label cache, to say how many labels and calls to a server to expect."
        ),
    ] = None,
    profile: ProfileOption = None,
    verbose: VerboseOption = False,
    as_json: JsonOption = False,
) -> int:
    """Explain a diagnostic code, or what a query does.

    Of a code: what, why, an example and the fix. Of a query: how it is read, whether it can match, its shortest form,
    what the server is asked, and what is left to check here, and why. With a label cache also how many labels match,
    and how many pages, calls and minutes a server would need, before anything is sent. Exit status: 0 when it was
    explained, 2 for an unknown code, a bad query, bad input or bad usage.

    \b
    kili-query explain KQ102
    kili-query explain 'NOT SCENE.NIGHT AND A.B.count + A.C.count > 4' --ontology project.json
    """
    if re.fullmatch(r"\s*KQ[0-9]*\s*", subject, re.IGNORECASE):
        if ontology is not None or labels is not None or cache is not None:
            raise typer.BadParameter("a code is explained without an ontology and labels", param_hint="'CODE|QUERY'")
        _explain_code(subject, as_json=as_json)
    else:
        if cache is not None and not is_cache(cache):
            raise typer.BadParameter(f"`{cache}` is not a label cache", param_hint="'--cache'")
        explain_query(
            subject, ontology, load_profile(profile), labels, sample or None, cache, as_json=as_json, is_verbose=verbose
        )
    return FINE


def _explain_code(text: str, *, as_json: bool) -> None:
    known = _find(text)
    found = page(known)
    if as_json:
        print_json({"code": known.value, "severity": known.severity.value, "summary": known.summary, "page": found})
    elif sys.stdout.isatty():
        from rich.console import Console  # here, because rich takes long to import
        from rich.markdown import Markdown

        Console().print(Markdown(found))
    else:
        print(found.rstrip("\n"))


def _find(text: str) -> Code:
    wanted = text.strip().upper()
    if wanted in Code.__members__.values():
        return Code(wanted)
    if wanted == "KQ":
        raise CommandError(f"`{text}` is not a code: codes look like KQ102")
    near = [code for code in Code if code[2] == wanted[2]] or list(Code)
    listed = "".join(f"\n  {code}  {code.summary}" for code in near)
    raise CommandError(f"there is no code {wanted}; there are{listed}")
