import { SessionFailed } from '../failures.ts'

/** What stands in an agent's entry: JSON whose texts may hold placeholders. */
export type Template =
  | string
  | number
  | boolean
  | null
  | readonly Template[]
  | { readonly [key: string]: Template }

/** What placeholders stand for. */
export type Values = Readonly<Record<string, Template | undefined>>

/**
 * Fills placeholders in, as a text: JSON where the template is more than one. A text that is nothing
 * but a placeholder becomes the value itself, so that what is put in never breaks the JSON around it.
 *
 * @throws SessionFailed model_unknown where a value is needed that this session does not have
 */
export function fillIn(template: Template, values: Values): string {
  const filled = fill(template, values)
  return typeof filled === 'string' ? filled : JSON.stringify(filled)
}

/** As `fillIn`, but the JSON itself. */
export function fill(template: Template, values: Values): Template {
  if (typeof template === 'string') {
    const [whole, name] = /^\$\{(\w+)\}$/.exec(template) ?? []
    return whole === undefined ? fillText(template, values) : valueOf(name ?? '', values)
  }
  if (typeof template !== 'object' || template === null) return template
  if (Array.isArray(template)) return template.map((item: Template) => fill(item, values))
  return Object.fromEntries(
    Object.entries(template).map(([key, item]) => [fillText(key, values), fill(item, values)]),
  )
}

function fillText(text: string, values: Values): string {
  return text.replaceAll(/\$\{(\w+)\}/g, (_, name: string) => {
    const value = valueOf(name, values)
    return typeof value === 'string' ? value : JSON.stringify(value)
  })
}

function valueOf(name: string, values: Values): Template {
  const value = values[name]
  if (value !== undefined) return value
  const message = `The agent needs ${name} for its settings, and this session has none: it needs a model.`
  throw new SessionFailed('model_unknown', message)
}
