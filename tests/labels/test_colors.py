"""Colours of categories that the project gives none."""

from kili_query import Ontology
from kili_query.labels.colors import color_of


def test_categories_of_different_jobs_differ() -> None:
    jobs = {"ROADS": ["LANE", "KERB"], "THINGS": ["CAR", "BUS", "TREE"], "POSES": ["BODY"]}
    project = Ontology.from_json_interface(
        {
            "jobs": {
                job: {"mlTask": "OBJECT_DETECTION", "content": {"categories": {name: {"name": name} for name in names}}}
                for job, names in jobs.items()
            }
        }
    )
    colors = [color_of(job, name, project) for job, names in jobs.items() for name in names]
    assert len(set(colors)) == 6
