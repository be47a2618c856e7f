/** Of a JSON object that nobody has checked. */
export type Fields = Readonly<Record<string, unknown>>

const none: Fields = {}

// Without a schema library: a stream of a model has thousands of events, each of which is looked at for little,
// and what a request says is read while its agent waits.

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** An object of any members; an empty one where there is none. */
export function fieldsOf(value: unknown): Fields {
  return isFields(value) ? value : none
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}
