import type { z } from 'zod'
import { RecipeError } from './recipe-error.ts'
import type { Recipe } from './recipe.ts'

/** @throws RecipeError that names the option */
export function checkOptions(recipe: Recipe, given: unknown): Record<string, unknown> {
  return checked(recipe.options, given)
}

/** @throws RecipeError that names the option */
export function checked<Schema extends z.ZodObject>(
  schema: Schema,
  given: unknown,
): z.infer<Schema> {
  const parsed = schema.safeParse(given)
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  const known = Object.keys(schema.shape).join(', ')
  const unknown = issue?.code === 'unrecognized_keys' ? issue.keys[0] : undefined
  if (unknown !== undefined) {
    throw new RecipeError(`There is no option ${JSON.stringify(unknown)}; there are ${known}.`)
  }
  throw new RecipeError(`The option ${issue?.path.join('.')} is wrong: ${issue?.message}.`)
}
