// Bundles the playground into a folder, beside a copy of Pyodide; playground/build.py adds the wheels.
import { build } from "esbuild"
import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises"
import path from "node:path"
import { fileURLToPath } from "node:url"

const here = path.dirname(fileURLToPath(import.meta.url))
const out = path.resolve(process.argv[2])
const PYODIDE = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide-lock.json", "python_stdlib.zip", "package.json"]
const PYODIDE_LICENCE = `pyodide

The folder pyodide holds Pyodide under the Mozilla Public License 2.0, unchanged; its source is at
https://github.com/pyodide/pyodide. It contains CPython under the PSF License. Each wheel holds its own licence.`

await mkdir(path.join(out, "pyodide"), { recursive: true })
await build({
  absWorkingDir: here,
  entryPoints: ["playground/playground.ts", "playground/worker.ts"],
  outdir: out,
  bundle: true,
  alias: { pyodide: "./pyodide/pyodide.mjs" },
  external: ["./component.js", "./pyodide/pyodide.mjs"],
  format: "esm",
  target: ["es2022"],
  minify: true,
  charset: "utf8",
  legalComments: "none",
})
for (const name of ["index.html", "playground.css"]) await copyFile(path.join(here, "playground", name), path.join(out, name))
await copyFile(path.join(here, "..", "built", "component.js"), path.join(out, "component.js"))
const licences = await readFile(path.join(here, "..", "built", "LICENSES.txt"), "utf8")
await writeFile(path.join(out, "LICENSES.txt"), `${licences}\n${"-".repeat(80)}\n\n${PYODIDE_LICENCE}\n`)
for (const name of PYODIDE) await copyFile(path.join(here, "node_modules", "pyodide", name), path.join(out, "pyodide", name))
