import { useSignal } from "@preact/signals"

const SHOWN_MS = 2000

type Props = { text: () => string; title: string; label?: string }

/** Copies a text. Browsers allow that only to pages from this machine or over HTTPS; otherwise the button says so. */
export function CopyButton({ text, title, label }: Props) {
  const said = useSignal("")
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text())
      said.value = "Copied"
    } catch {
      said.value = "Not allowed here: select and copy"
    }
    setTimeout(() => void (said.value = ""), SHOWN_MS)
  }
  return (
    <button type="button" onClick={() => void copy()} aria-label={said.value ? undefined : label}>
      <span aria-live="polite">{said.value || title}</span>
    </button>
  )
}
