// Builds ../built from src: the same sources give the same bytes. Each file begins with the hash of the sources, so
// that a test finds a stale build without Node.
import { build } from "esbuild"
import { createHash } from "node:crypto"
import { mkdir, readFile, readdir, writeFile } from "node:fs/promises"
import path from "node:path"
import { fileURLToPath } from "node:url"

const here = path.dirname(fileURLToPath(import.meta.url))
const out = path.resolve(process.argv[2] ?? path.join(here, "..", "built"))

/** One hash over the names and contents of all that decides the build, in the order of their names. */
async function hashOfSources() {
  const sources = await readdir(path.join(here, "src"))
  const names = ["build.mjs", "package-lock.json", "package.json", "tsconfig.json", ...sources.map((name) => `src/${name}`)]
  const hash = createHash("sha256")
  for (const name of names.sort()) {
    hash.update(name).update("\0").update(await readFile(path.join(here, name))).update("\0")
  }
  return hash.digest("hex")
}

const header = `built from sources with sha256 ${await hashOfSources()}; change component/src and run make page`

/** Bundle one entry, and return the files that went into it. */
async function bundle(entry, name, external = []) {
  const { metafile } = await build({
    absWorkingDir: here,
    entryPoints: [`src/${entry}`],
    outfile: path.join(out, name),
    bundle: true,
    external,
    format: "esm",
    target: ["es2022"],
    minify: true,
    metafile: true,
    charset: "utf8",
    legalComments: "none",
    jsx: "automatic",
    jsxImportSource: "preact",
    loader: { ".css": name.endsWith(".css") ? "css" : "text" },
    banner: { [name.endsWith(".css") ? "css" : "js"]: `/* ${header} */` },
  })
  return Object.keys(metafile.inputs)
}

/** The licences of the packages whose code is in a bundle, which ask to be passed on with it. */
async function licences(inputs) {
  const packages = new Set(inputs.flatMap((input) => input.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)\//)?.[1] ?? []))
  const texts = [...packages].sort().map(async (name) => {
    const folder = path.join(here, "node_modules", name)
    const file = (await readdir(folder)).find((one) => /^licen[cs]e/i.test(one))
    return `${name}\n\n${(await readFile(path.join(folder, file), "utf8")).trim()}\n`
  })
  return (await Promise.all(texts)).join(`\n${"-".repeat(80)}\n\n`)
}

await mkdir(out, { recursive: true })
const inputs = await bundle("component.ts", "component.js")
await bundle("page.ts", "page.js", ["./component.js"])
await bundle("page.css", "page.css")
const html = await readFile(path.join(here, "src", "page.html"), "utf8")
await writeFile(path.join(out, "page.html"), html.replace("<!doctype html>\n", `<!doctype html>\n<!-- ${header} -->\n`))
await writeFile(path.join(out, "LICENSES.txt"), `${header}\n\n${await licences(inputs)}`)
