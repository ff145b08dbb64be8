"""The registry of diagnostic codes, with summary and severity. Codes are never reused."""

from enum import StrEnum


class Severity(StrEnum):
    """The severity of a diagnostic; only an error prevents a query from running."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


class Code(StrEnum):
    """The stable codes: 0 syntax, 1 ontology, 2 lint, 3 planning.

    >>> Code("KQ102").summary, Code.UNKNOWN_CATEGORY.severity.value
    ('unknown category', 'error')
    """

    UNEXPECTED_CHARACTER = "KQ001"
    UNEXPECTED_TOKEN = "KQ002"
    UNEXPECTED_END = "KQ003"
    UNBALANCED_PARENTHESIS = "KQ004"
    BAD_LITERAL = "KQ005"
    TOO_LONG_OR_DEEP = "KQ006"
    NOT_CORE = "KQ007"
    UNKNOWN_JOB = "KQ101"
    UNKNOWN_CATEGORY = "KQ102"
    JOB_WITHOUT_CATEGORIES = "KQ103"
    PATTERN_MATCHES_NOTHING = "KQ104"
    AMBIGUOUS_DISPLAY_NAME = "KQ105"
    MISPLACED_CHILD_JOB = "KQ106"
    ALWAYS_TRUE = "KQ201"
    NEVER_TRUE = "KQ202"
    REDUNDANT_CLAUSE = "KQ203"
    UNREACHABLE_BOUND = "KQ204"
    NUMBER_READ_AS_ANOTHER = "KQ205"
    MIXED_CONNECTIVES = "KQ206"
    STAR_IS_NOT_A_WILDCARD = "KQ207"
    EVALUATED_LOCALLY = "KQ301"

    @property
    def severity(self) -> Severity:
        """Error for syntax and ontology, warning for lints, note for planning."""
        match self.value[2]:
            case "0" | "1":
                return Severity.ERROR
            case "2":
                return Severity.WARNING
            case _:
                return Severity.NOTE

    @property
    def summary(self) -> str:
        """The name in words, which is also the heading of the code's page."""
        return _SUMMARIES[self]


_SUMMARIES = {
    Code.UNEXPECTED_CHARACTER: "unexpected character",
    Code.UNEXPECTED_TOKEN: "unexpected token",
    Code.UNEXPECTED_END: "unexpected end",
    Code.UNBALANCED_PARENTHESIS: "unbalanced parenthesis",
    Code.BAD_LITERAL: "bad number or string",
    Code.TOO_LONG_OR_DEEP: "query too long or too deep",
    Code.NOT_CORE: "not core",
    Code.UNKNOWN_JOB: "unknown job",
    Code.UNKNOWN_CATEGORY: "unknown category",
    Code.JOB_WITHOUT_CATEGORIES: "job has no categories",
    Code.PATTERN_MATCHES_NOTHING: "pattern matches nothing",
    Code.AMBIGUOUS_DISPLAY_NAME: "ambiguous display name",
    Code.MISPLACED_CHILD_JOB: "child job used where it can never stand",
    Code.ALWAYS_TRUE: "always true",
    Code.NEVER_TRUE: "never true",
    Code.REDUNDANT_CLAUSE: "redundant clause",
    Code.UNREACHABLE_BOUND: "bound cannot be reached",
    Code.NUMBER_READ_AS_ANOTHER: "number read as another",
    Code.MIXED_CONNECTIVES: "AND and OR mixed without parentheses",
    Code.STAR_IS_NOT_A_WILDCARD: "star is not a wildcard in core",
    Code.EVALUATED_LOCALLY: "evaluated locally, not by the server",
}
