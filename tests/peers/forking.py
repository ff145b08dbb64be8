"""Runs in the environment of a client: imports it once, and runs each script in a process forked from this one.

A script finds what a process of its own would have: standard input, a home, which it begins in, and arguments. Only the
import, which takes seconds, has happened already.

Arguments: the path of a Unix socket, and the modules to import. Each connection sends
``{"script", "arguments", "input", "home"}``, and gets ``{"status", "out", "err"}`` once the script has ended. The
process ends with its standard input.
"""

import importlib
import json
import os
import runpy
import select
import sys
import tempfile
import traceback
import warnings
from collections.abc import Mapping
from socketserver import ForkingMixIn, StreamRequestHandler, UnixStreamServer
from typing import Any


class Script(StreamRequestHandler):
    """A script that is asked for: this runs in the forked process."""

    def handle(self) -> None:
        asked = json.loads(self.rfile.read())
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write(asked["input"].encode())
            given.seek(0)
            for number, file in enumerate((given, out, err)):
                os.dup2(file.fileno(), number)
            told: dict[str, object] = {"status": self._run(asked)}
            for name, file in (("out", out), ("err", err)):
                file.seek(0)
                told[name] = file.read().decode()
        self.wfile.write(json.dumps(told).encode())

    def _run(self, asked: Mapping[str, Any]) -> int:
        os.environ["HOME"] = asked["home"]
        os.chdir(asked["home"])
        sys.argv[1:] = asked["arguments"]
        status = 0
        try:
            runpy.run_path(asked["script"], run_name="__main__")
        except BaseException:  # as the interpreter does with what a script lets out
            traceback.print_exc()
            status = 1
        sys.stdout.flush()
        sys.stderr.flush()
        return status


class Server(ForkingMixIn, UnixStreamServer):
    request_queue_size = 64


def main() -> None:
    ready = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what a client prints must not be taken for the sign
    path, *modules = sys.argv[1:]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in modules:
            importlib.import_module(name)
    with Server(path, Script) as server:
        with ready:
            print("ready", file=ready)
        waited: list[Any] = [server, sys.stdin]
        while sys.stdin not in select.select(waited, [], [])[0]:
            server.handle_request()
            server.service_actions()  # buries the processes that have ended


if __name__ == "__main__":
    main()
