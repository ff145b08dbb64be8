/** The queries that were used lately, newest first, kept in the browser where that is allowed. */

import { signal } from "@preact/signals"
import type { State } from "./state"

const KEY = "kili-query:history"
const MOST = 50
const SETTLED_MS = 1500

export type History = ReturnType<typeof createHistory>

export function createHistory(state: State) {
  const queries = signal<string[]>(stored())
  let timer: ReturnType<typeof setTimeout> | undefined

  function add(text: string): void {
    queries.value = [text, ...queries.value.filter((one) => one !== text)].slice(0, MOST)
    store(queries.value)
  }

  const stop = state.settled.subscribe((text) => {
    clearTimeout(timer)
    if (text?.trim() && state.checked.value?.ok) timer = setTimeout(() => add(text), SETTLED_MS)
  })

  return {
    queries,
    clear() {
      queries.value = []
      store([])
    },
    stop() {
      clearTimeout(timer)
      stop()
    },
  }
}

/** A browser may refuse storage to a page in a frame: then the history lasts as long as the page. */
function stored(): string[] {
  try {
    const read: unknown = JSON.parse(localStorage.getItem(KEY) ?? "[]")
    return Array.isArray(read) ? read.filter((one) => typeof one === "string").slice(0, MOST) : []
  } catch {
    return []
  }
}

function store(queries: string[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(queries))
  } catch {
    // as above
  }
}
