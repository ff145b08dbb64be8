"""What the five calls answer."""

from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest

import kili_query as kq
from kili_query.datasets.files import FolderFiles
from kili_query.ontology import Ontology
from kili_query.page.calls import answer
from kili_query.page.images import NO_IMAGES, FileImages
from kili_query.page.plain import PlainSource

INTERFACE = {
    "jobs": {
        "J": {
            "mlTask": "OBJECT_DETECTION",
            "instruction": "What is there?",
            "tools": ["polygon"],
            "content": {"categories": {"CAR": {"name": "A car 🚗", "color": "#ff8000"}, "BUS": {"name": "Bus"}}},
        },
        "🚗": {"mlTask": "CLASSIFICATION", "content": {"categories": {"X": {"name": "X"}}, "input": "radio"}},
    }
}
ONTOLOGY = Ontology.from_json_interface(INTERFACE, input_type="IMAGE")


def box(category: str) -> dict[str, Any]:
    corners = [{"x": 0.1, "y": 0.2}, {"x": 0.1, "y": 0.4}, {"x": 0.3, "y": 0.4}, {"x": 0.3, "y": 0.2}]
    return {
        "type": "rectangle",
        "categories": [{"name": category}],
        "boundingPoly": [{"normalizedVertices": corners}],
    }


def source_of(*contents: object, ontology: Ontology | None = ONTOLOGY) -> PlainSource:
    labels = [{"id": f"l{number}", "jsonResponse": one} for number, one in enumerate(contents)]
    return PlainSource.of(labels, ontology=ontology)


CARS = source_of(*({"J": {"annotations": [box("CAR")] * number}} for number in range(4)))


class TestCheck:
    def test_offsets_are_those_of_javascript(self) -> None:
        text = '"🚗".X AND J.CER'
        found = answer(CARS, "check", {"query": text})
        units = text.encode("utf-16-le")
        (one,) = found["diagnostics"]
        assert units[2 * one["start"] : 2 * one["end"]].decode("utf-16-le") == "CER"
        assert (one["code"], one["severity"], found["ok"], found["plan"]) == ("KQ102", "error", False, None)
        fix = one["fix"]
        fixed = (
            units[: 2 * fix["start"]].decode("utf-16-le") + fix["text"] + units[2 * fix["end"] :].decode("utf-16-le")
        )
        assert fixed == '"🚗".X AND J.CAR'
        assert one["page"].startswith("# KQ102: unknown category")

    def test_names_say_what_they_are_and_who_holds_them(self) -> None:
        job, category = answer(CARS, "check", {"query": "J.CAR"})["names"]
        assert (job["title"], job["color"]) == ("J, a job: What is there?", None)
        assert category == {
            "start": 2,
            "end": 5,
            "title": "CAR, a category: A car 🚗",
            "detail": "job: J: What is there?, OBJECT_DETECTION · colour: #ff8000 · "
            "3 of 4 labels hold it, 6 objects together.",
            "color": "#ff8000",
        }

    @pytest.mark.parametrize(
        ("query", "words"),
        [
            ("J.CAR", ["A server is asked for the labels with J.CAR.count > 0.", "Its answer is exact"]),
            ("J.CAR.count < 0", ["No label can match, so a server is not asked at all."]),
            ("TRUE", ["A server is asked for all labels, without a filter.", "Its answer is exact"]),
            ("J.CAR.count == J.BUS.count", ["A server is asked", "Of its answer", "stays local, because"]),
        ],
    )
    def test_the_plan_in_words(self, query: str, words: list[str]) -> None:
        told = answer(CARS, "check", {"query": query})["plan"]["words"]
        assert all(any(word in line for line in told) for word in words), told

    def test_without_an_ontology_unseen_names_are_warnings(self) -> None:
        source = source_of({"J": {"annotations": [box("CAR")]}}, ontology=None)
        found = answer(source, "check", {"query": "J.CER"})
        assert [(one["severity"], one["help"]) for one in found["diagnostics"]] == [("warning", "did you mean `CAR`?")]
        assert found["ok"]
        assert answer(source, "run", {"query": "J.CER"})["matched"] == 0

    def test_an_empty_query_is_fine(self) -> None:
        assert answer(CARS, "check", {"query": " \n"}) == {
            "ok": True,
            "diagnostics": [],
            "names": [],
            "plan": None,
            "snippets": [],
        }


class TestComplete:
    def test_categories_come_with_names_colours_and_holders(self) -> None:
        (found,) = answer(CARS, "complete", {"query": '"🚗".X OR J.A', "offset": 13})["items"]
        assert found == {
            "start": 12,
            "end": 13,
            "text": "CAR",
            "kind": "category",
            "title": "A car 🚗",
            "detail": "3 of 4 labels hold it",
            "color": "#ff8000",
        }

    def test_without_an_ontology_names_are_those_of_labels(self) -> None:
        source = source_of({"J": {"annotations": [box("CAR")]}}, ontology=None)
        assert [one["text"] for one in answer(source, "complete", {"query": "J."})["items"]] == ["CAR", "count"]

    def test_at_most_fifty(self) -> None:
        jobs = {f"J{n}": {"mlTask": "CLASSIFICATION", "content": {"categories": {"A": {}}}} for n in range(60)}
        source = source_of(ontology=Ontology.from_json_interface({"jobs": jobs}))
        assert len(answer(source, "complete", {"query": ""})["items"]) == 50


class TestFormat:
    @pytest.mark.parametrize(
        ("query", "add", "wanted"),
        [
            ("J.CAR.count>3", None, "J.CAR.count > 3"),
            ("", "J.CAR", "J.CAR"),
            ("", None, ""),
            ("J.CAR AND", "J.BUS", "J.CAR AND"),
            ("J.CAR", "J.BUS AND", "J.CAR"),
            ("J.CAR", "J.BUS", "J.CAR AND J.BUS"),
            ("J.CAR OR J.BUS", "J.CAR.count == 1", "(J.CAR OR J.BUS) AND J.CAR.count == 1"),
            ("J.CAR", "J.BUS OR J.CAR", "J.CAR AND (J.BUS OR J.CAR)"),
            ("NOT J.CAR", "11 <= J.BUS.count <= 20", "NOT J.CAR AND 11 <= J.BUS.count <= 20"),
            ("J.CAR # a comment", "J.BUS", "J.CAR  # a comment\nAND J.BUS"),
            ("J.BUS AND J.CAR.count==1", "J.CAR.count == 1", "J.BUS AND J.CAR.count==1"),
            ("J.CAR.count == 1", "J.CAR.count == 1", "J.CAR.count == 1"),
            ("J.CAR OR J.BUS AND J.CAR", "J.CAR", "(J.CAR OR J.BUS AND J.CAR) AND J.CAR"),
        ],
    )
    def test_clauses_are_joined(self, query: str, add: str | None, wanted: str) -> None:
        assert answer(CARS, "format", {"query": query, "add": add}) == {"query": wanted}

    def test_comments_in_a_disjunction_are_kept(self) -> None:
        found = answer(CARS, "format", {"query": "J.CAR # one\nOR J.BUS # two", "add": "J.CAR # three"})["query"]
        assert all(one in found for one in ("# one", "# two", "# three"))
        assert kq.equivalent(found, "(J.CAR OR J.BUS) AND J.CAR").value


class TestRun:
    def test_rows_have_the_counts_that_the_query_names(self) -> None:
        found = answer(CARS, "run", {"query": "J.CAR.count >= 2 OR J.BUS", "start": 1})
        assert found["columns"] == [
            {"key": "J.CAR", "title": "A car 🚗", "color": "#ff8000"},
            {"key": "J.BUS", "title": "Bus", "color": found["columns"][1]["color"]},
        ]
        assert [(row["id"], row["counts"]) for row in found["rows"]] == [("l3", [3, 0])]
        assert found["source"] == {"title": "labels", "input_type": "IMAGE", "labels": 4, "ontology": True, "notes": []}

    def test_why_a_label_matches_or_not(self) -> None:
        query = "J.CAR.count >= 2 AND NOT (J.BUS OR J.CAR.count > 3)"
        found = answer(CARS, "run", {"query": query, "label": 3})["label"]
        assert (found["matches"], found["nearest"]) == (True, None)
        assert found["why"] == [
            "✓ J.CAR.count >= 2 (J.CAR.count = 3)",
            "✓ NOT J.BUS (J.BUS.count = 0)",
            "✓ NOT J.CAR.count > 3 (J.CAR.count = 3)",
        ]
        other = answer(CARS, "run", {"query": query, "label": 1})["label"]
        assert (other["matches"], other["nearest"]) == (False, "would match with 1 more J.CAR")
        assert other["answers"] == ["J: 1 A car 🚗"]

    def test_a_label_that_cannot_be_judged_says_why(self) -> None:
        source = source_of({"J": {"annotations": 3}}, None)
        for number, message in enumerate(("`annotations` must be a list", "`jsonResponse` is null")):
            found = answer(source, "run", {"query": "J.CAR", "label": number})["label"]
            assert found["matches"] is None
            assert message in found["why"][0]
        counted = answer(source, "run", {"query": ""})["rows"]
        assert [row["counts"] for row in counted] == [[], []]

    def test_the_counts_of_a_label_without_any_are_unknown(self) -> None:
        source = source_of({"🚗": {"categories": [{"name": "X"}]}, "J": {"annotations": 3}})
        assert answer(source, "run", {"query": '"🚗".X'})["rows"][0]["counts"] == [None]


class TestPictures:
    def picture(self, content: object, *, input_type: str = "IMAGE", **asked: Any) -> Any:
        source = source_of(content, ontology=Ontology.from_json_interface(INTERFACE, input_type=input_type))
        return answer(source, "run", {"query": "", "label": 0, **asked})["label"]["picture"]

    def test_shapes_are_fractions(self) -> None:
        found = self.picture({"J": {"annotations": [box("CAR")]}})
        assert (found["kind"], found["url"], found["cut"]) == ("image", None, False)
        rings = [[[0.1, 0.2], [0.1, 0.4], [0.3, 0.4], [0.3, 0.2]]]
        assert found["shapes"] == [{"kind": "box", "name": "A car 🚗", "color": "#ff8000", "rings": rings}]

    def test_a_polygon_has_its_holes(self) -> None:
        outer, hole = ([{"x": x, "y": y} for x, y in ((a, a), (b, a), (b, b))] for a, b in ((0, 1), (0.4, 0.6)))
        polygon = {
            "type": "semantic",
            "categories": [{"name": "CAR"}],
            "boundingPoly": [{"normalizedVertices": outer}, {"normalizedVertices": hole}],
        }
        (shape,) = self.picture({"J": {"annotations": [polygon]}})["shapes"]
        assert (shape["kind"], len(shape["rings"])) == ("polygon", 2)

    def test_a_video_shows_the_frame_that_is_asked_for(self) -> None:
        content = {str(n): {"J": {"annotations": [box("CAR")] * n}} for n in (1, 3, 2)}
        found = self.picture(content, input_type="VIDEO")
        assert (found["kind"], found["frames"], found["frame"], len(found["shapes"])) == ("video", [1, 2, 3], 3, 3)
        found = self.picture(content, input_type="VIDEO", frame=1)
        assert (found["frames"], found["frame"], len(found["shapes"])) == ([1, 2, 3], 1, 1)

    def test_entities_are_marked_in_what_is_known_of_the_text(self) -> None:
        entities = [
            {"beginOffset": offset, "content": text, "categories": [{"name": name}]}
            for offset, text, name in ((20, "Paris", "BUS"), (3, "🚗 Ada", "CAR"))
        ]
        found = self.picture({"J": {"annotations": entities}}, input_type="TEXT")
        assert (found["kind"], found["text"]["text"]) == ("text", "🚗 Ada … Paris")
        assert [(one["start"], one["end"], one["name"]) for one in found["text"]["spans"]] == [
            (0, 6, "A car 🚗"),
            (9, 14, "Bus"),
        ]

    def text(self, entities: list[dict[str, Any]], asset: dict[str, Any], folder: Path | None = None) -> Any:
        label = {"labelOf": asset, "jsonResponse": {"J": {"annotations": entities}}}
        images = NO_IMAGES if folder is None else FileImages(FolderFiles(str(folder)))
        source = PlainSource.of([label], ontology=Ontology({}, "TEXT"), images=images)
        return answer(source, "run", {"query": "", "label": 0})["label"]["picture"]["text"]

    @pytest.mark.parametrize("begin", [6, 7])
    def test_entities_are_marked_in_the_whole_text(self, tmp_path: Path, begin: int) -> None:
        """Whether their offsets count characters or UTF-16 code units, as the quoted part says."""
        text = "🚗 Ada, Paris"
        (tmp_path / "a.txt").write_text(text, encoding="utf-8")
        entity = {"beginOffset": begin + 1, "content": "Paris", "categories": [{"name": "CITY"}]}
        for asset, folder in (({"content": "a.txt"}, tmp_path), ({"source": {"data": {"text": text}}}, None)):
            found = self.text([entity], asset, folder)
            assert found["text"] == text
            assert [(one["start"], one["end"], one["name"]) for one in found["spans"]] == [(8, 13, "CITY")]

    def test_a_text_with_other_parts_than_quoted_is_not_shown(self, tmp_path: Path) -> None:
        (tmp_path / "a.txt").write_text("another text")
        entity = {"beginOffset": 0, "content": "Paris", "categories": [{"name": "CITY"}]}
        assert self.text([entity], {"content": "a.txt"}, tmp_path)["text"] == "Paris"
        assert self.text([], {"content": "a.txt"}, tmp_path) == {"text": "another text", "spans": []}

    def test_what_is_too_large_for_a_thumbnail_is_cut(self) -> None:
        source = source_of({"J": {"annotations": [box("CAR")] * 1_000}})
        found = answer(source, "run", {"query": "", "label": 0})
        assert (found["rows"][0]["picture"]["cut"], len(found["rows"][0]["picture"]["shapes"])) == (True, 375)
        assert (found["label"]["picture"]["cut"], len(found["label"]["picture"]["shapes"])) == (False, 1_000)

    def test_numbers_that_json_cannot_hold_are_left_out(self) -> None:
        bad = box("CAR")
        bad["boundingPoly"][0]["normalizedVertices"][0] = {"x": float("nan"), "y": 0.5}
        found = self.picture({"J": {"annotations": [bad, box("BUS")]}})
        assert [one["name"] for one in found["shapes"]] == ["Bus"]


class SlowSource(PlainSource):
    """Labels whose contents take as long to read as a test wants."""

    def __init__(self, **about: Any) -> None:
        super().__init__(**about)
        self.is_reading, self.may_go_on = Event(), Event()

    def labels(self, rows: Any) -> Any:
        self.is_reading.set()
        assert self.may_go_on.wait(60)
        return super().labels(rows)


def test_a_query_that_takes_long_keeps_no_other_waiting() -> None:
    source = SlowSource.of([{"jsonResponse": {"J": {"annotations": [box("CAR")]}}}])
    slow: list[Any] = []
    asked = {"query": "J.CAR[NOT K.A]", "pictures": False}
    threads = [Thread(target=lambda: slow.append(answer(source, "histogram", {"query": asked["query"]}))) for _ in "ab"]
    for thread in threads:
        thread.start()
    assert source.is_reading.wait(60)
    assert answer(source, "histogram", {"query": "J.CAR"})["matched"] == 1
    assert not slow
    source.may_go_on.set()
    for thread in threads:
        thread.join(60)
    assert [one["matched"] for one in slow] == [1, 1]


def test_the_thumbnail_of_a_label_without_shapes_shows_its_answers() -> None:
    content = {"SKY": {"categories": [{"name": "BLUE"}]}, "NOTE": {"text": "word " * 1000}}
    source = PlainSource.of([{"id": "a", "jsonResponse": content}, {"id": "b", "jsonResponse": {}}])
    ran = answer(source, "run", {"query": "", "label": 0})
    small, empty = (row["picture"] for row in ran["rows"])
    assert small["text"]["text"].startswith("SKY: BLUE\nNOTE: word word")
    assert len(small["text"]["text"]) <= 600
    assert (empty["text"], ran["label"]["picture"]["text"]) == (None, None)
    assert ran["label"]["answers"][0] == "SKY: BLUE"


def test_a_pattern_of_many_categories_stays_short() -> None:
    categories = {f"CATEGORY_{number:04}": {"name": str(number)} for number in range(1000)}
    job = {"mlTask": "OBJECT_DETECTION", "content": {"categories": categories}}
    ontology = Ontology.from_json_interface({"jobs": {"OBJECTS": job}})
    objects = [{"mid": str(number), "categories": [{"name": f"CATEGORY_{number:04}"}]} for number in (3, 700)]
    source = PlainSource.of([{"id": "a", "jsonResponse": {"OBJECTS": {"annotations": objects}}}], ontology=ontology)
    query = "OBJECTS.*.count >= 2"
    ran = answer(source, "run", {"query": query, "label": 0})
    assert [column["title"] for column in ran["columns"]][:3] == ["3", "700", "0"]
    found = ran["label"]
    assert found["matches"] is True
    (clause,) = found["why"]
    assert clause.startswith(f"✓ {query} (OBJECTS.CATEGORY_0003.count = 1, OBJECTS.CATEGORY_0700.count = 1")
    assert len(clause) < 200
    words = answer(source, "check", {"query": query})["plan"]["words"]
    assert words[0] == "A server is asked for the labels with the filter below."
    assert all(len(one) < 700 for one in words)
