"""Files that operating systems leave beside the files of people; they are never data."""

import re

# AppleDouble files hold what other file systems cannot: `._a.json` beside `a.json`, below `__MACOSX` in a zip
_HINTS = ("._", "__macosx", ".ds_store", "thumbs.db", "desktop.ini")
_LITTER = re.compile(
    r"(?:.*[/\\])?(?:__MACOSX(?:[/\\].*)?|(?:\._[^/\\]*|\.DS_Store|Thumbs\.db|desktop\.ini))", re.IGNORECASE | re.DOTALL
)


def is_litter(path: str) -> bool:
    """Whether a path inside a folder or an archive is that of a file which the operating system made for itself.

    >>> is_litter("labels/._1.json"), is_litter("__MACOSX/labels/1.json"), is_litter(".DS_Store")
    (True, True, True)
    >>> is_litter("labels/1.json"), is_litter("labels/a._b.json")
    (False, False)
    """
    lowered = path.lower()
    for hint in _HINTS:  # nearly no path has one, and folders may hold a hundred thousand files
        if hint in lowered:
            return _LITTER.fullmatch(path) is not None
    return False
