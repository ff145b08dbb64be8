"""The jobs and categories of a project, and the names of a query resolved by them."""

from kili_query.ontology.bind import bind
from kili_query.ontology.check import check_names
from kili_query.ontology.complete import Completion, complete
from kili_query.ontology.job import CategoryPoint, Job, JobCategory
from kili_query.ontology.model import Ontology, OntologySource, VideoPolicy, is_conversation

__all__ = [
    "CategoryPoint",
    "Completion",
    "Job",
    "JobCategory",
    "Ontology",
    "OntologySource",
    "VideoPolicy",
    "bind",
    "check_names",
    "complete",
    "is_conversation",
]
