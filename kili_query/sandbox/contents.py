"""The content of a label: as text, and counted."""

import json
from collections.abc import Collection, Mapping

from attrs import frozen

from kili_query.conversations import holds_answers
from kili_query.errors import LabelError, UnknownContentError
from kili_query.ontology import Ontology
from kili_query.sandbox.misbehaviour import Misbehaviour, miscount
from kili_query.sandbox.values import is_text
from kili_query.scanning import content_of


@frozen
class Content:
    """A content as it is stored.

    Attributes:
        text: its JSON text; empty where the content is not known.
        counts: by job and category.
        fault: why it cannot be counted: no search finds such a label.
    """

    text: str
    counts: Mapping[tuple[str, str], int]
    fault: str | None = None


@frozen
class ContentCounter:
    """Counts contents as a project's ontology says, or as a misbehaving server does."""

    ontology: Ontology
    misbehaves: Collection[Misbehaviour] = ()

    def count(self, label: dict[str, object]) -> Content:
        """The content of a label, in its ``jsonResponse``: JSON text or what it says.

        >>> ContentCounter(Ontology({})).count({"jsonResponse": {"SKY": {"categories": [{"name": "BLUE"}]}}}).counts
        {('SKY', 'BLUE'): 1}
        """
        try:
            decoded = content_of(label)
            counts = miscount(decoded, self.ontology, self.misbehaves)
        except UnknownContentError as error:
            known = None if holds_answers(label) else label.get("jsonResponse")
            return Content(_text(known), {}, str(error))
        except LabelError as error:
            return Content(_text(label.get("jsonResponse")), {}, str(error))
        # no query can spell the others
        told = decoded if holds_answers(label) else label["jsonResponse"]
        return Content(_text(told), {name: n for name, n in counts.items() if all(map(is_text, name))})


def _text(given: object) -> str:
    if isinstance(given, str) and is_text(given):
        return given
    return "" if given is None else json.dumps(given)
