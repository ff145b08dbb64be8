"""A client over stdio: a real server process, spoken to as an editor does."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

from attrs import define, field
from lsprotocol import types
from pygls.lsp.client import LanguageClient
from pygls.uris import from_fs_path

T = TypeVar("T")
COMMAND = (sys.executable, "-m", "kili_query")
ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 60


def uri_of(path: Path) -> str:
    """The name of a file in the protocol."""
    uri = from_fs_path(str(path))
    assert uri is not None
    return uri


def at(text: str, mark: str = "|") -> tuple[str, types.Position]:
    """A text without its mark, and where the mark stood, in UTF-16."""
    before, _, after = text.partition(mark)
    line = before.rpartition("\n")[2]
    return before + after, types.Position(before.count("\n"), len(line.encode("utf-16-le")) // 2)


@define
class Editor:
    """An editor with its open documents."""

    client: LanguageClient
    folder: Path
    published: "asyncio.Queue[types.PublishDiagnosticsParams]" = field(factory=asyncio.Queue)
    messages: "asyncio.Queue[types.ShowMessageParams]" = field(factory=asyncio.Queue)
    versions: dict[str, int] = field(factory=dict)
    settings: object = None
    registered: list[types.Registration] = field(factory=list)

    def open(self, path: Path, text: str | None = None, language: str = "") -> str:
        """Open a file, with another text than it has on the disk if one is given."""
        uri = uri_of(path)
        self.versions[uri] = 1
        content = path.read_bytes().decode() if text is None else text
        item = types.TextDocumentItem(uri, language, 1, content)
        self.client.text_document_did_open(types.DidOpenTextDocumentParams(item))
        return uri

    def type(self, uri: str, text: str) -> None:
        """Change a text."""
        self.versions[uri] += 1
        self.client.text_document_did_change(
            types.DidChangeTextDocumentParams(
                types.VersionedTextDocumentIdentifier(version=self.versions[uri], uri=uri),
                [types.TextDocumentContentChangeWholeDocument(text)],
            )
        )

    async def diagnostics(
        self, uri: str, wanted: Callable[[list[types.Diagnostic]], bool] = lambda found: True
    ) -> list[types.Diagnostic]:
        """The next diagnostics of the newest version of a document that are as wanted."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                found = await self.published.get()
                if found.uri == uri and found.version == self.versions[uri] and wanted(list(found.diagnostics)):
                    return list(found.diagnostics)

    async def message(self) -> str:
        """The next message."""
        async with asyncio.timeout(PATIENCE_S):
            return (await self.messages.get()).message

    async def actions(self, uri: str, where: types.Range, only: list[str] | None = None) -> list[types.CodeAction]:
        """The code actions at a place."""
        context = types.CodeActionContext([], only=only)  # type: ignore[arg-type]  # a list of texts is one
        asked = types.CodeActionParams(types.TextDocumentIdentifier(uri), where, context)
        found = await self.client.text_document_code_action_async(asked)
        return [one for one in found or () if isinstance(one, types.CodeAction)]

    async def complete(self, uri: str, place: types.Position) -> list[types.CompletionItem]:
        """The completions at a place."""
        asked = types.CompletionParams(types.TextDocumentIdentifier(uri), place)
        found = await self.client.text_document_completion_async(asked)
        return list(found.items) if isinstance(found, types.CompletionList) else list(found or ())

    async def hover(self, uri: str, place: types.Position) -> str | None:
        """What is shown at a place."""
        found = await self.client.text_document_hover_async(types.HoverParams(types.TextDocumentIdentifier(uri), place))
        if found is None:
            return None
        assert isinstance(found.contents, types.MarkupContent)
        return found.contents.value

    async def rename(self, uri: str, place: types.Position, name: str) -> types.WorkspaceEdit | None:
        """The edits of a rename."""
        asked = types.RenameParams(types.TextDocumentIdentifier(uri), place, name)
        return await self.client.text_document_rename_async(asked)


def applied(text: str, edits: "list[types.TextEdit]") -> str:
    """A text after some edits, as an editor makes them: by lines and UTF-16."""
    lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z|\Z", text)
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line.encode("utf-16-le")) // 2)
    units = text.encode("utf-16-le")
    for edit in sorted(edits, key=lambda one: (one.range.start.line, one.range.start.character), reverse=True):
        start, end = (starts[place.line] + place.character for place in (edit.range.start, edit.range.end))
        units = units[: 2 * start] + edit.new_text.encode("utf-16-le") + units[2 * end :]
    return units.decode("utf-16-le")


CAPABILITIES = types.ClientCapabilities(
    workspace=types.WorkspaceClientCapabilities(
        configuration=True, workspace_edit=types.WorkspaceEditClientCapabilities(document_changes=True)
    ),
    text_document=types.TextDocumentClientCapabilities(
        formatting=types.DocumentFormattingClientCapabilities(dynamic_registration=True),
        code_action=types.CodeActionClientCapabilities(
            resolve_support=types.ClientCodeActionResolveOptions(properties=["edit"])
        ),
    ),
)


class _Client(LanguageClient):
    """A client that keeps how its server ended."""

    async def server_exit(self, server: asyncio.subprocess.Process) -> None:
        assert server.stderr is not None
        self.complaints = (await server.stderr.read()).decode()
        self.status = server.returncode


@asynccontextmanager
async def editor(
    folder: Path,
    *options: str,
    settings: object = None,
    initial: Any = None,
    capabilities: types.ClientCapabilities = CAPABILITIES,
    command: Sequence[object] = COMMAND,
) -> AsyncIterator[Editor]:
    """An editor that has opened a folder; it says goodbye at the end, and the server must leave with status 0."""
    client = _Client("test", "1")
    shown = Editor(client, folder, settings=settings)

    @client.feature(types.TEXT_DOCUMENT_PUBLISH_DIAGNOSTICS)
    def publish(params: types.PublishDiagnosticsParams) -> None:
        shown.published.put_nowait(params)

    @client.feature(types.WINDOW_SHOW_MESSAGE)
    def show(params: types.ShowMessageParams) -> None:
        shown.messages.put_nowait(params)

    @client.feature(types.WORKSPACE_CONFIGURATION)
    def configuration(params: types.ConfigurationParams) -> list[object]:
        return [shown.settings if item.section == "kili-query" else None for item in params.items]

    @client.feature(types.CLIENT_REGISTER_CAPABILITY)
    def register(params: types.RegistrationParams) -> None:
        shown.registered.extend(params.registrations)

    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    environment.pop("KILI_ONTOLOGY", None)
    await client.start_io(*map(str, command), "lsp", *options, cwd=folder, env=environment)
    await client.initialize_async(
        types.InitializeParams(
            capabilities,
            process_id=os.getpid(),
            initialization_options=initial,
            workspace_folders=[types.WorkspaceFolder(uri_of(folder), folder.name)],
        )
    )
    client.initialized(types.InitializedParams())
    try:
        yield shown
        async with asyncio.timeout(PATIENCE_S):
            await client.shutdown_async(None)
            client.exit(None)
            await client.stop()
    except BaseException:
        client.exit(None)
        raise
    assert (client.status, client.complaints) == (0, ""), (client.status, client.complaints)
