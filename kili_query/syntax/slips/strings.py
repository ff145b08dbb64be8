"""Quoted names that are bad in themselves."""

import json
import re

from kili_query.diagnostics import Code, Diagnostic, Edit
from kili_query.source import Span
from kili_query.syntax.parser import Word, match_word
from kili_query.syntax.slips.place import FailurePlace

_STRING = re.compile(r'"(?:[^"\\\n]|\\[^\n])*"')
_ESCAPE = re.compile(r'\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})|\\')
_CONTROL = re.compile(r"[\x00-\x1f]")
_OTHER_QUOTE = re.compile("[“”„‟«»″＂]")


def bad_escape(place: FailurePlace) -> Diagnostic | None:
    r"""``"Traffic\qlight"``: the backslash is doubled."""
    found = _STRING.match(place.rest)
    if found is None or match_word(place.text, place.offset, Word.STRING) is not None or _CONTROL.search(found[0]):
        return None
    mended = _ESCAPE.sub(lambda escape: escape[0] if len(escape[0]) > 1 else "\\\\", found[0])
    advice = f"escapes are those of JSON strings; a backslash itself is doubled: `{mended}`"
    message = "bad escape in a quoted name"
    return place.replace(Code.BAD_LITERAL, message, place.span(len(found[0])), "", mended, advice)


def bad_string(place: FailurePlace) -> Diagnostic | None:
    """A quoted name that never ends, or that holds a control character."""
    if not place.rest.startswith('"'):
        return None
    found = _STRING.match(place.rest)
    if found is None:
        return _unclosed(place)
    if _CONTROL.search(found[0]) is None:
        return None
    mended = _CONTROL.sub(lambda control: json.dumps(control[0])[1:-1], found[0])
    message = "control character in a quoted name"
    advice = f"write it as JSON does: `{mended}`"
    return place.replace(Code.BAD_LITERAL, message, place.span(len(found[0])), "", mended, advice)


def _unclosed(place: FailurePlace) -> Diagnostic:
    line = place.rest.split("\n", 1)[0]
    message, label = "quoted name without an end", "starts here"
    span = place.span(1)
    curly = _OTHER_QUOTE.search(line)
    if curly is not None:
        at = Span(place.offset + curly.start(), place.offset + curly.end())
        return place.make(Code.BAD_LITERAL, message, span, label, f'write `"` for `{curly[0]}`', Edit(at, '"'))
    if not place.expects(Word.STRING):
        return place.make(Code.BAD_LITERAL, message, span, label, 'remove `"`', Edit(span, ""))
    name = re.match(r'"[^".\\]+?(?=\s*\.)', line)
    if name is None:
        return place.make(Code.BAD_LITERAL, message, span, label, 'close it with `"`')
    end = Span(place.offset + name.end(), place.offset + name.end())
    return place.make(Code.BAD_LITERAL, message, span, label, f'close it: `{name[0]}"`', Edit(end, '"'))


def quoted_query(place: FailurePlace) -> Diagnostic | None:
    """A whole query between quotes."""
    if not place.is_at_end or place.last is None or len(place.lexemes) != 1 or place.last.word is not Word.STRING:
        return None
    inner = place.last.text[1:-1]
    if ".count" not in inner:
        return None
    message = "the whole query is quoted, which makes it a name"
    return place.replace(Code.UNEXPECTED_END, message, place.last.span, "", inner, "remove the quotes around the query")
