"""The query to copy: each form runs, in a shell, in Python and in a database, and finds as many labels as the page."""

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb
import pytest

from kili_query.cache import LabelCache
from kili_query.cli.open import source_of
from kili_query.frames import count_table
from kili_query.ontology import Ontology
from kili_query.page.calls import answer
from kili_query.page.plain import PlainSource
from kili_query.page.source import PageSource
from tests.cli.conftest import environ, run  # noqa: F401 - fixtures
from tests.cli.running import Run

NAMES = ("it's", "$(touch harm)", '"; rm -rf *', "a\\b", "-n", "é\u202e🚗", "new\nline", "`x`", "%", "a/b", "*")
"""Names that a shell, Python or a database would take for something else, were they not quoted."""

QUERIES = (
    'J."it\'s" AND NOT J."$(touch harm)"',
    'J."\\"; rm -rf *".count >= 1 OR J."a\\\\b"',
    '# -n\nJ."-n" OR J."é\u202e🚗".count == 2',
    'J."new\\nline"\nOR J."`x`"',
    'J."%".count + J."a/b".count >= 2',
    "TRUE",
)


def label(number: int) -> dict[str, Any]:
    names = [name for place, name in enumerate(NAMES) if number % (place + 2) == 0] * (1 + number % 2)
    return {
        "id": f"l{number}",
        "jsonResponse": {"J": {"annotations": [{"categories": [{"name": one}]} for one in names]}},
    }


LABELS = [label(number) for number in range(30)]
INTERFACE = {
    "jobs": {"J": {"mlTask": "OBJECT_DETECTION", "content": {"categories": {name: {"name": name} for name in NAMES}}}}
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Labels, their project and a cache of them, in a folder with a name that has to be quoted."""
    folder = tmp_path_factory.mktemp("it's labels")
    (folder / "labels.ndjson").write_text("\n".join(map(json.dumps, LABELS)), encoding="utf-8")
    (folder / "project.json").write_text(json.dumps({"jsonInterface": INTERFACE}), encoding="utf-8")
    cache = LabelCache(folder / "cache")
    cache.load(LABELS, ontology=Ontology.from_json_interface(INTERFACE))
    return folder


def opened(folder: Path, name: str) -> PageSource:
    ontology = str(folder / "project.json") if name == "labels.ndjson" else None
    return source_of(str(folder / name), ontology)


def snippets(source: PageSource, query: str) -> dict[str, str]:
    found = answer(source, "check", {"query": query})["snippets"]
    return {one["language"]: one["text"] for one in found}


def printed(command: list[str], environ: Mapping[str, str], folder: Path) -> str:  # noqa: F811
    ran = subprocess.run(command, env=dict(environ), cwd=folder, capture_output=True, check=False, text=True)
    assert ran.returncode in (0, 1), ran.stderr
    return ran.stdout.strip()


@pytest.mark.parametrize("name", ["labels.ndjson", "cache"])
def test_copied_queries_count_the_same(
    name: str,
    folder: Path,
    environ: dict[str, str],  # noqa: F811
    run: Run,  # noqa: F811
) -> None:
    source = opened(folder, name)
    copied = [snippets(source, query) for query in QUERIES]
    counts = [str(answer(source, "run", {"query": query})["matched"]) for query in QUERIES]
    assert len(set(counts)) > 3
    assert [run(*shlex.split(one["sh"])[1:]).out.strip() for one in copied] == counts
    python = "\n".join(one["python"] for one in copied)
    assert printed([sys.executable, "-c", python], environ, folder).split() == counts
    with duckdb.connect() as database:
        database.register("labels", count_table(LABELS, source.ontology))
        assert [str(len(database.sql(one["sql"]).fetchall())) for one in copied] == counts


def test_a_shell_runs_the_command(folder: Path, environ: dict[str, str]) -> None:  # noqa: F811
    source = opened(folder, "labels.ndjson")
    command = snippets(source, QUERIES[0])["sh"].replace("kili-query ", f"{sys.executable} -m kili_query ", 1)
    assert printed(["sh", "-c", command], environ, folder) == str(
        answer(source, "run", {"query": QUERIES[0]})["matched"]
    )
    assert not (folder / "harm").exists()


def test_what_cannot_be_copied_says_why() -> None:
    source = PlainSource.of(LABELS)
    command, python, sql = answer(source, "check", {"query": "J.A[K.B]"})["snippets"]
    assert (command["text"], command["why_not"]) == (
        None,
        "the labels are in memory, and not in a file that a command can read",
    )
    assert (python["language"], python["why_not"]) == ("python", None)
    assert sql["text"] is None
    assert "brackets" in sql["why_not"] or "condition" in sql["why_not"]
