"""In which calls about workflows our client differs from the official one; see ``docs/differences.md``."""

from tests.peers.label_differences import Difference

__all__ = ["WORKFLOW_DIFFERENCES"]

WORKFLOW_DIFFERENCES: tuple[Difference, ...] = ()
