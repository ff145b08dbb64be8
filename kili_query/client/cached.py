"""Lists of labels answered from a label cache, where it can prove that it has the answer."""

import logging
from collections.abc import Collection, Iterator, Sequence
from typing import Any, Protocol, runtime_checkable

from attrs import frozen

from kili_query.client.arguments import checked_max_age
from kili_query.client.paging import Row
from kili_query.client.rows import ListRequest
from kili_query.errors import ArgumentError

_LOGGER = logging.getLogger("kili_query.client")


@runtime_checkable
class AnswersLists(Protocol):
    """A source of labels that knows whether it has an answer, such as `kili_query.cache.LabelCache`."""

    def why_not(
        self,
        project_id: str,
        fields: Sequence[str],
        *,
        is_search: bool,
        max_age_s: float | None,
        filters: Collection[str] = (),
    ) -> str | None:
        """Return why a list cannot be answered; None if it can."""

    def labels(self, project_id: str, **arguments: Any) -> Any:
        """List labels as `KiliClient.labels` does."""

    def count_labels(self, project_id: str, **arguments: Any) -> int:
        """Count labels as `KiliClient.count_labels` does."""


@frozen
class CachedLabels:
    """A cache, and how old it may be. Each answer is logged, at the level INFO of ``kili_query.client``.

    Attributes:
        cache: the cache.
        max_age_s: how long ago its last sync may have been, in seconds; None for any time.
    """

    cache: AnswersLists
    max_age_s: float | None

    @classmethod
    def checked(cls, cache: object, max_age_s: object) -> "CachedLabels | None":
        """Return a cache that is asked first; None for none.

        Raises:
            ArgumentError: it is not a cache, such as the path of one, or the time cannot be used.
        """
        age_s = checked_max_age(max_age_s)
        if cache is None:
            return None
        if not isinstance(cache, AnswersLists):
            raise ArgumentError(f"`cache` must be a `kili_query.cache.LabelCache`, not {cache!r:.80}")
        return cls(cache, age_s)

    def read(self, wanted: ListRequest) -> Iterator[Row] | None:
        """Return the labels; None if the service has to be asked."""
        if not self._answers(wanted):
            return None
        rows: Iterator[Row] = self.cache.labels(
            wanted.project_id,
            fields=wanted.fields,
            first=wanted.first,
            skip=wanted.skip,
            category_search=wanted.category_search,
            as_generator=True,
            **wanted.filters,
        )
        return rows

    def count(self, wanted: ListRequest) -> int | None:
        """Return the number of labels; None if the service has to be asked."""
        if not self._answers(wanted):
            return None
        return self.cache.count_labels(wanted.project_id, category_search=wanted.category_search, **wanted.filters)

    def _answers(self, wanted: ListRequest) -> bool:
        reason = self.cache.why_not(
            wanted.project_id,
            wanted.fields,
            is_search=wanted.category_search is not None,
            max_age_s=self.max_age_s,
            filters=wanted.filters,
        )
        if reason is None:
            _LOGGER.info("labels of project `%s` come from the cache", wanted.project_id)
        else:
            _LOGGER.info("labels of project `%s` come from the service: %s", wanted.project_id, reason)
        return reason is None
