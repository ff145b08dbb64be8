/** The worker that holds Python: it loads Pyodide and the wheels beside it, opens labels, and answers messages. */

import { loadPyodide, type PyodideAPI } from "pyodide"
import type { FromWorker, ToWorker } from "./messages"

/** What `kili_query.page.playground` offers. */
type Playground = {
  open(folder: string, names: string[]): string
  open_sample(): void
  reply(message: string): { toJs(): [string, Uint8Array | undefined]; destroy(): void }
}

const FOLDER = "/opened"
const EIO = 29
const WAYS_OUT = ["fetch", "XMLHttpRequest", "WebSocket", "WebSocketStream", "WebTransport", "EventSource", "importScripts", "Worker"]

const here = self as unknown as {
  postMessage(message: FromWorker, transfer?: Transferable[]): void
  onmessage: ((event: MessageEvent<ToWorker>) => void) | null
}

async function start(): Promise<(message: ToWorker) => void> {
  const began = performance.now()
  const wheels = fetchWheels()
  const pyodide = await loadPyodide({ indexURL: new URL("pyodide/", import.meta.url).href })
  here.postMessage({ progress: "Loading kili-query…" })
  holdFaultsOfFiles(pyodide)
  for (const wheel of await wheels) pyodide.unpackArchive(wheel, "wheel")
  const playground = pyodide.pyimport("kili_query.page.playground").Playground.of_sample() as Playground
  // Labels have no way out: nothing that runs here later can send.
  for (const name of WAYS_OUT) Object.defineProperty(globalThis, name, { value: undefined })
  here.postMessage({ ready: performance.now() - began })
  return (message) => handle(pyodide, playground, message)
}

/** A file that is gone or has changed must be an error that Python can handle. As an exception of the browser, it ends Python. */
function holdFaultsOfFiles({ FS }: PyodideAPI): void {
  const files = FS.filesystems.WORKERFS.stream_ops as { read(...given: unknown[]): number }
  const { read } = files
  files.read = (...given) => {
    try {
      return read(...given)
    } catch (error) {
      throw error instanceof DOMException ? new FS.ErrnoError(EIO) : error
    }
  }
}

async function fetchWheels(): Promise<ArrayBuffer[]> {
  const names: string[] = await (await fetched("wheels/wheels.json")).json()
  return Promise.all(names.map(async (name) => (await fetched(`wheels/${name}`)).arrayBuffer()))
}

async function fetched(name: string): Promise<Response> {
  const response = await fetch(new URL(name, import.meta.url))
  if (!response.ok) throw new Error(`${name} could not be loaded (status ${response.status})`)
  return response
}

function handle(pyodide: PyodideAPI, playground: Playground, message: ToWorker): void {
  if ("open" in message) {
    here.postMessage({ opened: openFiles(pyodide, playground, message.open) })
  } else if ("sample" in message) {
    playground.open_sample()
    here.postMessage({ opened: "" })
  } else {
    const proxy = playground.reply(JSON.stringify(message))
    const [text, data] = proxy.toJs()
    proxy.destroy()
    here.postMessage({ reply: JSON.parse(text), data })
  }
}

/** Mount files of the user, which are read where they are, and open them. */
function openFiles(pyodide: PyodideAPI, playground: Playground, files: { name: string; data: File }[]): string {
  const { FS } = pyodide
  if (FS.analyzePath(FOLDER).exists) FS.unmount(FOLDER)
  else FS.mkdir(FOLDER)
  FS.mount(FS.filesystems.WORKERFS, { blobs: files }, FOLDER)
  return playground.open(FOLDER, files.map(({ name }) => name))
}

const ready = start()
ready.catch((error: unknown) => here.postMessage({ broken: String(error) }))
here.onmessage = ({ data }) => void ready.then((take) => take(data)).catch((error: unknown) => here.postMessage({ broken: String(error) }))
