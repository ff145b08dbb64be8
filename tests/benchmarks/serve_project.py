"""Serves the project in a folder from a process of its own: ``serve_project.py FOLDER``.

Prints one line of JSON with the endpoint, the key and the project's id once it is ready, and ends with its input.
"""

import json
import sys
from pathlib import Path

from kili_query.sandbox import Sandbox


def main() -> None:
    with Sandbox(Path(sys.argv[1])) as box:
        told = {"endpoint": box.endpoint, "api_key": box.api_key, "project_id": box.project_id}
        print(json.dumps(told), flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
