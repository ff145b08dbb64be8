"""The ontologies of projects, fetched when they are first needed."""

import threading
from collections.abc import MutableMapping
from typing import TypeAlias

from kili_query.client.forking import when_forked
from kili_query.client.request import Request, Service
from kili_query.errors import NotFound, TransportError
from kili_query.ontology import Ontology
from kili_query.protocol import PROJECTS
from kili_query.wording import shape_of

OntologyCache: TypeAlias = MutableMapping[str, Ontology]
"""The ontology of each project that is known, by the project's id."""


def read_project(service: Service, project_id: str, selection: str) -> dict[str, object]:
    """Fetch fields of a project, without decoding them.

    Raises:
        NotFound: the project does not exist, or this user may not see it.
        ServiceError: it cannot be fetched.
    """
    found = service.ask(Request(PROJECTS, {"where": {"id": project_id}, "skip": 0, "first": 1}, selection))
    if not isinstance(found, list) or not all(isinstance(project, dict) for project in found):
        raise TransportError(f"the answer is not a list of projects: {shape_of(found)}", operation=PROJECTS.name)
    if not found:
        raise NotFound(f"there is no project `{project_id}`, or this user may not see it", operation=PROJECTS.name)
    return dict(found[0])


class Projects:
    """The projects that a client has fetched. Thread-safe."""

    def __init__(self, service: Service, cache: OntologyCache | None) -> None:
        """Start with the ontologies in the cache.

        Args:
            service: the service.
            cache: where ontologies are kept; None to fetch them each time.
        """
        self._service = service
        self._cache = cache
        self._input_types: dict[str, str | None] = {}
        self._forget_locks()
        when_forked(self._forget_locks)

    def _forget_locks(self) -> None:
        self._locks: dict[str, threading.Lock] = {}

    def known(self, project_id: str) -> Ontology | None:
        """Return the ontology as last fetched; None if it never was."""
        return None if self._cache is None else self._cache.get(project_id)

    def ontology(self, project_id: str) -> Ontology:
        """Return the ontology, and fetch it if needed: one thread fetches it, and others wait.

        Raises:
            NotFound: the project does not exist, or this user may not see it.
            OntologyError: the project's interface has the wrong shape.
            ServiceError: it cannot be fetched.
        """
        with self._locks.setdefault(project_id, threading.Lock()):
            known = self.known(project_id)
            return self.fetch(project_id) if known is None else known

    def fetch(self, project_id: str) -> Ontology:
        """Fetch the ontology as it is now.

        Raises:
            NotFound, OntologyError, ServiceError: as `ontology` does.
        """
        ontology = Ontology.from_json_interface(read_project(self._service, project_id, "jsonInterface inputType"))
        self._input_types[project_id] = ontology.input_type
        if self._cache is not None:
            self._cache[project_id] = ontology
        return ontology

    def input_type(self, project_id: str) -> str | None:
        """Return the kind of the project's assets, which never changes.

        Raises:
            NotFound, ServiceError: as `ontology` does.
        """
        known = self.known(project_id)
        if known is not None and known.input_type is not None:
            return known.input_type
        if project_id not in self._input_types:
            found = read_project(self._service, project_id, "inputType").get("inputType")
            self._input_types[project_id] = found if isinstance(found, str) else None
        return self._input_types[project_id]
