/** The five calls of the page. Every offset counts UTF-16 code units, and every text is plain text. */

export type Span = { start: number; end: number }
export type Edit = Span & { text: string }

export type Severity = "error" | "warning" | "note"
export type Diagnostic = Span & {
  code: string
  severity: Severity
  message: string
  labels: (Span & { message: string })[]
  help: string | null
  fix: Edit | null
  page: string | null
}
export type NamedSpan = Span & { title: string; detail: string; color: string | null }
export type Plan = { never: boolean; exact: boolean; pushed: string | null; residual: string | null; words: string[] }
export type Snippet = { title: string; language: string; text: string | null; why_not: string | null }
export type Checked = {
  ok: boolean
  diagnostics: Diagnostic[]
  names: NamedSpan[]
  plan: Plan | null
  snippets: Snippet[]
}

export type Completion = Edit & { kind: string; title: string; detail: string; color: string | null }

export type Shape = {
  kind: "box" | "polygon" | "line" | "point" | "pose"
  name: string
  color: string
  rings: [number, number][][]
}
export type MarkedText = { text: string; spans: (Span & { name: string; color: string })[] }
export type Picture = {
  kind: "image" | "video" | "text" | "document" | "none"
  url: string | null
  /** Seconds from the beginning of a video to the frame. */
  time: number | null
  /** Why there is nothing below the shapes. */
  why_blank: string | null
  width: number | null
  height: number | null
  shapes: Shape[]
  text: MarkedText | null
  frames: number[] | null
  frame: number | null
  cut: boolean
}
export type Row = {
  /** Null for a record that is not a label. */
  index: number | null
  id: string | null
  external_id: string | null
  type: string | null
  author: string | null
  created_at: string | null
  /** Null where the label's content is not known. */
  counts: (number | null)[]
  picture: Picture | null
  /** Where a record that is not a label stands. */
  place: string | null
  /** Why it cannot be judged. */
  reason: string | null
}
export type Column = { key: string; title: string; color: string | null }
export type Detail = {
  row: Row
  matches: boolean | null
  why: string[]
  nearest: string | null
  answers: string[]
  picture: Picture
  json: string
}
export type Source = { title: string; input_type: string | null; labels: number; ontology: boolean; notes: string[] }
export type Answer = {
  source: Source
  total: number
  matched: number
  unknown: number
  malformed: number
  columns: Column[]
  /** How many rows the list has, of which `rows` are some. */
  listed: number
  rows: Row[]
  label: Detail | null
}

export type Bin = { first: number; last: number; all: number; matching: number; clause: string }
export type Category = {
  job: string
  category: string
  job_title: string
  title: string
  color: string
  objects: number
  labels: number
  bins: Bin[]
}
export type Histogram = { total: number; matched: number; categories: Category[] }

/** Which labels are listed: those that match, those that do not, and the two kinds that cannot be judged. */
export type ListName = "matching" | "others" | "unknown" | "malformed"

export type RunRequest = { query: string; start?: number; stop?: number; label?: number; frame?: number; list?: ListName; pictures?: boolean }

export type Calls = {
  check: { request: { query: string }; answer: Checked }
  complete: { request: { query: string; offset: number }; answer: { items: Completion[] } }
  format: { request: { query: string; add?: string }; answer: { query: string } }
  run: { request: RunRequest; answer: Answer }
  histogram: { request: { query: string }; answer: Histogram }
}
export type CallName = keyof Calls

/** How calls reach Python: over HTTP, from a worker, or from a notebook's kernel. */
export interface Transport {
  call<Name extends CallName>(
    name: Name,
    request: Calls[Name]["request"],
    signal?: AbortSignal,
  ): Promise<Calls[Name]["answer"]>
  /** Returns a URL that shows the image of a URL in an answer; without this, that URL shows it. */
  image?(url: string): Promise<string>
}

/** A failure that the other side explained. */
export class CallError extends Error {
  readonly help: string | null
  /** Whether the request itself was refused, so that the same one would be refused again. */
  readonly refused: boolean

  constructor(message: string, help: string | null = null, status: number | null = null) {
    super(message)
    this.help = help
    this.refused = status !== null && status >= 400 && status < 500
  }
}
