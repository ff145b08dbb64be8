"""What a run of the command gives, and the samples it runs on."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from attrs import frozen

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "kili_query" / "demo"
COCO = ROOT.parent / "shared" / "data" / "coco-mini"


@frozen
class Ran:
    """A process that has ended."""

    status: int
    out: str
    err: str


Run: TypeAlias = Callable[..., Ran]
