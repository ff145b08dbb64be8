"""The project that labels belong to."""

from collections.abc import Mapping
from os import PathLike
from typing import TypeAlias

from attrs import frozen

from kili_query.ontology import Job, Ontology
from kili_query.ontology.decode import decode_document, naming, read_file

ProjectSource: TypeAlias = "Ontology | str | PathLike[str] | Mapping[str, object]"


GEOSPATIAL = "GEOSPATIAL"
"""The type of projects of images of the earth."""
LAYERS = "geospatialExportMetadata"
"""The field of an image of the earth that lists its layers, each with its size in pixels."""


@frozen
class Project:
    """The facts about a project that an export needs.

    Attributes:
        document: the project as given, for fields without an attribute.
        ontology: its jobs.
        input_type: such as ``IMAGE``; empty if unknown.
        id: empty if unknown.
        title: empty if unknown.
        description: empty if unknown.
    """

    document: Mapping[str, object]
    ontology: Ontology
    input_type: str = ""
    id: str = ""
    title: str = ""
    description: str = ""

    @classmethod
    def read(cls, source: ProjectSource) -> "Project":
        """Read a project from a mapping or a JSON file; a ``jsonInterface`` or an ontology is enough.

        Raises:
            OntologyError: it cannot be read or is malformed; the message names the file.

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
    def is_labeled_in_pixels(self) -> bool:
        """Whether it is of images of the earth that are labeled in pixels rather than degrees."""
        settings = self.document.get("geospatialSettings")
        is_pixel = isinstance(settings, Mapping) and settings.get("labelingCRSCode") == "PIXEL"
        return is_pixel and self.input_type == GEOSPATIAL

    @property
    def is_video(self) -> bool:
        """Whether responses are keyed by frame."""
        return self.ontology.is_video

    @property
    def has_data_connection(self) -> bool:
        """Whether its assets are stored by its owner rather than by the service."""
        return bool(self.document.get("dataConnections"))


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
