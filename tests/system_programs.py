"""The programs that tests start besides Python.

Where one is missing, the tests that need it are skipped, and the reason says how to install it.
"""

import shutil
from pathlib import Path

import pytest

__all__ = ["system_program"]

PACKAGES = {
    "chromium": "chromium",
    "ffmpeg": "ffmpeg",
    "initdb": "postgresql",
    "java": "openjdk-17-jre-headless",
    "openssl": "openssl",
}
"""The Debian package of each program."""

OFF_THE_PATH = {"initdb": "/usr/lib/postgresql/*/bin/initdb", "java": "/usr/lib/jvm/*/bin/java"}
"""Where Debian keeps a program that is not on the PATH."""


def system_program(name: str) -> Path:
    """Return the path of a program, or skip the test that asks for it."""
    on_the_path = shutil.which(name)
    if on_the_path is not None:
        return Path(on_the_path)
    pattern = OFF_THE_PATH.get(name)
    found = sorted(Path("/").glob(pattern.removeprefix("/"))) if pattern else []
    if not found:
        pytest.skip(f"needs the program {name}: apt-get install {PACKAGES[name]} (`make test` does so for root)")
    return found[-1]
