import type { RequestPermissionResponse } from '@agentclientprotocol/sdk'
import { z } from 'zod'

import { printable } from '../printable.ts'
import type { Recorder } from '../run/recorder.ts'

/** An agent that wants to know whether it may use a tool. */
export const PermissionRequest = z.object({
  toolCall: z
    .object({
      toolCallId: z.string().max(200).optional().catch(undefined),
      title: z.string().nullish().catch(undefined),
      kind: z.string().max(50).nullish().catch(undefined),
      rawInput: z.unknown().optional(),
    })
    .catch({}),
  options: z.array(z.object({ optionId: z.string(), kind: z.string() })),
})
export type PermissionRequest = z.infer<typeof PermissionRequest>

/** What an agent may do. */
export interface Permissions {
  /** Kinds of tools. */
  deny: readonly string[]
  /** Whether each use is to be asked about: somebody decides about each. */
  isAskedAgain?: boolean
}

/**
 * Answers an agent that asks for permission, by the settings, and records what was asked and answered.
 * The box is what confines an agent: inside, it may do what it likes unless its kind of tool is denied.
 * An agent says itself of which kind a tool is.
 *
 * @param refusal why it is told no whatever the settings say
 */
export function answerPermission(
  recorder: Recorder,
  { deny, isAskedAgain = false }: Permissions,
  { toolCall, options }: PermissionRequest,
  refusal?: string,
): RequestPermissionResponse {
  const { toolCallId, title, kind } = toolCall
  const isDenied = refusal !== undefined || deny.includes(kind ?? 'other')
  // What is allowed for good is not asked about again, and the next call may be one that is denied.
  const allowing = isAskedAgain || deny.length > 0 ? ['allow_once'] : ['allow_always', 'allow_once']
  const wanted = isDenied ? ['reject_once', 'reject_always'] : allowing
  const option = wanted
    .map((one) => options.find(({ kind }) => kind === one))
    .find((found) => found !== undefined)
  recorder.report({
    type: 'permission.completed',
    data: {
      ...(toolCallId === undefined ? {} : { tool_call_id: toolCallId }),
      title: printable(title ?? 'Tool').slice(0, 500),
      ...(kind == null ? {} : { kind }),
      decision: isDenied || option === undefined ? 'denied' : 'allowed',
    },
  })
  // For an agent that tells its model why.
  const why = refusal === undefined ? {} : { _meta: { errand: { reason: refusal } } }
  if (option === undefined) return { outcome: { outcome: 'cancelled' }, ...why }
  return { outcome: { outcome: 'selected', optionId: option.optionId }, ...why }
}
