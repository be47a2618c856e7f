import { UserError } from '../errors.ts'

type Document = Record<string, unknown>

/** A document without what stands at `enforced.is_firewall_enabled`. @throws UserError where nothing does */
export function leaveOut(document: Document, path: string): Document {
  return without(document, path.split('.'), path)
}

function without(document: Document, [key = '', ...rest]: string[], path: string): Document {
  if (!Object.hasOwn(document, key)) throw new UserError(`Nothing is said of ${path}.`)
  const { [key]: inner, ...others } = document
  if (rest.length === 0) return others
  if (typeof inner !== 'object' || inner === null || Array.isArray(inner)) {
    throw new UserError(`Nothing is said of ${path}.`)
  }
  // It is an object, and no list.
  return { ...others, [key]: without(inner as Document, rest, path) }
}
