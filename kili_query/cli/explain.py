"""``kili-query explain``: the documentation of a diagnostic code."""

import re
import sys
from typing import Annotated

import typer

from kili_query.cli.arguments import JsonOption
from kili_query.cli.exit_status import FINE
from kili_query.cli.failure import CommandError
from kili_query.cli.output import print_json
from kili_query.diagnostics import Code
from kili_query.diagnostics.pages import page

__all__ = ["explain"]


def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", show_default=False, help="A code, such as KQ102.")],
    as_json: JsonOption = False,
) -> int:
    """Explain a diagnostic code: what, why, an example and the fix.

    \b
    kili-query explain KQ102
    """
    known = _find(code)
    text = page(known)
    if as_json:
        print_json({"code": known.value, "severity": known.severity.value, "summary": known.summary, "page": text})
    elif sys.stdout.isatty():
        from kili_query.cli.markdown import print_markdown  # here, for rich takes long to import

        print_markdown(text)
    else:
        print(text.rstrip("\n"))
    return FINE


def _find(text: str) -> Code:
    wanted = text.strip().upper()
    if wanted in Code.__members__.values():
        return Code(wanted)
    if re.fullmatch("KQ[0-9]+", wanted) is None:
        raise CommandError(f"`{text}` is no code: codes look like KQ102")
    near = [code for code in Code if code[2] == wanted[2]] or list(Code)
    listed = "".join(f"\n  {code}  {code.summary}" for code in near)
    raise CommandError(f"there is no code {wanted}; there are{listed}")
