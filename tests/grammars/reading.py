"""Grammars as LLGuidance reads them: what they accept, and random texts that they accept."""

from collections.abc import Iterator
from random import Random

from llguidance import LLMatcher, LLTokenizer, grammar_from

from kili_query.grammars import GrammarSyntax

_BYTES = LLTokenizer("byte")
_ENDING = frozenset(b"])}")
_BLANK = frozenset(b" \t\r\n")


class Reader:
    """A grammar, compiled once."""

    def __init__(self, text: str, syntax: GrammarSyntax) -> None:
        if syntax == "json-schema":  # without white space, which is not what is looked at here
            grammar = LLMatcher.grammar_from_json_schema(text, overrides={"whitespace_flexible": False})
        else:
            grammar = grammar_from(syntax, text)
        self._start = LLMatcher(_BYTES, grammar)
        assert not self._start.is_error(), self._start.get_error()
        assert self._start.get_grammar_warnings() == []

    def accepts(self, text: str) -> bool:
        """Whether a whole text is accepted."""
        matcher, tokens = self._start.deep_copy(), list(text.encode())
        return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()

    def texts(self, random: Random, length: int) -> Iterator[str]:
        """The texts that one random walk over the allowed bytes passes, up to a length.

        Brackets are closed and blanks left out more often than not, because most texts would never end otherwise.
        """
        matcher, text = self._start.deep_copy(), bytearray()
        while len(text) < length:
            if text and matcher.is_accepting():
                yield text.decode()
            bias = matcher.compute_logit_bias()
            allowed = [byte for byte in range(256) if bias[byte]]
            if not allowed:
                return
            wanted = [byte for byte in allowed if byte in _ENDING] or [byte for byte in allowed if byte not in _BLANK]
            byte = random.choice(wanted if wanted and random.random() < 0.7 else allowed)
            assert matcher.consume_token(byte)
            text.append(byte)
