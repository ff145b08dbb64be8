"""Collections are rare where they are wanted to be, by whoever wants it, and as before afterwards."""

import gc
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from kili_query.client.collecting import rare_collections

USUAL = (700, 10, 10)


@pytest.fixture(autouse=True)
def as_python_starts() -> Iterator[None]:
    """The settings of Python, not those of the tests, and nothing is frozen."""
    before, frozen = gc.get_threshold(), gc.get_freeze_count()
    gc.set_threshold(*USUAL)
    gc.unfreeze()
    yield
    gc.set_threshold(*before)
    if frozen:
        gc.freeze()


def test_an_error_within_makes_them_usual_again() -> None:
    def fail() -> None:
        assert gc.get_threshold()[0] > 1_000_000
        raise KeyError

    with pytest.raises(KeyError), rare_collections():
        fail()
    assert gc.get_threshold() == USUAL


def test_they_are_rare_until_the_last_one_is_done() -> None:
    first, second = rare_collections(), rare_collections()
    first.__enter__()
    second.__enter__()
    first.__exit__(None, None, None)
    assert gc.get_threshold()[0] > 1_000_000
    second.__exit__(None, None, None)
    assert gc.get_threshold() == USUAL


def test_where_they_are_switched_off_they_stay_so() -> None:
    gc.set_threshold(0)
    with rare_collections():
        assert gc.get_threshold()[0] == 0


def test_what_was_made_is_old_at_the_end() -> None:
    with rare_collections():
        kept = [[number] for number in range(10_000)]
        young = len(gc.get_objects(generation=0))
    assert young > 10_000
    assert any(one is kept for one in gc.get_objects(generation=2))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are not forked here")
def test_a_forked_process_has_the_usual_ones_though_a_thread_of_its_parent_wanted_them_rare() -> None:
    script = """
import gc, os, threading
from kili_query.client.collecting import rare_collections

usual = gc.get_threshold()
is_within, is_forked = threading.Event(), threading.Event()

def want():
    with rare_collections():
        is_within.set()
        is_forked.wait()

thread = threading.Thread(target=want)
thread.start()
is_within.wait()
child = os.fork()
if not child:
    assert gc.get_threshold() == usual
    with rare_collections():
        assert gc.get_threshold() != usual
    assert gc.get_threshold() == usual
    os._exit(0)
is_forked.set()
thread.join()
assert os.waitpid(child, 0)[1] == 0
assert gc.get_threshold() == usual
"""
    subprocess.run([sys.executable, "-W", "ignore", "-c", script], check=True, timeout=60)
