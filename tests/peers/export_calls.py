"""Runs in the environment of a client, the official one or ours: calls ``export_labels``, and tells what came of each.

Standard input holds a script: ``{"client": "kili.client:Kili", "folder": ..., "sections": [...]}``. A section is the
``endpoint`` and the ``api_key`` that a client is opened with, and the ``steps`` that it takes, each of which is
``{"name", "arguments"}``. Standard output gets a record for each step, section by section: the ``file`` that was
written, in the folder; ``error``, the names of the class and its bases; and ``warnings``.

It uses nothing but what each of these environments has.
"""

import importlib
import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any


def modified(annotation: Any, image: Any, kili_annotation: Any) -> Any:
    """What an ``annotation_modifier`` may do."""
    return {**annotation, "from": [image["file_name"], kili_annotation["mid"]]}


def record(client: Any, step: Any, path: Path) -> dict[str, object]:
    arguments = dict(step["arguments"])
    if arguments.pop("is_modified", False):
        arguments["annotation_modifier"] = modified
    if not arguments.pop("is_nameless", False):
        arguments["filename"] = str(path)
    error = None
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        try:
            client.export_labels(**arguments, disable_tqdm=True)
        except Exception as raised:  # whatever it is, it is what the caller got
            error = [kind.__name__ for kind in type(raised).__mro__]
            error_text = f"{raised}"[:300]
    said = sorted({one.category.__name__ for one in caught})
    told = {"name": step["name"], "file": path.name if path.exists() else None, "error": error, "warnings": said}
    return told if error is None else {**told, "message": error_text}


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what a client prints must not get between the records
    script = json.load(sys.stdin)
    module, _, name = script["client"].partition(":")
    client_class = getattr(importlib.import_module(module), name)
    records = []
    for number, section in enumerate(script["sections"]):
        client = client_class(api_key=section["api_key"], api_endpoint=section["endpoint"])
        folder = Path(script["folder"]) / str(number)
        folder.mkdir(parents=True)
        steps = enumerate(section["steps"])
        records.append([record(client, step, folder / f"{index}.zip") for index, step in steps])
    json.dump(records, answers)
    answers.flush()


if __name__ == "__main__":
    main()
