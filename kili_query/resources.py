"""Files that the package ships beside its modules: the grammar, and the documentation page of each diagnostic code.

Their only source are the top-level folders ``grammar/`` and ``docs/``. The build copies them into the wheel, below
``kili_query/``; a checkout, which an editable install runs from, has them one folder up.
"""

from pathlib import Path
from pkgutil import get_data


def read_text(*parts: str) -> str:
    """The text of a shipped file, named by its path in the repository, part by part.

    >>> read_text("docs", "codes", "KQ102.md").splitlines()[0]
    '# KQ102: unknown category'

    Raises:
        FileNotFoundError: no such file is shipped.
    """
    try:
        content = get_data("kili_query", "/".join(parts))  # asks the loader, so that a zip file serves as well
    except OSError:
        content = None
    return _read_checkout(parts) if content is None else content.decode("utf-8").replace("\r\n", "\n")


def _read_checkout(parts: tuple[str, ...]) -> str:
    checkout = Path(__file__).resolve().parent.parent
    if not (checkout / "pyproject.toml").is_file():
        raise FileNotFoundError(f"not shipped with kili_query: {'/'.join(parts)}")
    return checkout.joinpath(*parts).read_text("utf-8")
