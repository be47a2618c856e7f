import { type PartialConfiguration, WrittenConfiguration } from '@errand/contract'
import { isMap, isNode, isScalar, LineCounter, parseDocument } from 'yaml'

/** What a file says of its repository, or the first thing that is wrong with it, with file and line. */
export type FileConfiguration = { document: PartialConfiguration } | { problem: string }

const limitBytes = 256 * 1024

/** Reads what stands in a configuration's file. It is anybody's who may push: nothing in it is believed. */
export function parseConfigurationFile(text: string, path: string): FileConfiguration {
  if (Buffer.byteLength(text) > limitBytes) {
    return { problem: `${path}: is larger than ${limitBytes / 1024} KiB` }
  }
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false })
  const at = (offset: number, message: string): FileConfiguration => {
    const { line, col } = lines.linePos(offset)
    return { problem: `${path}:${line}:${col}: ${message}` }
  }
  const [broken] = document.errors
  if (broken !== undefined) return at(broken.pos[0], broken.message)
  const parsed = WrittenConfiguration.safeParse(valuesOf(document))
  if (parsed.success) return { document: parsed.data }
  const [issue] = parsed.error.issues
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys.slice(0, 1) : []
  const place = [...(issue?.path ?? []), ...unknown]
  const said = unknown.length > 0 ? 'is not a field of a configuration' : (issue?.message ?? '')
  return at(offsetOf(document, place), `${place.map(String).join('.')}: ${said}`)
}

/** Aliases can make much of little; no configuration needs them. */
function valuesOf(document: ReturnType<typeof parseDocument>): unknown {
  try {
    return document.toJS({ maxAliasCount: 0 }) ?? {}
  } catch {
    return 'aliases'
  }
}

/** Where a key stands, or the innermost part of its path that does. */
function offsetOf(document: ReturnType<typeof parseDocument>, path: PropertyKey[]): number {
  for (let length = path.length; length > 0; length -= 1) {
    const parent: unknown =
      length === 1 ? document.contents : document.getIn(path.slice(0, length - 1), true)
    const name = String(path[length - 1])
    if (isMap(parent)) {
      const key = parent.items.find(
        (pair) => isScalar(pair.key) && String(pair.key.value) === name,
      )?.key
      if (isNode(key) && key.range) return key.range[0]
    }
    const node = document.getIn(path.slice(0, length), true)
    if (isNode(node) && node.range) return node.range[0]
  }
  return 0
}
