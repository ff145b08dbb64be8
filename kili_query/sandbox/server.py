"""`Sandbox`: a project, served on this machine as the labeling service would."""

from collections.abc import Iterable
from pathlib import Path
from secrets import token_urlsafe

from attrs import evolve

from kili_query.errors import SourceError
from kili_query.ontology import Ontology
from kili_query.sandbox.app import GRAPHQL_PATH, PAYLOADS_PATH, make_app
from kili_query.sandbox.connections import HTTP_PROTOCOL, MAX_FRAME_BYTES, WEBSOCKET_PROTOCOL
from kili_query.sandbox.contents import ContentCounter
from kili_query.sandbox.database import Database
from kili_query.sandbox.fault_injection import FaultInjector
from kili_query.sandbox.faults import Fault
from kili_query.sandbox.guard import MAX_BODY_BYTES, Guard
from kili_query.sandbox.importing import FilePath, ProjectFiles, find_files, import_files, project_file
from kili_query.sandbox.misbehaviour import Misbehaviour
from kili_query.sandbox.project import ServedProject
from kili_query.sandbox.resolvers import SandboxService
from kili_query.sandbox.selecting import Selector
from kili_query.sandbox.store import MAX_ANSWER_BYTES, Store
from kili_query.serving import LocalServer, own_hosts


class Sandbox(LocalServer):
    """A local server that speaks the labeling service's protocol, for trying out label pipelines without an account.

    The official Python client works against it, and so does ours. Files are read when it is made, and the port is open
    from then on; it answers between `start` and `close`, or within a ``with`` block.

    >>> from importlib.resources import files
    >>> from kili_query.client import KiliClient
    >>> with Sandbox(project=str(files("kili_query") / "demo")) as box:
    ...     client = KiliClient(api_key=box.api_key, api_endpoint=box.endpoint)
    ...     client.count_labels(box.project_id, category_search="OBJECTS.PERSON.count >= 3")
    7

    Args:
        project: a file that holds a project or its interface, or a folder with ``project.json``, ``labels.ndjson`` and
            ``assets.ndjson``; or an ontology. Optional where the database holds a project already.
        labels: whatever `kili_query.scan` reads.
        assets: NDJSON or a JSON array; without it they are derived from what the labels say of theirs.
        api_key: the key that clients must send; a random one when None.
        database: a SQLite file to keep all in. One that holds a project is served as it is, and ``labels`` and
            ``assets`` are not read again. Several sandboxes may serve the same one, each with what all have written;
            a subscriber hears of what goes through its own. Without it, what was written is gone with `close`.
        host: the address to listen on.
        port: a free one when 0.
        page_limit: how many items a page may have.
        max_body_bytes: how large a request may be.
        max_answer_bytes: how large an answer may be, about: the characters of its texts are counted.
        faults: what goes wrong with requests, or its text; see `Fault`. More can be added later, with `faults`.
        misbehaves: how category searches are answered wrongly; see `Misbehaviour`. It is decided when labels are
            counted: of a database that is opened again, for those written from then on.
        payload_urls: contents are served at URLs of their own, and not within labels.
        has_feed: there is a change feed, ``events``; False for an account without one.
        has_websockets: subscriptions can be opened; False for a network that blocks websockets.
        allow_fault_header: requests may ask for faults of their own.

    Raises:
        OntologyError: the project's file has the wrong shape.
        DataError: labels or assets have.
        SourceError: a file cannot be read, the database is of something else, or the address cannot be listened on.

    Attributes:
        api_key: the key.
        host: the address.
        port: the port.
        faults: the faults to come, and the requests there were.
    """

    _THREAD = "kili-query-sandbox"
    _GRACE_S = 2

    def __init__(
        self,
        project: Ontology | FilePath | None = None,
        labels: FilePath | None = None,
        assets: FilePath | None = None,
        api_key: str | None = None,
        database: FilePath | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        page_limit: int = 100,
        max_body_bytes: int = MAX_BODY_BYTES,
        max_answer_bytes: int = MAX_ANSWER_BYTES,
        faults: Iterable[Fault | str] = (),
        misbehaves: Iterable[Misbehaviour | str] = (),
        payload_urls: bool = False,
        has_feed: bool = True,
        has_websockets: bool = True,
        allow_fault_header: bool = False,
    ) -> None:
        self.api_key = token_urlsafe(24) if api_key is None else api_key
        wrong = tuple(Misbehaviour(way) for way in misbehaves)
        self._database = Database(None if database is None else Path(database))
        try:
            store = evolve(self._filled(project, labels, assets, wrong), max_answer_bytes=max_answer_bytes)
            self._listen(host, port)
            payloads_at = f"{self.url}{PAYLOADS_PATH}" if payload_urls else None
            self._service = SandboxService(store, self.api_key, page_limit, payloads_at, has_feed, has_websockets)
            self.faults = FaultInjector(make_app(self._service), faults, is_header_allowed=allow_fault_header)
        except BaseException:
            self.close()
            raise
        guard = Guard(
            self.faults,
            api_key=self.api_key,
            hosts=own_hosts(host),
            max_body_bytes=max_body_bytes,
            open_prefix=PAYLOADS_PATH if payload_urls else "",
        )
        self._use(
            guard,
            http=HTTP_PROTOCOL,
            ws=WEBSOCKET_PROTOCOL,
            ws_max_size=MAX_FRAME_BYTES,
            ws_per_message_deflate=False,  # a few bytes would inflate to all that a frame may hold
        )

    def _filled(
        self,
        project: Ontology | FilePath | None,
        labels: FilePath | None,
        assets: FilePath | None,
        misbehaves: tuple[Misbehaviour, ...],
    ) -> Store:
        try:
            return _fill(self._database, project, labels, assets, misbehaves)
        except BaseException:
            is_empty = self._database.is_empty()  # another process may have filled it meanwhile
            self.close()
            if is_empty:
                self._database.remove_unfinished()
            raise

    @property
    def endpoint(self) -> str:
        """The URL of its GraphQL API."""
        return f"{self.url}{GRAPHQL_PATH}"

    @property
    def project_id(self) -> str:
        """The id of the project that it serves."""
        return self._service.store.project.id

    def close(self) -> None:
        """End serving, close what is open, and let go of the port. Once closed, it stays so."""
        super().close()
        self._database.close()


def _load(project: Ontology | FilePath) -> ServedProject:
    if isinstance(project, Ontology):
        return ServedProject.from_ontology(project)
    return ServedProject.load(project_file(project))


def _fill(
    database: Database,
    project: Ontology | FilePath | None,
    labels: FilePath | None,
    assets: FilePath | None,
    misbehaves: tuple[Misbehaviour, ...],
) -> Store:
    """The store of a database, which is filled from the files where it is empty."""
    asked = None if project is None else _load(project)
    if database.document() is None:
        if project is None or asked is None:
            raise SourceError(
                "there is no project to serve: give one (`project`, `--ontology`), "
                "or a database that holds one (`database`, `--database`)"
            )
        files = ProjectFiles(labels, assets) if isinstance(project, Ontology) else find_files(project, labels, assets)
        import_files(database, asked, files, ContentCounter(asked.ontology, misbehaves))
    served = ServedProject.from_document(str(database.document()))
    if asked is not None and asked.id != served.id:
        raise SourceError(f"{database.path}: holds the project `{served.id}`, not `{asked.id}`")
    return Store(database, served, Selector(served, misbehaves), ContentCounter(served.ontology, misbehaves))
