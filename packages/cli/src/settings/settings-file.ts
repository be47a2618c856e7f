import { readFileSync } from 'node:fs'
import { isMap, isNode, isPair, isScalar, LineCounter, type Node, parseDocument } from 'yaml'

export interface SettingsFile {
  path: string
  values: unknown
  /** `errand.yml:12:3`, of a key where it stands, or of the section it is missing in. */
  locate(path: readonly PropertyKey[], unknownKey?: string): string
}

/** What is wrong with a file that is not YAML, each with file and line. */
export interface BrokenFile {
  problems: string[]
}

/** Reads a settings file. `shownPath` is how messages name it. */
export function readSettingsFile(path: string, shownPath: string): SettingsFile | BrokenFile {
  const lines = new LineCounter()
  const document = parseDocument(readFileSync(path, 'utf8'), {
    lineCounter: lines,
    prettyErrors: false,
  })
  function place(offset: number): string {
    const { line, col } = lines.linePos(offset)
    return `${shownPath}:${line}:${col}`
  }
  if (document.errors.length > 0) {
    return { problems: document.errors.map((error) => `${place(error.pos[0])}: ${error.message}`) }
  }
  return {
    path,
    values: withoutEmpty(document.toJS()) ?? {},
    locate: (keyPath, unknownKey) =>
      place(offsetOf(document.contents, unknownKey ? [...keyPath, unknownKey] : keyPath)),
  }
}

/** A key without a value (`port:`) is YAML's null: it means the default, as if it stood not there. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty)
  if (typeof value !== 'object' || value === null) return value ?? undefined
  const kept = Object.entries(value).filter(([, item]) => item !== null)
  return Object.fromEntries(kept.map(([key, item]) => [key, withoutEmpty(item)]))
}

/** Where a path's key stands; where it does not, the innermost part that does. */
function offsetOf(contents: Node | null, path: readonly PropertyKey[]): number {
  let node: unknown = contents
  let offset = contents?.range?.[0] ?? 0
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === String(part))
      if (!isPair(pair)) return offset
      if (isNode(pair.key)) offset = pair.key.range?.[0] ?? offset
      node = pair.value
    } else {
      const item = Reflect.get(Object(Reflect.get(Object(node), 'items') ?? []), part)
      if (!isNode(item)) return offset
      offset = item.range?.[0] ?? offset
      node = item
    }
  }
  return offset
}
