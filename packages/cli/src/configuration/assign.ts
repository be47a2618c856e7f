import { parse } from 'yaml'
import { UserError } from '../errors.ts'

type Document = Record<string, unknown>

const form = /^([a-z_]+(?:\.[A-Za-z0-9_-]+)*)(\+=|-=|=)(.*)$/s

/**
 * A document with `field=value`, `list+=entry` or `list-=entry` carried out; values are YAML, as `true`,
 * `null` or `[a, b]`, and `@file` is what stands in the file.
 *
 * @throws UserError that names what is not understood, or which field there is not
 */
export function assign(
  document: Document,
  assignment: string,
  readFile: (path: string) => string,
): Document {
  const [, path = '', operator = '', text = ''] = form.exec(assignment) ?? []
  if (path === '') {
    throw new UserError(`\`${assignment}\` is no assignment.`, {
      remedy: 'Write field=value, list+=entry or list-=entry, like is_firewall_enabled=true.',
    })
  }
  const [field = ''] = path.split('.')
  if (!Object.hasOwn(document, field)) {
    const known = Object.keys(document).join(', ')
    throw new UserError(`There is no field ${field}.`, { remedy: `These are: ${known}.` })
  }
  const value = readValue(text, readFile)
  return change(document, path.split('.'), path, (before) => {
    if (operator === '=') return value
    if (before !== undefined && !Array.isArray(before)) {
      throw new UserError(`${path} is no list: \`${operator}\` has nothing to do there.`)
    }
    const entries = (before ?? []) as unknown[]
    const others = entries.filter((entry) => entry !== value)
    return operator === '+=' ? [...others, value] : others
  })
}

function change(
  document: Document,
  [key = '', ...rest]: string[],
  path: string,
  how: (before: unknown) => unknown,
): Document {
  if (rest.length === 0) return { ...document, [key]: how(document[key]) }
  const inner = document[key] ?? {}
  if (typeof inner !== 'object' || Array.isArray(inner)) {
    throw new UserError(`${path}: there is nothing in ${key} to set.`)
  }
  // It is an object, and no list.
  return { ...document, [key]: change(inner as Document, rest, path, how) }
}

function readValue(text: string, readFile: (path: string) => string): unknown {
  const source = text.startsWith('@') ? readFile(text.slice(1)) : text
  try {
    return parse(source) as unknown
  } catch (cause) {
    throw new UserError(`\`${text}\` is no YAML.`, { cause })
  }
}
