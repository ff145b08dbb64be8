/** The query in the fragment of the address, which browsers do not send to a server. */

import type { State } from "./state"

export function sharedQuery(): string | null {
  return new URLSearchParams(location.hash.slice(1)).get("q")
}

export function shareByFragment(state: State): () => void {
  const follow = () => state.setQuery(sharedQuery() ?? "")
  addEventListener("hashchange", follow)
  const stop = state.settled.subscribe((text) => {
    if (text === null || text === (sharedQuery() ?? "")) return
    const fragment = text === "" ? "" : `#${new URLSearchParams({ q: text })}`
    history.replaceState(null, "", location.pathname + location.search + fragment)
  })
  const stopTitle = state.found.subscribe((found) => {
    if (found?.answer.source.title) document.title = `${found.answer.source.title} · kili-query`
  })
  return () => {
    stopTitle()
    removeEventListener("hashchange", follow)
    stop()
  }
}
