"""The command in forks of one process that has imported it, because to import takes longer than most commands.

python tests/forking.py SOCKET MODULE ...
"""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib import import_module
from pathlib import Path
from typing import NoReturn

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


@contextmanager
def forked_command(folder: Path, *modules: str) -> Iterator[Path]:
    """Make a script ``kili-query`` in a folder, which works as long as this context is open.

    The command has the streams, the environment and the folder of the script, and gets Ctrl-C and SIGTERM from it.
    The script ends with the exit status of the command.

    Args:
        folder: where the script is made.
        modules: what commands import later, and is imported before.
    """
    address = folder / "socket"
    script = folder / "kili-query"
    script.write_text(SCRIPT.format(python=sys.executable, address=str(address)), encoding="utf-8")
    script.chmod(0o755)
    with subprocess.Popen(
        [sys.executable, __file__, address, *modules],
        env=os.environ | {"PYTHONPATH": str(ROOT)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
    ) as server:
        assert server.stdout is not None
        assert server.stdout.readline() == b"ready\n"
        try:
            yield script
        finally:
            server.kill()


def serve(address: str, modules: Sequence[str]) -> NoReturn:
    import kili_query
    from kili_query.cli import app

    assert app.COMMANDS
    kili_query.check("A.B")  # loads the grammar
    for module in modules:
        import_module(module)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        print("ready", flush=True)
        while True:
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
    """Run the command as one script asks, and tell it who runs it, and the exit status."""
    from kili_query.cli import main

    first, streams, _, _ = socket.recv_fds(connection, 1, 3)
    with connection.makefile("rb") as rest:
        folder, environ, sys.argv = json.loads(first + rest.read())
    for number, given in enumerate(streams):
        os.dup2(given, number)
        os.close(given)
    for number, (name, mode) in enumerate((("stdin", "r"), ("stdout", "w"), ("stderr", "w"))):
        stream = open(number, mode, encoding="utf-8", closefd=False)  # noqa: SIM115 - to the end of the process
        setattr(sys, name, stream)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environ)
    connection.sendall(b"%d\n" % os.getpid())
    status = main()
    sys.stdout.flush()
    sys.stderr.flush()
    connection.sendall(b"%d\n" % status)
    os._exit(0)


if __name__ == "__main__":
    serve(sys.argv[1], sys.argv[2:])
