import { useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import { CopyButton } from "./copy"
import { createEditor, type Editor } from "./editor"
import type { History } from "./history"
import type { State } from "./state"

type Props = {
  state: State
  root: ShadowRoot
  history: History
  shared: boolean
  editor: { current: Editor | null }
}

export function EditorPane({ state, root, history, shared, editor }: Props) {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const made = createEditor(place.current!, root, state.transport, state.query.value, {
      changed: state.setQuery,
      format: () => void state.format(),
      submit: () => void state.refresh(),
      failed: state.fail,
    })
    editor.current = made
    const stops = [
      state.query.subscribe((text) => made.show(text)),
      state.checked.subscribe((checked) => made.found(checked?.text ?? state.query.value, checked ?? { diagnostics: [], names: [] })),
    ]
    if (shared) made.focus() // a page of its own; in a notebook the cursor stays where it is
    return () => {
      for (const stop of stops) stop()
      made.destroy()
    }
  }, [])
  return (
    <section class="editing" aria-label="Query">
      <div class="editor" ref={place} />
      <div class="tools">
        <button type="button" onClick={() => void state.format()} title="Format the query (Shift+Alt+F)">Format</button>
        <HistoryMenu history={history} choose={(text) => (state.setQuery(text), editor.current?.focus())} />
        {shared && <CopyButton text={() => location.href} title="Copy link" />}
        {state.query.value !== "" && (
          <button type="button" onClick={() => (state.setQuery(""), editor.current?.focus())}>Clear</button>
        )}
      </div>
    </section>
  )
}

function HistoryMenu({ history, choose }: { history: History; choose: (text: string) => void }) {
  const shown = useSignal(false)
  const menu = useRef<HTMLDivElement>(null)
  const close = () => void (shown.value = false)
  const press = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !shown.value) return
    close()
    menu.current?.querySelector("button")?.focus()
  }
  const leave = (event: FocusEvent) => {
    if (!menu.current?.contains(event.relatedTarget as Node | null)) close()
  }
  return (
    <div class="menu" ref={menu} onKeyDown={press} onFocusOut={leave}>
      <button type="button" aria-expanded={shown.value} aria-controls="history" onClick={() => void (shown.value = !shown.value)}>
        History
      </button>
      {shown.value && (
        <div class="menu-list" id="history" role="group" aria-label="Queries used lately">
          {history.queries.value.map((text) => (
            <button type="button" class="plain query" key={text} onClick={() => (close(), choose(text))}>{text}</button>
          ))}
          {history.queries.value.length ? (
            <button type="button" class="quiet" onClick={history.clear}>Forget all</button>
          ) : (
            <p class="quiet">No queries yet</p>
          )}
        </div>
      )}
    </div>
  )
}
