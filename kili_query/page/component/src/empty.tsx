import type { ListName } from "./calls"
import type { State } from "./state"

const SAID: Record<ListName, string> = {
  matching: "No label matches.",
  others: "Every label that can be judged matches.",
  unknown: "The content of every label is known.",
  malformed: "No label is malformed.",
}

/** What is said when no label is to be listed. */
export function Empty({ state }: { state: State }) {
  const answer = state.found.value?.answer
  const list = state.found.value?.list ?? "matching"
  return (
    <div class="empty">
      <p>
        {answer?.total === 0 ? "There are no labels here." : SAID[list]}
      </p>
      {answer && answer.total > 0 && list === "matching" && (
        <button type="button" onClick={() => state.showList("others")}>Look at the labels that do not match</button>
      )}
    </div>
  )
}
