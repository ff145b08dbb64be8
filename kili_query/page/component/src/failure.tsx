import type { State } from "./state"

export function FailureNote({ state }: { state: State }) {
  const failure = state.failure.value
  return (
    <div role="alert">
      {failure && (
        <div class="failure">
          <p>
            <strong>{failure.message}</strong>
            {failure.help && <span> {failure.help}</span>}
          </p>
          {!failure.refused && <button type="button" onClick={() => void state.refresh()}>Try again</button>}
          <button type="button" onClick={state.dismiss}>Dismiss</button>
        </div>
      )}
    </div>
  )
}
