"""In small worlds where everything meets, engines answer as the reference does, and no verdict is wrong."""

from _harness import instrumented, run

with instrumented(__name__):
    from tests.dense import World
    from tests.logic.test_brackets import assert_verdicts_in
    from tests.targets.test_bound import assert_world


def one_input(data: bytes) -> None:
    """Ask about one world, whose seed is the bytes."""
    seed = int.from_bytes(data[:4], "big")
    assert_world(World(seed))
    assert_verdicts_in(World(seed))


if __name__ == "__main__":
    run(one_input)
