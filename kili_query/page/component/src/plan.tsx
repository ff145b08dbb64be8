import type { Snippet } from "./calls"
import { CopyButton } from "./copy"
import type { State } from "./state"

export function PlanView({ state }: { state: State }) {
  const checked = state.checked.value
  if (!checked) return null
  const { ok, plan, snippets } = checked
  return (
    <div class="plan" tabIndex={0} role="region" aria-label="Plan">
      {plan ? (
        <>
          <ul class="words">{plan.words.map((words) => <li key={words}>{words}</li>)}</ul>
          {plan.pushed !== null && <Part title="Asked of the server" text={plan.pushed} />}
          {plan.residual !== null && <Part title="Decided here" text={plan.residual} />}
        </>
      ) : (
        <p class="quiet">There is a plan as soon as {ok ? "there is a query" : "the query has no errors"}.</p>
      )}
      {snippets.map((snippet) => <SnippetView key={snippet.title} snippet={snippet} />)}
    </div>
  )
}

function Part({ title, text }: { title: string; text: string }) {
  return (
    <section class="snippet">
      <h2>{title}</h2>
      <pre tabIndex={0}>{text}</pre>
    </section>
  )
}

function SnippetView({ snippet: { title, text, why_not } }: { snippet: Snippet }) {
  return (
    <section class="snippet">
      <div class="snippet-head">
        <h2>{title}</h2>
        {text !== null && <CopyButton text={() => text} title="Copy" label={`Copy: ${title}`} />}
      </div>
      {text === null ? <p class="quiet">{why_not}</p> : <pre tabIndex={0}>{text}</pre>}
    </section>
  )
}
