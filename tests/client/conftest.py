"""Fixtures of the client's tests."""

import gc
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

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
    return path, context


@pytest.fixture
def quick_collections() -> Iterator[None]:
    """Garbage collections look only at what the test makes; what was imported and collected before takes seconds."""
    gc.freeze()
    yield
    gc.unfreeze()
