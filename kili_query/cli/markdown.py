"""Markdown for a terminal."""

from rich.console import Console
from rich.markdown import Markdown

__all__ = ["print_markdown"]


def print_markdown(text: str) -> None:
    """Print a page on standard output, in the width and the colours of the terminal."""
    Console().print(Markdown(text))
