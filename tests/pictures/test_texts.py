"""Texts in pictures: readable in every script that some font has, told where none has, and never without end."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from PIL import Image, features

from kili_query.errors import SourceError
from kili_query.labels.colors import color_of
from kili_query.pictures import Tile, contact_sheet, draw_label, drawing_of, faces, missing_characters
from tests.each import for_each
from tests.pictures.test_drawing import box, drawn

SIGNAL = "信号"
NOTE = "no font found here has U+4FE1, U+53F7: install one, or name its file (`font`, `--font`)"


def font_of(path: Path, characters: str) -> Path:
    """A font that draws a full square for each character, and a small one for all others."""
    names = {ord(char): f"u{ord(char):04X}" for char in characters}
    glyphs = {".notdef": 300} | dict.fromkeys(names.values(), 900)
    builder = FontBuilder(1000, isTTF=True)
    builder.setupGlyphOrder(list(glyphs))
    builder.setupCharacterMap(names)
    drawn_glyphs = {}
    for name, side in glyphs.items():
        pen = TTGlyphPen(None)
        pen.moveTo((0, 0))
        for point in ((0, side), (side, side), (side, 0)):
            pen.lineTo(point)
        pen.closePath()
        drawn_glyphs[name] = pen.glyph()
    builder.setupGlyf(drawn_glyphs)
    builder.setupHorizontalMetrics(dict.fromkeys(glyphs, (1000, 0)))
    builder.setupHorizontalHeader(ascent=900, descent=-200)
    builder.setupNameTable({"familyName": "Squares", "styleName": "Regular"})
    builder.setupOS2()
    builder.setupPost()
    builder.save(path)
    return path


@pytest.fixture(autouse=True)
def system(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """The only folder in which fonts of the system are looked for."""
    folder = tmp_path / "fonts"
    folder.mkdir()
    monkeypatch.setattr(faces, "_FOLDERS", {})
    monkeypatch.setattr(faces, "_OTHER_FOLDERS", (str(folder),))
    _forget_faces()
    yield folder
    _forget_faces()


def _forget_faces() -> None:
    faces._searches.clear()
    faces._found.clear()
    faces._system_files.cache_clear()
    faces._system_face_for.cache_clear()


def named(*names: str) -> dict[str, Any]:
    return drawn(*(box(0.1, 0.5, 0.9, 0.9, category=name) for name in names))


class TestScripts:
    @for_each(["Fußgänger", "Żółw", "Phở Đặc", "Ελλάδα", "Щука Ёж Ґ", "עץ", "شجرة", "→ ✓"])
    def test_characters_of_the_shipped_font(self, name: str) -> None:
        assert missing_characters([name]) is None
        assert drawing_of(named(name)).problems == ()
        assert draw_label(named(name)) != draw_label(named("\U00105555" * len(name)))

    def test_characters_that_no_font_has_are_reported(self) -> None:
        assert missing_characters([f"a {SIGNAL}", SIGNAL]) == NOTE
        assert drawing_of(named(SIGNAL)).problems == (NOTE,)
        assert drawing_of(drawn(TEXT={"text": SIGNAL})).problems == (NOTE,)
        assert draw_label(named(SIGNAL)).height > draw_label(named("ab")).height  # it is told below, too

    def test_many_that_no_font_has(self) -> None:
        told = missing_characters(map(chr, range(0x4E00, 0x5E00)))
        assert told is not None
        assert told.endswith("and 4084 more: install one, or name its file (`font`, `--font`)")

    @pytest.mark.parametrize("where", ["named", "system"])
    def test_a_font_that_has_it(self, system: Path, tmp_path: Path, where: str) -> None:
        for number in range(3):
            (system / f"a{number}.ttf").write_bytes(b"broken")
        path = font_of(tmp_path / "own.ttf" if where == "named" else system / "z.ttf", SIGNAL)
        font = path if where == "named" else None
        assert missing_characters([SIGNAL], font) is None
        assert drawing_of(named(SIGNAL), font=font).problems == ()
        picture = draw_label(drawn(box(0.1, 0.5, 0.9, 0.9, category=SIGNAL)), size=(500, 400), font=font)
        letters = picture.crop((54, 190, 59, 195))
        assert letters.getextrema() in [((0, 0),) * 3, ((255, 255),) * 3]  # within the square
        mixed = draw_label(named(f"Ampel {SIGNAL} é"), font=font)
        assert mixed != draw_label(named("Ampel \U00105555\U00105555 é"), font=font)

    def test_a_file_that_is_not_a_font(self, tmp_path: Path) -> None:
        (tmp_path / "a.ttf").write_bytes(b"text")
        for path in (tmp_path / "a.ttf", tmp_path / "none.ttf", tmp_path):
            with pytest.raises(SourceError, match="it is not a font that can be read"):
                draw_label(named("a"), font=path)
            with pytest.raises(SourceError, match="it is not a font that can be read"):
                contact_sheet([Tile(Image.new("RGB", (5, 5)), "a")], font=path)

    @pytest.mark.skipif(not features.check("raqm"), reason="Pillow without Raqm lays out from left to right alone")
    def test_words_from_right_to_left_do_not_turn_the_line(self) -> None:
        alone, followed = (
            draw_label(drawn(N={"text": f"\n{text}"}), size=(300, 8)).crop((0, 22, 12, 40)) for text in ("עץ", "עץ abc")
        )
        assert alone == followed
        assert alone.getcolors() != [(12 * 18, (255, 255, 255))]

    def test_invisible_characters_and_changes_of_direction(self) -> None:
        hidden = ["\u202e", "\x1b", "\x00", "\u2066", "\ud800", "\ufeff"]
        wanted = draw_label(drawn(NOTE={"text": "a\ufffdb"}))
        assert all(draw_label(drawn(NOTE={"text": f"a{char}b"})) == wanted for char in hidden)


class TestBounds:
    @for_each(["a b " * 250_000, "a" * 1_000_000, "\n" * 1_000_000, f"{SIGNAL} " * 300_000])
    def test_a_text_without_end(self, text: str) -> None:
        assert draw_label(drawn(NOTE={"text": text})).height < 1000

    def test_answers_without_end(self) -> None:
        many = drawn(**{f"J{number}": {"text": "long " * 200} for number in range(3000)})
        assert draw_label(many, size=(100, 100)).height < 1200

    def test_a_name_stays_in_the_picture(self) -> None:
        picture = draw_label(drawn(box(0.95, 0.5, 0.99, 0.9, category="pedestrian")), size=(400, 300))
        left = min(x for x in range(400) if picture.getpixel((x, 140)) == color_of("BOXES", "pedestrian"))
        assert 300 < left < 360
        outside = draw_label(drawn(box(2.0, 2.0, 3.0, 3.0), box(0, 0, 1, 1)), size=(400, 300))
        assert outside.width == 400

    def test_many_shapes_of_a_large_picture(self) -> None:
        many = drawn(*(box(0.1, 0.1, 0.2, 0.2 + number / 2000) for number in range(400)))
        assert draw_label(many, size=(2048, 2048)).width == 2048
