"""What one editor works on: its open documents, the ontology, and the counts of labels."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from attrs import define, field

from kili_query.diagnostics import Diagnostic
from kili_query.errors import KiliQueryError
from kili_query.lint.check import place_diagnostics
from kili_query.lsp.counts import BackgroundCount, Stamp, stamp
from kili_query.lsp.documents import Document
from kili_query.lsp.settings import EditorSettings, FindOntology, LoadOntology
from kili_query.ontology import Ontology
from kili_query.query import check, find_errors

_MOST_REMEMBERED = 1000
"""How many searches are remembered with their diagnostics: those of all open files."""


@define
class Session:
    """The state of the server; its methods run on the event loop, and long work in threads.

    Attributes:
        find: returns the file of the ontology.
        load: reads it.
        documents: the open ones, by their name in the protocol.
        ontology: what names mean; None if there is none, or it cannot be read.
        path: the file of the ontology.
        counter: counts the labels, if there are any.
        settings: as they were last applied.
    """

    find: FindOntology
    load: LoadOntology
    documents: dict[str, Document] = field(factory=dict)
    ontology: Ontology | None = None
    path: str | None = None
    counter: BackgroundCount | None = None
    settings: EditorSettings | None = None
    _stamp: Stamp = ()
    _checked: "_Memory" = field(factory=lambda: _Memory(check))
    _tested: "_Memory" = field(factory=lambda: _Memory(find_errors))
    _quick_worker: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(1, "errors"), repr=False)
    _worker: ThreadPoolExecutor = field(factory=lambda: ThreadPoolExecutor(1, "check"), repr=False)

    async def apply(self, settings: EditorSettings) -> str | None:
        """Use other settings.

        Returns:
            What is wrong with them.
        """
        if settings == self.settings:
            return None
        self.settings = settings
        if self.counter is not None:
            self.counter.close()
            self.counter = None
        problem = await self._read_ontology(settings)
        if settings.labels is not None:
            self.counter = BackgroundCount(settings.labels, self.path, settings.fmt)
            await self.counter.refresh()
        return problem

    async def _read_ontology(self, settings: EditorSettings) -> str | None:
        self.path = None
        try:
            labels = [] if settings.labels is None else [settings.labels]
            self.path = await asyncio.to_thread(self.find, settings.ontology, labels)
        except KiliQueryError as error:
            self._use(None)
            return str(error)
        return await self._load()

    async def _load(self) -> str | None:
        """Read the ontology; one that cannot be read leaves the last one in use."""
        self._stamp = () if self.path is None else await asyncio.to_thread(stamp, self.path)
        try:
            self._use(await asyncio.to_thread(self.load, self.path))
        except KiliQueryError as error:
            used = "names are not checked" if self.ontology is None else "the last one that could be read stays in use"
            return f"{error}: {used}"
        return None

    def _use(self, ontology: Ontology | None) -> None:
        self.ontology = ontology
        self._checked, self._tested = _Memory(check), _Memory(find_errors)

    async def is_outdated(self) -> bool:
        """Whether the file of the ontology has changed since it was read."""
        return self.path is not None and await asyncio.to_thread(stamp, self.path) != self._stamp

    async def reload(self) -> str | None:
        """Read the ontology again, and return what is wrong with it."""
        return await self._load()

    async def diagnose(self, document: Document, *, is_quick: bool = False) -> list[Diagnostic] | None:
        """Check the searches of a document.

        Args:
            document: one that is open.
            is_quick: whether errors alone are wanted, which are found in a part of the time.

        Returns:
            The diagnostics, placed in the text of the document; None if it is no longer the newest version.
        """
        memory, ontology = self._tested if is_quick else self._checked, self.ontology

        def run() -> list[Diagnostic] | None:
            if self.documents.get(document.uri) is not document:
                return None  # another keystroke came first
            return [
                placed
                for search in document.searches
                for placed in place_diagnostics(search, memory.recall(search.text, ontology), in_file=True)
            ]

        worker = (
            self._quick_worker if is_quick else self._worker
        )  # errors do not wait for the warnings of a text before
        return await asyncio.get_running_loop().run_in_executor(worker, run)

    def close(self) -> None:
        """End all work."""
        self.documents.clear()  # what is still to be checked is not checked then
        if self.counter is not None:
            self.counter.close()


@define
class _Memory:
    """The diagnostics of searches: of many in one file, a keystroke changes one."""

    find: Callable[[str, Ontology | None], list[Diagnostic]]
    _known: dict[str, list[Diagnostic]] = field(factory=dict)

    def recall(self, text: str, ontology: Ontology | None) -> list[Diagnostic]:
        """The diagnostics of a search."""
        found = self._known.pop(text, None)
        if found is None:
            found = self.find(text, ontology)
        self._known[text] = found
        while len(self._known) > _MOST_REMEMBERED:
            self._known.pop(next(iter(self._known)))
        return found
