import type { AnySchema } from 'ajv'

const text = { type: 'string', minLength: 1, maxLength: 40 }
const word = { type: 'string', pattern: '^[a-z]{8}$' }

/** What the forge's routes need, which no document describes: the first that fits a route's path counts. */
const bodies: [of: RegExp, fields: Record<string, AnySchema>][] = [
  [/\/pulls$/, { title: text, head: word, base: word }],
  [/\/pulls\/\{\w+\}$/, { title: text, body: text }],
  [/\/git\/refs$/, { ref: { type: 'string', pattern: '^refs/heads/[a-z]{8}$' }, sha: word }],
  [/\/git\/refs\//, { sha: word }],
  [/\/contents\//, { message: text, content: { enum: ['dGV4dA==', ''] } }],
  [/\/statuses\//, { state: { enum: ['error', 'failure', 'pending', 'success'] }, context: word }],
  [/\/reactions$/, { content: { enum: ['+1', '-1', 'laugh', 'heart', 'eyes'] } }],
  [/\/comments(\/|$)/, { body: text }],
  [/\/labels$/, { labels: { type: 'array', minItems: 1, items: { enum: ['bug', 'docs'] } } }],
  [/\/topics$/, { names: { type: 'array', items: word } }],
  [/^\/admin\/(users|organizations)$/, { login: word }],
  [/\/tokens$/, { kind: { const: 'classic' }, name: word, scopes: { const: [] } }],
  [/\/memberships\//, { role: { enum: ['admin', 'member'] } }],
  [/\/collaborators\//, { permission: { enum: ['pull', 'push', 'admin'] } }],
  [/\/repos$/, { name: word }],
]

/** JSON Schema of a body that a route without a description takes. */
export function undescribedBody(path: string): AnySchema {
  const [, properties = {}] = bodies.find(([of]) => of.test(path)) ?? []
  return { type: 'object', required: Object.keys(properties), properties }
}
