import type { RequestPermissionResponse } from '@agentclientprotocol/sdk'
import type { Settings } from '@errand/contract'
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
    })
    .catch({}),
  options: z.array(z.object({ optionId: z.string(), kind: z.string() })),
})
export type PermissionRequest = z.infer<typeof PermissionRequest>

/**
 * Answers an agent that asks for permission, by the settings, and records what was asked and answered.
 * The box is what confines an agent: inside, it may do what it likes unless its kind of tool is denied.
 * An agent says itself of which kind a tool is.
 */
export function answerPermission(
  recorder: Recorder,
  { deny }: Settings['permissions'],
  { toolCall, options }: PermissionRequest,
): RequestPermissionResponse {
  const { toolCallId, title, kind } = toolCall
  const isDenied = deny.some((denied) => denied === (kind ?? 'other'))
  // What is allowed for good is not asked about again, and the next call may be of a denied kind.
  const allowing = deny.length === 0 ? ['allow_always', 'allow_once'] : ['allow_once']
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
  if (option === undefined) return { outcome: { outcome: 'cancelled' } }
  return { outcome: { outcome: 'selected', optionId: option.optionId } }
}
