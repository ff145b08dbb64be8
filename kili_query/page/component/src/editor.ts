/** The editor: CodeMirror with what the query language needs, and nothing that knows the language. */

import {
  acceptCompletion, autocompletion, completionStatus, closeBrackets, closeBracketsKeymap, completionKeymap,
  type Completion as Option, type CompletionContext, type CompletionResult,
} from "@codemirror/autocomplete"
import { defaultKeymap, history, historyKeymap } from "@codemirror/commands"
import { EditorState } from "@codemirror/state"
import {
  EditorView, drawSelection, keymap, placeholder, tooltips, type Command, type KeyBinding,
} from "@codemirror/view"
import type { Completion, Edit, Transport } from "./calls"
import { element, swatch } from "./dom"
import { findings, showFindings, type Shown } from "./findings"
import { highlighter } from "./highlight"

export type EditorHandlers = {
  changed: (text: string) => void
  format: () => void
  submit: () => void
  failed: (error: unknown) => void
}
export type Editor = {
  show: (text: string) => void
  edit: (edit: Edit) => void
  /** Show what was found in this text, unless the user has typed on meanwhile. */
  found: (text: string, checked: Shown) => void
  focus: () => void
  select: (start: number, end: number) => void
  destroy: () => void
}
type Offered = Option & { color: string | null }

const LABEL = "Query"

export function createEditor(
  parent: Element, root: Document | ShadowRoot, transport: Transport, text: string, on: EditorHandlers,
): Editor {
  const view = new EditorView({
    parent,
    root,
    state: EditorState.create({
      doc: text,
      selection: { anchor: text.length },
      extensions: [
        keymap.of(ownKeys(on)),
        typingOver,
        history(),
        drawSelection(),
        closeBrackets(),
        autocompletion({
          override: [(context) => complete(transport, context, on.failed)],
          icons: false,
          maxRenderedOptions: 50,
          addToOptions: [{ render: (option) => swatchOf(option as Offered), position: 30 }],
        }),
        keymap.of([...closeBracketsKeymap, ...completionKeymap, ...historyKeymap, ...defaultKeymap]),
        highlighter,
        findings,
        tooltips({ position: "fixed" }),
        EditorView.lineWrapping,
        placeholder("Every label. Type a condition, or choose one from the overview"),
        EditorView.contentAttributes.of({
          "aria-label": LABEL, autocapitalize: "off", autocorrect: "off", spellcheck: "false", "data-gramm": "false",
        }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) on.changed(update.state.doc.toString())
        }),
      ],
    }),
  })
  return {
    show(next) {
      const now = view.state.doc.toString()
      if (next !== now) view.dispatch({ changes: difference(now, next), scrollIntoView: true })
    },
    edit({ start, end, text: insert }) {
      view.dispatch({ changes: { from: start, to: end, insert }, selection: { anchor: start + insert.length } })
      view.focus()
    },
    found(of, checked) {
      if (view.state.doc.toString() === of) view.dispatch({ effects: showFindings.of(checked) })
    },
    focus: () => view.focus(),
    select(start, end) {
      view.dispatch({ selection: { anchor: start, head: end }, scrollIntoView: true })
      view.focus()
    },
    destroy: () => view.destroy(),
  }
}

function ownKeys(on: EditorHandlers): KeyBinding[] {
  const always = (act: () => void): Command => () => (act(), true)
  return [
    { key: "Shift-Alt-f", run: always(on.format), preventDefault: true },
    { key: "Mod-Enter", run: always(on.submit), preventDefault: true },
    // A Tab that comes too early for an offer must not leave the editor.
    { key: "Tab", run: (view) => acceptCompletion(view) || completionStatus(view.state) !== null },
  ]
}

/**
 * Text typed over a selection is put in here. The browser would give it a style attribute, to look like what was there,
 * and the policy of the server refuses those.
 */
const typingOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { from, to, empty } = view.state.selection.main
    const text = event.data
    if (event.inputType !== "insertText" || text === null || empty || event.isComposing) return false
    const insert = () => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true })
    const handlers = view.state.facet(EditorView.inputHandler)
    if (!handlers.some((handle) => handle(view, from, to, text, insert))) view.dispatch(insert())
    event.preventDefault()
    return true
  },
})

/** The smallest change, so that the cursor stays where it is. */
function difference(now: string, next: string): { from: number; to: number; insert: string } {
  const most = Math.min(now.length, next.length)
  let start = 0
  while (start < most && now[start] === next[start]) start++
  let end = 0
  while (end < most - start && now[now.length - 1 - end] === next[next.length - 1 - end]) end++
  return { from: start, to: now.length - end, insert: next.slice(start, next.length - end) }
}

async function complete(
  transport: Transport, context: CompletionContext, failed: EditorHandlers["failed"],
): Promise<CompletionResult | null> {
  if (!context.explicit && !context.matchBefore(/[\p{L}\p{N}_."*-]$/u)) return null
  const stop = new AbortController()
  context.addEventListener("abort", () => stop.abort(), { onDocChange: true })
  const query = context.state.doc.toString()
  const answer = await transport.call("complete", { query, offset: context.pos }, stop.signal).catch(failed)
  const first = answer?.items[0]
  if (!first || context.aborted) return null
  if (answer.items.length === 1 && query.slice(first.start, first.end) === first.text) return null // it is written already
  return { from: first.start, options: answer.items.map((item, place) => offered(item, place)), filter: false }
}

function offered(item: Completion, place: number): Offered {
  return {
    label: item.text,
    detail: [item.title === item.text ? "" : item.title, item.detail].filter(Boolean).join(" · "),
    type: item.kind,
    boost: -place,
    color: item.color,
    apply: (view) =>
      view.dispatch({
        changes: { from: item.start, to: item.end, insert: item.text },
        selection: { anchor: item.start + item.text.length },
        userEvent: "input.complete",
      }),
  }
}

function swatchOf(option: Offered): Node {
  return option.color ? swatch(option.color) : element("span", "swatch swatch-none")
}
