import { figure } from "./figures"
import { countOf, type State } from "./state"

/** What is said below a list that does not have all labels. */
export function Cut({ state, shown }: { state: State; shown: number }) {
  const found = state.found.value
  if (!found) return null
  const count = countOf(found)
  if (shown >= count) return null
  const advice = shown < state.rows.value ? "narrow the query to see others" : "the rest is no labels either"
  return <p class="quiet cut" role="note">The first {figure(shown)} of {figure(count)} are listed: {advice}.</p>
}
