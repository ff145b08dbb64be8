"""Programs in forks of one process that has imported what they need, because importing takes longer than running.

The process is started as ``python forking.py SOCKET MODULE ...`` and ends with its standard input. It may run in
the environment of another package, so that it imports only the modules that are named. It only imports
and waits: no thread of a library is at work, or holds a lock, when it forks.
"""

import gc
import json
import os
import runpy
import select
import socket
import subprocess
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = """#!{python} -IS
import json, os, signal, socket, sys
with socket.socket(socket.AF_UNIX) as server:
    server.connect({address!r})
    request = json.dumps([os.getcwd(), dict(os.environ), sys.argv]).encode()
    socket.send_fds(server, [request[:1]], [0, 1, 2])
    server.sendall(request[1:])
    server.shutdown(socket.SHUT_WR)
    answers = server.makefile("r")
    fork = int(answers.readline())
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda number, _: os.kill(fork, number))
    status = int(answers.readline())
sys.exit(status)
"""

READING_ARGUMENTS = (
    "importlib.metadata",
    "pydantic.fields",
    "pydantic.functional_validators",
    "pydantic.main",
    "pydantic.type_adapter",
    "pydantic.types",
)
"""What typer imports when it reads the arguments of a command."""


@contextmanager
def forking(python: Path | str, environ: Mapping[str, str], *modules: str) -> Iterator[str]:
    """Start a process that waits for programs to run in forks of it; it ends with this context.

    Args:
        python: its interpreter.
        environ: its environment variables, until a program brings its own.
        modules: the modules that it imports before any program runs.

    Returns:
        Its address, for `run_forked`.
    """
    with TemporaryDirectory() as folder:  # a short path, as addresses have to be
        address = f"{folder}/socket"
        command = [python, __file__, address, *modules]
        with subprocess.Popen(
            command, env=environ, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == b"ready\n", f"cannot import {modules}, standard error says why"
            yield address


def run_forked(
    address: str, arguments: Sequence[str], folder: Path, environ: Mapping[str, str], streams: Sequence[int]
) -> int:
    """Run a program in a fork, and return its exit status.

    Args:
        address: of the process that is forked.
        arguments: the path of a script that ends in ``.py``, or ``kili-query``, and what follows it.
        folder: where it runs.
        environ: its environment variables.
        streams: file descriptors: standard input, output and error.
    """
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(address)
        request = json.dumps([str(folder), dict(environ), arguments]).encode()
        socket.send_fds(server, [request[:1]], streams)
        server.sendall(request[1:])
        server.shutdown(socket.SHUT_WR)
        with server.makefile("r") as answers:
            _process, status = answers
        return int(status)


@contextmanager
def forked_command(folder: Path, *modules: str) -> Iterator[Path]:
    """Make a script ``kili-query`` in a folder, which works as long as this context is open.

    The command has the streams, the environment and the folder of the script, and gets Ctrl-C and SIGTERM from it.
    The script ends with the exit status of the command.

    Args:
        folder: where the script is made.
        modules: modules that the commands need, imported in advance.
    """
    script = folder / "kili-query"
    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    with forking(sys.executable, environ, "kili_query.cli.app", *READING_ARGUMENTS, *modules) as address:
        script.write_text(SCRIPT.format(python=sys.executable, address=address), encoding="utf-8")
        script.chmod(0o755)
        yield script


def serve(address: str, modules: Sequence[str]) -> None:
    ready = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # output of an import must not be mistaken for `ready`
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for module in modules:
            import_module(module)
    if "kili_query" in sys.modules:
        sys.modules["kili_query"].check("A.B AN")  # loads the grammar, and what tells of faults
    gc.freeze()
    gc.unfreeze()  # all that was imported is old now: forks rarely go through it, which would copy it
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        with ready:
            print("ready", file=ready)
        watched: list[Any] = [listener, sys.stdin]
        while sys.stdin not in select.select(watched, [], [])[0]:
            connection, _ = listener.accept()
            with connection:
                if os.fork() == 0:
                    listener.close()
                    answer(connection)
            wait_for_ended()


def wait_for_ended() -> None:
    """Let the system forget all forks that have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def answer(connection: socket.socket) -> NoReturn:
    """Run a program in a fork as a request says, and tell the number of that process, and how it ended."""
    first, streams, _, _ = socket.recv_fds(connection, 1, 3)
    with connection.makefile("rb") as rest:
        folder, environ, arguments = json.loads(first + rest.read())
    program = os.fork()
    if program == 0:
        connection.close()
        run(folder, environ, arguments, streams)
    for given in streams:
        os.close(given)
    connection.sendall(b"%d\n" % program)
    status = os.waitstatus_to_exitcode(os.waitpid(program, 0)[1])
    connection.sendall(b"%d\n" % (status if status >= 0 else 128 - status))  # a signal, as shells report it
    os._exit(0)


def run(folder: str, environ: dict[str, str], arguments: list[str], streams: Sequence[int]) -> NoReturn:
    for number, given in enumerate(streams):
        os.dup2(given, number)
        os.close(given)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - to the end of the process
        setattr(sys, name, stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    sys.argv = arguments
    status = run_script(sys.argv[0]) if sys.argv[0].endswith(".py") else run_command()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def run_command() -> int:
    from kili_query.cli import main

    return main()


def run_script(path: str) -> int:
    try:
        runpy.run_path(path, run_name="__main__")
    except BaseException:  # as the interpreter does with what a script lets out
        traceback.print_exc()
        return 1
    return 0


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2:])
