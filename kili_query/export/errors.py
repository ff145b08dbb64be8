"""The errors of an export, with the names of the official client.

KiliQueryError
├── NotCompatibleOptions      ValueError: options that contradict each other or the format
│   └── UnknownChoiceError    ArgumentError: an option with a value that it cannot have
├── NotCompatibleInputType    ValueError: the format cannot hold labels of such a project
├── NoCompatibleJobError      the format can hold none of the project's jobs
├── NotExportableAssetError   ValueError: one asset
├── MalformedLabelError
│   └── NotExportableLabelError  ValueError: one label, or something in it; ``.path`` says where
└── DownloadError             the media of an asset
"""

from kili_query.errors import ArgumentError, KiliQueryError, MalformedLabelError


class NotCompatibleOptions(KiliQueryError, ValueError):  # noqa: N818 - a name of the official client
    """The format or the project does not support an option."""


class UnknownChoiceError(NotCompatibleOptions, ArgumentError):
    """An option has a value that it cannot have."""


class NotCompatibleInputType(KiliQueryError, ValueError):  # noqa: N818 - a name of the official client
    """The format cannot hold labels of the project's input type."""


class NoCompatibleJobError(KiliQueryError):
    """The format can hold no job of the project."""


class NotExportableAssetError(KiliQueryError, ValueError):
    """One asset that cannot be written; the message names it."""


class NotExportableLabelError(MalformedLabelError):
    """One label, or an annotation in it, that cannot be written; the message names asset, label and path."""


class DownloadError(KiliQueryError):
    """Media that cannot be downloaded or read."""
