import { useSignal } from "@preact/signals"
import { useRef } from "preact/hooks"
import type { Bin, Category } from "./calls"
import { figure, plural, share } from "./figures"
import type { State } from "./state"
import { Swatch } from "./swatch"
import { useWindow } from "./virtual"

const CARD_PX = 108
const FILTER_FROM = 8

export function Overview({ state }: { state: State }) {
  const typed = useSignal("")
  const histogram = state.histogram.value
  const all = histogram?.categories ?? []
  const words = typed.value.toLowerCase().split(/\s+/).filter(Boolean)
  const listed = words.length ? all.filter((one) => words.every((word) => searched(one).includes(word))) : all
  const window = useWindow(listed.length, CARD_PX, typed.value)
  return (
    <div class="overview-view">
      <div class="filter">
        {all.length >= FILTER_FROM && (
          <input
            type="search"
            aria-label="Filter the categories"
            placeholder={`Filter ${figure(all.length)} categories`}
            value={typed.value}
            onInput={(event) => void (typed.value = event.currentTarget.value)}
          />
        )}
        <p class="legend quiet" title="Labels by their number of objects; heights grow with the square root">
          <span class="key key-part" />matching <span class="key key-all" />all labels
        </p>
        <span class="quiet" role="status">{words.length > 0 && plural(listed.length, "category", "categories")}</span>
      </div>
      <div class={`scroller ${state.busy.value ? "old" : ""}`} ref={window.scroller} tabIndex={0} role="region" aria-label="Categories">
        {histogram && all.length === 0 && <p class="quiet empty">There are no categories to count.</p>}
        <ul class="sized" style={{ height: `${window.height}px` }}>
          {window.items.map((item) => {
            const category = listed[item.index]!
            return (
              <li key={`${category.job}.${category.category}`} class="card" aria-setsize={listed.length} aria-posinset={item.index + 1}
                style={{ transform: `translateY(${item.start}px)` }}>
                <Card category={category} state={state} />
              </li>
            )
          })}
        </ul>
      </div>
    </div>
  )
}

function searched({ job, category, job_title, title }: Category): string {
  return `${title} ${category} ${job_title} ${job}`.toLowerCase()
}

function Card({ category, state }: { category: Category; state: State }) {
  return (
    <>
      <div class="card-head">
        <span class="card-title" title={`${category.job}.${category.category}`}>
          <Swatch color={category.color} />
          {category.title}
        </span>
        <span class="quiet figures" title={plural(category.objects, "object")}>{plural(category.labels, "label")}</span>
      </div>
      <p class="quiet card-job">{category.job_title}</p>
      <Bars category={category} state={state} />
    </>
  )
}

const STEPS: Record<string, number> = { ArrowLeft: -1, ArrowRight: 1 }

/** One bar for each number of objects. The arrow keys go from bar to bar; the first one is where Tab stops. */
function Bars({ category, state }: { category: Category; state: State }) {
  const row = useRef<HTMLDivElement>(null)
  const at = useSignal(0)
  const most = Math.max(1, ...category.bins.map((bin) => bin.all))
  const wrong = state.checked.value?.ok === false
  const act = (clause: string) => {
    if (wrong) return "Correct the error in the query first"
    return state.removable.value === clause ? `Take away ${clause}` : `Add ${clause}`
  }
  const press = (event: KeyboardEvent) => {
    const step = STEPS[event.key]
    if (step === undefined) return
    event.preventDefault()
    at.value = Math.max(0, Math.min(category.bins.length - 1, at.value + step))
    row.current?.querySelectorAll("button")[at.value]?.focus()
  }
  return (
    <div class="bars" role="group" aria-label={`Labels by number of ${category.title}`} ref={row} onKeyDown={press}>
      {category.bins.map((bin, place) => (
        <button
          type="button"
          key={bin.clause}
          class="bin"
          tabIndex={place === at.value ? 0 : -1}
          aria-label={`${range(bin)}: ${figure(bin.matching)} of ${plural(bin.all, "label")} match. ${act(bin.clause)}`}
          title={`${range(bin)}: ${figure(bin.matching)} of ${plural(bin.all, "label")} match (${share(bin.matching, bin.all)})\n${act(bin.clause)}`}
          aria-disabled={wrong}
          onClick={() => wrong || state.toggle(bin.clause)}
        >
          <Bar bin={bin} most={most} />
          <span class="bin-name">{short(bin)}</span>
        </button>
      ))}
    </div>
  )
}

/** The height grows with the square root of the number of labels, so that rare ones can be seen; the dark part is the matching share. */
function Bar({ bin, most }: { bin: Bin; most: number }) {
  const height = bin.all === 0 ? 0 : Math.max(0.06, Math.sqrt(bin.all / most))
  const matching = bin.all === 0 ? 0 : (height * bin.matching) / bin.all
  return (
    <svg class="bar-drawing" viewBox="0 0 1 1" preserveAspectRatio="none" aria-hidden="true">
      <rect class="bar-all" width="1" y={1 - height} height={height} />
      <rect class="bar-part" width="1" y={1 - matching} height={matching} />
    </svg>
  )
}

function short({ first, last }: Bin): string {
  return first === last ? figure(first) : `${figure(first)}–${figure(last)}`
}

function range({ first, last }: Bin): string {
  return first === last ? figure(first) : `${figure(first)} to ${figure(last)}`
}
