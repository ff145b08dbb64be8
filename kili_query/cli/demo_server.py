"""The part of the tour in which a server on this machine is asked, and a cache keeps its labels."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from attrs import frozen

from kili_query.cli.output import diagnostics_text
from kili_query.cli.rows import field_cells, table_lines
from kili_query.diagnostics import Diagnostic
from kili_query.diagnostics.layout import counted, printable
from kili_query.diagnostics.render import as_json as diagnostic_as_json
from kili_query.errors import KiliQueryError
from kili_query.extras import has_extra
from kili_query.ontology import Ontology
from kili_query.query import Query, parse
from kili_query.resources import read_text

if TYPE_CHECKING:
    from kili_query.client import KiliClient

FIELDS = ("id", "labelOf.externalId")
CACHE = "labels-cache"
"""The folder that the tour names for a label cache."""


@frozen
class AnsweredQuery:
    """A query that a server was asked, and its labels.

    Attributes:
        query: the query.
        notes: what of it was evaluated here.
        labels: the answer.
    """

    query: Query
    notes: list[Diagnostic]
    labels: list[dict[str, object]]

    def __str__(self) -> str:
        notes = [diagnostics_text(self.notes, sys.stdout)] if self.notes else []
        rows = table_lines(self.labels, field_cells(FIELDS))
        return "\n".join([*notes, *rows, counted(len(self.labels), "label")])

    def to_dict(self) -> dict[str, object]:
        return {
            "query": self.query.text,
            "diagnostics": [diagnostic_as_json(one) for one in self.notes],
            "labels": self.labels,
        }


@frozen
class NotAsked:
    """Why something was left out, in one line."""

    reason: str

    def __str__(self) -> str:
        return f"Left out: {printable(self.reason)}"


@frozen
class KeptLabels:
    """The labels of the server in a cache.

    Attributes:
        first: the changes that the first pull made in the cache.
        matched: the number of labels in the cache that match the query.
        again: the changes that a second pull made.
    """

    first: str
    matched: int
    again: str


@frozen
class Served:
    """The answers of a server, and what a cache keeps of it.

    Attributes:
        answers: the queries that the server was asked.
        kept: the cache of its labels.
    """

    answers: list[AnsweredQuery]
    kept: KeptLabels | NotAsked


def ask_server(*queries: str) -> Served | NotAsked:
    """Serve the tour's labels, ask for those that match, and keep all in a cache; or why that cannot be done here.

    Args:
        queries: the queries; the cache is asked the first.
    """
    if not (has_extra("client") and has_extra("sandbox")):
        return NotAsked('it takes a server and a client: pip install "kili-query[client,sandbox]"')
    try:
        with TemporaryDirectory() as folder:
            for name in ("project.json", "labels.ndjson"):
                Path(folder, name).write_text(read_text("demo", name), encoding="utf-8")
            return _ask(Path(folder), queries)
    except (OSError, KiliQueryError) as error:
        return NotAsked(str(error).partition("\n")[0])


def _ask(folder: Path, queries: tuple[str, ...]) -> Served:
    from kili_query.client import KiliClient
    from kili_query.sandbox import Sandbox

    answers: list[AnsweredQuery] = []
    ontology = Ontology.load(folder / "project.json")
    with (
        Sandbox(project=folder) as box,
        KiliClient(box.api_key, box.endpoint, verify=True, disable_tqdm=True) as client,
    ):
        for query in map(parse, queries):
            labels = client.labels(box.project_id, category_search=query, fields=FIELDS)
            answers.append(AnsweredQuery(query, query.plan(ontology).diagnostics, labels))
        return Served(answers, _keep(client, box.project_id, folder / CACHE, answers[0].query))


def _keep(client: "KiliClient", project_id: str, folder: Path, query: Query) -> KeptLabels | NotAsked:
    """Pull the labels twice into a cache, and ask the cache in between."""
    if not has_extra("cache"):
        return NotAsked('it takes a cache: pip install "kili-query[cache]"')
    from kili_query.cache import LabelCache

    cache = LabelCache(folder)
    first = cache.sync(client, project_id, disable_tqdm=True)
    matched = cache.count_labels(category_search=query)
    return KeptLabels(str(first), matched, str(cache.sync(client, project_id, disable_tqdm=True)))
