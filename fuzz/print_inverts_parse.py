"""What parses prints as text that parses to the same tree; formatting keeps it too, and has no more to do after."""

from _harness import instrumented, run

with instrumented(__name__):
    from kili_query.errors import QuerySyntaxError
    from kili_query.syntax import Dialect, lower, parse_tree, print_tree
    from kili_query.syntax.formatter import format_text

DIALECTS: tuple[Dialect, ...] = ("core", "extended")


def one_input(data: bytes) -> None:
    """Parse any bytes, and print, format and lower what is a query. The first byte is a width for the formatter."""
    text = data[1:].decode(errors="surrogateescape")
    for dialect in DIALECTS:
        try:
            tree = parse_tree(text, dialect)
        except QuerySyntaxError:
            continue
        printed = print_tree(tree)
        if dialect == "extended":  # in core a star is a letter, which the canonical text has to quote
            assert parse_tree(printed) == tree
        assert print_tree(parse_tree(printed)) == printed
        assert lower(lower(tree)) == lower(tree)
        formatted = format_text(text, dialect, data[0])
        assert parse_tree(formatted, dialect) == tree
        assert format_text(formatted, dialect, data[0]) == formatted


if __name__ == "__main__":
    run(one_input)
