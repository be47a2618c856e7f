import { randomUUID } from 'node:crypto'
import { tmpdir } from 'node:os'
import { ConfigReader } from '@backstage/config'
import type { ActionContext, TemplateAction } from '@backstage/plugin-scaffolder-node'
import { createMockActionContext } from '@backstage/plugin-scaffolder-node-test-utils'
import type { JsonObject } from '@backstage/types'
import { vi } from 'vitest'
import { createTargets, type Targets } from '../targets.ts'

// Backstage's test utilities are made for Jest, whose `fn` is Vitest's.
vi.stubGlobal('jest', vi)

export interface Ran {
  output: Record<string, unknown>
  log: string[]
}

export function targetsOf(config: JsonObject): Targets {
  return createTargets(new ConfigReader(config))
}

/** Runs an action as a step of the scaffolder does, and tells its outputs and its log. */
export async function runAction<Input extends JsonObject, Output extends JsonObject>(
  action: TemplateAction<Input, Output>,
  input: Input,
  overrides: Partial<ActionContext<Input, Output>> = {},
): Promise<Ran> {
  const ran: Ran = { output: {}, log: [] }
  const note =
    (level: string) =>
    (message: string): void =>
      void ran.log.push(`${level} ${message}`)
  const logger = {
    error: note('error'),
    warn: note('warn'),
    info: note('info'),
    debug: note('debug'),
    child: () => logger,
  }
  const context = createMockActionContext<Input, Output>({ input, logger, workspacePath: tmpdir() })
  await action.handler({
    ...context,
    task: { id: randomUUID() },
    output: (name, value) => void (ran.output[String(name)] = value),
    ...overrides,
  })
  return ran
}
