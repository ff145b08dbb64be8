/** What the page and its worker say to each other. */

import type { Message, Reply } from "../src/messages"

export type ToWorker = Message | { open: { name: string; data: File }[] } | { sample: true }

export type FromWorker =
  | { progress: string }
  /** After how many milliseconds. */
  | { ready: number }
  /** An error as JSON, or nothing if all is well. */
  | { opened: string }
  | { reply: Reply; data: Uint8Array | undefined }
  | { broken: string }
