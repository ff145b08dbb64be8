// Bundles the playground into a folder, beside a copy of Pyodide; build_playground.py adds the wheels.
import { build } from "esbuild"
import { copyFile, mkdir } from "node:fs/promises"
import path from "node:path"
import { fileURLToPath } from "node:url"

const here = path.dirname(fileURLToPath(import.meta.url))
const out = path.resolve(process.argv[2])
const PYODIDE = ["pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "pyodide-lock.json", "python_stdlib.zip", "package.json"]

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
for (const name of ["component.js", "LICENSES.txt"]) await copyFile(path.join(here, "..", "built", name), path.join(out, name))
for (const name of PYODIDE) await copyFile(path.join(here, "node_modules", "pyodide", name), path.join(out, "pyodide", name))
