"""Diagnostics as data: the fault, its place, and the fix."""

from collections.abc import Iterable

from attrs import field, frozen

from kili_query.diagnostics.codes import Code, Severity
from kili_query.diagnostics.layout import PLAIN, Mark, Paint, as_html, lay_out
from kili_query.source import Position, Source, Span


@frozen
class Label:
    """A place in the text with a short explanation."""

    span: Span
    text: str = ""


@frozen
class Edit:
    """A fix: replace ``span`` by ``text``."""

    span: Span
    text: str


class Help(str):
    """The suggested fix in words; ``edit`` carries it out, if one is known.

    >>> help = Help("did you mean `PERSON`?", Edit(Span(8, 13), "PERSON"))
    >>> help.startswith("did you mean"), help.edit.text
    (True, 'PERSON')
    """

    edit: Edit | None

    def __new__(cls, text: str, edit: Edit | None = None) -> "Help":
        made = super().__new__(cls, text)
        made.edit = edit
        return made

    @property
    def text(self) -> str:
        """The words without the edit."""
        return str(self)


@frozen
class Diagnostic:
    """One finding about a query.

    Printing one gives the text with carets; `kili_query.diagnostics.render` has the other outputs.

    >>> text = "OBJECTS.PERSN.count > 0"
    >>> fault = Label(Span(8, 13), "no such category")
    >>> help = Help("did you mean `PERSON`?", Edit(fault.span, "PERSON"))
    >>> print(Diagnostic(Code.UNKNOWN_CATEGORY, "unknown category `PERSN` in job `OBJECTS`", fault,
    ...                  help=help, source=Source(text)))
    error[KQ102]: unknown category `PERSN` in job `OBJECTS`
      --> query:1:9
       |
     1 | OBJECTS.PERSN.count > 0
       |         ^^^^^ no such category
       = help: did you mean `PERSON`?
    """

    code: Code
    message: str
    primary: Label
    labels: tuple[Label, ...] = ()
    help: Help | None = field(default=None, kw_only=True)
    source: Source = field(default=Source(""), kw_only=True, eq=False, repr=False)

    @property
    def severity(self) -> Severity:
        """Error, warning or note, as the code determines."""
        return self.code.severity

    @property
    def span(self) -> Span:
        """The smallest span that shows the fault, in code points of the query text."""
        return self.primary.span

    @property
    def position(self) -> Position:
        """The line and column at which the fault starts, from 1."""
        return self.source.position(self.primary.span.start)

    @property
    def line(self) -> int:
        """The line at which the fault starts, from 1."""
        return self.position.line

    @property
    def column(self) -> int:
        """The column at which the fault starts, in code points from 1."""
        return self.position.column

    def lay_out(self, paint: Paint = PLAIN, width: int | None = None) -> str:
        """Lay the diagnostic out as text with carets, coloured by ``paint``, for a terminal of some width."""
        marks = [Mark(self.primary.span, self.primary.text, is_primary=True)]
        marks.extend(Mark(label.span, label.text, is_primary=False) for label in self.labels)
        heading = f"{self.severity}[{self.code}]"
        help_text = None if self.help is None else self.help.text
        return lay_out(heading, self.severity, self.message, self.source, marks, help_text, paint, width)

    def __str__(self) -> str:
        return self.lay_out()

    def _repr_html_(self) -> str:
        """Render the diagnostic for notebooks."""
        return as_html(self.lay_out)


class Diagnostics(list[Diagnostic]):
    """A list of diagnostics that notebooks show with carets."""

    def _repr_html_(self) -> str:
        return as_html(lambda paint: "\n\n".join(found.lay_out(paint) for found in self) or "no diagnostics")


def sort_diagnostics(diagnostics: Iterable[Diagnostic]) -> Diagnostics:
    """Sort diagnostics by position, then by code, and drop duplicates."""
    return Diagnostics(sorted(dict.fromkeys(diagnostics), key=lambda found: (found.span, found.code, found.message)))
