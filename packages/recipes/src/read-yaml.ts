import { parseDocument } from 'yaml'
import { RecipeError } from './recipe-error.ts'

/** Aliases that repeat more than this make a small text very large. */
const mostAliases = 100

/**
 * The value of a YAML text; null where it is empty.
 *
 * @throws RecipeError that begins with what the text is
 */
export function readYaml(what: string, text: string): unknown {
  const document = parseDocument(text)
  if (document.errors.length > 0) throw new RecipeError(`${what} is not valid YAML.`)
  try {
    return document.toJS({ maxAliasCount: mostAliases })
  } catch (error) {
    // What yaml throws for an alias of nothing, and for too many of them.
    if (!(error instanceof ReferenceError)) throw error
    throw new RecipeError(`${what} is not valid YAML.`, { cause: error })
  }
}
