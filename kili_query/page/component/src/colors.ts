/**
 * The colours of categories as classes. Elements in the editor must not have style attributes: the browser copies them
 * when text is replaced, and the policy of the server refuses what it copied.
 */

/** A style sheet for every root that shows colours. */
export const colorSheet = new CSSStyleSheet()

const known = new Set<string>()

/** The class that gives an element this background. */
export function colorClass(color: string): string {
  if (!/^#[0-9a-f]{6}$/i.test(color)) return ""
  const name = `color-${color.slice(1).toLowerCase()}`
  if (!known.has(name)) {
    known.add(name)
    colorSheet.insertRule(`.${name} { background-color: ${color} }`)
  }
  return name
}
