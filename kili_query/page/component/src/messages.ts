/** Calls as messages, each with a number by which its answer is known: for workers and notebooks. */

import { CallError, type CallName, type Calls, type Transport } from "./calls"

export type Message = { id: number; call: string; request: unknown }
export type Reply = { id: number; status: number; answer: unknown }

const MOST_IMAGES = 300

type Waiting = { resolve: (got: { answer: unknown; data: BlobPart | undefined }) => void; reject: (error: Error) => void }

export type MessageTransport = Transport & {
  /** To be called with each answer; `data` are the bytes of an image. */
  receive(reply: Reply, data?: BlobPart): void
  /** Forget the images: those of other labels have the same URLs. */
  forgetImages(): void
}

/** After how long an answer counts as missing, and the failure that says so. */
export type Patience = { waits_ms: number; failure: () => CallError }

export function messageTransport(send: (message: Message) => void, patience?: Patience): MessageTransport {
  const waiting = new Map<number, Waiting>()
  const images = new Map<string, Promise<string>>()
  let last = 0

  function ask(call: string, request: unknown, signal?: AbortSignal) {
    const id = ++last
    return new Promise<{ answer: unknown; data: BlobPart | undefined }>((resolve, reject) => {
      signal?.throwIfAborted()
      waiting.set(id, { resolve, reject })
      if (patience) setTimeout(() => waiting.delete(id) && reject(patience.failure()), patience.waits_ms)
      signal?.addEventListener("abort", () => {
        waiting.delete(id)
        reject(signal.reason)
      })
      send({ id, call, request })
    })
  }

  async function read(url: string): Promise<string> {
    const { answer, data } = await ask("image", { url })
    if (data === undefined) throw new CallError("the image is missing")
    return URL.createObjectURL(new Blob([data], { type: (answer as { type: string }).type }))
  }

  function forget(url: string): void {
    images.get(url)?.then(URL.revokeObjectURL, () => undefined)
    images.delete(url)
  }

  return {
    async call<Name extends CallName>(name: Name, request: Calls[Name]["request"], signal?: AbortSignal) {
      return (await ask(name, request, signal)).answer as Calls[Name]["answer"]
    },
    image(url) {
      const found = images.get(url) ?? read(url)
      images.delete(url)
      images.set(url, found)
      while (images.size > MOST_IMAGES) forget(images.keys().next().value!)
      return found
    },
    receive({ id, status, answer }, data) {
      const asked = waiting.get(id)
      waiting.delete(id)
      if (status === 200) asked?.resolve({ answer, data })
      else asked?.reject(explained(answer, status))
    },
    forgetImages() {
      for (const url of [...images.keys()]) forget(url)
    },
  }
}

function explained(answer: unknown, status: number): CallError {
  const { error } = answer as { error: { message: string; help: string | null } }
  return new CallError(error.message, error.help, status)
}
