"""The project that labels belong to."""

from collections.abc import Mapping
from os import PathLike
from typing import TypeAlias

from attrs import frozen

from kili_query.ontology import Job, Ontology
from kili_query.ontology.decode import decode_document, naming, read_file

ProjectSource: TypeAlias = "Ontology | str | PathLike[str] | Mapping[str, object]"


@frozen
class Project:
    """The facts about a project that an export needs.

    Attributes:
        document: as given, for what no attribute tells.
        ontology: its jobs.
        input_type: ``IMAGE`` or the like; empty when the document does not say.
        id: empty when the document does not say.
        title: likewise.
        description: likewise.
    """

    document: Mapping[str, object]
    ontology: Ontology
    input_type: str = ""
    id: str = ""
    title: str = ""
    description: str = ""

    @classmethod
    def read(cls, source: ProjectSource) -> "Project":
        """Read a project, as a mapping or as JSON in a file; a ``jsonInterface`` or an ontology alone will do.

        Raises:
            OntologyError: it cannot be read or has another shape; the message names the file.

        >>> Project.read({"id": "p", "title": "Harbour", "inputType": "IMAGE", "jsonInterface": {"jobs": {}}}).title
        'Harbour'
        """
        if isinstance(source, Ontology):
            return cls({}, source, source.input_type or "")
        if isinstance(source, Mapping):
            return cls._of(source)
        content = read_file(source)
        with naming(source):
            return cls._of(decode_document(content))

    @classmethod
    def _of(cls, document: Mapping[str, object]) -> "Project":
        ontology = Ontology.from_json_interface(document)
        texts = {name: _text(document.get(name)) for name in ("inputType", "id", "title", "description")}
        return cls(document, ontology, texts["inputType"], texts["id"], texts["title"], texts["description"])

    @property
    def jobs(self) -> tuple[Job, ...]:
        """All its jobs, in the order of the interface."""
        return tuple(self.ontology.jobs.values())

    @property
    def is_video(self) -> bool:
        """Whether responses are keyed by frame."""
        return self.ontology.is_video

    @property
    def has_data_connection(self) -> bool:
        """Whether its assets lie in a storage of its owner."""
        return bool(self.document.get("dataConnections"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
