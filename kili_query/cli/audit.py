"""``kili-query audit``: which of a server's category searches are reliable."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from kili_query.cli import FINE, NEGATIVE
from kili_query.cli.arguments import JsonOption
from kili_query.cli.connection import EndpointOption, ProjectArgument, connected
from kili_query.cli.output import STDOUT, check_output, opened, print_json, refuse_json_on_stdout, report_on, tell
from kili_query.extras import load

if TYPE_CHECKING:
    from kili_query.audit import AuditReport


def audit(
    project: ProjectArgument,
    sample: Annotated[
        int, typer.Option("--sample", metavar="N", min=1, help="Read N labels, spread over the project.")
    ] = 200,
    output: Annotated[
        str | None,
        typer.Option("--output", "-o", metavar="FILE", help="Write the profile, for --profile of other commands."),
    ] = None,
    endpoint: EndpointOption = None,
    as_json: JsonOption = False,
) -> int:
    """Measure which of a server's searches are reliable.

    Asks the server and the local evaluator the same searches over some labels, and reports each label on which they
    differ. It only reads, with 87 searches at most. What the labels cannot show is reported as not tested, and is not
    trusted.

    Exit status: 0 when nothing differs, 1 when something does, 2 when the server cannot be asked, or for bad usage.

    \b
    kili-query audit PROJECT -o profile.json
    kili-query labels PROJECT --where 'NOT SCENE.NIGHT' --profile profile.json
    """
    refuse_json_on_stdout(output, as_json=as_json)
    check_output(output, "a profile, as JSON", (".json",))
    with opened(output, []) as out, connected("audit", endpoint) as client:
        report: AuditReport = load("kili_query.audit", "`kili-query audit`", "client").audit(
            client, project, sample=sample
        )
        if as_json:
            print_json(report.to_dict())
        else:
            report_on(output)(str(report))
        if output is not None:
            out.stream.write(json.dumps(report.profile.to_dict(), indent=2) + "\n")
    if output is not None and output != STDOUT:
        tell(f"wrote the profile to {output}")
    return FINE if report.agrees else NEGATIVE
