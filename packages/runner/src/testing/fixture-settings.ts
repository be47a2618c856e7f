import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'

import type { Step } from './fixture-agent.ts'
import type { TestTask } from './start-test-runner.ts'

const program = fileURLToPath(new URL('fixture-agent.ts', import.meta.url))

/** Settings with the fixture agent and a model for it. */
export function fixtureSettings(settings: object = {}, upstreamUrl = 'http://127.0.0.1:9'): object {
  const fixture = {
    command: process.execPath,
    args: [program],
    read_only_paths: [dirname(program)],
  }
  return {
    agents: {
      fixture,
      'fixture-steered': { ...fixture, args: [program, '--steering'] },
      'fixture-http': { ...fixture, args: [program, '--http'] },
      'fixture-mcp': { ...fixture, asks: 'mcp' },
      absent: { command: '/opt/no-such-agent' },
    },
    upstreams: { up: { wire: 'anthropic', base_url: `${upstreamUrl}/v1`, api_key_env: 'UP_KEY' } },
    models: [{ id: 'fixture', upstream: 'up', name: 'fixture-large' }],
    ...settings,
  }
}

/** A task for the fixture agent. */
export function fixtureTask(steps: Step[], task: Partial<TestTask> = {}): TestTask {
  return {
    name: 'Fix it',
    model: 'fixture',
    agent: 'fixture',
    prompt: JSON.stringify(steps),
    ...task,
  }
}
