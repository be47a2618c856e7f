import type { Rule } from '@errand/policy'
import { z } from 'zod'

export interface DescribedParameter {
  name: string
  /** `true or false`, `list, default ["a"]`. */
  kind: string
  text: string
}

/** What a rule may be told, in words, from its schema. */
export function describeParameters(rule: Pick<Rule, 'parameters'>): DescribedParameter[] {
  const { properties = {} } = z.toJSONSchema(rule.parameters, { io: 'input' })
  return Object.entries(properties).map(([name, schema]) => {
    // Ours are made from schemas of objects: none is just `true`.
    const described = schema as Schema
    const { default: fallback, description = '' } = described
    const rest = fallback === undefined ? '' : `, default ${JSON.stringify(fallback)}`
    return { name, kind: `${kindOf(described)}${rest}`, text: description }
  })
}

type Schema = z.core.JSONSchema.Schema

/** `true | false`, `none | write_access`, `list of { name, url }`. */
function kindOf({ type, enum: values, items }: Schema): string {
  if (values !== undefined) return values.map(String).join(' | ')
  if (type === 'boolean') return 'true | false'
  // As above; a list of ours has one kind of item.
  const { properties, enum: choices } = (items ?? {}) as Schema
  if (properties !== undefined) return `list of { ${Object.keys(properties).join(', ')} }`
  return choices === undefined ? 'list' : `list of ${choices.map(String).join(', ')}`
}
