import { useSignal } from "@preact/signals"
import { useEffect } from "preact/hooks"
import type { Row } from "./calls"
import { useChoosing } from "./choosing"
import { Cut } from "./cut"
import { Empty } from "./empty"
import { titleOf } from "./figures"
import { PictureView } from "./picture"
import { listOf, type State } from "./state"
import { useWindow } from "./virtual"

const TILE_PX = 190
const HEIGHT_PX = 196
const GAP_PX = 12

export function Thumbnails({ state }: { state: State }) {
  const found = state.found.value
  const count = found ? state.rows.value : 0
  const across = useSignal(1)
  const window = useWindow(Math.ceil(count / across.value), HEIGHT_PX, listOf(found))
  const shown = Math.min(count, window.shown * across.value)
  const { active, press, choose } = useChoosing(state, "thumbnails", window, shown, across.value)
  useEffect(() => {
    const scroller = window.scroller.current
    if (!scroller) return
    const fit = () => void (across.value = Math.max(1, Math.floor((scroller.clientWidth - GAP_PX) / TILE_PX)))
    const observer = new ResizeObserver(fit)
    observer.observe(scroller)
    fit()
    return () => observer.disconnect()
  }, [count === 0])
  const items = window.items
  if (items.length) {
    state.need("thumbnails", items[0]!.index * across.value, Math.min(shown, (items[items.length - 1]!.index + 1) * across.value) - 1)
  }
  if (found && count === 0) return <Empty state={state} />
  return (
    <>
    <div
      class={`scroller thumbnails ${state.busy.value ? "old" : ""}`}
      ref={window.scroller}
      role="listbox"
      aria-label="Labels"
      aria-activedescendant={state.rowAt("thumbnails", active) && window.items.some((item) => item.index === Math.floor(active / across.value)) ? `tile-${active}` : undefined}
      tabIndex={0}
      onKeyDown={press}
    >
      <div class="sized" role="presentation" style={{ height: `${window.height}px` }}>
        {items.map((item) => (
          <div
            key={item.index}
            role="presentation"
            class="tiles"
            style={{ transform: `translateY(${item.start}px)`, gridTemplateColumns: `repeat(${across.value}, minmax(0, 1fr))` }}
          >
            {places(item.index * across.value, Math.min(shown, (item.index + 1) * across.value)).map((place) => (
              <Tile
                key={place}
                place={place}
                row={state.rowAt("thumbnails", place)}
                count={shown}
                active={place === active}
                open={state.open.value}
                choose={choose}
              />
            ))}
          </div>
        ))}
      </div>
    </div>
    <Cut state={state} shown={shown} />
    </>
  )
}

function places(first: number, end: number): number[] {
  return Array.from({ length: Math.max(0, end - first) }, (_, place) => first + place)
}

type TileProps = {
  place: number
  row: Row | undefined
  count: number
  active: boolean
  open: number | null
  choose: (place: number) => void
}

function Tile({ place, row, count, active, open, choose }: TileProps) {
  const title = row ? titleOf(row) : "…"
  return (
    <div
      role="option"
      id={`tile-${place}`}
      class={`tile ${active ? "active" : ""}`}
      aria-selected={row !== undefined && row.index !== null && row.index === open}
      aria-setsize={count}
      aria-posinset={place + 1}
      aria-label={row?.reason ? `${title}: ${row.reason}` : title}
      onClick={() => choose(place)}
    >
      <div class="tile-picture">{row && (row.reason === null && row.picture ? <PictureView picture={row.picture} small /> : <p class="quiet no-picture">{row.reason ?? "No content"}</p>)}</div>
      <div class="tile-title">{title}</div>
    </div>
  )
}
