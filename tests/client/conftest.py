"""Fixtures of the client's tests."""

import gc
import os
import ssl
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeAlias

import pytest

from tests.forking import ROOT, forking, run_forked
from tests.system_programs import system_program


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, ssl.SSLContext]:
    """A certificate that only those trust who are told to, and a server's context with it."""
    folder = tmp_path_factory.mktemp("certificate")
    path, key = folder / "certificate.pem", folder / "key.pem"
    made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    named = ["-subj", "/CN=here", "-addext", "subjectAltName=IP:127.0.0.1"]
    subprocess.run(
        [system_program("openssl"), *made, *named, "-keyout", str(key), "-out", str(path)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key)
    context.sslsocket_class = ClosedWithoutUse
    return path, context


class ClosedWithoutUse(ssl.SSLSocket):
    """Closed when nothing refers to it, without a warning.

    `SSLContext.wrap_socket` leaves its socket open if the other side has reset the connection already, and returns none
    that could be closed.
    """

    def __del__(self) -> None:
        self.close()


RunScript: TypeAlias = Callable[..., None]


@pytest.fixture(scope="session")
def run_script(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunScript]:
    """``run_script(text, *arguments)``: run a script in a process without other threads, which must tell no error.

    The process is a fork of one that has imported the client, which takes longer than most scripts.
    """
    folder = tmp_path_factory.mktemp("scripts")
    path, told = folder / "script.py", folder / "told.txt"

    def run(text: str, *arguments: str) -> None:
        path.write_text(text, encoding="utf-8")
        with told.open("w+") as output, open(os.devnull) as nothing:
            streams = (nothing.fileno(), output.fileno(), output.fileno())
            status = run_forked(address, [str(path), *arguments], folder, os.environ, streams)
            output.seek(0)
            assert (status, output.read()) == (0, "")

    environ = os.environ | {"PYTHONPATH": str(ROOT)}
    with forking(sys.executable, environ, "kili_query.client.client", "kili_query.client.transport") as address:
        yield run


@pytest.fixture
def quick_collections() -> Iterator[None]:
    """Garbage collections look only at what the test makes; what was imported and collected before takes seconds."""
    gc.freeze()
    yield
    gc.unfreeze()
