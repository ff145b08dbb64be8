"""The text of a label with its entities marked: the whole text if that is at hand, else what the entities quote."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from attrs import frozen

from kili_query.counting.label import content_of
from kili_query.errors import LabelError
from kili_query.labels.drawn import shown_name
from kili_query.labels.structure import first_category
from kili_query.page.names import hex_of
from kili_query.page.source import PageSource
from kili_query.source import utf16_length, utf16_offsets

_GAP = " … "
_BEFORE = 80
"""How many characters are shown before the first entity, where not all of a text is shown."""

Place = tuple[int, int]


@frozen
class Entity:
    """A marked part of a text.

    Attributes:
        job: its job.
        category: its first category; empty where it has none.
        begin: the offset where it begins.
        end: the offset where it ends; None where it is not known.
        quoted: the part itself; None where it is not known.
    """

    job: str
    category: str
    begin: int
    end: int | None
    quoted: str | None


def marked_text(
    label: Mapping[str, Any], asset: Mapping[str, object], source: PageSource, characters: int
) -> dict[str, Any] | None:
    """Return the text of a label and its entities; None if there is neither.

    Args:
        label: the label, with its content.
        asset: what is known of its asset.
        source: the labels.
        characters: how many of the text are shown at most.
    """
    entities = sorted(_entities(label), key=lambda one: one.begin)
    is_text = source.input_type == "TEXT"
    for text in _texts(asset, source) if entities or is_text else ():
        places = _places(text, entities)
        if places is not None:
            return _shown(text, places, entities, source, characters)
    quoted = [one for one in entities if one.quoted]
    return _joined(quoted, source, characters) if quoted else None


def _texts(asset: Mapping[str, object], source: PageSource) -> Iterator[str]:
    """Yield the texts that an asset may be."""
    kept = asset.get("source")
    data = kept.get("data") if isinstance(kept, Mapping) else None
    if isinstance(data, Mapping):
        yield from (value for value in data.values() if isinstance(value, str))
    found = source.images.text(asset)
    if found is not None:
        yield found


def _places(text: str, entities: Sequence[Entity]) -> list[Place] | None:
    """Return where entities stand, in code points; None if a text does not have them there.

    Tools count characters, or UTF-16 code units: the way is taken in which the text has what the entities quote.
    """
    units = utf16_offsets(text)
    in_units = [bisect_left(units, one.begin) for one in entities]
    for begins in ([one.begin for one in entities], in_units):
        ends = [begin + _length(one) for begin, one in zip(begins, entities, strict=True)]
        places = list(zip(begins, ends, strict=True))
        if all(_is_at(text, place, one) for place, one in zip(places, entities, strict=True)):
            return places
    return None


def _length(one: Entity) -> int:
    if one.quoted is not None:
        return len(one.quoted)
    return 0 if one.end is None else one.end - one.begin


def _is_at(text: str, place: Place, one: Entity) -> bool:
    begin, end = place
    return 0 <= begin <= end <= len(text) and (one.quoted is None or text[begin:end] == one.quoted)


def _shown(
    text: str, places: Sequence[Place], entities: Sequence[Entity], source: PageSource, characters: int
) -> dict[str, Any]:
    first = min((begin for begin, _ in places), default=0)
    start = max(0, first - _BEFORE) if len(text) > characters else 0
    part = text[start : start + characters]
    units = utf16_offsets(part)
    spans = [
        _span(units[max(0, begin - start)], units[min(len(part), end - start)], one, source)
        for (begin, end), one in zip(places, entities, strict=True)
        if begin - start < len(part)
    ]
    return {"text": part, "spans": spans}


def _joined(entities: Sequence[Entity], source: PageSource, characters: int) -> dict[str, Any]:
    """Return what the entities quote, with gaps where the text between is not known."""
    text, spans, units = "", list[dict[str, Any]](), 0
    for one in entities:
        quoted = one.quoted or ""
        if len(text) + len(quoted) > characters:
            break
        gap = _GAP if text else ""
        start, text = units + len(gap), text + gap + quoted
        units = start + utf16_length(quoted)
        spans.append(_span(start, units, one, source))
    return {"text": text, "spans": spans}


def _span(start: int, end: int, one: Entity, source: PageSource) -> dict[str, Any]:
    name = shown_name(one.job, one.category, source.ontology)
    return {"start": start, "end": end, "name": name, "color": hex_of(one.job, one.category, source.ontology)}


def _entities(label: Mapping[str, Any]) -> Iterator[Entity]:
    try:
        content = content_of(dict(label))
    except LabelError:
        return
    for job, answer in content.items() if isinstance(content, Mapping) else ():
        listed = answer.get("annotations") if isinstance(answer, Mapping) else None
        for one in listed if isinstance(listed, list) else ():
            if isinstance(one, Mapping) and _is_offset(one.get("beginOffset")):
                yield _entity(str(job), one)


def _entity(job: str, annotation: Mapping[str, Any]) -> Entity:
    end, quoted = annotation.get("endOffset"), annotation.get("content")
    try:
        category = first_category(annotation, "")
    except LabelError:
        category = ""
    known_end = end if _is_offset(end) else None
    return Entity(job, category, annotation["beginOffset"], known_end, quoted if isinstance(quoted, str) else None)


def _is_offset(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0
