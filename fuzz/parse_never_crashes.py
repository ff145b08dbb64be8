"""Any text gives a tree or diagnostics that can be shown, in both dialects; and its words can be linted."""

from _harness import instrumented, run

with instrumented(__name__):
    from kili_query.diagnostics import Diagnostic, Severity
    from kili_query.errors import QuerySyntaxError
    from kili_query.source import Source
    from kili_query.syntax import Dialect, lint_text, parse_tree

DIALECTS: tuple[Dialect, ...] = ("core", "extended")


def one_input(data: bytes) -> None:
    """Parse any bytes, decoded as a file name would be."""
    text = data.decode(errors="surrogateescape")
    for dialect in DIALECTS:
        source = Source(text)
        warnings = lint_text(source, dialect)
        assert all(found.severity is Severity.WARNING for found in warnings)
        found = [*diagnostics(text, dialect), *warnings]
        assert sum(one.severity is Severity.ERROR for one in found) <= 1
        for one in found:
            assert 0 <= one.span.start <= one.span.end <= len(text)
            assert str(one)


def diagnostics(text: str, dialect: Dialect) -> tuple[Diagnostic, ...]:
    try:
        parse_tree(text, dialect)
    except QuerySyntaxError as error:
        return error.diagnostics
    return ()


if __name__ == "__main__":
    run(one_input)
