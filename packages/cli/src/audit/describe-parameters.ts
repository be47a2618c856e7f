import { type Rule } from '@errand/policy'
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
    const {
      type,
      enum: values,
      default: fallback,
      description = '',
    } = schema as z.core.JSONSchema.Schema
    const kind = values?.map(String).join(' | ') ?? (type === 'boolean' ? 'true | false' : 'list')
    const rest = fallback === undefined ? '' : `, default ${JSON.stringify(fallback)}`
    return { name, kind: `${kind}${rest}`, text: description }
  })
}
