/** The playground: the component over a worker that runs Python, and files that stay in the browser. */

import { messageTransport, mount, type Mounted } from "./component.js"
import { droppedFiles, pickedFiles, type Picked } from "./files"
import type { FromWorker, ToWorker } from "./messages"

const at = (id: string) => document.getElementById(id)!
const [place, progress, failure] = [at("page"), at("progress"), at("failure")]
const choices = [...at("choices").querySelectorAll("button")]

const worker = new Worker(new URL("worker.js", import.meta.url), { type: "module" })
const tell = (message: ToWorker) => worker.postMessage(message)
const transport = messageTransport(tell)
let page: Mounted | null = null

worker.onmessage = ({ data }: MessageEvent<FromWorker>) => {
  if ("progress" in data) progress.textContent = data.progress
  else if ("ready" in data) {
    performance.measure("kili-query ready", { start: performance.now() - data.ready, duration: data.ready })
    show()
  } else if ("opened" in data) opened(data.opened)
  else if ("broken" in data) fail(data.broken, "reload the page; it needs a browser of this year")
  else transport.receive(data.reply, data.data as Uint8Array<ArrayBuffer> | undefined)
}
worker.onerror = (event) => fail(event.message || "the worker could not start", "serve this folder over HTTP, and open it in a browser of this year")

function show(): void {
  progress.hidden = true
  failure.hidden = true
  for (const one of choices) one.disabled = false
  page?.unmount()
  transport.forgetImages()
  page = mount(place, transport, { shared: true })
}

function opened(error: string): void {
  if (error === "") return show()
  const { message, help } = (JSON.parse(error) as { error: { message: string; help: string | null } }).error
  fail(message, help)
}

function fail(message: string, help: string | null): void {
  progress.hidden = true
  failure.hidden = false
  failure.textContent = help === null ? message : `${message}. ${help}`
  for (const one of choices) one.disabled = false
}

function open(files: Picked[]): void {
  if (files.length === 0) return
  begin(`Reading ${files.length === 1 ? files[0]!.name : `${files.length} files`}…`)
  tell({ open: files })
}

function begin(what: string): void {
  progress.textContent = what
  progress.hidden = false
  failure.hidden = true
  for (const one of choices) one.disabled = true
}

for (const [button, input] of [["file", "files"], ["folder", "folders"]] as const) {
  const picker = at(input) as HTMLInputElement
  at(button).onclick = () => picker.click()
  picker.onchange = () => {
    open(pickedFiles(picker.files!))
    picker.value = "" // so that the same file can be opened again
  }
}
at("sample").onclick = () => {
  begin("Reading the sample…")
  tell({ sample: true })
}

addEventListener("dragover", (event) => {
  if (!event.dataTransfer?.types.includes("Files")) return
  event.preventDefault()
  document.body.classList.add("over")
})
addEventListener("dragleave", (event) => {
  if (event.relatedTarget === null) document.body.classList.remove("over")
})
addEventListener("drop", (event) => {
  document.body.classList.remove("over")
  if (!event.dataTransfer?.types.includes("Files")) return
  event.preventDefault()
  if (choices[0]!.disabled) return
  droppedFiles(event.dataTransfer).then(
    (files) => (files.length === 0 ? fail("there is no file in what was dropped", null) : open(files)),
    (error: unknown) => fail(`what was dropped cannot be read: ${String(error)}`, null),
  )
})
