"""Lists all labels of a project with one client, in a process of its own, and prints what that took, as JSON.

Runs in the environment of any client: ``listing.py CLIENT ENDPOINT KEY PROJECT HOW`` where CLIENT is ``ours`` or
``official``, and HOW is ``list`` or ``generator``.
"""

import json
import os
import sys
import time
import warnings
from pathlib import Path


def main() -> None:
    client_name, endpoint, key, project_id, how = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a client prints must not get between the answer
    warnings.simplefilter("ignore")
    if client_name == "ours":
        from kili_query.client import KiliClient

        client = KiliClient(key, endpoint, calls_per_minute=None)
    else:
        from kili.client import Kili

        client = Kili(api_key=key, api_endpoint=endpoint)
    start = time.perf_counter()
    labels = client.labels(project_id, as_generator=how == "generator", disable_tqdm=True)
    number = sum(1 for label in labels if label["jsonResponse"])
    seconds = time.perf_counter() - start
    # the peak of this process alone; `ru_maxrss` would include what it was forked from
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    peak_bytes = int(status.partition("VmHWM:")[2].split()[0]) * 1024
    print(json.dumps({"labels": number, "seconds": seconds, "peak_bytes": peak_bytes}), file=answers, flush=True)


if __name__ == "__main__":
    main()
