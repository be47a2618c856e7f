import { canWrite, ErrandError, invalidField, type routes } from '@errand/contract'
import * as core from '@errand/core'
import { requireAutomation, requireAutomationsEnabled } from '../../auth/automation.ts'
import { readResource } from '../../automations/read-resource.ts'
import type { Handler } from '../../handler.ts'

/** `POST .../automations/{automation_id}/tasks`: 202, the run is stored and begins soon. */
export const runAutomation: Handler<typeof routes.runAutomation> = async (context, call) => {
  const { caller, body } = call
  const { automation, repository } = await requireAutomation(context, caller, call.params)
  const { require_write_access_for_automation_triggers: isStrict } =
    await requireAutomationsEnabled(context, caller, repository)
  const isChecked = isStrict || automation.require_actor_write_permission
  if (isChecked && !canWrite(repository)) {
    throw new ErrandError('forbidden', {
      message: `You need write access to ${repository.full_name} to run this automation`,
    })
  }
  // A reader's token needs no more than they do.
  if (canWrite(repository)) await context.forge.requirePush?.(caller, repository)
  if (body.event !== 'manual' && !(body.event in automation.triggers)) {
    const known = ['manual', ...Object.keys(automation.triggers)].join(', ')
    throw invalidField('event', `event: the automation has ${known}`, 'Automation')
  }
  const trigger = await readResource(context, { caller, automation, repository, isChecked }, body)
  const { event, type, conclusion } = body
  const named = {
    event,
    ...(type !== undefined && { type }),
    ...(conclusion !== undefined && { conclusion }),
  }
  const run = await core.requestRun(context.store, automation.id, {
    ...named,
    actor: { id: caller.user.id, login: caller.user.login },
    ...(trigger !== undefined && { trigger, resource_url: trigger.url }),
  })
  return { status: 202, body: { automation_id: automation.id, ...named, run_id: run.id } }
}
