"""Find what to draw of a label, and what of it no font can write."""

import os
from collections.abc import Mapping
from itertools import islice

from attrs import evolve

from kili_query.labels.drawn import Drawing, drawn_of, shown_name
from kili_query.ontology import Ontology, OntologySource
from kili_query.pictures.lettering import MOST_LINES, answer_lines, missing_characters


def drawing_of(
    label: Mapping[str, object],
    *,
    ontology: OntologySource | None = None,
    view: int | None = None,
    font: str | os.PathLike[str] | None = None,
) -> Drawing:
    """Find what is drawn of a label: see `kili_query.labels.drawn.drawn_of`. Characters without a font are a problem.

    Args:
        label: with its content under ``jsonResponse``, decoded or as JSON text.
        ontology: tells whether it is a video's, and the names that people see.
        view: the frame of a video, or the page of a PDF; by default the one with most shapes.
        font: a file of the font that texts are drawn in, as far as it has their characters.

    Raises:
        UnknownContentError: it has no content.
        MalformedLabelError: its content is not an object.
        LabelError: ``view`` is given, and the label has neither frames nor pages.
        SourceError: the file is not a font.

    >>> point = {"type": "marker", "categories": [{"name": "BOLT"}], "point": {"x": 0.5, "y": 0.25}}
    >>> drawing_of({"jsonResponse": {"BOLTS": {"annotations": [point]}, "NOTE": {"text": "loose"}}}).lines
    ('BOLTS: 1 BOLT', 'NOTE: loose')
    """
    known = Ontology.if_given(ontology)
    drawing = drawn_of(label, ontology=known, view=view)
    names = dict.fromkeys(shown_name(shape.job, shape.category, known) for shape in drawing.shapes)
    missing = missing_characters([*names, *islice(answer_lines(drawing.lines), MOST_LINES)], font)
    return drawing if missing is None else evolve(drawing, problems=(*drawing.problems, missing))
