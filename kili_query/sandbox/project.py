"""The project that a sandbox serves, and its people."""

import json
from collections.abc import Mapping
from os import PathLike
from pathlib import Path

from attrs import frozen

from kili_query.errors import OntologyError
from kili_query.ontology import Ontology
from kili_query.ontology.decode import decode_document, naming, read_file
from kili_query.sandbox.workflow import ServedWorkflow

_SETTINGS = ("dataConnections", "geospatialSettings")


@frozen
class Person:
    """A user of the service."""

    id: str
    email: str
    firstname: str
    lastname: str


OWNER = Person("sandbox-user", "owner@example.com", "Sandbox", "Owner")
"""Whose key it is."""

ORGANIZATION_ID = "sandbox-organization"


@frozen
class ServedProject:
    """A project, as its file tells it.

    Attributes:
        id: of the project.
        title: its name.
        description: may be empty.
        input_type: the kind of its assets.
        json_interface: the JSON text of its interface.
        ontology: what that says.
        workflow: its steps.
        settings: what else the service tells of it, each a field of its schema.
    """

    id: str
    title: str
    description: str
    input_type: str
    json_interface: str
    ontology: Ontology
    workflow: ServedWorkflow
    settings: Mapping[str, object]

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "ServedProject":
        """Read a file that holds a project, or its interface alone, as JSON.

        Raises:
            OntologyError: the file cannot be read or has another shape; the message names it.
        """
        content = read_file(path)
        with naming(path):
            ontology = Ontology.from_json_interface(content)
            raw = decode_document(content)
            document = {"jsonInterface": raw, "title": Path(path).stem} if "jobs" in raw else raw
            return cls._of(document, ontology)

    @classmethod
    def from_ontology(cls, ontology: Ontology) -> "ServedProject":
        """A project with no more than the jobs of an ontology."""
        return cls._of({"jsonInterface": ontology.to_json_interface(), "inputType": ontology.input_type}, ontology)

    @classmethod
    def from_document(cls, text: str) -> "ServedProject":
        """The project of what `to_document` wrote."""
        document = json.loads(text)
        return cls._of(document, Ontology.from_json_interface(document))

    def to_document(self) -> str:
        """The project as JSON text."""
        return json.dumps(
            {
                "id": self.id,
                "title": self.title,
                "description": self.description,
                "inputType": self.input_type,
                "jsonInterface": self.json_interface,
                **self.workflow.as_json(),
                **self.settings,
            }
        )

    @classmethod
    def _of(cls, raw: Mapping[str, object], ontology: Ontology) -> "ServedProject":
        interface = raw["jsonInterface"]
        return cls(
            id=_text(raw, "id", "sandbox"),
            title=_text(raw, "title", "sandbox"),
            description=_text(raw, "description", ""),
            input_type=_text(raw, "inputType", "IMAGE"),
            json_interface=interface if isinstance(interface, str) else json.dumps(interface),
            ontology=ontology,
            workflow=ServedWorkflow.of(raw),
            settings={name: raw[name] for name in _SETTINGS if raw.get(name) is not None},
        )


def _text(raw: Mapping[str, object], key: str, otherwise: str) -> str:
    value = raw.get(key)
    if value is None:
        return otherwise
    if not isinstance(value, str) or (not value and key == "id"):
        raise OntologyError("expected a string" if not isinstance(value, str) else "expected an id", key)
    return value
