/** What the page knows, as signals, and the calls that keep it up to date. */

import { batch, computed, signal } from "@preact/signals"
import { CallError, type Answer, type Checked, type Detail, type Histogram, type Row, type Transport } from "./calls"
import { isAbort, latest } from "./latest"

export const DEBOUNCE_MS = 80
export const PAGE_ROWS = 100
const MOST_PAGES = 60

export type Failure = { message: string; help: string | null }

/** A verdict, and the text that it is about. */
export type CheckedText = Checked & { text: string }

/** The rows of one answer, in pages that are fetched when they come into sight. */
export type Found = { query: string; others: boolean; answer: Answer; pages: Map<number, Row[]> }

export type State = ReturnType<typeof createState>

export function createState(transport: Transport, initial: string) {
  const query = signal(initial)
  const checked = signal<CheckedText | null>(null)
  const found = signal<Found | null>(null)
  const histogram = signal<Histogram | null>(null)
  const detail = signal<Detail | null>(null)
  const open = signal<number | null>(null)
  const frame = signal<number | null>(null)
  const failure = signal<Failure | null>(null)
  const settled = signal<string | null>(null)
  const others = signal(false)
  const pagesRead = signal(0)
  const busy = computed(() => settled.value !== query.value || (found.value !== null && found.value.others !== others.value))
  const rows = computed(() => (found.value === null ? 0 : listed(found.value)))

  const asking = latest()
  const askingLabel = latest()
  let wanted: [number, number] | null = null
  let reading = false
  let timer: ReturnType<typeof setTimeout> | undefined

  function fail(error: unknown): void {
    if (isAbort(error)) return
    failure.value =
      error instanceof CallError
        ? { message: error.message, help: error.help }
        : { message: String(error), help: "reload the page; if that does not help, report this fault" }
  }

  async function refresh(): Promise<void> {
    const text = query.value
    const stop = asking.next()
    try {
      const verdict = await transport.call("check", { query: text }, stop)
      if (stop.aborted) return
      checked.value = { ...verdict, text }
      const runs = verdict.ok ? text : found.value === null ? "" : null
      if (runs !== null) await Promise.all([runQuery(runs, stop), countAll(runs, stop)])
      if (!stop.aborted) {
        batch(() => {
          failure.value = null
          settled.value = text
        })
      }
    } catch (error) {
      if (stop.aborted) return
      batch(() => {
        fail(error)
        settled.value = text
      })
    }
  }

  async function runQuery(text: string, stop: AbortSignal): Promise<void> {
    const label = open.value
    const choice = label === null ? {} : { label, ...(frame.value === null ? {} : { frame: frame.value }) }
    const which = others.value
    const answer = await transport.call("run", { query: text, start: 0, stop: PAGE_ROWS, others: which, ...choice }, stop)
    if (stop.aborted) return
    wanted = null
    batch(() => {
      found.value = { query: text, others: which, answer, pages: new Map([[0, answer.rows]]) }
      if (label !== null && open.value === label) detail.value = answer.label
    })
  }

  async function countAll(text: string, stop: AbortSignal): Promise<void> {
    const answer = await transport.call("histogram", { query: text }, stop)
    if (!stop.aborted) histogram.value = answer
  }

  /** Ask for rows `first` to `last`. Of what comes into sight while a page is read, only the last is read next. */
  function need(first: number, last: number): void {
    wanted = [Math.floor(first / PAGE_ROWS), Math.floor(last / PAGE_ROWS)]
    if (!reading) void readPages()
  }

  async function readPages(): Promise<void> {
    reading = true
    for (let now = found.value; now; now = found.value) {
      const page = missing(now)
      if (page === null) break
      try {
        const start = page * PAGE_ROWS
        const answer = await transport.call("run", { query: now.query, start, stop: start + PAGE_ROWS, others: now.others })
        keep(now.pages, page, answer.rows)
        if (found.value === now) pagesRead.value++
      } catch (error) {
        if (found.value === now) fail(error)
        break
      }
    }
    reading = false
  }

  function missing({ pages }: Found): number | null {
    if (!wanted) return null
    for (let page = wanted[0]; page <= wanted[1]; page++) if (!pages.has(page)) return page
    return null
  }

  function rowAt(position: number): Row | undefined {
    void pagesRead.value
    return found.value?.pages.get(Math.floor(position / PAGE_ROWS))?.[position % PAGE_ROWS]
  }

  async function openLabel(label: number, ofFrame: number | null = null): Promise<void> {
    batch(() => {
      open.value = label
      frame.value = ofFrame
    })
    const stop = askingLabel.next()
    const text = found.value?.query ?? query.value
    try {
      const choice = ofFrame === null ? { label } : { label, frame: ofFrame }
      const answer = await transport.call("run", { query: text, start: 0, stop: 0, ...choice }, stop)
      if (!stop.aborted) detail.value = answer.label
    } catch (error) {
      if (!stop.aborted) fail(error)
    }
  }

  function closeLabel(): void {
    askingLabel.next()
    batch(() => {
      open.value = null
      frame.value = null
      detail.value = null
    })
  }

  function setQuery(text: string): void {
    if (text === query.value) return
    query.value = text
    clearTimeout(timer)
    timer = setTimeout(() => void refresh(), DEBOUNCE_MS)
  }

  function showOthers(which: boolean): void {
    others.value = which
    void refresh()
  }

  async function format(add?: string): Promise<void> {
    const before = query.value
    try {
      const answer = await transport.call("format", add === undefined ? { query: before } : { query: before, add })
      if (query.value === before) setQuery(answer.query)
    } catch (error) {
      fail(error)
    }
  }

  return {
    transport, query, checked, found, histogram, detail, open, frame, failure, settled, busy,
    others, rows, refresh, need, rowAt, openLabel, closeLabel, setQuery, showOthers, format,
    dismiss: () => void (failure.value = null),
  }
}

/** Keep a page, and forget the one that was read first if there are too many. */
function keep(pages: Map<number, Row[]>, page: number, rows: Row[]): void {
  pages.set(page, rows)
  if (pages.size > MOST_PAGES) pages.delete(pages.keys().next().value!)
}

/** How many labels the list has: those that match, or all others whose content is known. */
function listed({ others, answer: { total, matched, unknown, malformed } }: Found): number {
  return others ? Math.max(0, total - matched - unknown - malformed) : matched
}

/** Names a list of labels: another list begins at its top. */
export function listOf(found: Found | null): string {
  return found === null ? "" : `${found.others} ${found.query}`
}
