"""``kili-query pull``: all labels of a project, in a file."""

import json
import sys
from collections.abc import Callable, Container, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer
from attrs import frozen

from kili_query.cli.arguments import JsonOption
from kili_query.cli.connection import EndpointOption, ProfileOption, ProjectArgument, connected, load_profile
from kili_query.cli.exit_status import FINE, NEGATIVE
from kili_query.cli.labels import TypeOption, WhereOption, load_search
from kili_query.cli.output import opened, print_json, tell
from kili_query.cli.packing import PACKED, check_suffix
from kili_query.cli.resumable import ResumableFile, resumable
from kili_query.cli.rows import FieldsOption, field_names
from kili_query.diagnostics.layout import printable
from kili_query.errors import LabelError, UnknownContentError
from kili_query.ontology import Ontology
from kili_query.planning import ServerProfile
from kili_query.protocol import LabelType
from kili_query.query import Query
from kili_query.targets.closures import Matcher

if TYPE_CHECKING:
    from kili_query.client import KiliClient

__all__ = ["pull"]

_FIELDS = (
    "id",
    "labelType",
    "createdAt",
    "author.id",
    "author.email",
    "labelOf.id",
    "labelOf.externalId",
    "modelName",
    "secondsToLabel",
    "isLatestLabelForUser",
    "jsonResponse",
)
_SHOWN = 10
_Row: TypeAlias = dict[str, object]


def pull(
    project: ProjectArgument,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The file, which appears once it is complete; F.gz, F.zst are packed.",
        ),
    ],
    where: WhereOption = None,
    fields: FieldsOption = None,
    label_type: TypeOption = None,
    project_file: Annotated[
        str | None,
        typer.Option("--project-file", metavar="FILE", help="Write the project too, as --ontology reads it."),
    ] = None,
    restart: Annotated[
        bool, typer.Option("--restart", help="Forget what an interrupted download has fetched.")
    ] = False,
    on_malformed: Annotated[
        Literal["skip", "raise"],
        typer.Option("--on-malformed", help="Leave labels of unreadable content out and tell, or stop at the first."),
    ] = "raise",
    endpoint: EndpointOption = None,
    profile: ProfileOption = None,
    as_json: JsonOption = False,
) -> int:
    """Download the labels of a project, as NDJSON, oldest first.

    An interrupted download keeps what it has beside the file, and the same command goes on there.
    Exit status: 0 when there is a label, 1 when there is none, 2 for a bad query, bad usage or a server that fails.

    \b
    kili-query pull PROJECT -o labels.ndjson --project-file project.json
    kili-query pull PROJECT -o crowds.ndjson.gz --where 'OBJECTS.PERSON.count >= 3'
    """
    if output == "-":
        raise typer.BadParameter("a download goes to a file; `labels --json` prints", param_hint="'--output'")
    check_suffix(output, "NDJSON", (".ndjson", ".jsonl", ".json", *PACKED))
    check_suffix(project_file, "a project, as JSON", (".json",), "--project-file")
    trusted = load_profile(profile)
    names = tuple(dict.fromkeys(("id", *field_names(fields, _FIELDS))))
    ontologies: dict[str, Ontology] = {}
    skips = on_malformed == "skip"
    with connected("pull", endpoint, profile=trusted, ontologies=ontologies, skips_malformed=skips) as client:
        found = client.project(project)  # which says so, where there is none
        if project_file is not None:
            _write_project(found, project_file)
        query = None if where is None else load_search(client, project, where, trusted, ontologies)
        asked = _asked(query, ontologies.get(project), trusted, project, names, label_type)
        with resumable(output, asked.to_dict(), restart=restart) as file:
            try:
                _fill(file, client, asked, skips_malformed=skips)
            except BaseException:
                file.save()
                if file.ids:
                    tell(f"kept {file.lines} labels in {file.part.name}: the same command goes on from there")
                raise
            file.finish()
    _tell(file, as_json=as_json)
    return FINE if file.lines else NEGATIVE


@frozen
class _Asked:
    """What is downloaded.

    Attributes:
        project_id: whose labels.
        fields: of each.
        types: of these types; none for all.
        search: what the server is asked; None for everything.
        judge: what must hold besides.
        residual: the text of that.
        is_never: no label can match.
    """

    project_id: str
    fields: tuple[str, ...]
    types: tuple[LabelType, ...]
    search: Query | None
    judge: Matcher | None
    residual: str | None
    is_never: bool

    def to_dict(self) -> dict[str, object]:
        """What tells this download from others."""
        return {
            "project": self.project_id,
            "fields": list(self.fields),
            "type": sorted(self.types),
            "query": [None if self.search is None else str(self.search), self.residual],
        }

    def listed(self, client: "KiliClient", skip: int) -> Iterator[_Row]:
        """The labels that the server finds, from one on."""
        needed = ("jsonResponse",) if self.judge is not None else ()
        return client.labels(
            self.project_id,
            fields=tuple(dict.fromkeys((*self.fields, *needed))),
            type_in=self.types or None,
            category_search=self.search,
            skip=skip,
            disable_tqdm=True,
            as_generator=True,
        )


def _asked(
    query: Query | None,
    ontology: Ontology | None,
    profile: ServerProfile,
    project: str,
    fields: tuple[str, ...],
    types: list[LabelType] | None,
) -> _Asked:
    """The query is cut in two here, so that it is known how far in the server's list a download came."""
    plan = None if query is None else query.plan(ontology, profile=profile)
    residual = None if plan is None else plan.residual
    return _Asked(
        project,
        fields,
        tuple(dict.fromkeys(types or ())),
        None if plan is None or plan.server_filter is None else plan.pushed,
        None if residual is None else residual.compile(ontology=ontology),
        None if residual is None else str(residual),
        plan is not None and plan.never,
    )


def _fill(file: ResumableFile, client: "KiliClient", asked: _Asked, *, skips_malformed: bool) -> None:
    """Fetch what the file lacks."""
    if asked.is_never:
        return
    with _progress(client, asked, len(file.ids)) as advance:
        for row in _missing(file, lambda skip: asked.listed(client, skip), skips_malformed=skips_malformed):
            is_match = _judged(row, asked.judge, skips_malformed=skips_malformed)
            if asked.judge is not None and "jsonResponse" not in asked.fields:
                del row["jsonResponse"]
            line = json.dumps(row, ensure_ascii=False) if is_match else None
            file.add(str(row["id"]), line, is_left_out=is_match is None)
            advance()


def _missing(file: ResumableFile, listed: Callable[[int], Iterator[_Row]], *, skips_malformed: bool) -> Iterator[_Row]:
    """The labels that the file lacks, behind the last one that it saw.

    That one is asked for again: where it does not stand where it stood, the list has changed. It may only stand
    further on where labels before it were skipped, which count in the list, and not in the file.
    """
    if file.ids:
        rows = listed(len(file.ids) - 1)
        if _reaches(rows, next(reversed(file.ids)), file.ids if skips_malformed else ()):
            yield from (row for row in rows if str(row["id"]) not in file.ids)
            return
        tell("labels came or went since the download was interrupted: it begins again")
        file.begin_again()
    yield from listed(0)


def _reaches(rows: Iterator[_Row], last_id: str, others: Container[str]) -> bool:
    """Whether a label is reached, with none before it but some others."""
    for row in rows:
        if row["id"] == last_id:
            return True
        if row["id"] not in others:
            return False
    return False


def _judged(row: _Row, judge: Matcher | None, *, skips_malformed: bool) -> bool | None:
    """Whether a label is meant; None where that cannot be told."""
    if judge is None:
        return True
    try:
        return judge(row.get("jsonResponse"))
    except UnknownContentError:
        return None
    except LabelError as error:
        if skips_malformed:
            return None
        raise type(error)(f"label `{row['id']}`: {error.message}", error.path) from error


@contextmanager
def _progress(client: "KiliClient", asked: _Asked, kept: int) -> Iterator[Callable[[], object]]:
    """A bar, where a person looks at standard error: how many labels there are is asked for it alone."""
    if not sys.stderr.isatty():
        yield lambda: None
        return
    from kili_query.client.progress import progress_bar

    total = client.count_labels(asked.project_id, type_in=asked.types or None, category_search=asked.search)
    with progress_bar("Downloading labels", disable=False, total=total) as bar:
        bar.update(kept)
        yield bar.update


def _write_project(project: _Row, path: str) -> None:
    with opened(path, []) as out:
        out.stream.write(json.dumps(project, indent=1) + "\n")


def _tell(file: ResumableFile, *, as_json: bool) -> None:
    if as_json:
        print_json({"file": file.path, "labels": file.lines, "kept": file.kept, "left_out": file.left_out})
        return
    earlier = f", {file.kept} of them fetched before" if file.kept else ""
    print(f"{file.lines} label{'' if file.lines == 1 else 's'} in {printable(file.path)}{earlier}")
    if file.left_out:
        ids = ", ".join(file.left_out[:_SHOWN])
        more = f" and {len(file.left_out) - _SHOWN} more" if len(file.left_out) > _SHOWN else ""
        tell(f"left out, for their content is unknown or malformed: {ids}{more}")
