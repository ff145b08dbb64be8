import { useSignal, useSignalEffect } from "@preact/signals"
import type { Diagnostic } from "./calls"
import { CodePage } from "./code_page"
import { figure } from "./figures"
import type { Editor } from "./editor"
import type { CheckedText, State } from "./state"

const MOST = 20
const CALM_MS = 400
const INCOMPLETE_MS = 1000

type Props = { state: State; editor: { current: Editor | null } }

export function Diagnostics({ state, editor }: Props) {
  const checked = useCalm(state)
  const diagnostics = checked?.diagnostics ?? []
  const current = checked?.text === state.query.value
  return (
    <section class="diagnostics" aria-label="Diagnostics" hidden={diagnostics.length === 0}>
      <ul aria-label="Diagnostics">
      {diagnostics.slice(0, MOST).map((found) => (
        <Found key={`${found.code} ${found.start} ${found.message}`} found={found} editor={editor} text={checked!.text} current={current} />
      ))}
      </ul>
      {diagnostics.length > MOST && <p class="quiet">and {figure(diagnostics.length - MOST)} more, underlined in the query</p>}
    </section>
  )
}

/** What was found, once typing has rested: a list that comes and goes with every key would make the page jump. */
function useCalm({ query, checked }: State): CheckedText | null {
  const calm = useSignal(checked.value)
  useSignalEffect(() => {
    void query.value // every key begins the rest anew
    const now = checked.value
    const timer = setTimeout(() => void (calm.value = now), now === null ? 0 : isIncomplete(now) ? INCOMPLETE_MS : CALM_MS)
    return () => clearTimeout(timer)
  })
  return calm.value
}

/** Whether an error is at the very end, where the user may still be writing. */
function isIncomplete({ text, diagnostics }: CheckedText): boolean {
  const end = text.trimEnd().length
  return diagnostics.some((found) => found.severity === "error" && found.end >= end)
}

type FoundProps = { found: Diagnostic; editor: Props["editor"]; text: string; current: boolean }

function Found({ found, editor, text, current }: FoundProps) {
  const reading = useSignal(false)
  const { fix, page } = found
  return (
    <li class={`diagnostic ${found.severity}`}>
      <span class="severity">{found.severity}</span>
      {page === null ? (
        <span class="code">{found.code}</span>
      ) : (
        <button type="button" class="code" aria-expanded={reading.value} title="What this code means"
          onClick={() => void (reading.value = !reading.value)}>
          {found.code}
        </button>
      )}
      <div class="said">
        <button type="button" class="plain" disabled={!current} onClick={() => editor.current?.select(found.start, found.end)} title="Show where">
          {found.message}
        </button>
        {found.labels.map((label) => label.message && (
          <p class="quiet" key={`${label.start} ${label.message}`}><Place text={text.slice(label.start, label.end)} />{label.message}</p>
        ))}
        {found.help && <p class="quiet">{found.help}</p>}
        {fix && (
          <button type="button" class="fix" disabled={!current} onClick={() => editor.current?.edit(fix)}>
            Take the fix <Change before={text.slice(fix.start, fix.end)} after={fix.text} />
          </button>
        )}
        {reading.value && page !== null && <CodePage text={page} />}
      </div>
    </li>
  )
}

/** The words that a message is about, if there are few. */
function Place({ text }: { text: string }) {
  return text.trim() === "" || text.length > 40 ? null : <><code>{text}</code> </>
}

/** What a fix changes, if it is short enough to be read at a glance. */
function Change({ before, after }: { before: string; after: string }) {
  if (before.length > 40 || after.length > 60) return null
  return (
    <span class="change">
      {before && <del>{before}</del>} {after && <ins>{after}</ins>}
    </span>
  )
}
