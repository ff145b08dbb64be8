"""A simplified query means the same, is no longer, and is simplified no further."""

from _harness import instrumented, run

with instrumented(__name__):
    from kili_query.ast import counters
    from kili_query.errors import QuerySyntaxError
    from kili_query.logic import equivalent, simplify
    from kili_query.logic.evaluate import holds
    from kili_query.syntax import lower, parse_tree, print_tree

ROWS = 32


def one_input(data: bytes) -> None:
    """Parse any bytes, and simplify what is a query. The first byte seeds the counts on which both must agree."""
    try:
        tree = parse_tree(data[1:].decode(errors="surrogateescape"))
    except QuerySyntaxError:
        return
    simple = simplify(tree)
    assert len(print_tree(simple)) <= len(print_tree(tree))
    assert simplify(simple) == simple
    assert equivalent(tree, simple).value is not False
    names = list(dict.fromkeys(counters(tree)))
    plain, given = lower(simple), lower(tree)
    if "[" in print_tree(given):
        return  # what brackets count cannot be told from counts
    for row in range(ROWS):
        counts = {name: (data[0] + 1) * (row + 1) * (index + 3) % 7 for index, name in enumerate(names)}
        assert holds(plain, counts) == holds(given, counts)


if __name__ == "__main__":
    run(one_input)
