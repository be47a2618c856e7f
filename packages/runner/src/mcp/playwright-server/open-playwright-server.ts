import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'

import { boxPaths } from '../../box/index.ts'
import { localhostPort } from '../../localhost/open-localhost.ts'
import type { Run } from '../../run/run.ts'
import type { Workspace } from '../../workspace/workspace.ts'
import { type CallResult, connectServer } from '../connection.ts'
import { openLocalWay } from '../local-way.ts'
import { startServer, tellFailed } from '../start-server.ts'
import type { ToolServer } from '../tool-server.ts'
import { type Playwright, playwrightServerName } from './prepare-playwright.ts'
import { playwrightTools } from './present-tools.ts'

export interface PlaywrightOptions {
  workspace: Workspace
  playwright: Playwright
  /** As in `limitTools`. */
  customAgentTools?: readonly string[]
}

const require = createRequire(import.meta.url)
const packageFile = require.resolve('@playwright/mcp/package.json')
/** The package's program, and the folders it is made of. */
export const playwrightProgram = join(dirname(packageFile), 'cli.js')
const folders = [
  dirname(packageFile),
  dirname(createRequire(packageFile).resolve('playwright-core/package.json')),
]

/** A machine may have been too busy for the first one; what fails again would fail always. */
const mostStarts = 2

/**
 * The built-in server that is a browser: Playwright's own, with the machine's Chromium, in a box apart from the
 * agent's. All of the network that box has is the way to what the agent serves on its localhost. It is started by the
 * first call, since most sessions look at no page.
 */
export function openPlaywrightServer(
  run: Run,
  { workspace, playwright, customAgentTools }: PlaywrightOptions,
): ToolServer & AsyncDisposable {
  const over = new AbortController()
  let starting: Promise<ToolServer & AsyncDisposable> | undefined
  let failures = 0

  async function start(): Promise<ToolServer & AsyncDisposable> {
    const signal = AbortSignal.any([run.signal, over.signal])
    const server = {
      type: 'local',
      command: process.execPath,
      args: argumentsOf(playwright),
    } as const
    try {
      return await startServer(run, playwrightServerName, {
        connect: async (starting) =>
          connectServer(
            await openLocalWay(run, server, {
              folder: join(workspace.dir, `mcp-${run.lease.attempt}-${playwrightServerName}`),
              checkoutDir: workspace.workspaceDir,
              // Files to be uploaded are named from there.
              cwd: boxPaths.workspace,
              wayOut: { forward: playwright.localhost.forward, env: {} },
              readOnlyPaths: [...folders, ...playwright.chromium.readOnlyPaths],
              signal: starting,
            }),
            starting,
          ),
        allowed: undefined,
        customAgentTools,
        signal,
      })
    } catch (error) {
      if (!signal.aborted) tellFailed(run, playwrightServerName, error)
      failures += 1
      // Calls that wait for this start hear of it; the next one begins another.
      if (failures < mostStarts) starting = undefined
      throw error
    }
  }

  return {
    tools: playwrightTools,
    async call(...asked) {
      starting ??= start()
      const server = await starting
      return explain(await server.call(...asked))
    },
    async [Symbol.asyncDispose]() {
      over.abort(new Error('was stopped with the session'))
      const started = await starting?.catch(() => undefined)
      await started?.[Symbol.asyncDispose]()
    },
  }
}

function argumentsOf({ chromium }: Playwright): string[] {
  return [
    playwrightProgram,
    '--headless',
    '--isolated',
    // The box is the sandbox: in it no user namespace can be made, which is what Chromium's own is made of.
    '--no-sandbox',
    '--executable-path',
    chromium.program,
    // Playwright has even localhost go through a proxy, which Chromium by itself does not.
    '--proxy-server',
    `socks5://127.0.0.1:${localhostPort}`,
    '--ignore-https-errors',
    // It would be written to a file, which the agent does not see; asked for by itself, it is in the answer.
    '--snapshot-mode',
    'none',
    // Tools that a page brings along are not among those that are shown.
    '--no-webmcp',
  ]
}

/** What Chromium says where the way to localhost has refused it. */
const refused = 'ERR_SOCKS_CONNECTION_FAILED'
const hint =
  'The browser reaches what listens on localhost in your sandbox, and nothing else. Either nothing listens at that port, or it is the address of something else.'

function explain(result: CallResult): CallResult {
  if (result.isError !== true || !JSON.stringify(result.content).includes(refused)) return result
  return { ...result, content: [...result.content, { type: 'text', text: hint }] }
}
