"""What is shown of jobs and categories."""

import pytest

from kili_query.lsp.hover import hover_text
from kili_query.ontology import Ontology
from kili_query.ontology.described import Counts
from kili_query.ontology.named import written_names
from tests.lsp.client import ROOT

STREET = Ontology.load(ROOT / "docs" / "street.json")
COUNTS = Counts(40, {("OBJECTS", "CAR"): 12}, {("OBJECTS", "CAR"): 31})

POSE = Ontology.from_json_interface(
    {
        "jobs": {
            "P`": {
                "mlTask": "POSE_ESTIMATION",
                "required": 1,
                "content": {"categories": {"A": {"name": "*A*\n<b>", "color": "#0a5", "points": [{"code": "X"}]}}},
            },
            "TEXT": {"mlTask": "TRANSCRIPTION", "content": {}},
            "LOST": {"mlTask": "CLASSIFICATION", "isChild": True, "content": {"categories": {"A": {}, "B": {}}}},
        }
    }
)


@pytest.mark.parametrize(
    ("ontology", "text", "counts", "shown"),
    [
        (
            STREET,
            "OBJECTS.CAR",
            COUNTS,
            "**`CAR`**, a category: Car\n\n- job: `OBJECTS`: Box every object, OBJECT\\_DETECTION\n"
            "- child jobs: `OCCLUDED`\n\n12 of 40 labels hold it, 31 objects together.",
        ),
        (
            STREET,
            'OCCLUDED."Yes"',
            None,
            "**`YES`**, a category: Yes\n\n- job: `OCCLUDED`: Is it hidden in part?, CLASSIFICATION\n"
            "- child job, below `OBJECTS.CAR`\n\n…",
        ),
        (
            STREET,
            "OBJECTS.*A*",
            COUNTS,
            "3 categories:\n\n`OBJECTS.CAR` (12), `OBJECTS.TRAFFIC_LIGHT` (0), `OBJECTS.LIGHT_A` (0)",
        ),
        (STREET, "OBJECTS.none", None, None),
        (STREET, 'OBJECTS."Street light"', None, None),
        (
            STREET,
            "OBJECTS",
            None,
            "**`OBJECTS`**, a job: Box every object\n\n- kind: OBJECT\\_DETECTION, radio, rectangle\n- required\n"
            "- categories: `PERSON`, `CAR`, `TRAFFIC_LIGHT`, `LIGHT_A`, `LIGHT_B`",
        ),
        (
            POSE,
            "LOST",
            None,
            "**`LOST`**, a job\n\n- kind: CLASSIFICATION\n- child job, below no category\n- categories: `A`, `B`",
        ),
        (POSE, "TEXT", None, "**`TEXT`**, a job\n\n- kind: TRANSCRIPTION\n- it counts nothing"),
        (POSE, "T*", None, "**`TEXT`**, a job\n\n- kind: TRANSCRIPTION\n- it counts nothing"),
        (POSE, "*", None, "3 jobs:\n\n`` P` ``, `TEXT`, `LOST`"),
        (POSE, "NONE", None, None),
        (
            POSE,
            '"P`".A',
            None,
            "**`A`**, a category: \\*A\\* \\<b\\>\n\n"
            "- job: `` P` ``, POSE\\_ESTIMATION\n- colour: `#0a5`\n- points: `X`\n\n…",
        ),
    ],
)
def test_what_is_shown(ontology: Ontology, text: str, counts: Counts | None, shown: str | None) -> None:
    *_, name = written_names(text)
    assert hover_text(name, ontology, counts, note="…") == shown
