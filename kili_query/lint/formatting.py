"""Files of queries, laid out for reading."""

from pathlib import Path

from kili_query.errors import SourceError
from kili_query.lint.derived import plain_line_ends
from kili_query.lint.files import decode, read_query_file
from kili_query.lint.in_query import QUERY_SUFFIX
from kili_query.output_files import replaced
from kili_query.query import parse


def format_file(name: str, width: int = 88, *, is_written: bool = True) -> bool:
    """Format the query that a file holds; its encoding and the kind of its line ends stay.

    Args:
        name: the file.
        width: characters in a line.
        is_written: whether the file is replaced if its text would change.

    Returns:
        Whether its text would change.

    Raises:
        QuerySyntaxError: the file does not hold a query.
        SourceError: the file cannot be read, or changed meanwhile.
        WriteError: the file cannot be written.
    """
    read_query_file(name)  # says why a file cannot be read
    data = Path(name).read_bytes()
    text, mark, encoding = decode(data, QUERY_SUFFIX)
    formatted = formatted_lines(text, name, width)
    if formatted == text:
        return False
    if is_written:
        with replaced(name) as new:
            new.file.write(mark + formatted.encode(encoding))
            if Path(name).read_bytes() != data:
                raise SourceError(f"{name}: not formatted, because it changed meanwhile; run the command again")
    return True


def formatted_lines(text: str, name: str = "query", width: int = 88) -> str:
    r"""Return the text of a file formatted, with its kind of line ends, and one at its end.

    Raises:
        QuerySyntaxError: the text is not a query.

    >>> formatted_lines("J.A\r\nand J.B")
    'J.A AND J.B\r\n'
    """
    lines = parse(plain_line_ends(text), name=name).format(width).rstrip("\n")
    return f"{lines}\n".replace("\n", "\r\n" if "\r\n" in text else "\n")
