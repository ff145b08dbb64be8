"""Serves generated labels from a process of its own: ``serve_labels.py FOLDER NUMBER [OPTIONS]``, OPTIONS as JSON.

Prints one line of JSON with the endpoint, the key and the project's id once it is ready, and ends with its input.
"""

import json
import sys
from pathlib import Path

from kili_query.sandbox import Sandbox
from tests.benchmarks.label_sets import INTERFACE, labels, ndjson_lines

_DISTINCT = 2000


def main() -> None:
    folder, number = Path(sys.argv[1]), int(sys.argv[2])
    options = json.loads(sys.argv[3]) if len(sys.argv) > 3 else {}
    shape = options.pop("shape", None)
    project = {"id": "bench", "title": "Benchmark", "inputType": "IMAGE", "jsonInterface": INTERFACE}
    (folder / "project.json").write_text(json.dumps(project), encoding="utf-8")
    distinct = min(number, _DISTINCT)
    lines = ndjson_lines(distinct) if shape is None else [json.dumps(one).encode() for one in labels(distinct, **shape)]
    contents = [json.loads(line) for line in lines]
    with (folder / "labels.ndjson").open("w", encoding="utf-8") as file:
        for index in range(number):
            asset = {"id": f"asset{index}", "externalId": f"{index}.jpg"}
            label = contents[index % distinct] | {"id": f"label{index}", "assetId": asset["id"], "labelOf": asset}
            file.write(json.dumps(label) + "\n")
    with Sandbox(project=folder / "project.json", labels=folder / "labels.ndjson", **options) as box:
        told = {"endpoint": box.endpoint, "api_key": box.api_key, "project_id": box.project_id}
        print(json.dumps(told), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
