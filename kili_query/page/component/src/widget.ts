/** The component in a notebook, by anywidget: calls are custom messages to the kernel. */

import { CallError } from "./calls"
import { messageTransport, type Patience, type Reply } from "./messages"
import { mount } from "./mount"

type Model = {
  get(key: "query"): string
  set(key: "query", value: string): void
  save_changes(): void
  send(message: unknown): void
  on(event: string, callback: (...given: never[]) => void): void
  off(event: string, callback: (...given: never[]) => void): void
}

/** A kernel that has ended sends nothing at all; one that runs another cell answers later. */
const SILENCE: Patience = {
  waits_ms: 30_000,
  failure: () => new CallError("the kernel does not answer", "it has ended, or another cell runs: run this cell again, or wait"),
}

const HEIGHT = "min(44rem, 85vh)"

function render({ model, el }: { model: Model; el: HTMLElement }): () => void {
  const place = document.createElement("div")
  place.style.setProperty("--kili-query-height", "100%")
  place.style.overflow = "auto"
  keepKeys(place)
  const frame = document.createElement("div")
  frame.style.height = HEIGHT
  frame.style.contain = "layout" // what covers a page of its own covers no more than the widget
  frame.append(place)
  el.append(frame)
  const stopScheme = followScheme(place)
  const transport = messageTransport((message) => model.send(message), SILENCE)
  const receive = (reply: Reply, buffers: DataView<ArrayBuffer>[] = []) => transport.receive(reply, buffers[0])
  model.on("msg:custom", receive)
  let known = model.get("query")
  const page = mount(place, transport, {
    query: known,
    onQuery(query) {
      known = query
      model.set("query", query)
      model.save_changes()
    },
  })
  const follow = () => {
    if (model.get("query") === known) return // it is our own, and the editor may hold a newer one
    known = model.get("query")
    page.setQuery(known)
  }
  model.on("change:query", follow)
  return () => {
    model.off("msg:custom", receive)
    model.off("change:query", follow)
    stopScheme()
    page.unmount()
    transport.forgetImages()
  }
}

/** Keep letters from the shortcuts of the notebook, which does not see that they are typed in an editor. */
function keepKeys(place: HTMLElement): void {
  place.setAttribute("data-lm-suppress-shortcuts", "true") // JupyterLab's own way
  place.addEventListener("keydown", (event) => {
    if (!event.ctrlKey && !event.metaKey) event.stopPropagation()
  })
}

/** Keep to light or dark as the notebook does, whose theme need not be that of the system. */
function followScheme(place: HTMLElement): () => void {
  const adapt = () => {
    const [red, green, blue] = (getComputedStyle(place.parentElement!).color.match(/[\d.]+/g) ?? []).map(Number)
    if (red === undefined || green === undefined || blue === undefined) return // it is not on the page yet
    place.style.colorScheme = 0.299 * red + 0.587 * green + 0.114 * blue > 128 ? "dark" : "light" // by the text around
  }
  const themes = new MutationObserver(adapt)
  for (const watched of [document.documentElement, document.body]) themes.observe(watched, { attributes: true })
  const appearance = new ResizeObserver(adapt)
  appearance.observe(place)
  return () => {
    themes.disconnect()
    appearance.disconnect()
  }
}

export const widget = { render }
