"""The API as its OpenAPI document describes it: requests made from the document, and answers held to it."""

import json
import subprocess
import sys
from pathlib import Path

from kili_query.ontology import Ontology
from kili_query.page.calls import CALLS
from kili_query.page.plain import PlainSource
from kili_query.page.server import PageServer

DOCUMENT = Path(__file__).resolve().parents[2] / "kili_query" / "page" / "openapi.json"
PROJECT = {"jobs": {"J": {"mlTask": "OBJECT_DETECTION", "content": {"categories": {"A": {"name": "An A"}}}}}}
SOURCE = PlainSource.of(
    [{"id": str(n), "jsonResponse": {"J": {"annotations": [{"categories": [{"name": "A"}]}] * n}}} for n in range(3)],
    ontology=Ontology.from_json_interface(PROJECT),
)


def test_answers_are_as_described(tmp_path: Path) -> None:
    """Schemathesis runs as a program: as a plugin of pytest it would be loaded for every other test too."""
    with PageServer(SOURCE) as box:
        done = subprocess.run(
            [
                *(str(Path(sys.executable).with_name("schemathesis")), "run", str(DOCUMENT), "--url", box.url),
                *("--header", f"Authorization: Bearer {box.token}"),
                # The token is always right here, and no schema says which texts are queries.
                *("--exclude-checks", "ignored_auth,positive_data_acceptance"),
                *("--phases", "examples,coverage,fuzzing", "--max-examples", "20"),
                *("--generation-deterministic", "--continue-on-failure", "--no-color"),
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    print(done.stdout)


def test_the_document_describes_every_call() -> None:
    assert {path.rsplit("/", 1)[1] for path in json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]} == set(CALLS)
