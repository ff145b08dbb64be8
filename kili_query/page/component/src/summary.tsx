import type { Answer, ListName } from "./calls"
import { figure, plural, share } from "./figures"
import type { State } from "./state"

export function SourceBar({ state }: { state: State }) {
  const source = state.found.value?.answer.source
  return (
    <header class="bar">
      <h1>{source?.title || "kili-query"}</h1>
      {source && (
        <p class="quiet">
          {plural(source.labels, "label")}
          {source.input_type && ` · ${source.input_type.toLowerCase().replaceAll("_", " ")}`}
          {!source.ontology && " · no ontology: names are not checked"}
        </p>
      )}
      {source?.notes.map((note) => <p class="source-note" role="note" key={note}>{note}</p>)}
    </header>
  )
}

export function Summary({ state }: { state: State }) {
  const answer = state.found.value?.answer
  const hasQuery = Boolean(state.found.value?.query.trim())
  const wrong = answer !== undefined && !state.checked.value?.ok
  const look = state.busy.value ? "old" : wrong ? "wrong" : ""
  const part = answer && hasQuery && answer.total ? answer.matched / answer.total : 0
  return (
    <section class={`summary ${look}`} aria-label="Counts" aria-busy={state.busy.value}>
      <p class="counts" role="status">
        {answer ? (
          <>
            {hasQuery ? (
              <>
                <strong>{figure(answer.matched)}</strong> of {plural(answer.total, "label")} {answer.matched === 1 ? "matches" : "match"}
                <span class="quiet"> · {share(answer.matched, answer.total)}</span>
              </>
            ) : (
              <>
                <strong>{figure(answer.total)}</strong> {answer.total === 1 ? "label" : "labels"}
              </>
            )}
            {answer.unknown > 0 && <span class="count-note"> · {figure(answer.unknown)} unknown</span>}
            {answer.malformed > 0 && <span class="count-note"> · {figure(answer.malformed)} malformed</span>}
            {wrong && <span class="quiet"> · {hasQuery ? "for the last query without errors" : "without a query"}</span>}
          </>
        ) : (
          state.failure.value ? "Not counted" : "Counting…"
        )}
      </p>
      {answer && <Which state={state} answer={answer} hasQuery={hasQuery} />}
      <svg class="meter" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
        <rect class="meter-all" width="100" height="1" />
        <rect class="meter-part" width={100 * part} height="1" />
      </svg>
    </section>
  )
}

type WhichProps = { state: State; answer: Answer; hasQuery: boolean }

/** Which labels are listed: those that match, the others, to see what would make them match, or what cannot be judged. */
function Which({ state, answer: { total, matched, unknown, malformed }, hasQuery }: WhichProps) {
  const chosen = hasQuery || state.list.value !== "others" ? state.list.value : "matching"
  const lists: [ListName, string, number][] = [["matching", hasQuery ? "Matching" : "All", matched]]
  if (hasQuery) lists.push(["others", "Others", Math.max(0, total - matched - unknown - malformed)])
  if (unknown > 0 || chosen === "unknown") lists.push(["unknown", "Unknown", unknown])
  if (malformed > 0 || chosen === "malformed") lists.push(["malformed", "Malformed", malformed])
  if (lists.length < 2) return null
  return (
    <div class="switch" role="group" aria-label="Labels that are listed">
      {lists.map(([name, title, count]) => (
        <button type="button" key={name} aria-pressed={chosen === name} onClick={() => state.showList(name)}>{title} {figure(count)}</button>
      ))}
    </div>
  )
}
