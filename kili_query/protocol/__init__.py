"""The service's protocol as data: GraphQL documents, filters, enums and JSON texts, for the client and the sandbox."""

from kili_query.protocol.authorization import authorization, key_of
from kili_query.protocol.documents import (
    API_KEYS,
    APPEND_MANY_LABELS,
    APPEND_TO_LABELS,
    ASSETS,
    COUNT_ASSETS,
    COUNT_LABELS,
    CREATE_HONEYPOT,
    DELETE_LABELS,
    LABEL_CREATED_OR_UPDATED,
    LABELS,
    ME,
    PROJECTS,
    UPDATE_PROPERTIES_IN_LABEL,
    Operation,
)
from kili_query.protocol.filters import (
    AssetFilters,
    AssetKeywords,
    ExportFilters,
    Filter,
    LabelFilters,
    PredictionFilters,
    asset_where,
    filters_of,
    label_where,
)
from kili_query.protocol.json_text import decode_json, encode_json
from kili_query.protocol.selection import selection_of
from kili_query.protocol.table_values import table_flag, table_number, table_object, table_text
from kili_query.protocol.times import read_instant
from kili_query.protocol.words import AssetStatus, LabelType

__all__ = [
    "API_KEYS",
    "APPEND_MANY_LABELS",
    "APPEND_TO_LABELS",
    "ASSETS",
    "COUNT_ASSETS",
    "COUNT_LABELS",
    "CREATE_HONEYPOT",
    "DELETE_LABELS",
    "LABELS",
    "LABEL_CREATED_OR_UPDATED",
    "ME",
    "PROJECTS",
    "UPDATE_PROPERTIES_IN_LABEL",
    "AssetFilters",
    "AssetKeywords",
    "AssetStatus",
    "ExportFilters",
    "Filter",
    "LabelFilters",
    "LabelType",
    "Operation",
    "PredictionFilters",
    "asset_where",
    "authorization",
    "decode_json",
    "encode_json",
    "filters_of",
    "key_of",
    "label_where",
    "read_instant",
    "selection_of",
    "table_flag",
    "table_number",
    "table_object",
    "table_text",
]
