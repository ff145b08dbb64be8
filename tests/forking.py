"""Programs in forks of one process that has imported what they need, because importing takes longer than running.

The process is started as ``python forking.py SOCKET MODULE ...`` and ends with its standard input. It may run in
the environment of another package, so that it imports only the modules that are named. It only imports
and waits: no thread of a library is at work, or holds a lock, when it forks.
"""

import gc
import io
import os
import runpy
import select
import signal
import socket
import subprocess
import sys
import traceback
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = """#!{python} -IS
import _signal, _socket, os, sys  # `signal` and `socket` take longer to import than all else
server = _socket.socket(_socket.AF_UNIX)
server.connect({address!r})
streams = b"".join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
words = os.getcwd(), str(len(sys.argv)), *sys.argv, *map("=".join, os.environ.items())
request = os.fsencode("\\0".join(words))
server.sendmsg([request[:1]], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
server.sendall(request[1:])
server.shutdown(_socket.SHUT_WR)
with open(server.detach()) as answers:
    fork = int(answers.readline())
    for number in (_signal.SIGINT, _signal.SIGTERM):
        _signal.signal(number, lambda number, _: os.kill(fork, number))
    status = int(answers.readline())
sys.exit(status)
"""


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
        words = str(folder), str(len(arguments)), *arguments, *map("=".join, environ.items())
        request = os.fsencode("\0".join(words))
        socket.send_fds(server, [request[:1]], streams)
        server.sendall(request[1:])
        server.shutdown(socket.SHUT_WR)
        with server.makefile("r") as answers:
            _process, status = answers.readline(), answers.readline()
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
    with forking(sys.executable, environ, "kili_query.cli.app", *modules) as address:
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
    warm_up()
    gc.freeze()
    gc.unfreeze()  # all that was imported is old now: forks rarely go through it, which would copy it
    ended, is_ended = os.pipe()
    os.set_blocking(is_ended, False)
    signal.set_wakeup_fd(is_ended)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    programs: dict[int, socket.socket] = {}
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        with ready:
            print("ready", file=ready)
        watched: list[Any] = [listener, sys.stdin, ended]
        while sys.stdin not in (found := select.select(watched, [], [])[0]):
            if listener in found:
                connection, _ = listener.accept()
                program = os.fork()
                if program == 0:
                    for other in (listener, *programs.values()):
                        other.close()
                    answer(connection)
                programs[program] = connection
                tell(connection, program)
            if ended in found:
                os.read(ended, 4096)
                tell_of_ended(programs)


def warm_up() -> None:
    """Load what runs need that is not imported: the grammar, what tells of faults, and the options of commands."""
    if "kili_query.cli.app" in sys.modules:
        sys.argv = ["kili-query", "check", "A.B AN", "--ontology", "none"]
        with redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO()) as told:
            run_command()
        assert "error[" in told.getvalue()
    elif "kili_query" in sys.modules:
        sys.modules["kili_query"].check("A.B AN")


def tell(connection: socket.socket, number: int) -> None:
    with suppress(ConnectionError):  # who asked may be killed
        connection.sendall(b"%d\n" % number)


def tell_of_ended(programs: dict[int, socket.socket]) -> None:
    """Tell how each program that has ended did so."""
    with suppress(ChildProcessError):
        while (found := os.waitpid(-1, os.WNOHANG))[0]:
            status = os.waitstatus_to_exitcode(found[1])
            with programs.pop(found[0]) as connection:
                tell(connection, status if status >= 0 else 128 - status)  # a signal, as shells report it


def answer(connection: socket.socket) -> NoReturn:
    """Run a program in this fork, as a request says."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.set_wakeup_fd(-1)
    first, streams, _, _ = socket.recv_fds(connection, 1, 3)
    with connection, connection.makefile("rb") as rest:
        folder, number, *words = os.fsdecode(first + rest.read()).split("\0")
    arguments, variables = words[: int(number)], words[int(number) :]
    run(folder, dict(one.split("=", 1) for one in variables), arguments, streams)


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
