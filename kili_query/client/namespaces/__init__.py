"""Methods in namespaces, as users of release 26 write them: `client.labels.list(...)`. Each calls the client.

`client.labels`, `client.assets` and `client.events` are also methods themselves, as in older releases.
"""

from kili_query.client.namespaces.assets import AssetFilter, AssetMethods
from kili_query.client.namespaces.events import EventMethods
from kili_query.client.namespaces.exports import ExportFilter, ExportMethods
from kili_query.client.namespaces.labels import LabelFilter, LabelMethods
from kili_query.client.namespaces.llm import LlmMethods

__all__ = [
    "AssetFilter",
    "AssetMethods",
    "EventMethods",
    "ExportFilter",
    "ExportMethods",
    "LabelFilter",
    "LabelMethods",
    "LlmMethods",
]
