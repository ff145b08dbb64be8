"""Runs in the environment of an official client: judges the queries that arrive on standard input.

Each line is a request, ``{"accepts": [text, ...]}`` or ``{"time": text, "repeats": n}``; each gets one line back,
``{"accepts": [bool, ...]}`` or ``{"seconds": best}``.
"""

import json
import os
import sys
import time
import warnings


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the client prints must not get between the answers
    warnings.simplefilter("ignore")
    from kili.core.helpers import validate_category_search_query

    def accepts(text: str) -> bool:
        try:
            validate_category_search_query(text)
        except (ValueError, RecursionError):
            return False
        return True

    def time_s(text: str) -> float:
        start = time.perf_counter()
        validate_category_search_query(text)
        return time.perf_counter() - start

    for line in sys.stdin:
        request = json.loads(line)
        if "accepts" in request:
            answer: dict[str, object] = {"accepts": [accepts(text) for text in request["accepts"]]}
        else:
            answer = {"seconds": min(time_s(request["time"]) for _ in range(request["repeats"]))}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
