"""Contents of labels that the service keeps in files of their own: fetched many at a time, in the labels' order."""

from collections.abc import Iterable, Mapping
from concurrent.futures import Executor
from contextlib import ExitStack
from typing import Literal, TypeAlias

from kili_query.client.request import Service
from kili_query.client.threads import Threads
from kili_query.errors import MalformedLabelError, ServiceError

__all__ = ["PAYLOAD_THREADS", "OnPayloadFailure", "fetch_payloads"]

PAYLOAD_THREADS = 24

OnPayloadFailure: TypeAlias = Literal["raise", "unknown"]


def fetch_payloads(
    labels: Iterable[Mapping[str, object]],
    service: Service,
    *,
    on_failure: OnPayloadFailure = "raise",
    threads: int = PAYLOAD_THREADS,
    pool: Executor | None = None,
) -> list[dict[str, object]]:
    """Replace ``jsonResponseUrl`` by the content that it points to.

    Args:
        labels: labels as the service lists them.
        service: who fetches, and shows the key where it belongs.
        on_failure: what a content that cannot be had does: ``raise`` its error, or leave the label's ``jsonResponse``
            ``None``, unknown. It is never an empty content, which would say that nothing is annotated.
        threads: how many are fetched at a time.
        pool: threads to fetch in, instead of new ones.

    Returns:
        The labels in their order, as new objects without ``jsonResponseUrl``. ``jsonResponse`` is the decoded content
        where there was a URL, and as it came, a text, where there was none.

    Raises:
        ServiceError: a content cannot be had; a note names the label.
        MalformedLabelError: what ``jsonResponseUrl`` holds is no URL.
    """
    found = [dict(label) for label in labels]
    urls = [label.pop("jsonResponseUrl", None) for label in found]
    pending = [(label, url) for label, url in zip(found, urls, strict=True) if url is not None]
    if not pending:
        return found
    with ExitStack() as stack:
        if pool is None:
            pool = Threads(min(threads, len(pending)), "kili-payloads")
            stack.callback(pool.shutdown, wait=False)
        contents = [pool.submit(_content, service, label.get("id"), url) for label, url in pending]
        for content in contents:
            stack.callback(content.cancel)  # after an error, what was not begun is not fetched
        for (label, _), content in zip(pending, contents, strict=True):
            try:
                label["jsonResponse"] = content.result()
            except (ServiceError, MalformedLabelError):
                if on_failure == "raise":
                    raise
                label["jsonResponse"] = None
    return found


def _content(service: Service, label_id: object, url: object) -> object:
    if not isinstance(url, str) or not url.lower().startswith(("https://", "http://")):
        raise MalformedLabelError(
            f"the content of label `{label_id}` has no URL that can be fetched", "jsonResponseUrl"
        )
    try:
        return service.get_json(url)
    except ServiceError as error:
        error.add_note(f"it is the content of label `{label_id}`")
        raise
