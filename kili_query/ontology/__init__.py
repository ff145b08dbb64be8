"""The jobs and categories of a project, and the names of a query resolved by them.

The package itself only loads what an ontology is; what reads queries is in its modules, because that takes longer.
"""

from kili_query.ontology.job import CategoryPoint, Job, JobCategory
from kili_query.ontology.model import Ontology, OntologySource, VideoPolicy, is_conversation

__all__ = ["CategoryPoint", "Job", "JobCategory", "Ontology", "OntologySource", "VideoPolicy", "is_conversation"]
