"""What a command cannot do."""

from kili_query.errors import KiliQueryError

__all__ = ["CommandError"]


class CommandError(KiliQueryError):
    """What was asked for cannot be done: a file that cannot be written, a code that does not exist."""
