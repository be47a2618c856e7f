import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import type { McpServer } from '@errand/contract'

import { type Box, type BoxedProcess, boxPaths, type Exit, openBox } from '../box/index.ts'
import { oneLine } from '../printable.ts'
import { longestTimerMs } from '../run/run-clock.ts'
import type { Run } from '../run/run.ts'
import type { SessionFirewall } from '../session-firewall.ts'
import { removeTree } from '../workspace/remove-tree.ts'
import type { ServerWay } from './connection.ts'
import { openStdioTransport } from './stdio-transport.ts'

export type LocalServer = Extract<McpServer, { type: 'local' | 'stdio' }>

export interface LocalOptions {
  /** Of this server alone; made, and removed with what is in it. */
  folder: string
  /** The session's checkout, to be looked at. Absent: it is not shown. */
  checkoutDir?: string
  /** All of the network that it has. */
  wayOut: Pick<SessionFirewall, 'forward' | 'env' | 'certificatesDir'>
  /** What it needs of the host beside what all of them are shown. */
  readOnlyPaths?: readonly string[]
  /** Where it starts. Default: its home. */
  cwd?: string
  /** Ends the start. */
  signal: AbortSignal
}

/** Kept of what it prints on stderr, to say how it ended. */
const keptCharacters = 2000
/** Printed on stderr in its life; a log of each call is far less. */
const mostErrorCharacters = 16 * 1024 * 1024
/** Of what it printed last, in the sentence about it. */
const shownCharacters = 300
/** What a server may print in its life: it is not kept, and each message has a limit of its own. */
const outputMb = 256
/** How long after its streams have closed the end of a program is waited for. */
const lingerMs = 3000

/**
 * Starts a server as a program in a box of its own: with an empty home, with its own way out, and with nothing
 * of what the agent or another server is given. It starts in that home, not in the checkout, where the agent
 * could have put a program for it to find.
 *
 * @throws ErrandError where no box can be opened
 */
export async function openLocalWay(
  run: Run,
  server: LocalServer,
  options: LocalOptions,
): Promise<ServerWay> {
  const box = await openServerBox(run, options)
  const close = async (): Promise<void> => {
    await box.close()
    await removeTree(options.folder)
  }
  try {
    const env = { ...options.wayOut.env, ...server.env }
    const program = await box.spawnAgent(server.command, server.args, env)
    let fault: string | undefined
    const onFault = (reason: string): void => {
      fault ??= reason
      program.kill('SIGKILL')
    }
    const stderr = keepLastWords(run, program, onFault)
    return {
      transport: openStdioTransport(program, onFault),
      async explainEnd() {
        const exit = await Promise.race([program.exited, delay(lingerMs, undefined)])
        const said = oneLine(stderr()).slice(-shownCharacters)
        const how = fault ?? explainExit(server, exit)
        return said === '' ? how : `${how}; it said: ${said}`
      },
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

async function openServerBox(run: Run, options: LocalOptions): Promise<Box> {
  const { settings, log } = run.context
  const { folder, checkoutDir, wayOut, readOnlyPaths = [], cwd, signal } = options
  signal.throwIfAborted()
  const [homeDir, emptyDir] = [join(folder, 'home'), join(folder, 'workspace')]
  for (const path of [folder, homeDir, emptyDir]) {
    await mkdir(path, { recursive: true, mode: 0o700 })
  }
  const { certificatesDir } = wayOut
  return await openBox({
    settings: { ...settings.sandbox, output_mb: Math.max(settings.sandbox.output_mb, outputMb) },
    log,
    homeDir,
    cwd: cwd ?? boxPaths.home,
    workspaceDir: checkoutDir ?? emptyDir,
    isWorkspaceReadOnly: checkoutDir !== undefined,
    forwards: [wayOut.forward],
    ...(certificatesDir === undefined ? {} : { certificatesDir }),
    readOnlyPaths: [...settings.mcp.read_only_paths, ...readOnlyPaths],
    env: {},
    signal: run.signal,
    wallClockMs: longestTimerMs,
  })
}

/** Masked before it is cut: half of a secret is none to be found. */
function keepLastWords(
  run: Run,
  { stderr }: BoxedProcess,
  onFault: (reason: string) => void,
): () => string {
  let [kept, held, length] = ['', '', 0]
  stderr.setEncoding('utf8').on('data', (text: string) => {
    length += text.length
    // Read on, so that the program's end is seen.
    if (length > mostErrorCharacters) return onFault('printed errors without end')
    const begun = run.mask.begin(held + text)
    held = begun.held
    kept = (kept + begun.sure).slice(-keptCharacters)
  })
  stderr.on('error', () => undefined)
  return () => kept + held
}

function explainExit({ command }: LocalServer, exit: Exit | undefined): string {
  if (exit === undefined) return 'closed its output'
  if (exit.error === 'ENOENT') return `could not be started: there is no ${command} in the sandbox`
  if (exit.error !== undefined) return `could not be started: ${exit.error}`
  switch (exit.reason) {
    case 'memory':
    case 'disk':
    case 'output':
      return `was stopped: it needed more ${exit.reason} than it may`
    case 'wall_clock':
    case 'closed':
      return 'was stopped with the session'
    case undefined:
  }
  return `ended with ${exit.signal ?? `exit code ${exit.code ?? 1}`}`
}
