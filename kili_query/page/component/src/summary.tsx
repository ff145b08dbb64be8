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
          {source.input_type && ` · ${source.input_type.toLowerCase()}`}
          {!source.ontology && " · no ontology: names are not checked"}
        </p>
      )}
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
          "Counting…"
        )}
      </p>
      {answer && hasQuery && <Which state={state} matched={answer.matched} />}
      <svg class="meter" viewBox="0 0 100 1" preserveAspectRatio="none" aria-hidden="true">
        <rect class="meter-all" width="100" height="1" />
        <rect class="meter-part" width={100 * part} height="1" />
      </svg>
    </section>
  )
}

/** Which labels are listed: those that match, or the others, to see what would make them match. */
function Which({ state, matched }: { state: State; matched: number }) {
  const answer = state.found.value!.answer
  const rest = Math.max(0, answer.total - matched - answer.unknown - answer.malformed)
  return (
    <div class="switch" role="group" aria-label="Labels that are listed">
      <button type="button" aria-pressed={!state.others.value} onClick={() => state.showOthers(false)}>Matching {figure(matched)}</button>
      <button type="button" aria-pressed={state.others.value} onClick={() => state.showOthers(true)}>Others {figure(rest)}</button>
    </div>
  )
}
