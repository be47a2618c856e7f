import { type AST, parseTOML } from 'toml-eslint-parser'
import { RecipeError } from '../../recipe-error.ts'
import type { Span } from './json-file.ts'

/** A string of a TOML file with the path of keys and list indices that leads to it. */
export interface TomlString extends Span {
  path: readonly (string | number)[]
}

/**
 * All strings of a TOML file with their places, dotted keys and inline tables resolved.
 *
 * @throws RecipeError that names the file when it is not TOML
 */
export function readTomlStrings(path: string, text: string): TomlString[] {
  const found: TomlString[] = []
  let program: AST.TOMLProgram
  try {
    program = parseTOML(text)
  } catch (error) {
    throw new RecipeError(`${path} is not valid TOML.`, { cause: error })
  }
  for (const node of program.body[0].body) {
    if (node.type === 'TOMLKeyValue') readKeyValue(node, [])
    else for (const inner of node.body) readKeyValue(inner, node.resolvedKey)
  }
  return found

  function readKeyValue(node: AST.TOMLKeyValue, above: readonly (string | number)[]): void {
    const keys = node.key.keys.map((key) => (key.type === 'TOMLBare' ? key.name : key.value))
    readValue(node.value, [...above, ...keys])
  }

  function readValue(node: AST.TOMLContentNode, at: readonly (string | number)[]): void {
    if (node.type === 'TOMLInlineTable') for (const inner of node.body) readKeyValue(inner, at)
    else if (node.type === 'TOMLArray') {
      node.elements.forEach((element, index) => readValue(element, [...at, index]))
    } else if (node.kind === 'string') {
      const quotes = node.multiline ? 3 : 1
      const [start, end] = node.range
      found.push({ path: at, start: start + quotes, end: end - quotes, value: node.value })
    }
  }
}

/** The string at exactly this path. */
export function tomlStringAt(
  strings: readonly TomlString[],
  ...path: readonly (string | number)[]
): TomlString | undefined {
  const key = path.join('\0')
  return strings.find((string) => string.path.join('\0') === key)
}
