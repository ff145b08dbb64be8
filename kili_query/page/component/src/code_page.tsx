/** The page of a code, which is Markdown. Everything is set as text, so nothing in it is read as HTML. */

type Block = { kind: "heading" | "code" | "list" | "text"; lines: string[] }

export function CodePage({ text }: { text: string }) {
  return <div class="code-page" tabIndex={0} role="region" aria-label="What this code means">{blocksOf(text).map((block, place) => <BlockView key={place} block={block} />)}</div>
}

function BlockView({ block: { kind, lines } }: { block: Block }) {
  if (kind === "heading") return <h2><Inline text={lines[0]!} /></h2>
  if (kind === "code") return <pre>{lines.join("\n")}</pre>
  if (kind === "list") return <ul>{lines.map((line, place) => <li key={place}><Inline text={line} /></li>)}</ul>
  return <p><Inline text={lines.join(" ")} /></p>
}

/** Text with code between backticks, what is strong between asterisks, and links. */
function Inline({ text }: { text: string }) {
  return <>{text.split(/(`[^`]+`|\*\*[^*]+\*\*|\[[^\]]+\]\([^()\s]+\))/).map((part, place) => (place % 2 ? <Special key={place} part={part} /> : part))}</>
}

/** Pages link to each other by file names, which are no addresses here: these links are set as their text. */
function Special({ part }: { part: string }) {
  if (part.startsWith("`")) return <code>{part.slice(1, -1)}</code>
  if (part.startsWith("**")) return <strong><Inline text={part.slice(2, -2)} /></strong>
  const [, text, url] = /^\[(.+)\]\((.+)\)$/.exec(part)!
  if (!/^https?:\/\//.test(url!)) return <Inline text={text!} />
  return <a href={url!} target="_blank" rel="noopener noreferrer"><Inline text={text!} /></a>
}

function blocksOf(text: string): Block[] {
  const blocks: Block[] = []
  let last: Block | null = null // that the next line may continue
  let fenced = false
  for (const line of text.split("\n")) {
    if (line.startsWith("```")) {
      fenced = !fenced
      last = fenced ? { kind: "code", lines: [] } : null
      if (last) blocks.push(last)
    } else if (fenced) {
      last!.lines.push(line)
    } else if (/^#+ /.test(line)) {
      blocks.push({ kind: "heading", lines: [line.replace(/^#+ /, "")] })
      last = null
    } else if (line.trim() === "" || line.startsWith("<!--")) {
      last = null
    } else if (line.startsWith("- ")) {
      if (last?.kind !== "list") blocks.push((last = { kind: "list", lines: [] }))
      last.lines.push(line.slice(2))
    } else if (last?.kind === "list") {
      last.lines.push(`${last.lines.pop()} ${line.trim()}`)
    } else {
      if (last?.kind !== "text") blocks.push((last = { kind: "text", lines: [] }))
      last.lines.push(line)
    }
  }
  return blocks
}
