import { useComputed, useSignal } from "@preact/signals"
import { useEffect, useRef } from "preact/hooks"
import { DetailPanel } from "./detail"
import { Diagnostics } from "./diagnostics"
import type { Editor } from "./editor"
import { EditorPane } from "./editor_pane"
import { FailureNote } from "./failure"
import type { History } from "./history"
import { Overview } from "./overview"
import { PlanView } from "./plan"
import type { State } from "./state"
import { SourceBar, Summary } from "./summary"
import { Table } from "./table"
import { Tabs } from "./tabs"
import { Thumbnails } from "./thumbnails"

const WIDE_PX = 980

type Props = { state: State; root: ShadowRoot; history: History; shared: boolean }

export function App({ state, root, history, shared }: Props) {
  const page = useRef<HTMLDivElement>(null)
  const editor = useRef<Editor | null>(null)
  const wide = useSignal(root.host.clientWidth >= WIDE_PX)
  const chosen = useSignal("table")
  useEffect(() => {
    const observer = new ResizeObserver(() => void (wide.value = root.host.clientWidth >= WIDE_PX))
    observer.observe(root.host)
    return () => observer.disconnect()
  }, [])
  const covered = useComputed(() => !wide.value && state.open.value !== null)
  const tab = useComputed(() => (wide.value && chosen.value === "overview" ? "table" : chosen.value))
  const choose = (key: string) => {
    chosen.value = key
    if (key === "table" || key === "thumbnails") state.view.value = key
  }
  return (
    <div class={`page ${wide.value ? "wide" : "narrow"}`} ref={page}>
      <div class="under" inert={covered.value}>
        <SourceBar state={state} />
        <EditorPane state={state} root={root} history={history} shared={shared} editor={editor} />
        <FailureNote state={state} />
        <Diagnostics state={state} editor={editor} />
        <Summary state={state} />
      </div>
      <div class={`columns ${state.open.value === null ? "" : "with-detail"}`}>
        {wide.value && (
          <section class="overview" aria-label="Overview">
            <Overview state={state} />
          </section>
        )}
        <main class="results" inert={covered.value}>
          <Tabs
            label="Results"
            chosen={tab.value}
            choose={choose}
            tabs={[
              { key: "table", title: "Table", view: () => <Table state={state} wide={wide.value} /> },
              { key: "thumbnails", title: "Thumbnails", view: () => <Thumbnails state={state} /> },
              ...(wide.value ? [] : [{ key: "overview", title: "Overview", view: () => <Overview state={state} /> }]),
              { key: "plan", title: "Plan", view: () => <PlanView state={state} /> },
            ]}
          />
        </main>
        {state.open.value !== null && <DetailPanel state={state} modal={!wide.value} />}
      </div>
    </div>
  )
}
