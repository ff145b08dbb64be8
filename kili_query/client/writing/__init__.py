"""Calls that change labels. Each checks its arguments before anything is sent, and never sends a mutation twice."""

from kili_query.client.writing.append import NewLabels, append_labels, create_predictions
from kili_query.client.writing.delete import delete_labels
from kili_query.client.writing.single import append_to_labels, create_honeypot, update_properties_in_label

__all__ = [
    "NewLabels",
    "append_labels",
    "append_to_labels",
    "create_honeypot",
    "create_predictions",
    "delete_labels",
    "update_properties_in_label",
]
