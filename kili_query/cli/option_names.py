"""Messages of the library, in the words of the command: what Python calls an argument is an option here."""

import re

__all__ = ["KEY_ADVICE", "with_option_names"]

_NAMES = {
    "api_endpoint": "--endpoint",
    "api_key": "KILI_API_KEY",
    "assets=…": "--assets",
    "cut_videos": "--cut-videos",
    "fmt": "--format",
    "media_cache": "--media-cache",
    "media_root": "--media-root",
    "normalized_coordinates": "--normalized",
    "normalized_coordinates=False": "--normalized pixels",
    "normalized_coordinates=True": "--normalized fractions",
    "on_malformed": "--on-malformed",
    "on_malformed='skip'": "--on-malformed skip",
    "project_id": "PROJECT",
    "single_file": "--single-file",
    "unreachable_s": "--give-up-after",
    "verify": "KILI_VERIFY",
    "with_assets": "--with-assets",
}
_ARGUMENT = re.compile(f"`({'|'.join(map(re.escape, _NAMES))})`")

KEY_ADVICE = (
    "the key comes from the environment variable `KILI_API_KEY`, or from `api_key` in `kili-sdk-config.json`: "
    "export KILI_API_KEY=… with a key of this service"
)
"""What to do about a key that is missing or refused. No option takes it, because other users can see those."""


def with_option_names(text: str) -> str:
    """Return the text with each Python argument replaced by the option or variable that it is here.

    >>> with_option_names("`cut_videos` is for the media of an export: set `with_assets` too")
    '`--cut-videos` is for the media of an export: set `--with-assets` too'
    """
    return _ARGUMENT.sub(lambda found: f"`{_NAMES[found[1]]}`", text)
