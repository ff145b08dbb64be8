"""Servers of files, and the SDK's own client: in this process, or with a process of its own."""

import os
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import IO, Any, TypeVar

import anyio
from attrs import frozen
from mcp import Client, StdioServerParameters, stdio_client

from kili_query.mcp import ServedFiles, build_server

T = TypeVar("T")
ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "kili_query" / "demo"
LABELS, PROJECT = DEMO / "labels.ndjson", DEMO / "project.json"
DEMO_FILES = ServedFiles.of({str(LABELS): str(PROJECT)})


@frozen
class Told:
    """The answer to one call."""

    is_error: bool
    text: str
    data: dict[str, Any]


async def ask(client: Client, tool: str, arguments: Mapping[str, object]) -> Told:
    """Call a tool."""
    found = await client.call_tool(tool, dict(arguments))
    [content] = found.content
    assert content.type == "text"
    assert found.structured_content is not None
    return Told(bool(found.is_error), content.text, found.structured_content)


def talk(files: ServedFiles, talk: Callable[[Client], Awaitable[T]], limit_s: float = 60) -> T:
    """Talk to a server in this process."""

    async def whole() -> T:
        async with Client(build_server(files, limit_s=limit_s)) as client:
            return await talk(client)

    return anyio.run(whole)


def asked(files: ServedFiles, tool: str, limit_s: float = 60, **arguments: object) -> Told:
    """Call one tool of a server in this process."""
    return talk(files, lambda client: ask(client, tool, arguments), limit_s)


def talk_to_process(command: list[str], talk: Callable[[Client], Awaitable[T]], errors: IO[str]) -> T:
    """Talk to the command, started as an agent does; what it prints on standard error goes to a file."""

    async def whole() -> T:
        environ = {"PYTHONPATH": str(ROOT), "PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
        server = StdioServerParameters(command=command[0], args=command[1:], env=environ, cwd=str(ROOT))
        async with Client(stdio_client(server, errlog=errors), mode="legacy") as client:
            return await talk(client)

    return anyio.run(whole)
