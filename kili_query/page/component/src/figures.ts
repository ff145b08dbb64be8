/** Numbers, dates and names as people read them. */

import type { Row } from "./calls"

const whole = new Intl.NumberFormat("en")
const percents = new Intl.NumberFormat("en", { style: "percent", maximumSignificantDigits: 2 })

export function figure(value: number): string {
  return whole.format(value)
}

export function share(part: number, all: number): string {
  return all === 0 ? "0%" : percents.format(part / all)
}

export function plural(value: number, one: string, many = `${one}s`): string {
  return `${figure(value)} ${value === 1 ? one : many}`
}

/** A time stamp to the minute, as the label has it: no time zone is assumed. */
export function minute(stamp: string | null): string {
  return stamp === null ? "" : stamp.slice(0, 16).replace("T", " ")
}

/** What a row is called: by its asset, its id, its place in a file, or its number. */
export function titleOf({ external_id, id, place, index }: Row): string {
  return external_id ?? id ?? place ?? `label ${(index ?? 0) + 1}`
}
