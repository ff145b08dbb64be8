"""Fixtures of the client's tests."""

import gc
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.system_programs import system_program


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, ssl.SSLContext]:
    """A certificate that only those trust who are told to, and a server's context with it."""
    path, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=here", "-addext"]
    subprocess.run(
        [system_program("openssl"), *made, "subjectAltName=IP:127.0.0.1", "-keyout", str(key), "-out", str(path)],
        check=True,
        capture_output=True,
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path, key)
    return path, context


@pytest.fixture
def quick_collections() -> Iterator[None]:
    """Garbage collections look only at what the test makes; what was imported and collected before takes seconds."""
    gc.freeze()
    yield
    gc.unfreeze()
