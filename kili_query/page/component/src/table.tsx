import { useLayoutEffect } from "preact/hooks"
import type { Column, Row } from "./calls"
import { useChoosing } from "./choosing"
import { figure, minute, titleOf } from "./figures"
import { Empty } from "./empty"
import { Cut } from "./cut"
import { listOf, type State } from "./state"
import { Swatch } from "./swatch"
import { useWindow } from "./virtual"

const ROW_PX = 34

type Field = { title: string; width: string; of: (row: Row) => string }

const ASSET: Field = { title: "Asset", width: "minmax(10rem, 2fr)", of: titleOf }
const REASON: Field = { title: "Reason", width: "", of: (row) => row.reason ?? "" }
const FACTS: Field[] = [
  { title: "Type", width: "6.5rem", of: (row) => row.type ?? "" },
  { title: "Author", width: "minmax(7rem, 1fr)", of: (row) => row.author ?? "" },
  { title: "Created", width: "10.5rem", of: (row) => minute(row.created_at) },
]

export function Table({ state, wide }: { state: State; wide: boolean }) {
  const found = state.found.value
  const count = found ? state.rows.value : 0
  const judged = found?.list !== "unknown" && found?.list !== "malformed"
  const columns = judged ? (found?.answer.columns ?? []) : []
  const facts = wide && state.open.value === null ? FACTS.filter((fact) => found?.answer.rows.some(fact.of)) : []
  const fields = judged ? [ASSET, ...facts] : [ASSET, { ...REASON, width: widthOfReasons(found.answer.rows) }, ...facts]
  const window = useWindow(count, ROW_PX, listOf(found))
  const { active, press, choose } = useChoosing(state, "table", window, window.shown, 1)
  const widths = ["3.5rem", ...fields.map((field) => field.width), ...columns.map(widthOf)]
  useLayoutEffect(() => {
    window.scroller.current?.style.setProperty("--columns", widths.join(" "))
  })
  const items = window.items
  if (items.length) state.need("table", items[0]!.index, items[items.length - 1]!.index)
  if (found && count === 0) return <Empty state={state} />
  return (
    <>
    <div
      class={`scroller table ${state.busy.value ? "old" : ""}`}
      ref={window.scroller}
      role="grid"
      aria-label="Labels"
      aria-rowcount={count + 1}
      aria-activedescendant={items.some((item) => item.index === active) ? `row-${active}` : undefined}
      tabIndex={0}
      onKeyDown={press}
    >
      <div role="rowgroup" class="table-head">
        <div role="row" class="table-row" aria-rowindex={1}>
          <span role="columnheader" class="number">#</span>
          {fields.map((field) => <span role="columnheader" key={field.title}>{field.title}</span>)}
          {columns.map((column) => <Head key={column.key} column={column} />)}
        </div>
      </div>
      <div role="rowgroup" class="sized" style={{ height: `${window.height}px` }}>
        {items.map((item) => {
          const row = state.rowAt("table", item.index)
          return (
            <div
              role="row"
              id={`row-${item.index}`}
              key={item.index}
              class={`table-row ${item.index === active ? "active" : ""}`}
              aria-rowindex={item.index + 2}
              aria-selected={row !== undefined && row.index !== null && row.index === state.open.value}
              style={{ transform: `translateY(${item.start}px)` }}
              onClick={() => choose(item.index)}
            >
              <span role="gridcell" class="number quiet">{figure(item.index + 1)}</span>
              {fields.map((field) => <span role="gridcell" key={field.title}>{row ? field.of(row) : "…"}</span>)}
              {columns.map((column, place) => (
                <span role="gridcell" class="number" key={column.key}>{row ? numberOf(row, place) : "…"}</span>
              ))}
            </div>
          )
        })}
      </div>
    </div>
    <Cut state={state} shown={window.shown} />
    </>
  )
}

/** Wide enough for the title; each row is a grid of its own, so widths cannot depend on what is in one. */
function widthOf({ title }: Column): string {
  return `${Math.min(11, Math.max(4.5, 3.2 + 0.55 * title.length))}rem`
}

/** Wide enough to read the first reasons to their ends: a record that is no label cannot be opened to read on. */
function widthOfReasons(rows: Row[]): string {
  const longest = Math.max(0, ...rows.map((row) => row.reason?.length ?? 0))
  return `minmax(${Math.min(60, Math.max(14, 1 + 0.55 * longest))}rem, 3fr)`
}

function numberOf(row: Row, place: number): string {
  const count = row.counts[place]
  return count === undefined || count === null ? "?" : figure(count)
}

function Head({ column }: { column: Column }) {
  return (
    <span role="columnheader" class="number" title={column.key}>
      {column.color && <Swatch color={column.color} />}
      {column.title}
    </span>
  )
}
