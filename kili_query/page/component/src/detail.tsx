import { useEffect, useRef } from "preact/hooks"
import type { Detail, Shape } from "./calls"
import { CopyButton } from "./copy"
import { figure, minute } from "./figures"
import { PictureView } from "./picture"
import type { State } from "./state"
import { Swatch } from "./swatch"

/** What one label says: why it matches or what would make it match. Over a narrow page it covers everything. */
export function DetailPanel({ state, modal }: { state: State; modal: boolean }) {
  const panel = useRef<HTMLElement>(null)
  const detail = state.detail.value
  useEffect(() => {
    const root = panel.current!.getRootNode() as ShadowRoot
    const before = root.activeElement as HTMLElement | null
    panel.current!.focus()
    return () => before?.isConnected && before.focus()
  }, [])
  const press = (event: KeyboardEvent) => {
    if (event.key === "Escape") state.closeLabel()
  }
  return (
    <section
      class="detail"
      ref={panel}
      tabIndex={-1}
      role={modal ? "dialog" : "region"}
      aria-modal={modal || undefined}
      aria-label="Label"
      onKeyDown={press}
    >
      <div class="detail-head">
        <h2>{detail ? (detail.row.external_id ?? detail.row.id ?? `Label ${state.open.value! + 1}`) : "…"}</h2>
        <button type="button" onClick={state.closeLabel} title="Close (Escape)">Close</button>
      </div>
      {detail && <Content detail={detail} state={state} />}
    </section>
  )
}

function Content({ detail, state }: { detail: Detail; state: State }) {
  const { row, matches } = detail
  const facts = [row.type, row.author, minute(row.created_at), row.id].filter((fact) => fact)
  return (
    <div class={`detail-body ${state.busy.value ? "old" : ""}`}>
      <p class="quiet facts">{facts.map((fact, place) => <bdi key={place}>{fact}</bdi>)}</p>
      <Verdict detail={detail} matches={matches} />
      <PictureView picture={detail.picture} chooseFrame={(frame) => void state.openLabel(state.open.value!, frame)} />
      <Legend shapes={detail.picture.shapes} />
      {detail.answers.length > 0 && (
        <section>
          <h3>Answers</h3>
          <ul class="answers">{detail.answers.map((answer, place) => <li key={place}>{answer}</li>)}</ul>
        </section>
      )}
      <details>
        <summary>JSON</summary>
        <CopyButton text={() => detail.json} title="Copy" label="Copy the JSON" />
        <pre tabIndex={0}>{detail.json}</pre>
      </details>
    </div>
  )
}

/** What is drawn, with its colours: the shapes themselves have names only under the pointer. */
function Legend({ shapes }: { shapes: Shape[] }) {
  const counts = new Map<string, { name: string; color: string; count: number }>()
  for (const { name, color } of shapes) {
    const key = `${color} ${name}`
    counts.set(key, { name, color, count: (counts.get(key)?.count ?? 0) + 1 })
  }
  if (counts.size === 0) return null
  return (
    <ul class="drawn" aria-label="Drawn">
      {[...counts].map(([key, { name, color, count }]) => (
        <li key={key}><Swatch color={color} /><bdi>{name}</bdi>{count > 1 && <span class="quiet"> × {figure(count)}</span>}</li>
      ))}
    </ul>
  )
}

function Verdict({ detail, matches }: { detail: Detail; matches: boolean | null }) {
  const [kind, words] = matches === null ? ["unknown", "Cannot be judged"] : matches ? ["yes", "Matches"] : ["no", "Does not match"]
  return (
    <section class={`verdict ${kind}`} aria-live="polite">
      <h3>{words}</h3>
      {detail.why.length > 0 && <ul>{detail.why.map((line, place) => <li key={place}>{line}</li>)}</ul>}
      {detail.nearest !== null && <p>{detail.nearest}</p>}
    </section>
  )
}
