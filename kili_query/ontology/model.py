"""The ontology of a project: its jobs, in order, and the kind of its assets."""

from collections.abc import Iterator, Mapping
from os import PathLike
from textwrap import wrap
from typing import Literal, TypeAlias

from attrs import field, frozen

from kili_query.diagnostics.layout import text_as_html
from kili_query.ontology.decode import SOURCE, decode_interface, naming, read_file
from kili_query.ontology.encode import encode_interface
from kili_query.ontology.job import Job

VideoPolicy: TypeAlias = Literal["objects", "key_frames", "frames"]
"""How objects of a video are counted."""


def is_conversation(input_type: str | None) -> bool:
    """Whether labels of this input type have their contents in annotations, which say what each answer is about.

    >>> is_conversation("LLM_STATIC"), is_conversation("LLM_RLHF")
    (True, False)
    """
    return input_type in ("LLM_INSTR_FOLLOWING", "LLM_STATIC")


@frozen
class Ontology:
    """The jobs and categories of a project.

    Attributes:
        jobs: by name, in order; never changed.
        input_type: the kind of the project's assets, ``IMAGE`` or the like, where it is known.
        dataset_format: of the dataset of another tool whose ontology this is. Its display names are then the names that
            the dataset uses, and exports write them.

    >>> interface = {"jobs": {"SKY": {"mlTask": "CLASSIFICATION", "instruction": "How is the sky?", "content": {
    ...     "input": "radio", "categories": {"BLUE": {"name": "Blue"}, "GREY": {"name": "Grey"}}}}}}
    >>> ontology = Ontology.from_json_interface(interface, input_type="IMAGE")
    >>> list(ontology.pairs())
    [('SKY', 'BLUE'), ('SKY', 'GREY')]
    >>> ontology.jobs["SKY"].is_single_choice, ontology.is_video
    (True, False)
    """

    jobs: Mapping[str, Job]
    input_type: str | None = None
    dataset_format: str | None = field(default=None, eq=False, repr=False, kw_only=True)

    @classmethod
    def from_json_interface(cls, json_interface: object, *, input_type: str | None = None) -> "Ontology":
        """Read a project's interface.

        Args:
            json_interface: the ``jsonInterface`` of a project, its JSON text, or the project that holds it under
                that key; keys that say nothing about the jobs are ignored.
            input_type: the project's ``inputType``; by default that of the project, when one is given.

        Raises:
            OntologyError: it has another shape; ``.path`` says where.
        """
        jobs, found_type, dataset_format = decode_interface(json_interface)
        return cls(jobs, found_type if input_type is None else input_type, dataset_format=dataset_format)

    @classmethod
    def load(cls, path: str | PathLike[str]) -> "Ontology":
        """Read a file that holds a project, or its interface alone, as JSON.

        Raises:
            OntologyError: the file cannot be read or has another shape; the message names it.
        """
        content = read_file(path)
        with naming(path):
            return cls.from_json_interface(content)

    @classmethod
    def of(cls, source: "OntologySource") -> "Ontology":
        """An ontology as it is, or the one in a file: whatever takes an ontology takes both.

        Raises:
            OntologyError: the file cannot be read or has another shape; the message names it.
        """
        if isinstance(source, Ontology):
            return source
        if isinstance(source, str | PathLike):
            return cls.load(source)
        raise TypeError(f"an ontology is an `Ontology`, or the path of its file, not `{type(source).__name__}`")

    @classmethod
    def if_given(cls, source: "OntologySource | None") -> "Ontology | None":
        """The same where an ontology may be left out."""
        return None if source is None else cls.of(source)

    def to_json_interface(self) -> dict[str, object]:
        """The ``jsonInterface`` that is read as this ontology, without what says nothing about its jobs."""
        return encode_interface(self.jobs.values())

    def to_project(self) -> dict[str, object]:
        """The project that is read as this ontology.

        >>> Ontology({}, "IMAGE", dataset_format="coco").to_project()
        {'inputType': 'IMAGE', 'jsonInterface': {'jobs': {}}, 'source': {'format': 'coco'}}
        """
        source = {} if self.dataset_format is None else {SOURCE: {"format": self.dataset_format}}
        return {"inputType": self.input_type, "jsonInterface": self.to_json_interface(), **source}

    @property
    def is_video(self) -> bool:
        """Whether the input type says that responses are keyed by frame."""
        return self.input_type is not None and "VIDEO" in self.input_type.upper()

    @property
    def is_conversation(self) -> bool:
        """Whether the input type says that one response gathers the answers of several rounds."""
        return is_conversation(self.input_type)

    def pairs(self) -> Iterator[tuple[str, str]]:
        """All (job, category) pairs that can be counted, in order."""
        return ((job.name, key) for job in self.jobs.values() for key in job.categories)

    def _repr_html_(self) -> str:
        """Return what notebooks show: the jobs, with their tasks and categories."""
        lines = []
        for job in self.jobs.values():
            about = filter(None, (job.ml_task or "no task", job.input, "child job" if job.is_child else None))
            lines.append(f"{job.name} ({', '.join(about)})")
            lines += wrap(", ".join(job.categories), 100, initial_indent="    ", subsequent_indent="    ")
        return text_as_html("\n".join([f"ontology of {self.input_type or 'assets of unknown type'}", *lines]))


OntologySource: TypeAlias = Ontology | str | PathLike[str]
"""An ontology, or the path of its file."""
