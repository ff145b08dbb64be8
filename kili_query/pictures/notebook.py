"""Labels as notebooks show them."""

from base64 import b64encode
from collections.abc import Iterator, Mapping
from html import escape
from io import BytesIO
from itertools import islice

from kili_query.errors import LabelError
from kili_query.labels.drawn import Drawing
from kili_query.labels.geometry import Size
from kili_query.ontology import Ontology, OntologySource
from kili_query.pictures.canvas import draw
from kili_query.pictures.drawing import drawing_of
from kili_query.pictures.lettering import MORE, MOST_LINES, answer_lines, clean
from kili_query.wording import shortened

_KEY_CHARACTERS = 200


def png_of(label: Mapping[str, object], ontology: OntologySource | None = None) -> bytes | None:
    """The picture of a label as PNG; None where it has no shape that can be drawn.

    Args:
        label: the label.
        ontology: the project's, or the path of its file.

    Raises:
        OntologyError: the file of the ontology cannot be read or has another shape.
    """
    known = Ontology.if_given(ontology)
    try:
        drawing = drawing_of(label, ontology=known)
    except LabelError:
        return None  # what is wrong is told in words
    return _png(drawing, label, known) if drawing.shapes else None


def html_of(label: Mapping[str, object], ontology: OntologySource | None = None) -> str:
    """A label for people: its own keys, its answers, its picture, and what cannot be drawn.

    Args:
        label: the label.
        ontology: the project's, or the path of its file.

    Raises:
        OntologyError: the file of the ontology cannot be read or has another shape.
    """
    known = Ontology.if_given(ontology)
    keys = (f"{key}: {value}" for key, value in label.items() if isinstance(value, str | int | float))
    head = ", ".join(shortened(clean(text), _KEY_CHARACTERS) for text in keys)
    try:
        drawing = drawing_of(label, ontology=known)
    except LabelError as error:
        return f"<div><b>{escape(head)}</b><div>{escape(str(error))}</div></div>"
    told = (*_bounded(answer_lines(drawing.lines)), *_bounded(f"not drawn: {clean(one)}" for one in drawing.problems))
    lines = [f"<div>{escape(line)}</div>" for line in told]
    if drawing.shapes:
        picture = b64encode(_png(drawing, label, known)).decode("ascii")
        lines.append(f'<img alt="the label, drawn" style="max-width:100%" src="data:image/png;base64,{picture}">')
    return f"<div><b>{escape(head)}</b>{''.join(lines)}</div>"


def _bounded(lines: Iterator[str]) -> list[str]:
    """As many lines as can be read, and one that tells when there are more."""
    shown = list(islice(lines, MOST_LINES + 1))
    return shown if len(shown) <= MOST_LINES else [*shown[:MOST_LINES], MORE]


def _png(drawing: Drawing, label: Mapping[str, object], ontology: Ontology | None) -> bytes:
    owner = label.get("labelOf")
    told = owner.get("resolution") if isinstance(owner, Mapping) else None
    sides = (told.get("width"), told.get("height")) if isinstance(told, Mapping) else (None, None)
    size = Size(*sides) if all(isinstance(side, int) and side > 0 for side in sides) else None  # type: ignore[arg-type]  # just checked
    written = BytesIO()
    draw(drawing, ontology, None, size).save(written, "PNG")
    return written.getvalue()
