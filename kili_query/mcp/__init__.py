"""A server of the Model Context Protocol: agents check queries and run them on files that were named at its start.

The official SDK is called `mcp` too. All imports here are absolute, so neither hides the other.
"""

from kili_query.extras import load

load("kili_query.mcp.server", "`kili_query.mcp`", "mcp")  # says what to install if something is missing

from kili_query.mcp.files import ServedFile, ServedFiles  # noqa: E402
from kili_query.mcp.server import build_server, run_on_stdio  # noqa: E402

__all__ = ["ServedFile", "ServedFiles", "build_server", "run_on_stdio"]
