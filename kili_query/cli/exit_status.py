"""How a command ends: its exit status, and the error of a command that cannot do what was asked."""

from kili_query.errors import KiliQueryError

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
