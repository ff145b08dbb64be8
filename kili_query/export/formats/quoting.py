"""Names, which are free text, as text files hold them: YAML that every parser reads back, and lines that stay lines."""

import re

__all__ = ["one_line", "yaml_plain", "yaml_quoted"]

_PLAIN = re.compile(r"[^\W\d][\w/-]*(?: [\w/-]+)*")
_WORDS = frozenset(
    {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}
)  # which YAML 1.1 takes for something else


def yaml_plain(name: str) -> str:
    """A name as a YAML value: bare where it is nothing but a word, else quoted.

    >>> [yaml_plain(name) for name in ("BOAT", "Small boat", "L'AVION", "A: B", "yes", "1")]
    ['BOAT', 'Small boat', "'L''AVION'", "'A: B'", "'yes'", "'1'"]
    """
    return name if _PLAIN.fullmatch(name) and name.lower() not in _WORDS else yaml_quoted(name)


def yaml_quoted(name: str) -> str:
    r"""A name in quotes, as a YAML value.

    >>> print(yaml_quoted("BOAT"), yaml_quoted("two\nlines"))
    'BOAT' "two\nlines"
    """
    if name.isprintable():
        return "'" + name.replace("'", "''") + "'"
    return '"' + one_line(name.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def one_line(name: str) -> str:
    r"""A name with escapes, as in Python and YAML, for what would break a line or cannot be seen.

    >>> print(one_line("two\nlines é"))
    two\nlines é
    """
    return name if name.isprintable() else "".join(map(_escaped, name))


def _escaped(character: str) -> str:
    if character.isprintable():
        return character
    if character in "\n\r\t":
        return {"\n": "\\n", "\r": "\\r", "\t": "\\t"}[character]
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
