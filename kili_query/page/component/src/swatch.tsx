import { colorClass } from "./colors"

/** A small square of a category's colour. */
export function Swatch({ color }: { color: string }) {
  return <span class={`swatch ${colorClass(color)}`} aria-hidden="true" />
}
