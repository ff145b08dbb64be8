"""The ``kili-query`` command: one module per subcommand; ``main`` needs the ``cli`` extra and says so."""

import sys

from kili_query.cli.exit_status import BAD, INTERRUPTED
from kili_query.errors import MissingExtraError
from kili_query.extras import load

__all__ = ["main"]


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
