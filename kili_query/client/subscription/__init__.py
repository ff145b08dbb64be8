"""Subscriptions: labels as they are created or changed. Needs websockets (extra ``client``)."""

from kili_query.client.subscription.labels import Tally
from kili_query.client.subscription.notices import Interruption, LeftOut, Notice
from kili_query.client.subscription.subscription import (
    UNREACHABLE_S,
    Callback,
    Subscription,
    SubscriptionOptions,
    subscribe,
)

__all__ = [
    "UNREACHABLE_S",
    "Callback",
    "Interruption",
    "LeftOut",
    "Notice",
    "Subscription",
    "SubscriptionOptions",
    "Tally",
    "subscribe",
]
