import type { AgentDescriptor } from '../../agent/descriptor.ts'
import { mayUseMcp } from '../../agent/launch.ts'
import { type Localhost, openLocalhost } from '../../localhost/open-localhost.ts'
import type { Run } from '../../run/run.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { tellServer } from '../start-server.ts'
import { type Chromium, findChromium } from './find-chromium.ts'

/** As the agent knows it. */
export const playwrightServerName = 'playwright'

/** What the server is opened with. */
export interface Playwright extends AsyncDisposable {
  chromium: Chromium
  /** That of the agent. */
  localhost: Localhost
}

/**
 * Makes ready for the built-in server, before the box is opened to which its browser will go. Undefined where a
 * session has none: the settings or its agent do not want it, or this machine has no Chromium.
 */
export async function preparePlaywright(
  run: Run,
  parts: { workspace: Workspace; descriptor: AgentDescriptor },
): Promise<Playwright | undefined> {
  const { playwright_server: isWanted, chromium_path: path } = run.context.settings.mcp
  if (!isWanted || !mayUseMcp(parts.descriptor)) return undefined
  const chromium = findChromium(path)
  if (chromium === undefined) {
    const message = 'is left out: what mcp.chromium_path names is no program that a sandbox can run'
    if (path !== undefined) tellServer(run, playwrightServerName, { state: 'failed', message })
    return undefined
  }
  const { runDir } = parts.workspace
  const localhost = await openLocalhost({ runDir, attempt: run.lease.attempt })
  return {
    chromium,
    localhost,
    [Symbol.asyncDispose]: () => localhost[Symbol.asyncDispose](),
  }
}
