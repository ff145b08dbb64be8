/** Files that a person picked or dropped, with their paths. */

export type Picked = { name: string; data: File }

export function pickedFiles(files: FileList): Picked[] {
  return [...files].map((data) => ({ name: data.webkitRelativePath || data.name, data }))
}

/** The dropped files, those of dropped folders included. What other programs drop may be no entry of a file system. */
export async function droppedFiles(transfer: DataTransfer): Promise<Picked[]> {
  const found = [...transfer.items].map((item) => {
    const entry = item.webkitGetAsEntry()
    const data = entry ? null : item.getAsFile()
    return entry ? filesIn(entry) : data ? [{ name: data.name, data }] : []
  })
  return (await Promise.all(found)).flat()
}

async function filesIn(entry: FileSystemEntry): Promise<Picked[]> {
  if (entry.isFile) {
    const data = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject))
    return [{ name: entry.fullPath.replace(/^\//, ""), data }]
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader()
  const inside: FileSystemEntry[] = []
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject))
    if (some.length === 0) break
    inside.push(...some)
  }
  return (await Promise.all(inside.map(filesIn))).flat()
}
