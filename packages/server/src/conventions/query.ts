import type { z } from 'zod'

/**
 * The query as its schema wants it. Arrays come repeated (`a=1&a=2`), with brackets (`a[]=1`) or
 * with commas (`a=1,2`): clients disagree, all are accepted (behaviour.md 1.3). Of a single value
 * given twice the last counts. Empty values count as absent.
 */
export function readQuery(schema: z.ZodObject, search: URLSearchParams): Record<string, unknown> {
  const query: Record<string, unknown> = {}
  for (const key of Object.keys(schema.shape)) {
    const values = [...search.getAll(key), ...search.getAll(`${key}[]`)].filter(
      (text) => text !== '',
    )
    if (values.length === 0) continue
    query[key] = isArray(schema.shape[key])
      ? values.flatMap((text) => text.split(',').filter((item) => item !== ''))
      : values.at(-1)
  }
  return query
}

function isArray(schema: unknown): boolean {
  const definition = (schema as z.ZodType | undefined)?.def
  if (definition === undefined) return false
  if (definition.type === 'array') return true
  return 'innerType' in definition && isArray(definition.innerType)
}
