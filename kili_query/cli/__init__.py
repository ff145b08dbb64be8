"""The ``kili-query`` command: one module per subcommand; ``main`` needs the ``cli`` extra and says so."""

import sys

from kili_query.errors import KiliQueryError, MissingExtraError
from kili_query.extras import load

__all__ = ["BAD", "BROKEN_PIPE", "FINE", "INTERRUPTED", "NEGATIVE", "TERMINATED", "CommandError", "main"]

FINE = 0
NEGATIVE = 1
"""A negative answer: nothing matched, or a text would change."""
BAD = 2
"""A bad query, bad input or bad usage."""
INTERRUPTED = 130
"""Ctrl-C: 128 plus the number of the signal, as in shells."""
BROKEN_PIPE = 141
"""The reader of the output went away: 128 plus the number of the signal."""
TERMINATED = 143
"""SIGTERM: 128 plus the number of the signal."""


class CommandError(KiliQueryError):
    """The command cannot do what was asked: a file cannot be written, or a code does not exist."""


def main() -> int:
    """Run the command on the arguments of this process.

    Returns:
        The exit status: 0 fine, 1 a negative answer, 2 a bad query, bad input or bad usage, 130 after Ctrl-C,
        141 when the reader of the output went away, 143 after SIGTERM.
    """
    try:
        status: int = load("kili_query.cli.app", "the `kili-query` command", "cli").run()
    except MissingExtraError as error:
        print(f"error: {error}", file=sys.stderr)
        return BAD
    except KeyboardInterrupt:
        return INTERRUPTED
    return status
