import { type Fields, fieldsOf, listOf } from '../../fields.ts'
import { GatewayRefusal } from '../refusal.ts'
import type { ModelApi } from '../tokens/token-report.ts'

/** Members that decide who answers, how, and at which price. */
const deciding = new Set([
  'model',
  'stream',
  'stream_options',
  'background',
  'service_tier',
  'speed',
])
/** Lists of models of which the upstream takes one, as some routers have them. */
const choices = ['models', 'fallbacks']
/** Of `service_tier`, which Google writes otherwise, what costs the list price or less. */
const tierMembers = ['service_tier', 'serviceTier']
const usualTiers: readonly unknown[] = [
  'auto',
  'default',
  'on_demand',
  'standard',
  'standard_only',
  'flex',
]
/** As many as Gemini gives. Agents ask for one. */
export const mostAnswers = 8

/**
 * Refuses what would be answered without being counted, or at another price than it is counted at.
 *
 * @throws GatewayRefusal 400 which names the member
 */
export function requireCountable(body: Fields, api: ModelApi | undefined): void {
  for (const key of Object.keys(body)) {
    const lower = key.toLowerCase()
    // There are servers, all in Go among them, that read a name in whatever case, and of several the last.
    if (key !== lower && deciding.has(lower)) refuse(lower, 'is written in lower case')
  }
  if (!isAbsent(body['stream']) && typeof body['stream'] !== 'boolean') {
    refuse('stream', 'has to be true or false')
  }
  // It is answered before anything is counted, and read later by another way.
  if (!isAbsent(body['background']) && body['background'] !== false) {
    refuse('background', 'does not pass here: an answer is counted as it comes')
  }
  for (const member of tierMembers) {
    if (isAbsent(body[member]) || usualTiers.includes(body[member])) continue
    refuse(member, `has to be one of ${usualTiers.join(', ')}: others cost more`)
  }
  if (!isAbsent(body['speed']) && body['speed'] !== 'standard') {
    refuse('speed', 'has to be standard: another costs more')
  }
  refuseOtherModels(body)
  const answers = api === 'chat_completions' ? body['n'] : undefined
  if (typeof answers === 'number' && answers > mostAnswers) {
    refuse('n', `has to be ${mostAnswers} at most`)
  }
}

/** The models of a request are those of the catalogue: no list beside the name, and none that a tool asks in turn. */
function refuseOtherModels(body: Fields): void {
  for (const member of choices) {
    if (!isAbsent(body[member])) refuse(member, 'does not pass here: a request names one model')
  }
  for (const tool of listOf(body['tools'])) {
    if (!isAbsent(fieldsOf(tool)['model'])) refuse('tools[].model', 'does not pass here')
  }
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null
}

function refuse(member: string, what: string): never {
  throw new GatewayRefusal(400, `${member} ${what}`)
}
