import { z } from 'zod'

type FormValue = string | number | boolean | string[]

const EnumOption = z.object({ const: z.string(), title: z.string().optional().catch(undefined) })
const Property = z.object({
  type: z.string().catch('string'),
  enum: z.array(z.string()).optional().catch(undefined),
  oneOf: z.array(EnumOption).optional().catch(undefined),
  items: z
    .object({ enum: z.array(z.string()).optional(), anyOf: z.array(EnumOption).optional() })
    .optional()
    .catch(undefined),
})
type Property = z.infer<typeof Property>
const Form = z.object({
  properties: z.record(z.string(), z.unknown()).catch({}),
  required: z.array(z.string()).nullish().catch([]),
})

interface Option {
  value: string
  title?: string | undefined
}

/**
 * Puts a user's answer, a text, into the form an agent asked for (ACP's elicitation: a flat object of
 * texts, numbers, choices). What was answered in JSON fills the fields it names; else the text goes
 * where it fits: a choice it names, or the first field that takes it. Never throws: an answer that
 * fits nowhere goes in as the text it is.
 */
export function fitAnswer(requestedSchema: unknown, answer: string): Record<string, FormValue> {
  const form = Form.safeParse(requestedSchema).data
  const fields = Object.entries(form?.properties ?? {}).map(
    ([name, schema]) => [name, Property.catch({ type: 'string' }).parse(schema)] as const,
  )
  if (fields.length === 0) return { answer }
  const named = answersByName(fields, answer)
  if (named !== undefined) return named
  const required = new Set(form?.required ?? [])
  const ordered = fields.toSorted(([a], [b]) => Number(required.has(b)) - Number(required.has(a)))
  for (const [name, property] of ordered) {
    const value = fit(property, answer)
    if (value !== undefined) return { [name]: value }
  }
  const [name] = ordered.find(([, { type }]) => type === 'string') ?? ordered[0] ?? ['answer']
  return { [name]: answer }
}

/** An answer written as JSON, with the fields' names. */
function answersByName(
  fields: readonly (readonly [string, Property])[],
  answer: string,
): Record<string, FormValue> | undefined {
  if (!answer.trimStart().startsWith('{')) return undefined
  let given: unknown
  try {
    given = JSON.parse(answer)
  } catch {
    return undefined
  }
  const values = z.record(z.string(), z.unknown()).safeParse(given).data ?? {}
  const filled = fields.flatMap(([name, property]): [string, FormValue][] => {
    const value = values[name]
    if (value === undefined || !Object.hasOwn(values, name)) return []
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return [[name, fit(property, text) ?? text]]
  })
  return filled.length === 0 ? undefined : Object.fromEntries(filled)
}

/** The value of a field that an answer stands for; undefined if it stands for none. */
function fit(property: Property, answer: string): FormValue | undefined {
  const text = answer.trim()
  switch (property.type) {
    case 'boolean':
      if (/^(y|yes|true|ok|okay|on)$/i.test(text)) return true
      return /^(n|no|false|off)$/i.test(text) ? false : undefined
    case 'integer':
      return /^[+-]?\d+$/.test(text) ? Number(text) : undefined
    case 'number':
      return text !== '' && Number.isFinite(Number(text)) ? Number(text) : undefined
    case 'array': {
      const options = optionsOf(property.items?.enum, property.items?.anyOf)
      const parts = text.replace(/^\[|\]$/g, '').split(',')
      const chosen = parts.flatMap((part) => choose(options, part.replaceAll('"', '')) ?? [])
      return chosen.length === 0 ? undefined : chosen
    }
    default: {
      const options = optionsOf(property.enum, property.oneOf)
      return options.length === 0 ? answer : choose(options, text)
    }
  }
}

function optionsOf(
  values: readonly string[] | undefined,
  titled: readonly z.infer<typeof EnumOption>[] | undefined,
): Option[] {
  const named = (titled ?? []).map(({ const: value, title }) => ({ value, title }))
  return [...(values ?? []).map((value) => ({ value })), ...named]
}

/** By value or title, however it is capitalized, or by its place: `2` is the second. */
function choose(options: readonly Option[], text: string): string | undefined {
  const wanted = text.trim().toLowerCase()
  const named = options.find(({ value, title }) =>
    [value, title].some((name) => name?.toLowerCase() === wanted),
  )
  if (named !== undefined) return named.value
  return /^[1-9]\d*$/.test(wanted) ? options[Number(wanted) - 1]?.value : undefined
}
