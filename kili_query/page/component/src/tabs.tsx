import type { ComponentChildren } from "preact"
import { useRef } from "preact/hooks"

export type Tab = { key: string; title: string; view: () => ComponentChildren }
type Props = { label: string; chosen: string; choose: (key: string) => void; tabs: Tab[] }

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1 }

export function Tabs({ label, chosen, choose, tabs }: Props) {
  const list = useRef<HTMLDivElement>(null)
  const at = Math.max(0, tabs.findIndex((tab) => tab.key === chosen))
  const goTo = (place: number) => {
    const next = (place + tabs.length) % tabs.length
    choose(tabs[next]!.key)
    list.current?.querySelectorAll<HTMLElement>("[role=tab]")[next]?.focus()
  }
  const press = (event: KeyboardEvent) => {
    const step = STEPS[event.key]
    if (step !== undefined) goTo(at + step)
    else if (event.key === "Home") goTo(0)
    else if (event.key === "End") goTo(tabs.length - 1)
    else return
    event.preventDefault()
  }
  return (
    <>
      <div role="tablist" aria-label={label} class="tabs" ref={list} onKeyDown={press}>
        {tabs.map((tab, place) => (
          <button
            key={tab.key}
            type="button"
            role="tab"
            id={`tab-${tab.key}`}
            aria-selected={place === at}
            aria-controls="panel"
            tabIndex={place === at ? 0 : -1}
            onClick={() => choose(tab.key)}
          >
            {tab.title}
          </button>
        ))}
      </div>
      <div role="tabpanel" id="panel" class="panel" aria-labelledby={`tab-${tabs[at]!.key}`} key={tabs[at]!.key}>
        {tabs[at]!.view()}
      </div>
    </>
  )
}
