"""The tools of `kili_query.mcp.tools` over the protocol, by the official SDK."""

import json
import logging
import os
import signal
import sys
import threading
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import anyio
import anyio.to_thread
from anyio.abc import TaskStatus
from mcp.server import Server, ServerRequestContext
from mcp.server.stdio import stdio_server
from mcp.shared.exceptions import MCPError
from mcp_types import (
    INVALID_PARAMS,
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    ToolAnnotations,
)
from mcp_types import Tool as ToolDeclaration

from kili_query.mcp.answers import Answer, failure
from kili_query.mcp.calls import OutOfTimeError, Patience, Tool
from kili_query.mcp.files import ServedFiles
from kili_query.mcp.tools import tools_for

LIMIT_S = 20.0
"""How long a call may take, in seconds."""

_AT_ONCE = 4
"""How many calls are answered at the same time; the others wait."""

_LANGUAGE = """\
A query is a condition on how many objects of each category a label holds, such as
OBJECTS.PERSON.count >= 3 AND NOT SCENE.NIGHT. A name is JOB.CATEGORY, by keys, which describe_ontology lists.
JOB.CATEGORY alone means count > 0, and JOB.count is the total of a job. BOXES.CAR[OCCLUDED.YES].count counts the cars
whose own child job OCCLUDED is YES. There are AND, OR, NOT, == != < <= > >=, IN {0, 2..5}, and sums with + and -."""


def build_server(files: ServedFiles, *, limit_s: float = LIMIT_S) -> Server[Any]:
    """Return a server of some files.

    Args:
        files: all that can be read.
        limit_s: how long a call may take, in seconds.
    """
    tools = tools_for(files)
    limiter: list[anyio.CapacityLimiter] = []  # made in the event loop that uses it

    async def list_tools(context: ServerRequestContext[Any], params: PaginatedRequestParams | None) -> ListToolsResult:
        return ListToolsResult(tools=[_declared(tool) for tool in tools.values()])

    async def call_tool(context: ServerRequestContext[Any], params: CallToolRequestParams) -> CallToolResult:
        tool = tools.get(params.name)
        if tool is None:
            raise MCPError(INVALID_PARAMS, f"no tool is called `{params.name[:40]}`: there are {', '.join(tools)}")
        if not limiter:
            limiter.append(anyio.CapacityLimiter(_AT_ONCE))
        return _result(await _answer(tool, params.arguments or {}, files, limit_s, limiter[0]))

    return Server(
        "kili-query",
        version=version("kili-query"),
        instructions="\n".join([_LANGUAGE, _about_files(files)]),
        on_list_tools=list_tools,
        on_call_tool=call_tool,
    )


def run_on_stdio(files: ServedFiles, *, limit_s: float = LIMIT_S) -> None:
    """Serve one client over standard input and output, until it closes them. Nothing else is written there."""
    logging.getLogger("mcp").setLevel(logging.ERROR)  # arguments of calls are the client's own data
    anyio.run(_serve, build_server(files, limit_s=limit_s))


async def _serve(server: Server[Any]) -> None:
    async with anyio.create_task_group() as group:
        if sys.platform != "win32" and threading.current_thread() is threading.main_thread():
            await group.start(_end_on_signal)  # before anything that a signal would leave in the middle
        async with stdio_server() as (received, sent):
            await server.run(received, sent, server.create_initialization_options())
        group.cancel_scope.cancel()


async def _end_on_signal(*, task_status: TaskStatus[None]) -> None:
    """End the process at once: a thread waits for the next line of input, and nothing else ends that wait.

    Nothing is lost, because the server only reads.
    """
    with anyio.open_signal_receiver(signal.SIGINT, signal.SIGTERM) as received:
        task_status.started()
        async for number in received:
            os._exit(128 + number)


async def _answer(
    tool: Tool, arguments: Mapping[str, object], files: ServedFiles, limit_s: float, limiter: anyio.CapacityLimiter
) -> Answer:
    """Answer in a thread, so that the server hears a cancellation; work that nobody waits for ends soon."""
    patience = Patience(limit_s)
    try:
        with anyio.move_on_after(limit_s):
            return await anyio.to_thread.run_sync(
                tool.call, arguments, files, patience, abandon_on_cancel=True, limiter=limiter
            )
    except OutOfTimeError:
        pass  # told below, as when the time is over before anything notices
    finally:
        patience.end()
    return failure(f"`{tool.name}` took longer than {limit_s:g} seconds and was stopped", "time")


def _declared(tool: Tool) -> ToolDeclaration:
    return ToolDeclaration(
        name=tool.name,
        description=tool.about,
        input_schema=tool.schema(),
        annotations=ToolAnnotations(
            read_only_hint=True, destructive_hint=False, idempotent_hint=True, open_world_hint=False
        ),
    )


def _result(answer: Answer) -> CallToolResult:
    content = TextContent(type="text", text=answer.text)
    return CallToolResult(content=[content], structured_content=dict(answer.data), is_error=answer.is_error)


def description(files: ServedFiles) -> dict[str, object]:
    """Return the names of the files and the tools, as an agent sees them."""
    declared = [_declared(tool).model_dump(by_alias=True, exclude_none=True) for tool in tools_for(files).values()]
    return {"files": list(files.files), "tools": declared}


def _about_files(files: ServedFiles) -> str:
    names = {one.name: "label cache" if one.is_cache else "file of labels" for one in files.files.values()}
    if not names:
        return "There are no files of labels: queries can be checked, but nothing can be counted."
    return f"Files: {json.dumps(names, ensure_ascii=False)}"
