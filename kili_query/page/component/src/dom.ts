import { colorClass } from "./colors"

/** Elements for what CodeMirror shows. Text is only ever set as text. */
export function element(tag: string, name: string, ...children: (Node | string)[]): HTMLElement {
  const made = document.createElement(tag)
  if (name) made.className = name
  made.append(...children)
  return made
}

/** A small square of a category's colour. */
export function swatch(color: string): HTMLElement {
  const made = element("span", `swatch ${colorClass(color)}`)
  made.setAttribute("aria-hidden", "true")
  return made
}
