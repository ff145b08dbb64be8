"""The errors of an export. The names are those of the official client, in one set.

KiliQueryError
├── NotCompatibleOptions      ValueError: options that do not go together, or not with the format
├── NotCompatibleInputType    ValueError: the format holds no labels of such a project
├── NoCompatibleJobError      the format can hold none of the project's jobs
├── NotExportableAssetError   ValueError: one asset
├── MalformedLabelError
│   └── NotExportableLabelError  ValueError: one label, or something in it; ``.path`` says where
└── DownloadError             the media of an asset
"""

from kili_query.errors import KiliQueryError, MalformedLabelError


class NotCompatibleOptions(KiliQueryError, ValueError):  # noqa: N818 - a name of the official client
    """Options that the format or the project does not take."""


class NotCompatibleInputType(KiliQueryError, ValueError):  # noqa: N818 - a name of the official client
    """A format that cannot hold labels of the project's input type."""


class NoCompatibleJobError(KiliQueryError):
    """A project without any job that the format can hold."""


class NotExportableAssetError(KiliQueryError, ValueError):
    """One asset that cannot be written; the message names it."""


class NotExportableLabelError(MalformedLabelError):
    """One label, or an annotation in it, that cannot be written; the message names asset, label and path."""


class DownloadError(KiliQueryError):
    """Media that cannot be had."""
