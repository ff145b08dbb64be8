"""Runs in the environment of the official client: shapes conversations with the library that its exports use.

Standard input holds ``{"static": [[annotations, messages, jobs]], "rlhf": [[asset, interface]]}``. Standard output gets
a result for each, or None where the library fails.
"""

import json
import logging
import sys
from typing import Any


def main() -> None:
    # here, because pytest imports this module too, in an environment without the library
    import kili_formats as library  # type: ignore[import-not-found,unused-ignore]

    def static(annotations: Any, messages: Any, jobs: Any) -> Any:
        try:
            return library.convert_from_kili_to_llm_static_or_dynamic_format(annotations, messages, jobs)
        except ValueError:
            return None

    def rlhf(asset: Any, interface: Any) -> Any:
        return library.convert_from_kili_to_llm_rlhf_format([asset], interface, logging.getLogger())

    script = json.load(sys.stdin)
    told = {"static": [static(*one) for one in script["static"]], "rlhf": [rlhf(*one) for one in script["rlhf"]]}
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    main()
