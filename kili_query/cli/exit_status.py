"""What an exit status means."""

__all__ = ["BAD", "BROKEN_PIPE", "FINE", "INTERRUPTED", "NEGATIVE", "TERMINATED"]

FINE = 0
NEGATIVE = 1
"""A negative answer: nothing matched, or a text would change."""
BAD = 2
"""A bad query, bad input or bad usage."""
INTERRUPTED = 130
"""Ctrl-C: 128 and the number of the signal, as shells have it."""
BROKEN_PIPE = 141
"""The reader of the output went away: 128 and the number of the signal."""
TERMINATED = 143
"""SIGTERM: 128 and the number of the signal."""
