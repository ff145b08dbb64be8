"""Ids that were seen are known whether they are kept as they are or as digests."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kili_query.client import seen_ids
from kili_query.client.seen_ids import SeenIds


@given(st.lists(st.text(max_size=2)), st.integers(1, 5))
def test_ids_are_new_once(ids: list[str], as_they_are: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seen_ids, "_AS_THEY_ARE", as_they_are)
        seen = SeenIds()
        known: set[str] = set()
        for one in ids:
            assert (one in seen) is (one in known)
            assert seen.add(one) is (one not in known)
            known.add(one)


def test_many_digests_share_a_bucket() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seen_ids, "_BUCKETS", 1)
        patch.setattr(seen_ids, "_AS_THEY_ARE", 100)
        seen = SeenIds()
        assert all(seen.add(str(number)) for number in range(2000))
        assert not any(seen.add(str(number)) for number in range(2000))


def test_half_a_character_is_an_id_too() -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seen_ids, "_AS_THEY_ARE", 1)
        seen = SeenIds()
        assert seen.add("\ud800")
        assert not seen.add("\ud800")
