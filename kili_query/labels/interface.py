"""Questions to the interface: which jobs stand where, and which attributes and tools annotations may have."""

from attrs import frozen

from kili_query.ontology import Job, Ontology

_REGIONS = frozenset({"rectangle", "polygon", "semantic"})
_LINES = frozenset({"polyline", "vector"})
_POINTS = frozenset({"pose", "marker"})

_DETECTION = frozenset({"OBJECT_DETECTION", "POSE_ESTIMATION"})
_ENTITIES = frozenset({"NAMED_ENTITIES_RECOGNITION"})
_ENTITY_RELATION = frozenset({"NAMED_ENTITIES_RELATION"})
_OBJECT_RELATION = frozenset({"OBJECT_RELATION"})


@frozen
class Attribute:
    """An attribute of annotations.

    Attributes:
        key: under which it stands in JSON.
        tasks: the tasks whose annotations may have it; None for all.
        tools: the tools whose annotations may have it; None for all. An annotation that names no tool has any.
    """

    key: str
    tasks: frozenset[str] | None = None
    tools: frozenset[str] | None = None


ANNOTATION_ATTRIBUTES = {
    "mid": Attribute("mid"),
    "categories": Attribute("categories"),
    "children": Attribute("children"),
    "type": Attribute("type", _DETECTION),
    "content": Attribute("content", _ENTITIES),
    "begin_offset": Attribute("beginOffset", _ENTITIES),
    "end_offset": Attribute("endOffset", _ENTITIES),
    "point": Attribute("point", _DETECTION, frozenset({"marker"})),
    "polyline": Attribute("polyline", _DETECTION, _LINES),
    "bounding_poly": Attribute("boundingPoly", _DETECTION | _ENTITIES, _REGIONS | _LINES),
    "score": Attribute("score", _DETECTION, _REGIONS | _LINES),
    "is_key_frame": Attribute("isKeyFrame", _DETECTION, _REGIONS | _LINES),
    "kind": Attribute("kind", _DETECTION, _POINTS),
    "points": Attribute("points", _DETECTION, _POINTS),
    "annotations": Attribute("annotations", _DETECTION | _ENTITIES, _REGIONS),
    "polys": Attribute("polys", _DETECTION | _ENTITIES, _REGIONS),
    "page_number_array": Attribute("pageNumberArray", _DETECTION | _ENTITIES, _REGIONS),
    "start_entities": Attribute("startEntities", _ENTITY_RELATION),
    "end_entities": Attribute("endEntities", _ENTITY_RELATION),
    "start_objects": Attribute("startObjects", _OBJECT_RELATION),
    "end_objects": Attribute("endObjects", _OBJECT_RELATION),
}
"""By the name that the attribute has on an annotation."""

PDF_ATTRIBUTES = frozenset({"annotations", "polys", "page_number_array"})
"""Those that only annotations of PDF documents have."""

_WITHOUT_ANNOTATIONS = frozenset({"CLASSIFICATION", "TRANSCRIPTION", "COMPARISON", "RANKING", "FILE"})
_SINGLE_INPUTS = frozenset({"radio", "singleDropdown"})


def can_have(attribute: str, job: Job | None, tool: object, *, is_pdf: bool) -> bool:
    """Whether an annotation of a job, drawn with a tool, may have an attribute. An unknown job forbids nothing."""
    if job is None:
        return True
    row = ANNOTATION_ATTRIBUTES[attribute]
    if attribute in PDF_ATTRIBUTES and not is_pdf:
        return False
    if row.tasks is not None and job.ml_task not in row.tasks:
        return False
    return row.tools is None or tool is None or tool in row.tools


def is_single(job: Job) -> bool:
    """Whether an answer to the job, or an annotation of it, has one category at most."""
    return job.input in _SINGLE_INPUTS


def has_tool(job: Job, tool: object) -> bool:
    """Whether the job has the tool that an annotation names, if it names one. A job for poses has markers too."""
    return tool is None or not job.tools or tool in job.tools or (tool == "marker" and "pose" in job.tools)


def has_annotations(job: Job) -> bool:
    """Whether answers to a job are annotations."""
    return job.ml_task not in _WITHOUT_ANNOTATIONS


def root_jobs(ontology: Ontology) -> tuple[str, ...]:
    """Return the jobs that stand at the root of a label, in order."""
    return tuple(name for name, job in ontology.jobs.items() if not job.is_child)


def child_jobs(job: Job | None, ontology: Ontology) -> tuple[str, ...]:
    """Return the jobs that may stand below an answer to the job, whatever its category: each once, in order."""
    if job is None:
        return ()
    listed = dict.fromkeys(child for category in job.choices() for child in category.children)
    return tuple(name for name in listed if name in ontology.jobs and ontology.jobs[name].is_child)
