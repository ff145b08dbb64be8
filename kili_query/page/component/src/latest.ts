/** Of several requests for the same thing, only the last one counts: `next` aborts the one before. */
export function latest(): { next: () => AbortSignal } {
  let current: AbortController | undefined
  return {
    next() {
      current?.abort()
      current = new AbortController()
      return current.signal
    },
  }
}

export function isAbort(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError"
}
