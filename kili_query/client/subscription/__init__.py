"""Subscriptions: labels as they are created or changed. Needs websockets (extra ``client``)."""

from kili_query.client.subscription.labels import Tally
from kili_query.client.subscription.notices import Interruption, LeftOut, Notice, Polling, UnknownEvent
from kili_query.client.subscription.subscription import (
    POLL_S,
    UNREACHABLE_S,
    Callback,
    Subscription,
    SubscriptionOptions,
    subscribe,
)

__all__ = [
    "POLL_S",
    "UNREACHABLE_S",
    "Callback",
    "Interruption",
    "LeftOut",
    "Notice",
    "Polling",
    "Subscription",
    "SubscriptionOptions",
    "Tally",
    "UnknownEvent",
    "subscribe",
]
