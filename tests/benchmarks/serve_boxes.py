"""Serves photos with boxes from a process of its own: ``serve_boxes.py FOLDER ASSETS BOXES``.

Prints one line of JSON with the endpoint, the key and the project's id once it is ready, and ends with its input.
"""

import json
import sys
from pathlib import Path

from kili_query.sandbox import Sandbox
from tests.benchmarks.box_sets import write_project


def main() -> None:
    folder, number, boxes = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    write_project(folder, number, boxes)
    with Sandbox(folder) as box:
        told = {"endpoint": box.endpoint, "api_key": box.api_key, "project_id": box.project_id}
        print(json.dumps(told), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
