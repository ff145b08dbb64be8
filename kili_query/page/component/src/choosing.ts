/** The keys of a list or a grid of labels: arrows move, Enter opens. Focus stays on the list itself. */

import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import { listOf, type State, type View } from "./state"
import type { Window } from "./virtual"

type Choosing = { active: number; press: (event: KeyboardEvent) => void; choose: (place: number) => void }

export function useChoosing(state: State, view: View, window: Window, count: number, across: number): Choosing {
  const active = useSignal(0)
  useEffect(() => void (active.value = 0), [listOf(state.found.value)])
  const move = (place: number) => {
    active.value = Math.max(0, Math.min(count - 1, place))
    window.scrollTo(Math.floor(active.value / across))
  }
  const choose = (place: number) => {
    active.value = place
    const row = state.rowAt(view, place)
    if (row && row.index !== null) void state.openLabel(row.index)
  }
  const inSight = Math.max(1, window.items.length - 16) * across
  const steps: Record<string, number> = {
    ArrowDown: across, ArrowUp: -across, PageDown: inSight, PageUp: -inSight, Home: -count, End: count,
    ...(across > 1 ? { ArrowLeft: -1, ArrowRight: 1 } : {}),
  }
  const press = (event: KeyboardEvent) => {
    const step = steps[event.key]
    if (step !== undefined) move(active.value + step)
    else if (event.key === "Enter" || event.key === " ") choose(active.value)
    else return
    event.preventDefault()
  }
  return { active: active.value, press, choose }
}
