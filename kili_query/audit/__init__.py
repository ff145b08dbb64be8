"""The audit of a server: whether its category searches count as we do, and what it can hence be trusted with.

It only asks: nothing is written to the server. Needs requests and tqdm (extra ``client``).
"""

from kili_query.audit.report import AuditReport, Disagreement, Finding, Trait, Verdict
from kili_query.audit.run import DEFAULT_SAMPLE, audit

__all__ = ["DEFAULT_SAMPLE", "AuditReport", "Disagreement", "Finding", "Trait", "Verdict", "audit"]
