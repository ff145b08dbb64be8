"""Exports a project in some formats with one client, in a process of its own, and prints what each took, as JSON.

Runs in the environment of any client: ``exporting.py CLIENT ENDPOINT KEY PROJECT FOLDER FORMAT/LAYOUT...`` where CLIENT
is ``ours`` or ``official``. Each export is made twice, and only the second counts, so that imports are not measured.
"""

import json
import os
import sys
import time
import warnings
import zipfile
from pathlib import Path
from typing import Any


def main() -> None:
    client_name, endpoint, key, project_id, folder, *wanted = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a client prints must not get between the answer
    warnings.simplefilter("ignore")
    client: Any
    if client_name == "ours":
        from kili_query.client import KiliClient

        client = KiliClient(key, endpoint, calls_per_minute=None)
    else:
        from kili.client import Kili

        client = Kili(api_key=key, api_endpoint=endpoint)
    found = {}
    for what in (*wanted, *wanted):
        fmt, layout = what.split("/")
        path = Path(folder) / f"{client_name}.zip"
        start, start_cpu = time.perf_counter(), time.process_time()
        client.export_labels(project_id, str(path), fmt, layout=layout, with_assets=False, disable_tqdm=True)
        seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - start_cpu
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
        found[what] = {"seconds": seconds, "cpu_seconds": cpu_seconds, "files": len(names)}
    print(json.dumps(found), file=answers, flush=True)


if __name__ == "__main__":
    main()
