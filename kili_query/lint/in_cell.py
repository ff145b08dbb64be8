"""The Python of a notebook's cell, read as IPython reads it.

IPython's own transformer needs all of IPython, and does not say where the Python that it makes came from. This one
leaves out what is not Python and keeps the rest as it stands; tests hold it to IPython's.
"""

import ast
import re
import warnings
from collections.abc import Callable, Generator, Iterator
from typing import TypeAlias

from attrs import define, field, frozen

from kili_query.lint.derived import Derived, derive
from kili_query.lint.searches import LintItem, SkippedPlace, mentions_search
from kili_query.source import Source, Span

Piece: TypeAlias = Span | str

_TOKEN = re.compile(
    r'''(?P<triple>"""(?:[^"\\]++|\\.|"(?!""))*+(?:""")?|\'\'\'(?:[^'\\]++|\\.|'(?!\'\'))*+(?:\'\'\')?)
      | (?P<string>"(?:[^"\\\n]++|\\.)*+"?|'(?:[^'\\\n]++|\\.)*+'?)
      | (?P<comment>\#[^\n]*)
      | (?P<open>[(\[{])
      | (?P<close>[)\]}])
      | (?P<continued>\\\n)
      | (?P<end>\n)
      | (?P<operator>[=!<>:]=|(?:\*\*|//|>>|<<|[-+*/%@&|^])=)
      | (?P<assign>=)
      | (?P<help>\?)
      | (?P<blank>[ \t\f]++)
      | (?P<other>\w++|.)''',
    re.VERBOSE | re.DOTALL,
)


def without_prompts(cell: Source) -> Derived:
    r"""The text of a cell from its first word on, without indentation that all lines share, and without prompts.

    >>> without_prompts(Source("\n  >>> f(\n  ...   x)\n")).source.text
    'f(\n  x)\n'
    """
    text = cell.text
    ends = [found.end() for found in re.finditer(r"\n|[^\n]\Z", text)]
    lines = [Span(start, end) for start, end in zip([0, *ends], ends, strict=False)]
    first = next((number for number, line in enumerate(lines) if text[slice(*line)].strip()), 0)
    return derive(cell, _unprompted(text, _dedented(text, lines[first:])))


_INDENT = re.compile(r"[ \t]*")


def _dedented(text: str, lines: list[Span]) -> list[Span]:
    indents = [text[line.start : _indent_end(text, line)] for line in lines if text[slice(*line)].strip()]
    low, high = min(indents, default=""), max(indents, default="")
    common = next((at for at, char in enumerate(low) if char != high[at]), len(low))
    return [Span(min(line.start + common, _indent_end(text, line)), line.end) for line in lines]


def _indent_end(text: str, line: Span) -> int:
    found = _INDENT.match(text, *line)
    assert found is not None  # it matches nothing, too
    return found.end()


_DOCTEST = re.compile(r"[ \t]*>>>")
_DOCTEST_PROMPT = re.compile(r"[ \t]*(?:>>>|\.\.\.)[ \t]?")
_IPYTHON_PROMPT = re.compile(r"(?:(?:\[nav\]|\[ins\])? )?In \[\d+\]: |[ \t]*\.{3,}: ?")


def _unprompted(text: str, lines: list[Span]) -> list[Span]:
    free = list(_are_free(text, lines))
    if any(is_free and _DOCTEST.match(text, *line) for is_free, line in zip(free, lines, strict=True)):
        pairs = zip(free, lines, strict=True)
        stripped = [_behind(_DOCTEST_PROMPT, text, line) if is_free else line for is_free, line in pairs]
        return _dedented(text, stripped) if all(free) else stripped
    if any(_IPYTHON_PROMPT.match(text, *line) for line in lines[:2]):
        return [_behind(_IPYTHON_PROMPT, text, line) for line in lines]
    return lines


def _behind(prompt: re.Pattern[str], text: str, line: Span) -> Span:
    found = prompt.match(text, *line)
    return line if found is None else Span(found.end(), line.end)


_DOCUMENTATION = re.compile(r"[ \t]*[a-zA-Z]*")


def _are_free(text: str, lines: list[Span]) -> Iterator[bool]:
    """Whether each line is program: prompts inside of a text that documents something belong to it."""
    quotes: list[Span] = []
    if any(_DOCTEST.match(text, *line) for line in lines):
        for token in _TOKEN.finditer(text, lines[0].start):
            line_start = text.rfind("\n", 0, token.start()) + 1 if token.lastgroup == "triple" else 0
            if token.lastgroup == "triple" and _DOCUMENTATION.fullmatch(text, line_start, token.start()):
                quotes.append(Span(*token.span()))
    following = iter([*quotes, Span(len(text), len(text))])
    quote = next(following)
    for line in lines:
        while quote.end <= line.start < len(text):
            quote = next(following)
        yield not quote.start < line.start


@frozen
class _Magic:
    """A magic command with Python behind it.

    Attributes:
        options: the letters of its options that take a value.
        runs_line: whether the rest of its line is Python, where it stands atop a cell.
    """

    options: str = ""
    runs_line: bool = False

    def code_start(self, text: str, start: int, end: int) -> int:
        """Where the Python starts, behind the options."""
        valued = rf"-[a-zA-Z]*?[{self.options}][ \t]*[^\s-]\S*+|" if self.options else ""
        found = re.compile(rf"(?:(?:{valued}--?[a-zA-Z][\w-]*+)[ \t]++)*+").match(text, start, end)
        assert found is not None  # it matches nothing, too
        return found.end()


_MAGICS = {
    "time": _Magic(),
    "timeit": _Magic("nrpv", runs_line=True),
    "prun": _Magic("DlsT", runs_line=True),
    "debug": _Magic("b", runs_line=True),
    "memit": _Magic("rti", runs_line=True),
    "lprun": _Magic("fmDTu"),
    "mprun": _Magic("fT"),
}
_CELL_MAGICS = _MAGICS | dict.fromkeys(("capture", "python", "python3", "pypy"), _Magic())


def find_in_cell(cell: Source, find: Callable[[Source], Iterator[LintItem]]) -> Iterator[LintItem]:
    r"""Find searches in the Python of a cell, and commands that mention a search but are not Python.

    Args:
        cell: what is typed in it.
        find: finds searches in Python.

    >>> cell = Source("!pip install \\\n x\n%time f(y)\nz = %sql category_search")
    >>> [str(one) for one in find_in_cell(cell, lambda python: iter([SkippedPlace(python, 2, repr(python.text))]))]
    ["query:3:7: skipped: '0\\nf(y)\\nz = 0'", 'query:4:5: skipped: it mentions a search, but is a command, not Python']
    """
    plain = without_prompts(cell)
    reading = _Reading(plain.source)
    atop = derive(plain.source, list(reading.cell_magics()))
    body = derive(plain.source, [Span(reading.at, len(plain.source.text))])
    inner = without_prompts(body.source) if reading.at else body
    if atop.source.text:
        yield from (plain.place(atop.place(found)) for found in find(atop.source))
    inside = _Reading(inner.source)
    program = derive(inner.source, list(inside.pieces()))
    for found in (*map(program.place, find(program.source)), *inside.skipped):
        yield plain.place(body.place(inner.place(found)) if reading.at else inner.place(found))
    yield from map(plain.place, reading.skipped)


_COMMANDS = "!%?,;/"
_ASSIGNED = re.compile(r"[ \t]*(?=!|%[ \t]*[^\W\d])")
_MAGIC = re.compile(r"%{0,2}(\w++)[ \t]++")
_CELL_MAGIC = re.compile(r"\s*+%%(\w++)(?!\?)")


@define
class _Reading:
    """A cell while it is read.

    Attributes:
        source: the cell, without prompts.
        at: how far its magic commands reach that are for all of the cell.
        skipped: what is left out and mentions a search.
    """

    source: Source
    at: int = 0
    skipped: list[SkippedPlace] = field(factory=list)

    @property
    def text(self) -> str:
        """The text of the cell."""
        return self.source.text

    def cell_magics(self) -> Iterator[Piece]:
        """The Python on the lines of magic commands atop the cell; reads up to the end of those lines."""
        while magic := _CELL_MAGIC.match(self.text, self.at):
            name, end = magic[1], self.line_end(magic.end())
            if name not in _CELL_MAGICS:
                self.at = len(self.text)
                self.skip(magic.start(1), self.at, f"it mentions a search, but `%%{name}` may not be of Python")
                return
            if _CELL_MAGICS[name].runs_line:
                yield from self.command(magic.start(1), end)
                yield "\n"
            else:
                self.skip(magic.start(1), end)
            self.at = min(end + 1, len(self.text))

    def pieces(self) -> Iterator[Piece]:
        """The Python of a cell that has no more magic commands for all of it."""
        if "\n" not in self.text.strip() and (magic := _MAGIC.match(self.text)) and magic[1] in _MAGICS:
            yield from self.command(0, len(self.text))  # alone in a cell, a magic needs no `%`
            return
        at = 0
        while at < len(self.text):
            at = yield from self.logical_line(at)

    def logical_line(self, start: int) -> Generator[Piece, None, int]:
        """Keep the Python of a logical line; return where it ends."""
        text = self.text
        first = _indent_end(text, Span(start, len(text)))
        if text[first : first + 1] in tuple(_COMMANDS):
            return (yield from self.line_of_command(start, first))
        depth, is_assigned, last, end = 0, False, "", len(text)
        for token in _TOKEN.finditer(text, first):
            match token.lastgroup:
                case "open":
                    depth += 1
                case "close":
                    depth = max(0, depth - 1)
                case "assign" if depth == 0 and not is_assigned:
                    is_assigned = True
                    if assigned := _ASSIGNED.match(text, token.end()):
                        return (yield from self.line_of_command(start, assigned.end(), is_value=True))
                case "end" if depth == 0:
                    end = token.end()
                    break
                case "end" if token.end() < len(text):
                    last = ""
            last = last if token.lastgroup in ("blank", "end") else token.lastgroup or ""
        if last == "help":
            self.skip(first, end)
            yield from (Span(start, first), "0\n")
        else:
            yield Span(start, end)
        return end

    def line_of_command(self, start: int, at: int, *, is_value: bool = False) -> Generator[Piece, None, int]:
        """Keep the Python of a line that holds a command; return where the line ends."""
        end = self.line_end(at)
        while self.text[end - 1 : end + 1] == "\\\n":
            end = self.line_end(end + 1)
        yield Span(start, at)
        yield from self.command(at, end, is_value=is_value)
        yield Span(end, min(end + 1, len(self.text)))
        return end + 1

    def command(self, start: int, end: int, *, is_value: bool = False) -> Iterator[Piece]:
        """The Python behind a magic command, or a number where it has none."""
        magic = _MAGIC.match(self.text, start, end)
        if magic is not None and magic[1] in _MAGICS:
            code = Span(_MAGICS[magic[1]].code_start(self.text, magic.end(), end), end)
            if _is_python(self.text[slice(*code)], is_value=is_value):
                yield code
                return
        self.skip(start, end)
        yield "0"

    def line_end(self, at: int) -> int:
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end

    def skip(self, start: int, end: int, reason: str = "it mentions a search, but is a command, not Python") -> None:
        """Leave something out, and report it where a search may stand in it."""
        if mentions_search(self.text[start:end]):
            self.skipped.append(SkippedPlace(self.source, start, reason))


def _is_python(text: str, *, is_value: bool) -> bool:
    try:
        with warnings.catch_warnings(action="ignore"):
            ast.parse(text, mode="eval" if is_value else "exec")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True
