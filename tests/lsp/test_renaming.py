"""Which names a rename changes."""

import pytest
from lsprotocol import types

from kili_query.lsp.documents import Document
from kili_query.lsp.renaming import RenameError, Renaming, rename, target_at
from kili_query.ontology import Ontology
from tests.lsp.client import ROOT, applied, at

STREET = Ontology.load(ROOT / "docs" / "street.json")


def renamed(marked: str, new: str, ontology: Ontology | None = STREET, others: str = "") -> tuple[str, Renaming]:
    text, cursor = at(marked)
    document = Document("file:///a.kq", ".kq", text)
    other = Document("file:///b.kq", ".kq", others)
    renaming = rename(target_at(document, cursor, ontology), new, [document, other], ontology)
    edits: dict[str, list[types.TextEdit]] = {one.uri: made for one, made in renaming.edits}
    after = [applied(one.text, edits.get(one.uri, [])) for one in (document, other)]
    return " / ".join(after if others else after[:1]), renaming


@pytest.mark.parametrize(
    ("marked", "new", "after"),
    [
        ("OBJECTS.C|AR AND LIT.CAR", "AUTO", "OBJECTS.AUTO AND LIT.CAR"),
        ('"Box every object".CAR OR OBJECTS.CAR|', "AUTO", '"Box every object".AUTO OR OBJECTS.AUTO'),
        ("OBJECTS.CAR OR OBJECTS.|Car", "Auto", "OBJECTS.CAR OR OBJECTS.Auto"),
        ("|OBJECTS.CAR[OCCLUDED.YES].count + OBJECTS.count > 1", "B", "B.CAR[OCCLUDED.YES].count + B.count > 1"),
        ("OBJECTS.CAR[OCCL|UDED.YES]", "in", 'OBJECTS.CAR["in".YES]'),
        ("OBJECTS.CAR AND NOT OBJ|ECTS.x AND (", "TRUE", "TRUE.CAR AND NOT TRUE.x AND ("),
        ("WEATHER.SUNNY|", '"a \\"b\\""', 'WEATHER."a \\"b\\""'),
        ("WEATHER.|none OR OBJECTS.none", "count", 'WEATHER."count" OR OBJECTS.none'),
        ("count.count.count > 0 AND count.|count.count > 1 + 0", "x", "count.x.count > 0 AND count.x.count > 1 + 0"),
    ],
)
def test_the_same_name_everywhere(marked: str, new: str, after: str) -> None:
    found, renaming = renamed(marked, new)
    assert found == after
    assert renaming.told() is None
    assert renamed(marked, new, others="OBJECTS.CAR")[0].count("/") == 1


def test_without_an_ontology_names_are_what_they_are() -> None:
    assert renamed("J.A| OR K.A OR *.A", "B", None)[0] == "J.B OR K.A OR *.A"
    assert renamed("J.A OR |J.B", "J.C", None)[0] == '"J.C".A OR "J.C".B'


def test_what_names_several_things_stays_and_is_reported() -> None:
    found, renaming = renamed("OBJECTS.CAR|", "AUTO", others="*.C* OR OBJECTS.*.count > 1 OR OBJ*.CAR")
    assert found == "OBJECTS.AUTO / *.C* OR OBJECTS.*.count > 1 OR OBJ*.AUTO"
    assert renaming.told() == "not changed, because they match several names: /b.kq:1:3", "`AUTO` is no `C*`"


@pytest.mark.parametrize(
    ("marked", "new", "reason"),
    [
        ("OBJECTS.CAR|", "  ", "the new name is empty"),
        ("OBJECTS.CAR|", "PERSON", "the job `OBJECTS` has `PERSON` already, which is another category"),
        ("OBJ|ECTS.CAR", "LIT", "the ontology has `LIT` already, which is another job"),
        ("OBJECTS.C*|", "x", "names several things"),
        ("|*.CAR", "x", "names several things"),
        ("OBJECTS.CAR > |1", "x", "there is no job or category here"),
        ("# |", "x", "there is no job or category here"),
    ],
)
def test_what_cannot_be_renamed(marked: str, new: str, reason: str) -> None:
    with pytest.raises(RenameError, match=reason):
        renamed(marked, new)


def test_a_text_with_escapes_is_not_renamed_in_part() -> None:
    spelled = Document("file:///a.json", ".json", '{"category_search": "OBJECTS.C\\u0041R"}')
    plain = Document("file:///b.kq", ".kq", "OBJECTS.CAR")
    target = target_at(plain, types.Position(0, 9), STREET)
    with pytest.raises(
        RenameError, match=r"nothing was renamed, because `AUTO` cannot be put in place at /a\.json:1:30"
    ):
        rename(target, "AUTO", [plain, spelled], STREET)
