"""Runs in the environment of an official client: opens labels with its parser, for requests on standard input.

Each line is a request, and gets one line back. ``{"label": ..., "interface": ..., "input_type": ..., "read": [text,
...]}`` opens a label for each expression over ``label``, and answers ``{"read": [outcome, ...]}``: ``{"value": ...}``,
or ``{"error": class name}``. With ``"labels": [...]``, ``"time": expression`` and ``"repeats": n`` instead, it answers
``{"seconds": best}``, the time to open all labels and read one expression of each.
"""

import json
import os
import sys
import time
import warnings


def plain(value):
    """The value as JSON: what has its own JSON gives it."""
    for method in ("to_dict", "as_dict", "as_list"):
        if hasattr(value, method):
            return plain(getattr(value, method)())
    if isinstance(value, dict):
        return {key: plain(entry) for key, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(entry) for entry in value]
    return value


def main() -> None:
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the client prints must not get between the answers
    warnings.simplefilter("ignore")
    from kili.utils.labels.parsing import ParsedLabel

    def outcome(request, expression):
        try:
            label = ParsedLabel(request["label"], request["interface"], request["input_type"])
            value = plain(eval(expression, {"label": label, "INTERFACE": request["interface"]}))
            json.dumps(value)
        except Exception as error:
            return {"error": type(error).__name__}
        return {"value": value}

    def best_s(request):
        read = eval("lambda label: " + request["time"])
        best = float("inf")
        for _ in range(request["repeats"]):
            start = time.perf_counter()
            for label in request["labels"]:
                read(ParsedLabel(label, request["interface"], request["input_type"]))
            best = min(best, time.perf_counter() - start)
        return best

    for line in sys.stdin:
        request = json.loads(line)
        if "time" in request:
            answer = {"seconds": best_s(request)}
        else:
            answer = {"read": [outcome(request, expression) for expression in request["read"]]}
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
