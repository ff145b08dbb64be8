"""The label client, with the methods of the official one. Needs requests and tqdm (extra ``client``)."""

from kili_query.extras import check_extra

check_extra("`kili_query.client`", "client")  # what sends requests is only loaded once a client is made

from kili_query.client.client import KiliClient  # noqa: E402
from kili_query.client.downloading import Download  # noqa: E402
from kili_query.client.request import Request, Service  # noqa: E402

__all__ = ["Download", "KiliClient", "Request", "Service"]
