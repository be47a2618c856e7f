import { findNodeAtLocation, type Node, type ParseError, parseTree } from 'jsonc-parser'
import { RecipeError } from '../../recipe-error.ts'

export interface JsonFile {
  path: string
  root: Node
  /** A string's value and where it stands without its quotes, undefined where there is none. */
  stringAt: (...location: (string | number)[]) => Span | undefined
  nodeAt: (...location: (string | number)[]) => Node | undefined
}

export interface Span {
  start: number
  end: number
  value: string
}

/**
 * Reads a JSON file with the place of everything in it.
 *
 * @throws RecipeError that names the file when it is not JSON
 */
export function parseJsonFile(path: string, text: string): JsonFile {
  const errors: ParseError[] = []
  const shift = text.startsWith('\ufeff') ? 1 : 0
  const root = parseTree(text.slice(shift), errors, { allowTrailingComma: true })
  if (root === undefined || errors.length > 0 || root.type !== 'object') {
    throw new RecipeError(`${path} is not valid JSON.`)
  }
  const nodeAt: JsonFile['nodeAt'] = (...location) => findNodeAtLocation(root, location)
  return {
    path,
    root,
    nodeAt,
    stringAt(...location) {
      const node = nodeAt(...location)
      if (node?.type !== 'string') return undefined
      const start = node.offset + 1 + shift
      // The node's value is typed any; a string node has a string.
      return { start, end: start + node.length - 2, value: node.value as string }
    },
  }
}

/** The keys of an object's members. */
export function keysOf(node: Node | undefined): string[] {
  if (node?.type !== 'object') return []
  return (node.children ?? []).map((member) => String(member.children?.[0]?.value ?? ''))
}

/** The strings of an array. */
export function stringsOf(node: Node | undefined): string[] {
  if (node?.type !== 'array') return []
  return (node.children ?? [])
    .filter((item) => item.type === 'string')
    .map((item) => String(item.value))
}
