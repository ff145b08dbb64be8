"""In which calls about workflows our client differs from the official one; see ``docs/differences.md``."""

from tests.peers.label_differences import Difference

__all__ = ["WORKFLOW_DIFFERENCES"]

WORKFLOW_DIFFERENCES = (
    Difference(
        "steps-and-groups-are-checked",
        r"V\d reading/(count_labels|labels|predictions): unknown step id"
        "|V[23] reading/(count_assets|assets): unknown step id"
        "|V3 reading/(count_labels|labels|count_assets|assets): unknown group"
        r"|V1 reading/(count_labels|labels|predictions): (no )?step ids"
        r"|V1 reading/(count_assets|assets): (states and )?not step (names|statuses)",
    ),
    Difference(
        "steps-and-groups-are-checked",
        "V1 reading/export_labels: step ids|V[12] reading/export_labels: (not )?groups",
        ("error",),
    ),
    Difference("steps-and-groups-are-checked", "V1 reading/export_labels: states and these step ids", ("error",)),
    Difference(
        "steps-and-groups-are-checked",
        "V[23] reading/export_labels: states and these step ids",
        ("error", "warnings"),
    ),
    Difference(
        "unknown-filters-of-exports",
        r"V\d reading/export_labels: (not step .*|(not )?pairs .*)",
        ("error",),
    ),
    Difference("problems-of-exports", "V1 reading/export_labels: assignees", ("warnings",)),
    Difference("states-of-assets-in-a-workflow-with-steps", "V[23] reading/count_assets: skipped", ("warnings",)),
    Difference("states-of-assets-in-a-workflow-with-steps", "V1 reading/assets: current steps", ("warnings",)),
    Difference("default-fields-of-assets", "V[23] reading/assets: default fields", ("result",)),
    Difference("only-what-was-asked-for", "V1 reading/assets: default fields", ("result",)),
    Difference("wrong-kinds-of-arguments", r"V\d reading/\w+: unknown step status", ("error",)),
    Difference(
        "errors-come-first",
        "V1 writing/append_labels: (step id and name|group alone|step id and group)",
        ("error",),
    ),
)
