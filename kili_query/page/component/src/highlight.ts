/** Colours for the words of a query, by rules that are generated from the grammar. */

import { RangeSetBuilder, StateField, type Extension, type Text } from "@codemirror/state"
import { Decoration, EditorView, type DecorationSet } from "@codemirror/view"
import rules from "./tokens.json"

export type Token = { from: number; to: number; kind: string }
type Rule = { kind: string; pattern: RegExp }

const outside = rules.outside.map(compiled)
const member = rules.member.map(compiled)
const space = /\s+/my

function compiled(rule: string[]): Rule {
  return { kind: rule[0]!, pattern: new RegExp(rule[1]!, "my") }
}

function endOfMatch(pattern: RegExp, text: string, at: number): number | null {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : null
}

/** The tokens of a query, without white space. */
export function* tokens(text: string): Generator<Token> {
  let at = 0
  let inMember = false
  while (at < text.length) {
    const skipped = endOfMatch(space, text, at)
    if (skipped !== null) {
      at = skipped
      continue
    }
    const token = firstToken(inMember ? member : outside, text, at)
    if (token) {
      yield token
      at = token.to
      inMember = token.kind === "dot" || (inMember && token.kind === "comment")
    } else if (inMember) {
      inMember = false
    } else {
      at++
    }
  }
}

function firstToken(listed: Rule[], text: string, at: number): Token | null {
  for (const { kind, pattern } of listed) {
    const to = endOfMatch(pattern, text, at)
    if (to !== null) return { from: at, to, kind }
  }
  return null
}

const marks = new Map<string, Decoration>()

function mark(kind: string): Decoration {
  let found = marks.get(kind)
  if (!found) marks.set(kind, (found = Decoration.mark({ class: `tok-${kind}` })))
  return found
}

function decorated(doc: Text): DecorationSet {
  const builder = new RangeSetBuilder<Decoration>()
  for (const { from, to, kind } of tokens(doc.toString())) builder.add(from, to, mark(kind))
  return builder.finish()
}

export const highlighter: Extension = StateField.define<DecorationSet>({
  create: (state) => decorated(state.doc),
  update: (now, transaction) => (transaction.docChanged ? decorated(transaction.newDoc) : now),
  provide: (field) => EditorView.decorations.from(field),
})
