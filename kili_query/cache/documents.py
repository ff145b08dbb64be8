"""The interface of a cache's project, kept as a content like those of labels."""

import json

from kili_query.cache.tables import DOCUMENTS, Tables
from kili_query.ontology import Ontology


def document_of(ontology: Ontology) -> str:
    """Return the text that is read as this ontology.

    >>> ontology = Ontology.from_json_interface({"jobs": {}}, input_type="IMAGE")
    >>> document_of(ontology)
    '{"inputType": "IMAGE", "jsonInterface": {"jobs": {}}}'
    """
    return json.dumps(ontology.to_project(), ensure_ascii=False)


def ontology_of(tables: Tables) -> Ontology | None:
    """Return the ontology of a version, if it has one.

    Raises:
        CacheError: it cannot be read.
    """
    digest = tables.state.ontology
    if digest is None:
        return None
    return Ontology.from_json_interface(json.loads(tables.texts(DOCUMENTS, [digest])[digest]))
