/** Where the images of labels come from: their URLs, or messages that bring their bytes. */

import { createContext } from "preact"
import { useSignal } from "@preact/signals"
import { useContext, useEffect } from "preact/hooks"

/** Returns a URL that the browser can show. */
export type ReadImage = (url: string) => Promise<string>

export const Images = createContext<ReadImage | undefined>(undefined)

/** The URL of an image as the browser can show it; null until it is there, or if it is not to be had. */
export function useImage(url: string | null): { src: string | null; failed: boolean } {
  const read = useContext(Images)
  const got = useSignal<{ url: string; src: string | null } | null>(null)
  useEffect(() => {
    if (!read || url === null) return
    let wanted = true
    const keep = (src: string | null) => {
      if (wanted) got.value = { url, src }
    }
    read(url).then(keep, () => keep(null))
    return () => void (wanted = false)
  }, [read, url])
  if (!read || url === null) return { src: url, failed: false }
  const known = got.value?.url === url ? got.value : null
  return { src: known?.src ?? null, failed: known !== null && known.src === null }
}
