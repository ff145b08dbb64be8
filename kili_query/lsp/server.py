"""The language server itself: the messages of the protocol, each answered by a function of this package.

Longer than most files: it is the list of messages that are understood.
"""

import asyncio
import logging
import os
import sys
from collections.abc import Coroutine, Sequence
from contextlib import redirect_stdout
from time import monotonic
from typing import BinaryIO

from attrs import define, field
from lsprotocol import types
from pygls.exceptions import JsonRpcException
from pygls.lsp.server import LanguageServer
from pygls.uris import to_fs_path

from kili_query.diagnostics import Edit
from kili_query.errors import KiliQueryError, QueryError
from kili_query.lint import LintItem, apply_edits
from kili_query.lint.files import find_in_text
from kili_query.lint.fixing import fixes_of
from kili_query.lint.formatting import formatted_lines
from kili_query.lint.in_query import QUERY_SUFFIX
from kili_query.lsp.completing import TRIGGERS, completions
from kili_query.lsp.documents import Document, suffix_of
from kili_query.lsp.findings import edit_of, quick_fixes, shown, unread
from kili_query.lsp.hover import hover_text
from kili_query.lsp.renaming import RenameError, Renaming, name_at, rename, target_at, workspace_documents
from kili_query.lsp.session import Session
from kili_query.lsp.settings import SECTION, EditorSettings, FindOntology, LoadOntology
from kili_query.source import Span

_POLL_S = 1.0
"""How often the file of the ontology is looked at."""

_CONFIGURATION_TIMEOUT_S = 5.0
"""How long an editor may take to send its settings before documents are checked without them."""

_LONGEST_PAUSE_S = 0.3
"""How long a text is left alone at most before all of its diagnostics are looked for."""

_FIX_ALL = "source.fixAll.kili-query"


@define
class _Desk:
    """The server and what it works on."""

    server: LanguageServer
    session: Session
    options: EditorSettings
    poll_s: float
    initial: EditorSettings = field(factory=EditorSettings)
    pushed: object = None
    is_ready: asyncio.Event = field(factory=asyncio.Event)
    has_shut_down: bool = False
    _tasks: "set[asyncio.Task[None]]" = field(factory=set)
    _shown: dict[str, list[types.Diagnostic]] = field(factory=dict)
    _pauses_s: dict[str, float] = field(factory=dict)
    _changing: asyncio.Lock = field(factory=asyncio.Lock)

    def start(self, work: Coroutine[object, object, None]) -> None:
        """Run work beside the messages."""
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._end)

    def _end(self, task: "asyncio.Task[None]") -> None:
        """Report work that failed, which is a fault of this program unless the editor went away."""
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if error is not None and not isinstance(error, OSError):
            self.tell(f"a fault of the program: {type(error).__name__}: {error}")

    def tell(self, message: str | None, kind: types.MessageType = types.MessageType.Error) -> None:
        """Show a message in the editor, if there is one."""
        if message:
            self.server.window_show_message(types.ShowMessageParams(kind, f"kili-query: {message}"))

    @property
    def root(self) -> str | None:
        """The folder in which relative paths of settings are looked up."""
        return next(iter(self.folders), None)

    @property
    def folders(self) -> list[str]:
        """The folders that are open."""
        workspace = self.server.workspace
        uris = [folder.uri for folder in workspace.folders.values()] or [workspace.root_uri or ""]
        return [path for uri in uris if uri and (path := to_fs_path(uri)) is not None]

    async def configure(self) -> None:
        """Ask the editor for its settings, and use them."""
        try:
            own = EditorSettings.of(await self._configuration())
        except KiliQueryError as error:
            self.tell(str(error))
            own = EditorSettings()
        settings = own.over(self.initial).below(self.root).over(self.options)
        async with self._changing:
            self.tell(await self.session.apply(settings))
        self.is_ready.set()
        self.check_all()

    async def _configuration(self) -> object:
        capabilities = self.server.client_capabilities.workspace
        if capabilities is None or not capabilities.configuration:
            return self.pushed
        asked = types.ConfigurationParams([types.ConfigurationItem(section=SECTION)])
        try:
            async with asyncio.timeout(_CONFIGURATION_TIMEOUT_S):
                answers = await self.server.workspace_configuration_async(asked)
        except (TimeoutError, JsonRpcException):
            return None
        return next(iter(answers or ()), None)

    async def watch(self) -> None:
        """Read the ontology again whenever its file changes, also where the editor does not see it."""
        while True:
            await asyncio.sleep(self.poll_s)
            async with self._changing:
                if not await self.session.is_outdated():
                    continue
                self.tell(await self.session.reload())
            self.check_all()

    def put(self, uri: str) -> None:
        """Take a new version of a document, and check it."""
        text = self.server.workspace.get_text_document(uri)
        suffix = suffix_of(uri, text.language_id)
        if suffix is None:
            return
        encoding = self.server.workspace.position_encoding
        kind = encoding.value if isinstance(encoding, types.PositionEncodingKind) else encoding
        document = Document(uri, suffix, text.source, text.version, kind or types.PositionEncodingKind.Utf16.value)
        self.session.documents[uri] = document
        self.start(self.check(document))

    def forget(self, uri: str) -> None:
        """Forget a document that was closed."""
        if self.session.documents.pop(uri, None) is not None:
            self._shown.pop(uri, None)
            self._pauses_s.pop(uri, None)
            self.server.text_document_publish_diagnostics(types.PublishDiagnosticsParams(uri, []))

    def check_all(self) -> None:
        """Check all documents again."""
        for document in self.session.documents.values():
            self.start(self.check(document))

    async def check(self, document: Document) -> None:
        """Show the diagnostics of a document: errors at once where they have changed, then all.

        Before all of a long text are looked for, the next keystroke has its chance.
        """
        await self.is_ready.wait()
        errors = await self.session.diagnose(document, is_quick=True)
        if errors is not None and self._errors_shown(document) != (found := [shown(one, document) for one in errors]):
            self._publish(document, found)
        await asyncio.sleep(self._pauses_s.get(document.uri, 0))
        start = monotonic()
        everything = await self.session.diagnose(document)
        if everything is not None:
            self._pauses_s[document.uri] = min(monotonic() - start, _LONGEST_PAUSE_S)
            found = [unread(one, document) for one in document.unread]
            self._publish(document, found + [shown(one, document) for one in everything])

    def _errors_shown(self, document: Document) -> list[types.Diagnostic]:
        wanted = types.DiagnosticSeverity.Error
        return [one for one in self._shown.get(document.uri, []) if one.severity is wanted]

    def _publish(self, document: Document, found: list[types.Diagnostic]) -> None:
        if self.session.documents.get(document.uri) is document:
            self._shown[document.uri] = found
            self.server.text_document_publish_diagnostics(
                types.PublishDiagnosticsParams(document.uri, found, document.version)
            )

    def resolves_edits(self) -> bool:
        """Whether the editor asks for the edit of an action once it is chosen."""
        text = self.server.client_capabilities.text_document
        support = None if text is None or text.code_action is None else text.code_action.resolve_support
        return support is not None and "edit" in support.properties

    async def fix_all(self, document: Document) -> types.WorkspaceEdit:
        """The edits that make all fixes."""
        ontology = self.session.ontology
        edits = await asyncio.to_thread(
            lambda: fixes_of(document.items, ontology, lambda made: _found_after(document, made))
        )
        return edit_of(document, [types.TextEdit(document.positions.range(one.span), one.text) for one in edits])


def _found_after(document: Document, edits: Sequence[Edit]) -> list[LintItem]:
    return list(find_in_text(apply_edits(document.text, edits), document.positions.source.name, document.suffix))


def build_server(
    options: EditorSettings, find: FindOntology, load: LoadOntology, version: str, *, poll_s: float = _POLL_S
) -> tuple[LanguageServer, "_Desk"]:
    """Return a server that is not started yet, and its state."""
    # Texts are sent as a whole: pygls would apply changes by lines that end where those of the protocol do not.
    server = LanguageServer("kili-query", version, types.TextDocumentSyncKind.Full)
    desk = _Desk(server, Session(find, load), options, poll_s)
    _serve_state(server, desk)
    _serve_documents(server, desk)
    _serve_names(server, desk)
    _serve_edits(server, desk)
    return server, desk


def _serve_state(server: LanguageServer, desk: _Desk) -> None:
    @server.feature(types.INITIALIZE)
    def initialize(params: types.InitializeParams) -> None:
        try:
            desk.initial = EditorSettings.of(params.initialization_options)
        except KiliQueryError as error:
            desk.tell(str(error))
        if not _formats_by_language(params.capabilities):
            _serve_formatting(server, desk)

    @server.feature(types.INITIALIZED)
    def initialized(_: types.InitializedParams) -> None:
        desk.start(desk.configure())
        desk.start(desk.watch())
        if _formats_by_language(server.client_capabilities):  # then it does not ask us to format Python
            _serve_formatting(server, desk)
            options = types.DocumentFormattingRegistrationOptions(
                [types.TextDocumentFilterLanguage("kili-query"), types.TextDocumentFilterPattern(f"**/*{QUERY_SUFFIX}")]
            )
            registration = types.Registration("formatting", types.TEXT_DOCUMENT_FORMATTING, options)
            server.client_register_capability(types.RegistrationParams([registration]))

    @server.feature(types.WORKSPACE_DID_CHANGE_CONFIGURATION)
    def configure(params: types.DidChangeConfigurationParams) -> None:
        desk.pushed = params.settings
        desk.start(desk.configure())

    @server.feature(types.SHUTDOWN)
    def shut_down(_: None) -> None:
        desk.has_shut_down = True
        desk.session.close()


def _serve_documents(server: LanguageServer, desk: _Desk) -> None:
    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def opened(params: types.DidOpenTextDocumentParams) -> None:
        desk.put(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def changed(params: types.DidChangeTextDocumentParams) -> None:
        desk.put(params.text_document.uri)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def closed(params: types.DidCloseTextDocumentParams) -> None:
        desk.forget(params.text_document.uri)


def _serve_names(server: LanguageServer, desk: _Desk) -> None:
    @server.feature(types.TEXT_DOCUMENT_COMPLETION, types.CompletionOptions(trigger_characters=list(TRIGGERS)))
    async def complete(params: types.CompletionParams) -> types.CompletionList | None:
        document, ontology = desk.session.documents.get(params.text_document.uri), desk.session.ontology
        if document is None or ontology is None:
            return None
        return completions(document, params.position, ontology)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def hover(params: types.HoverParams) -> types.Hover | None:
        document, ontology = desk.session.documents.get(params.text_document.uri), desk.session.ontology
        found = None if document is None else name_at(document, params.position)
        if found is None or ontology is None:
            return None
        name, place = found
        counts, note = None, ""
        if (counter := desk.session.counter) is not None:
            await counter.refresh()
            counts, note = counter.counts, counter.problem or ("Counting the labels …" if counter.is_counting else "")
        text = hover_text(name, ontology, counts, note)
        return None if text is None else types.Hover(types.MarkupContent(types.MarkupKind.Markdown, text), place)

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    async def prepare(params: types.PrepareRenameParams) -> types.PrepareRenamePlaceholder | None:
        document = desk.session.documents.get(params.text_document.uri)
        if document is None or name_at(document, params.position) is None:
            return None
        try:
            target = target_at(document, params.position, desk.session.ontology)
        except RenameError as error:
            raise _failure(error) from error
        return types.PrepareRenamePlaceholder(target.range, target.text)

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    async def change_name(params: types.RenameParams) -> types.WorkspaceEdit | None:
        document, ontology = desk.session.documents.get(params.text_document.uri), desk.session.ontology
        if document is None:
            return None
        opened, folders = list(desk.session.documents.values()), desk.folders

        def run() -> Renaming:
            target = target_at(document, params.position, ontology)
            return rename(target, params.new_name, workspace_documents(opened, folders, document.encoding), ontology)

        try:
            renaming = await asyncio.to_thread(run)
        except RenameError as error:
            raise _failure(error) from error
        desk.tell(renaming.told(), types.MessageType.Warning)
        return _edits_of_files(server, renaming)


def _serve_edits(server: LanguageServer, desk: _Desk) -> None:
    kinds: list[types.CodeActionKind | str] = [types.CodeActionKind.QuickFix, _FIX_ALL]

    @server.feature(types.TEXT_DOCUMENT_CODE_ACTION, types.CodeActionOptions(kinds, resolve_provider=True))
    async def fixes(params: types.CodeActionParams) -> list[types.CodeAction] | None:
        document = desk.session.documents.get(params.text_document.uri)
        found = None if document is None else await desk.session.diagnose(document)
        if document is None or not found:
            return None
        actions: list[types.CodeAction] = []
        if _wants(params.context, types.CodeActionKind.QuickFix.value):
            actions += quick_fixes(found, document, params.range, params.context)
        is_fixable = any(one.help is not None and one.help.edit is not None for one in found)
        if is_fixable and _wants(params.context, _FIX_ALL):
            whole = types.CodeAction("Fix all category searches in this file", _FIX_ALL, data=document.uri)
            if not desk.resolves_edits():
                whole.edit = await desk.fix_all(document)
            actions.append(whole)
        return actions

    @server.feature(types.CODE_ACTION_RESOLVE)
    async def resolve(action: types.CodeAction) -> types.CodeAction:
        document = desk.session.documents.get(str(action.data))
        if document is not None and action.edit is None:
            action.edit = await desk.fix_all(document)
        return action


def _formats_by_language(capabilities: types.ClientCapabilities) -> bool:
    """Whether the editor can be told which files are formatted, after the start."""
    text = capabilities.text_document
    return bool(text is not None and text.formatting is not None and text.formatting.dynamic_registration)


def _serve_formatting(server: LanguageServer, desk: _Desk) -> None:
    @server.feature(types.TEXT_DOCUMENT_FORMATTING)
    async def format_text(params: types.DocumentFormattingParams) -> list[types.TextEdit] | None:
        document = desk.session.documents.get(params.text_document.uri)
        if document is None or not document.is_query:
            return None
        try:
            formatted = formatted_lines(document.text)
        except QueryError:  # which the diagnostics show
            return None
        whole = document.positions.range(Span(0, len(document.text)))
        return [] if formatted == document.text else [types.TextEdit(whole, formatted)]


def _wants(context: types.CodeActionContext, kind: str) -> bool:
    """Whether an action of a kind is asked for; a kind asks for those below it too."""
    asked = [one.value if isinstance(one, types.CodeActionKind) else one for one in context.only or ()]
    return not asked or any(kind == one or kind.startswith(f"{one}.") for one in asked)


def _edits_of_files(server: LanguageServer, renaming: Renaming) -> types.WorkspaceEdit:
    capabilities = server.client_capabilities.workspace
    support = None if capabilities is None else capabilities.workspace_edit
    if support is None or not support.document_changes:
        return types.WorkspaceEdit(changes={document.uri: edits for document, edits in renaming.edits})
    return types.WorkspaceEdit(
        document_changes=[
            types.TextDocumentEdit(types.OptionalVersionedTextDocumentIdentifier(document.uri, document.version), edits)
            for document, edits in renaming.edits
        ]
    )


def _failure(error: KiliQueryError) -> JsonRpcException:
    return JsonRpcException(str(error), types.LSPErrorCodes.RequestFailed.value)


class _OneLine(logging.Formatter):
    """Writes a record without the traceback that comes with it."""

    def format(self, record: logging.LogRecord) -> str:
        return f"kili-query lsp: {record.levelname.lower()}: {record.getMessage()}".split("\n", 1)[0]


def _is_news(record: logging.LogRecord) -> bool:
    """Whether a record is about more than a request that was refused: the editor shows why."""
    error = None if record.exc_info is None else record.exc_info[1]
    return not (isinstance(error, JsonRpcException) and error.code == types.LSPErrorCodes.RequestFailed.value)


def serve(
    options: EditorSettings,
    find: FindOntology,
    load: LoadOntology,
    version: str,
    stdin: BinaryIO | None = None,
    stdout: BinaryIO | None = None,
) -> bool:
    """Serve one editor over standard input and output, until it says goodbye or goes away.

    Args:
        options: the settings of the command line; those of the editor come before them.
        find: returns the file of the ontology.
        load: reads it.
        version: of this package.
        stdin, stdout: what to read from and to write to, instead of those of the process.

    Returns:
        Whether the editor said goodbye.
    """
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_OneLine())
    handler.addFilter(_is_news)
    logs = [logging.getLogger(name) for name in ("pygls", "asyncio")]
    for log in logs:
        log.addHandler(handler)
    server, desk = build_server(options, find, load, version)
    out = stdout or os.fdopen(os.dup(sys.stdout.fileno()), "wb")  # pygls closes it
    try:
        with redirect_stdout(sys.stderr):  # nothing but messages may go to standard output
            server.start_io(stdin or sys.stdin.buffer, out)
    finally:
        for log in logs:
            log.removeHandler(handler)
    return desk.has_shut_down
