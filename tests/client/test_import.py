"""Importing the client is fast because what sends requests is only loaded once a client is made."""

import subprocess
import sys

SENDING = {"http", "requests", "ssl", "tqdm", "urllib3", "websockets"}


def test_importing_the_client_loads_nothing_that_sends_requests() -> None:
    script = "import sys, kili_query.client; print(*sys.modules)"
    told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    loaded = {name.split(".")[0] for name in told.stdout.split()}
    assert "kili_query" in loaded
    assert loaded & SENDING == set()
