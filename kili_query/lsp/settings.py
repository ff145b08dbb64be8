"""What the language server is told: which ontology, and which labels to count."""

import os
from collections.abc import Callable, Mapping, Sequence
from typing import TypeAlias

from attrs import frozen

from kili_query.errors import KiliQueryError
from kili_query.ontology import Ontology

SECTION = "kili-query"
"""The name of our settings among those of the editor."""

_NONE = "none"


class SettingsError(KiliQueryError):
    """Settings of the editor that have another shape."""


@frozen
class EditorSettings:
    """The settings, of which some may be missing.

    Attributes:
        ontology: the file of the project, or a label cache; `none` for none.
        labels: a file of labels or a label cache, which are counted.
        fmt: the format of datasets, which only the command line names; by default what they look like.
    """

    ontology: str | None = None
    labels: str | None = None
    fmt: str | None = None

    @classmethod
    def of(cls, value: object) -> "EditorSettings":
        """Read the settings that an editor sends, perhaps below the name of their section.

        Raises:
            SettingsError: they have another shape.
        """
        if value is None:
            return cls()
        if not isinstance(value, Mapping):
            raise SettingsError(f"the settings of `{SECTION}` must be an object with `ontology` and `labels`")
        if SECTION in value:
            return cls.of(value[SECTION])
        return cls(*(_path(value.get(name), name) for name in ("ontology", "labels")))

    def over(self, other: "EditorSettings") -> "EditorSettings":
        """These settings, with those of another where they say nothing."""
        return EditorSettings(self.ontology or other.ontology, self.labels or other.labels, self.fmt or other.fmt)

    def below(self, folder: str | None) -> "EditorSettings":
        """The settings with relative paths looked up in a folder."""
        return EditorSettings(_below(self.ontology, folder), _below(self.labels, folder), self.fmt)


def _path(value: object, name: str) -> str | None:
    if value is None or isinstance(value, str):
        return value or None
    raise SettingsError(f"the setting `{name}` of `{SECTION}` must be the path of a file")


def _below(path: str | None, folder: str | None) -> str | None:
    if path in (None, _NONE) or folder is None:
        return path
    return os.path.join(folder, os.path.expanduser(path))


FindOntology: TypeAlias = Callable[[str | None, Sequence[str]], str | None]
"""Returns the file of the ontology, from what is configured and the labels."""

LoadOntology: TypeAlias = Callable[[str | None], Ontology | None]
"""Reads it."""
