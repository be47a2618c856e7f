import { constants } from 'node:os'
import { fileURLToPath } from 'node:url'

import { ErrandError } from '@errand/contract'

import type { Forward } from './box.ts'
import { launcherFolder } from './own-files.ts'
import type { FromLauncher, LauncherArguments, ToLauncher } from './inside/control.ts'
import type { InsideFindings } from './inside/findings.ts'
import { controlFd, launch, type Launch, type LaunchPlan } from './launch.ts'

/** The folder of the launcher's own files on the host, and where a box has it. */
export const launcherSource = fileURLToPath(new URL('inside', import.meta.url))
export const launcherTarget = `${launcherFolder}/inside`
/** Sources run as they are; a published package holds them compiled. */
const launcherFile = import.meta.url.endsWith('.ts') ? 'launcher.ts' : 'launcher.js'

/** A sandbox that is up and probed, in which the launcher waits for the agent to start. */
export interface PreparedLaunch {
  launch: Launch
  inside: InsideFindings
  send: (message: ToLauncher) => void
  /** What the launcher says last; nothing if it was killed. Not to be believed, see control.ts. */
  lastWord: Promise<Exclude<FromLauncher, { type: 'ready' }> | undefined>
}

export interface LauncherOptions {
  /** The command that sets the limits. */
  limit: readonly string[]
  forwards: readonly Forward[]
  /** Where the socket of a way out is inside. */
  socketTarget: (forward: Forward) => string
  /** The socket of the way in, inside. */
  wayIn?: string
  /** Paths inside that must turn out read-only. */
  readOnlyPaths: readonly string[]
  /** Called as soon as there is something to be killed. */
  onLaunch: (launch: Launch) => void
}

/** Of what one message of the launcher can be; only a forged one is longer. */
const longestWord = 256 * 1024

/** Brings a sandbox up and waits for its probe. */
export async function prepareLaunch(
  plan: LaunchPlan,
  options: LauncherOptions,
): Promise<PreparedLaunch> {
  const command = [
    ...options.limit,
    process.execPath,
    // It forwards bytes and starts one program: what it takes is taken from the agent.
    '--max-old-space-size=64',
    `${launcherTarget}/${launcherFile}`,
    JSON.stringify(launcherArguments(options)),
  ]
  const launched = await launch(plan, command)
  options.onLaunch(launched)
  const words = listen(launched)
  const first = await words.next()
  if (first.done === true || first.value.type !== 'ready') {
    launched.kill()
    throw await explainFailure(launched)
  }
  return {
    launch: launched,
    inside: first.value.findings,
    send: (message) => void launched.control.write(`${JSON.stringify(message)}\n`),
    lastWord: words.next().then(({ value }) => (value?.type === 'ready' ? undefined : value)),
  }
}

function launcherArguments({ forwards, wayIn, readOnlyPaths, ...options }: LauncherOptions) {
  return {
    controlFd,
    readOnlyPaths,
    ...(wayIn === undefined ? {} : { wayIn }),
    forwards: forwards.map((forward) => ({
      port: forward.port,
      socketPath: options.socketTarget(forward),
      tellsCommand: forward.tellsCommand === true,
    })),
  } satisfies LauncherArguments
}

/** What the launcher says, line by line; ends with it, or when it says more than it could have to. */
async function* listen({ control }: Launch): AsyncGenerator<FromLauncher, undefined> {
  let text = ''
  try {
    for await (const chunk of control) {
      text += String(chunk)
      const lines = text.split('\n')
      text = lines.pop() ?? ''
      for (const line of lines) yield parseWord(line)
      if (text.length > longestWord) return
    }
  } catch {
    // A broken connection or a forged word: to the listener the same as its end.
  }
}

/** @throws Error for what the launcher never says: something else wrote it */
function parseWord(line: string): FromLauncher {
  const word: unknown = JSON.parse(line)
  if (typeof word !== 'object' || word === null || !('type' in word)) throw new Error('no word')
  // Only said before anything hostile runs, so its findings are taken as they are.
  if (word.type === 'ready' && 'findings' in word) return word as FromLauncher
  const code = 'code' in word ? word.code : undefined
  if (word.type === 'not_started' && typeof code === 'string') return { type: word.type, code }
  if (word.type === 'exited' && typeof code === 'number') {
    return { type: word.type, code, signal: null }
  }
  const signal = 'signal' in word && typeof word.signal === 'string' ? word.signal : ''
  if (word.type === 'exited' && isSignal(signal)) return { type: word.type, code: null, signal }
  throw new Error('no word')
}

function isSignal(name: string): name is NodeJS.Signals {
  return Object.hasOwn(constants.signals, name)
}

/** Bubblewrap says on stderr what it could not do; nothing else has run yet. */
async function explainFailure({ stderr, ended }: Launch): Promise<ErrandError> {
  let text = ''
  for await (const chunk of stderr) text = (text + String(chunk)).slice(-4096)
  const { code, signal } = await ended
  const said = text.trim().split('\n').slice(-3).join(' ')
  return new ErrandError('unavailable', {
    message: `The sandbox could not be started: ${said || `it ended with ${signal ?? code}`}. Run \`errand doctor\` on the runner's machine.`,
  })
}
