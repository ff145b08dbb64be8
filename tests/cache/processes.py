"""Processes that write to a cache, and that a test ends: forks of one that has imported what they need."""

import multiprocessing

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload(["kili_query.cache.sync", "kili_query.cache"])
