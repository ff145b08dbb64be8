import { render } from "preact"
import { App } from "./app"
import type { Transport } from "./calls"
import { colorSheet } from "./colors"
import { createHistory } from "./history"
import { Images } from "./images"
import { shareByFragment, sharedQuery } from "./share"
import { createState } from "./state"
import css from "./style.css"

export type Options = {
  /** The query to begin with. */
  query?: string
  /** Keep the query in the fragment of the page's address, so that it can be shared. */
  shared?: boolean
  /** Called whenever another query was answered. */
  onQuery?: (query: string) => void
}
export type Mounted = { setQuery: (query: string) => void; unmount: () => void }

/** Show the page in `element`. A shadow root keeps its styles and those of the host apart. */
export function mount(element: Element, transport: Transport, options: Options = {}): Mounted {
  const root = element.shadowRoot ?? element.attachShadow({ mode: "open" })
  const sheet = new CSSStyleSheet()
  sheet.replaceSync(css)
  root.adoptedStyleSheets = [sheet, colorSheet]
  const initial = (options.shared ? sharedQuery() : null) ?? options.query ?? ""
  const state = createState(transport, initial)
  const stops: (() => void)[] = []
  if (options.shared) stops.push(shareByFragment(state))
  if (options.onQuery) stops.push(state.settled.subscribe((text) => text !== null && options.onQuery!(text)))
  const history = createHistory(state)
  stops.push(history.stop)
  render(
    <Images.Provider value={transport.image?.bind(transport)}>
      <App state={state} root={root} history={history} shared={options.shared ?? false} />
    </Images.Provider>,
    root,
  )
  void state.refresh()
  return {
    setQuery: state.setQuery,
    unmount() {
      for (const stop of stops) stop()
      render(null, root)
    },
  }
}
