"""Audit a server: find out whether its category searches count as we do, and so which of them are reliable.

An audit only sends queries: nothing is written to the server. Needs requests and tqdm (extra ``client``).
"""

from kili_query.audit.report import AuditReport, Disagreement, FilterDisagreement, Finding, Trait, TraitResult
from kili_query.audit.run import DEFAULT_SAMPLE, audit

__all__ = [
    "DEFAULT_SAMPLE",
    "AuditReport",
    "Disagreement",
    "FilterDisagreement",
    "Finding",
    "Trait",
    "TraitResult",
    "audit",
]
