"""A server that commands ask, in this process, so that a test sees what it is asked and can spoil it."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from kili_query.sandbox import Sandbox
from tests.cli.running import DEMO

__all__ = ["lists_asked", "many_labels", "served", "variables_of"]


@contextmanager
def served(labels: Path = DEMO / "labels.ndjson", **options: Sequence[str]) -> Iterator[Sandbox]:
    """The demo's project, with its labels or others."""
    with Sandbox(project=DEMO / "project.json", labels=labels, **options) as box:  # type: ignore[arg-type]
        yield box


def variables_of(box: Sandbox) -> dict[str, str]:
    """The environment in which a command asks this server."""
    return {"KILI_API_KEY": box.api_key, "KILI_API_ENDPOINT": box.endpoint}


def lists_asked(box: Sandbox, since: int = 0) -> int:
    """How many pages of labels were asked for."""
    return sum("labels" in one.operations for one in box.faults.seen[since:])


def many_labels(path: Path, number: int) -> list[Mapping[str, object]]:
    """Write labels with 0 to 4 people each, and sometimes a name that tests JSON."""
    labels: list[Mapping[str, object]] = []
    for index in range(number):
        boxes = [{"mid": f"{index}-{one}", "categories": [{"name": "PERSON"}]} for one in range(index % 5)]
        content = {"OBJECTS": {"annotations": boxes}} if index % 7 else {"NOTE": {"text": f"pàge {index}\u2028\n"}}
        labels.append({"id": f"label-{index:05}", "assetId": f"asset-{index}", "jsonResponse": content})
    path.write_text("".join(json.dumps(label) + "\n" for label in labels), encoding="utf-8")
    return labels
