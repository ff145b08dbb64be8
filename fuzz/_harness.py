"""What the harnesses share: how one is run by atheris, coverage of this package included.

    python fuzz/parse_never_crashes.py [FOLDER ...] [-atheris_runs=N] [-max_total_time=SECONDS]

Without folders, it starts from the inputs in ``fuzz/corpus/`` and keeps what it finds in a folder of its own.
"""

import sys
import tempfile
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec
from pathlib import Path

FUZZ = Path(__file__).resolve().parent
sys.path.insert(0, str(FUZZ.parent))  # for what the harnesses take from the tests


def instrumented(name: str) -> AbstractContextManager[object]:
    """While it is open, what a program imports tells atheris which of its lines ran; ``name`` is the importer's."""
    if name != "__main__" or find_spec("atheris") is None:
        return nullcontext()
    import atheris

    context: AbstractContextManager[object] = atheris.instrument_imports(include=["kili_query"])
    return context


def run(one_input: Callable[[bytes], None]) -> None:
    """Have atheris look for an input that the harness cannot take. Does not return."""
    if find_spec("atheris") is None:
        sys.exit("fuzzing needs atheris, which is there for Linux alone: pip install atheris")
    import atheris

    if all(argument.startswith("-") for argument in sys.argv[1:]):
        seeds = FUZZ / "corpus" / Path(sys.argv[0]).stem
        sys.argv += [tempfile.mkdtemp(prefix=f"{seeds.name}-"), str(seeds)]
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
