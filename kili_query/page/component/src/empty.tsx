import type { State } from "./state"

/** What is said when no label is to be listed. */
export function Empty({ state }: { state: State }) {
  const answer = state.found.value?.answer
  const others = state.found.value?.others
  return (
    <div class="empty">
      <p>
        {answer?.total === 0 ? "There are no labels here." : others ? "Every label matches." : "No label matches."}
      </p>
      {answer && answer.total > 0 && !others && (
        <button type="button" onClick={() => state.showOthers(true)}>Look at the labels that do not match</button>
      )}
    </div>
  )
}
