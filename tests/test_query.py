"""What the functions over queries take, and what they refuse."""

from collections.abc import Callable

import pytest

import kili_query as kq


@pytest.mark.parametrize("function", [kq.parse, kq.check, kq.validate, kq.satisfiable])
@pytest.mark.parametrize("given", [5, None, b"J.A"])
def test_a_query_is_a_text(function: Callable[[object], object], given: object) -> None:
    with pytest.raises(TypeError, match=f"a query is a str, not {type(given).__name__}"):
        function(given)


def test_a_dialect_is_one_of_two() -> None:
    with pytest.raises(ValueError, match="choose 'core' or 'extended'"):
        kq.parse("J.A", dialect="sql")  # type: ignore[arg-type]
