/** What the page knows, as signals, and the calls that keep it up to date. */

import { batch, computed, signal } from "@preact/signals"
import { CallError, type Answer, type Checked, type Detail, type Histogram, type ListName, type Row, type RunRequest, type Transport } from "./calls"
import { isAbort, latest } from "./latest"

export const DEBOUNCE_MS = 80
const MOST_PAGES = 60

/** Two views list labels. Only one shows pictures, whose contents take longer to read. */
export type View = "table" | "thumbnails"
const PAGE_ROWS: Record<View, number> = { table: 100, thumbnails: 48 }
type Pages = Map<number, Row[]>

export type Failure = { message: string; help: string | null; refused: boolean }

/** A clause that was added to the query, with the query's text before and after. */
type Added = { clause: string; before: string; after: string }

/** A verdict, and the text that it is about. */
export type CheckedText = Checked & { text: string }

/** The rows of one answer, in pages that are fetched when they come into sight. */
export type Found = { query: string; list: ListName; answer: Answer; pages: Record<View, Pages> }

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
  const added = signal<Added | null>(null)
  const list = signal<ListName>("matching")
  const view = signal<View>("table")
  const pagesRead = signal(0)
  const busy = computed(() => settled.value !== query.value)
  /** The clause that can be taken away again: the last one added, while the query stands as that left it. */
  const removable = computed(() => (added.value?.after === query.value ? added.value.clause : null))
  const rows = computed(() => found.value?.answer.listed ?? 0)

  const asking = latest()
  const askingLabel = latest()
  let wanted: Wanted | null = null
  let reading = false
  let timer: ReturnType<typeof setTimeout> | undefined

  function fail(error: unknown): void {
    if (isAbort(error)) return
    failure.value =
      error instanceof CallError
        ? { message: error.message, help: error.help, refused: error.refused }
        : { message: String(error), help: "reload the page; if that does not help, report this fault", refused: false }
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
        if (checked.value?.text !== text) checked.value = null // it is about another text
        settled.value = text
      })
    }
  }

  async function runQuery(text: string, stop: AbortSignal): Promise<void> {
    const label = open.value
    const choice = label === null ? {} : { label, ...(frame.value === null ? {} : { frame: frame.value }) }
    const which = list.value === "others" && text.trim() === "" ? "matching" : list.value
    const shown = view.value
    const answer = await transport.call("run", { ...pageRequest(text, which, shown, 0), ...choice }, stop)
    if (stop.aborted) return
    const pages: Record<View, Pages> = { table: new Map(), thumbnails: new Map() }
    pages[shown].set(0, answer.rows)
    wanted = null
    batch(() => {
      found.value = { query: text, list: which, answer, pages }
      if (label !== null && open.value === label) detail.value = answer.label
    })
  }

  async function countAll(text: string, stop: AbortSignal): Promise<void> {
    const answer = await transport.call("histogram", { query: text }, stop)
    if (!stop.aborted) histogram.value = answer
  }

  /** Ask for rows `first` to `last`. Of what comes into sight while a page is read, only the last is read next. */
  function need(of: View, first: number, last: number): void {
    const rows = PAGE_ROWS[of]
    wanted = { view: of, first: Math.floor(first / rows), last: Math.floor(last / rows) }
    if (!reading) void readPages()
  }

  async function readPages(): Promise<void> {
    reading = true
    for (let now = found.value; now; now = found.value) {
      const page = wanted && missing(now.pages[wanted.view], wanted)
      if (!wanted || page === null) break
      const of = wanted.view
      try {
        const answer = await transport.call("run", pageRequest(now.query, now.list, of, page))
        keep(now.pages[of], page, answer.rows)
        if (found.value === now) pagesRead.value++
      } catch (error) {
        if (found.value === now) fail(error)
        break
      }
    }
    reading = false
  }

  function rowAt(of: View, position: number): Row | undefined {
    void pagesRead.value
    const rows = PAGE_ROWS[of]
    return found.value?.pages[of].get(Math.floor(position / rows))?.[position % rows]
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

  function showList(which: ListName): void {
    list.value = which
    settled.value = null
    void refresh()
  }

  async function format(add?: string): Promise<void> {
    const before = query.value
    try {
      const answer = await transport.call("format", add === undefined ? { query: before } : { query: before, add })
      if (query.value !== before || answer.query === before) return
      batch(() => {
        setQuery(answer.query)
        if (add !== undefined) added.value = { clause: add, before, after: answer.query }
      })
    } catch (error) {
      fail(error)
    }
  }

  /** Add a clause to the query, or take it away if it is the one that was added last. */
  function toggle(clause: string): void {
    if (removable.value === clause) setQuery(added.value!.before)
    else void format(clause)
  }

  return {
    transport, query, checked, found, histogram, detail, open, frame, failure, settled, busy, removable,
    list, view, rows, fail, refresh, need, rowAt, openLabel, closeLabel, setQuery, showList, format, toggle,
    dismiss: () => void (failure.value = null),
  }
}

type Wanted = { view: View; first: number; last: number }

function missing(pages: Pages, { first, last }: Wanted): number | null {
  for (let page = first; page <= last; page++) if (!pages.has(page)) return page
  return null
}

function pageRequest(query: string, list: ListName, of: View, page: number): RunRequest {
  const rows = PAGE_ROWS[of]
  return { query, list, start: page * rows, stop: (page + 1) * rows, pictures: of === "thumbnails" }
}

/** Keep a page, and forget the one that was read first if there are too many. */
function keep(pages: Pages, page: number, rows: Row[]): void {
  pages.set(page, rows)
  if (pages.size > MOST_PAGES) pages.delete(pages.keys().next().value!)
}

/** How many labels belong to the list, whether or not it has a row for each. */
export function countOf({ list, answer: { matched, malformed, listed } }: Found): number {
  return list === "malformed" ? malformed : list === "matching" ? matched : listed
}

/** Names a list of labels: another list begins at its top. */
export function listOf(found: Found | null): string {
  return found === null ? "" : `${found.list} ${found.query}`
}
