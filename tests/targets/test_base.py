"""What a target can express, and the refusal of what it cannot."""

import pytest

from kili_query.errors import NotExpressible
from kili_query.syntax.lower import lower
from kili_query.syntax.parser import parse_text
from kili_query.targets.base import COLUMNS, CORE, LABELS, Capabilities, inexpressible, require


@pytest.mark.parametrize(
    ("text", "capabilities", "refused"),
    [
        ("J.A.count > 0 AND J.B.count < 3", CORE, []),
        ('J."a b".count > 0', CORE, ['a name that core cannot spell: `J."a b".count`']),
        ('J."a b".count > 0', COLUMNS, []),
        ("J.A.count > K.B.count", CORE, ["a sum of counters: `J.A.count - K.B.count > 0`"]),
        ("J.A.count > K.B.count", COLUMNS, []),
        ("J.A*.count > 1", COLUMNS, ["a pattern that no ontology has expanded: `J.A*.count`"]),
        ("J.A[K.B].count > 1", COLUMNS, ["a condition on the children of an object: `J.A[K.B.count > 0].count`"]),
        ('J.A[K.B].count > 1 OR J.A*.count + J."".count > 2', LABELS, []),
    ],
)
def test_what_a_target_cannot_say(text: str, capabilities: Capabilities, refused: list[str]) -> None:
    assert list(inexpressible(lower(parse_text(text, "extended")), capabilities)) == refused


def test_require_names_the_target() -> None:
    with pytest.raises(NotExpressible, match="the server cannot express a sum of counters"):
        require(lower(parse_text("J.A.count > K.B.count", "extended")), CORE, "the server")
    require(lower(parse_text("J.A.count > 0", "extended")), CORE, "the server")
