"""Diagnostics over friendly and hostile texts, for every renderer to show."""

from kili_query.diagnostics import Code, Diagnostic, Edit, Help, Label
from kili_query.source import NOWHERE, Source, Span

__all__ = ["SAMPLES"]


def _at(text: str, part: str, code: Code = Code.UNEXPECTED_TOKEN, word: str = "not expected here") -> Diagnostic:
    start = text.index(part)
    return Diagnostic(code, "unexpected text", Label(Span(start, start + len(part)), word), source=Source(text))


def _plain() -> Diagnostic:
    fault = Label(Span(8, 13), "no such category")
    return Diagnostic(
        Code.UNKNOWN_CATEGORY,
        "unknown category `PERSN` in job `OBJECTS`",
        fault,
        help=Help("did you mean `PERSON`?", Edit(fault.span, "PERSON")),
        source=Source("OBJECTS.PERSN.count > 0"),
    )


def _clash() -> Diagnostic:
    text = "OBJECTS.CAR.count > 5\nAND OBJECTS.BUS.count > 0\n\nAND OBJECTS.VAN.count == 1\nAND OBJECTS.CAR.count < 2"
    last = text.index("OBJECTS.CAR.count < 2")
    first = Label(Span(0, 21), "more than 5 here")
    primary = Label(Span(last, len(text)), "fewer than 2 here")
    return Diagnostic(Code.NEVER_TRUE, "no label can meet both", primary, (first,), source=Source(text))


def _far_apart() -> Diagnostic:
    text = "A.B.count > 0 OR " * 300 + "C.D.count > &"
    labels = (Label(Span(0, 9), "first"), Label(Span(2550, 2559), "middle"))
    return Diagnostic(
        Code.BAD_LITERAL, "bad number", Label(Span(len(text) - 1, len(text))), labels, source=Source(text)
    )


def _unwritten() -> Diagnostic:
    labels = (Label(NOWHERE, "never shown"),)
    return Diagnostic(Code.UNKNOWN_JOB, "unknown job `X`", Label(NOWHERE), labels, help=Help("did you mean `Y`?"))


def _hostile_words() -> Diagnostic:
    return Diagnostic(
        Code.UNKNOWN_JOB,
        "unknown job `\x1b[2J\n\u202e\ud800`",
        Label(Span(0, 1), "line\nbreak"),
        help=Help("did you mean `\x07\r`?", Edit(Span(0, 1), "\x1b")),
        source=Source("J", name="a\nb c"),
    )


def _inside_a_file() -> Diagnostic:
    source = Source("A.B.count > 0\nOR oops", name="queries/my cars.kq", first_line=98)
    return Diagnostic(
        Code.UNEXPECTED_END,
        "the query ends too early",
        Label(Span(20, 20), "a condition"),
        (Label(Span(0, 1), "starts here"),),
        help=Help("write a condition", Edit(Span(17, 20), "A.C")),
        source=source,
    )


_LONG = "A.B.count > 0 OR " * 300

SAMPLES: dict[str, Diagnostic] = {
    "plain": _plain(),
    "two_places_far_lines": _clash(),
    "two_places_one_line": Diagnostic(
        Code.MIXED_CONNECTIVES,
        "AND and OR mixed",
        Label(Span(16, 18), "this binds looser"),
        (Label(Span(4, 7), "this binds tighter"), Label(NOWHERE, "not written")),
        source=Source("A.B AND C.D     OR E.F"),
    ),
    "empty_text": Diagnostic(
        Code.UNEXPECTED_END, "the query is empty", Label(Span(0, 0), "nothing"), source=Source("")
    ),
    "end_of_text": Diagnostic(Code.UNEXPECTED_END, "ends", Label(Span(5, 5), "a number"), source=Source("A.B >")),
    "end_after_newline": Diagnostic(Code.UNEXPECTED_END, "ends", Label(Span(6, 6)), source=Source("A.B >\n")),
    "past_the_end": Diagnostic(Code.UNEXPECTED_END, "ends", Label(Span(90, 99), "?"), source=Source("A.B >")),
    "on_the_newline": Diagnostic(Code.UNEXPECTED_TOKEN, "line end", Label(Span(5, 6), "?"), source=Source("A.B >\n0")),
    "wide_characters": _at('猫."大きい犬".count & 1', "&"),
    "wide_fault": _at('J."大きい犬".count > 0', "大きい犬"),
    "combining_marks": _at('J."e\u0301te\u0301 \u20dd हिन्दी ❤\ufe0f".count & 1', "&"),
    "joined_emoji": _at('J."👨\u200d👩\u200d👧".count & 1', "&"),
    "tabs": _at("A.B.count\t>\t\t&", "&"),
    "control_characters": _at("A\x00.\x1b[31mB\x7f\x85.count \u202e> &", "&"),
    "line_separators": _at("A.B\u2028.count\u2029 > \x0b\x0c &", "&"),
    "lone_surrogate": _at("A.\ud800.count & 1", "&"),
    "crlf": _at("A.B.count > 0\r\nAND A.C.count & 0\r\nOR A.D", "&"),
    "crlf_fault": Diagnostic(Code.UNEXPECTED_TOKEN, "line end", Label(Span(5, 7), "?"), source=Source("A.B >\r\n0")),
    "many_lines": _at("A.B.count > 0 AND\n" * 1200 + "&", "&"),
    "multi_line_span": _at("A.B IN {1,\n 2,\n 3}", "{1,\n 2,\n 3}", Code.BAD_LITERAL, "this set"),
    "long_line_start": _at("& " + _LONG, "&"),
    "long_line_middle": _at(_LONG + "& " + _LONG, "&"),
    "long_line_end": _at(_LONG + "&", "&"),
    "long_line_long_span": _at("A.B > 0 OR " + "9" * 5000, "9" * 5000, Code.BAD_LITERAL, "too long"),
    "long_line_wide": _at('J."' + "犬" * 300 + '" & 1', "&"),
    "long_line_far_apart": _far_apart(),
    "unwritten": _unwritten(),
    "hostile_words": _hostile_words(),
    "inside_a_file": _inside_a_file(),
}
