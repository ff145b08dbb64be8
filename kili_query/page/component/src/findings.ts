/** What `check` found, shown in the editor: underlines, swatches, and what is said on hover. */

import { completionStatus } from "@codemirror/autocomplete"
import { StateEffect, StateField, type EditorState, type Extension, type Range } from "@codemirror/state"
import {
  Decoration, EditorView, ViewPlugin, WidgetType, closeHoverTooltips, hasHoverTooltips, hoverTooltip, keymap,
  type DecorationSet, type Tooltip,
} from "@codemirror/view"
import type { Checked, Diagnostic, NamedSpan, Span } from "./calls"
import { element, swatch } from "./dom"

/** What the editor shows of an answer. */
export type Shown = Pick<Checked, "diagnostics" | "names">
type Findings = { diagnostics: Diagnostic[]; names: NamedSpan[]; decorations: DecorationSet }

const nothing: Findings = { diagnostics: [], names: [], decorations: Decoration.none }

/** Show these findings. They must be about the text that the editor holds. */
export const showFindings = StateEffect.define<Shown>()

class Swatch extends WidgetType {
  constructor(readonly color: string) {
    super()
  }

  override eq(other: Swatch): boolean {
    return other.color === this.color
  }

  override toDOM(): HTMLElement {
    return swatch(this.color)
  }
}

function made(checked: Shown, length: number): Findings {
  const inside = (span: Span) => span.start <= span.end && span.end <= length
  const diagnostics = checked.diagnostics.filter(inside)
  const names = checked.names.filter(inside)
  const ranges: Range<Decoration>[] = []
  for (const { start, end, severity } of diagnostics) {
    const to = end > start ? end : Math.min(end + 1, length)
    const from = end > start ? start : Math.max(0, to - 1)
    if (to > from) ranges.push(Decoration.mark({ class: `found found-${severity}` }).range(from, to))
  }
  for (const { start, color } of names) {
    if (color) ranges.push(Decoration.widget({ widget: new Swatch(color), side: 1 }).range(start))
  }
  return { diagnostics, names, decorations: Decoration.set(ranges, true) }
}

/** While the user types, findings move with the text until new ones come. */
function moved(now: Findings, map: (at: number, side: number) => number, decorations: DecorationSet): Findings {
  const shift = <Found extends Span>(found: Found): Found => ({ ...found, start: map(found.start, 1), end: map(found.end, -1) })
  const alive = (span: Span) => span.end > span.start
  return {
    diagnostics: now.diagnostics.map(shift).filter(alive),
    names: now.names.map(shift).filter(alive),
    decorations,
  }
}

const field = StateField.define<Findings>({
  create: () => nothing,
  update(now, transaction) {
    for (const effect of transaction.effects) {
      if (effect.is(showFindings)) return made(effect.value, transaction.newDoc.length)
    }
    if (!transaction.docChanged) return now
    return moved(now, (at, side) => transaction.changes.mapPos(at, side), now.decorations.map(transaction.changes))
  },
  provide: (of) => EditorView.decorations.from(of, (now) => now.decorations),
})

function holds(span: Span, at: number): boolean {
  return span.start <= at && at <= span.end
}

/** The box stays while the pointer is on what all that it says is about. */
function tooltipAt(state: EditorState, at: number): Tooltip | null {
  if (completionStatus(state) === "active") return null
  const { diagnostics, names } = state.field(field)
  const said = diagnostics.filter((one) => holds(one, at))
  const named = names.filter((one) => holds(one, at))
  if (!said.length && !named.length) return null
  const spans = [...said, ...named]
  return {
    pos: Math.max(...spans.map((one) => one.start)),
    end: Math.min(...spans.map((one) => one.end)),
    above: false,
    create: () => ({ dom: element("div", "hover", ...said.map(ofDiagnostic), ...named.map(ofName)) }),
  }
}

function ofDiagnostic(found: Diagnostic): HTMLElement {
  return element("p", `hover-${found.severity}`, element("span", "code", found.code), ` ${found.message}`)
}

function ofName(name: NamedSpan): HTMLElement {
  const title = element("strong", "", name.title)
  return element("p", "", ...(name.color ? [swatch(name.color), title] : [title]), element("span", "hover-detail", name.detail))
}

function toNextDiagnostic(view: EditorView): boolean {
  const { diagnostics } = view.state.field(field)
  const at = view.state.selection.main.head
  const next = diagnostics.find((one) => one.start > at) ?? diagnostics[0]
  if (!next) return false
  view.dispatch({ selection: { anchor: next.start, head: next.end }, scrollIntoView: true })
  return true
}

/** The text's position under the pointer counts beside the text too: there, the box is closed. */
const leaving = EditorView.domEventHandlers({
  mousemove({ clientX: x, clientY: y }, view) {
    if (!hasHoverTooltips(view.state)) return
    const at = view.posAtCoords({ x, y })
    const near = view.defaultCharacterWidth
    const over = at !== null && ([-1, 1] as const).some((side) => { // a swatch may be between the two sides
      const place = view.coordsAtPos(at, side)
      return place && place.left - near <= x && x <= place.right + near && place.top <= y && y <= place.bottom
    })
    if (over) return
    view.dispatch({ effects: closeHoverTooltips })
  },
})

const pressingOutside = ViewPlugin.define((view) => {
  const press = (event: Event) => {
    if (hasHoverTooltips(view.state) && !event.composedPath().includes(view.dom)) view.dispatch({ effects: closeHoverTooltips })
  }
  document.addEventListener("pointerdown", press, true)
  return { destroy: () => document.removeEventListener("pointerdown", press, true) }
})

export const findings: Extension = [
  field,
  hoverTooltip((view, at) => tooltipAt(view.state, at), {
    hideOnChange: true,
    hideOn: (transaction) => completionStatus(transaction.state) === "active",
  }),
  leaving,
  pressingOutside,
  keymap.of([{ key: "F8", run: toNextDiagnostic }]),
]
