import { ErrandError } from '@errand/contract'

import type { AgentDescriptor } from './agent/descriptor.ts'
import { type Box, gatewayPort, openBox, SandboxTooWeak } from './box/index.ts'
import { SessionFailed } from './failures.ts'
import type { Gateway } from './gateway/open-gateway.ts'
import type { Playwright } from './mcp/playwright-server/prepare-playwright.ts'
import { botOf } from './publish/authors.ts'
import { longestTimerMs } from './run/run-clock.ts'
import type { Run } from './run/run.ts'
import type { Mirror } from './mirror/mirror.ts'
import type { SessionFirewall } from './session-firewall.ts'
import type { Workspace } from './workspace/workspace.ts'

/** Waits with the box alive that its own clock, which does not know of them, makes room for. */
const liveWaits = 20

/**
 * Opens the box of a session. What was probed inside is the first event of the run: before anything
 * else happened in the box, and before anything was fetched for it.
 *
 * @throws SessionFailed sandbox_too_weak, sandbox_unavailable
 */
export async function openSessionBox(
  run: Run,
  parts: {
    workspace: Workspace
    mirror: Mirror
    /** Absent: no agent works in it, and it has no way out. */
    agent?: {
      gateway: Gateway
      firewall: SessionFirewall
      descriptor: AgentDescriptor
      /** Absent: nobody reaches its localhost. */
      playwright?: Playwright | undefined
    }
  },
): Promise<Box> {
  const { settings, log } = run.context
  const { workspace, mirror, agent } = parts
  const certificatesDir = agent?.firewall.certificatesDir
  const wayIn = agent?.playwright?.localhost.wayIn
  const waitsMs = liveWaits * settings.sessions.live_wait_seconds * 1000
  const box = await open(run, {
    settings: settings.sandbox,
    log,
    workspaceDir: workspace.workspaceDir,
    homeDir: workspace.homeDir,
    forwards: agent === undefined ? [] : forwardsOf(agent),
    ...(wayIn === undefined ? {} : { wayIn }),
    mirrorDir: mirror.dir,
    ...(certificatesDir === undefined ? {} : { certificatesDir }),
    readOnlyPaths: [
      ...(agent?.descriptor.readOnlyPaths ?? []),
      ...(settings.validation.code_scanning?.read_only_paths ?? []),
    ],
    env: gitEnvironment(run),
    signal: run.signal,
    wallClockMs: Math.min(run.clock.leftMs() + waitsMs, longestTimerMs),
  })
  try {
    const data = { level: box.level, findings: { ...box.probe } }
    await run.record({ type: 'session.sandbox', data })
    return box
  } catch (error) {
    await box.close()
    throw error
  }
}

function forwardsOf({ gateway, firewall }: { gateway: Gateway; firewall: SessionFirewall }) {
  return [{ port: gatewayPort, socketPath: gateway.socketPath }, firewall.forward]
}

async function open(run: Run, options: Parameters<typeof openBox>[0]): Promise<Box> {
  try {
    return await openBox(options)
  } catch (error) {
    run.signal.throwIfAborted()
    // What keeps a box from opening is said in a sentence for users; anything else is a defect.
    if (!(error instanceof ErrandError)) throw error
    const failure = error instanceof SandboxTooWeak ? 'sandbox_too_weak' : 'sandbox_unavailable'
    throw new SessionFailed(failure, error.message, error)
  }
}

/** What git inside goes by: the agent's name, and no question about who owns the mirror. */
function gitEnvironment(run: Run): Record<string, string> {
  const bot = botOf(run.context.forge.webUrl)
  return {
    GIT_AUTHOR_NAME: bot.name,
    GIT_AUTHOR_EMAIL: bot.email,
    GIT_COMMITTER_NAME: bot.name,
    GIT_COMMITTER_EMAIL: bot.email,
    GIT_TERMINAL_PROMPT: '0',
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'safe.directory',
    GIT_CONFIG_VALUE_0: '*',
  }
}
