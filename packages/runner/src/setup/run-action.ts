import { posix } from 'node:path'

import type { Box } from '../box/index.ts'
import { oneLine } from '../printable.ts'
import type { Mirror } from '../mirror/mirror.ts'
import type { Run } from '../run/run.ts'
import type { HandedOn } from './handed-on.ts'
import { makeVenv } from './make-venv.ts'
import { readFileAt, type Tree } from './read-tree.ts'
import { isAskedFor, type Tool, tools, versionFromFile, versionIn } from './tools.ts'

/** How a step with `uses` went. */
export interface ActionEnd {
  outcome: 'success' | 'skipped'
  outputs: Record<string, string>
  /** What holds for the steps after it, and the agent. */
  handsOn?: Pick<HandedOn, 'variables' | 'paths'>
  /** What the reader of the log is to know. */
  warnings: string[]
}

export interface ActionParts {
  box: Box
  mirror: Mirror
  tree: Tree
  /** `owner/repo`. */
  repository: string
  /** What the tools are looked up with. */
  env: Readonly<Record<string, string>>
}

const done: ActionEnd = { outcome: 'success', outputs: {}, warnings: [] }

/**
 * Does what an action of GitHub's would do as far as it is done here already: the checkout is there, and so are
 * the tools of the machine. No action's code is ever fetched.
 */
export async function runAction(
  run: Run,
  { uses, inputs }: { uses: string; inputs: Readonly<Record<string, string>> },
  parts: ActionParts,
): Promise<ActionEnd> {
  const [name = ''] = uses.toLowerCase().split('@')
  if (name === 'actions/checkout') return checkOut(inputs, parts)
  const tool = Object.hasOwn(tools, name) ? tools[name] : undefined
  if (tool !== undefined) return await findTool(run, tool, inputs, parts)
  if (/^actions\/cache(\/(restore|save))?$/.test(name)) {
    // Whoever asks whether it was hit goes the way without it.
    return { ...done, outputs: { 'cache-hit': 'false' } }
  }
  const warning = `${oneLine(uses).slice(0, 200)} is skipped: of actions, setup steps here know those that check out and that set up Node, Python, Go and Java. What it does can be written as \`run\`.`
  return { outcome: 'skipped', outputs: {}, warnings: [warning] }
}

/** Inputs that ask for something else than the checkout that is there. `fetch-depth` is GitHub's to override, too. */
const asksForMore = ['ref', 'path', 'submodules', 'lfs', 'sparse-checkout', 'ssh-key'] as const

function checkOut(
  inputs: Readonly<Record<string, string>>,
  { repository, tree }: ActionParts,
): ActionEnd {
  const other = inputs['repository'] ?? ''
  if (other !== '' && other.toLowerCase() !== repository.toLowerCase()) {
    const warning = `${oneLine(other).slice(0, 200)} is not checked out: only ${repository} is, at its top.`
    return { outcome: 'skipped', outputs: {}, warnings: [warning] }
  }
  const asked = asksForMore.filter((name) => !['', 'false', '.'].includes(inputs[name] ?? ''))
  const warnings =
    asked.length === 0
      ? []
      : [
          `Of actions/checkout ${asked.join(', ')} is not used: the repository is checked out as it is.`,
        ]
  return { ...done, outputs: { commit: tree.commit }, warnings }
}

async function findTool(
  run: Run,
  tool: Tool,
  inputs: Readonly<Record<string, string>>,
  parts: ActionParts,
): Promise<ActionEnd> {
  const asked = await versionAskedFor(run, tool, inputs, parts)
  const version = await versionThere(run, tool, parts)
  const name = `${tool.input}-version`
  const action = `actions/setup-${tool.input}`
  const wanted = asked.version === undefined ? tool.title : `${tool.title} ${asked.version}`
  if (version === undefined) {
    const warning = `${action} asks for ${wanted}: there is no ${tool.title} on the runner's machine.`
    return { ...done, warnings: [...asked.warnings, warning] }
  }
  const outputs = { [name]: tool.input === 'node' ? `v${version}` : version, 'cache-hit': 'false' }
  const fits = asked.version === undefined || isAskedFor(tool, version, asked.version)
  const mismatch =
    fits === true
      ? []
      : [
          fits === 'unknown'
            ? `${action} asks for ${wanted}, which is no version that can be compared: there is ${version}, and it is used.`
            : `${action} asks for ${wanted}: the runner's machine has ${version}, and that is used.`,
        ]
  const found = { ...done, outputs, warnings: [...asked.warnings, ...mismatch] }
  return tool.input === 'python' ? await inVenv(run, found, version, parts) : found
}

/** What is installed for a Python has a place of its own. */
async function inVenv(
  run: Run,
  found: ActionEnd,
  version: string,
  { box, env }: ActionParts,
): Promise<ActionEnd> {
  const venv = await makeVenv(run, { box, env, version })
  if (venv === undefined) {
    const warning =
      "actions/setup-python: no environment that pip could install into can be made, since the Python of the runner's machine has no venv with pip (on Debian and Ubuntu the package python3-venv)."
    return { ...found, warnings: [...found.warnings, warning] }
  }
  const { variables, paths, outputs } = venv
  return { ...found, outputs: { ...found.outputs, ...outputs }, handsOn: { variables, paths } }
}

/** A project's own file is small; one that is not is none. */
const versionFileBytes = 256 * 1024

async function versionAskedFor(
  run: Run,
  tool: Tool,
  inputs: Readonly<Record<string, string>>,
  { mirror, tree }: ActionParts,
): Promise<{ version: string | undefined; warnings: string[] }> {
  // Of several, each on its line, the last is the one that is used.
  const lines = (inputs[`${tool.input}-version`] ?? '').split('\n').map((line) => line.trim())
  const written = lines.findLast((line) => line !== '')
  if (written !== undefined) return { version: oneLine(written).slice(0, 100), warnings: [] }
  const named = inputs[`${tool.input}-version-file`] ?? ''
  if (named === '') return { version: undefined, warnings: [] }
  const path = posix.normalize(named).replace(/^\.?\//, '')
  const file = { commit: tree.commit, path, limitBytes: versionFileBytes }
  const found = path.startsWith('..') ? undefined : await readFileAt(run, mirror, file)
  const version = found?.text === undefined ? undefined : versionFromFile(tool, path, found.text)
  if (version !== undefined) return { version: oneLine(version).slice(0, 100), warnings: [] }
  const warning = `actions/setup-${tool.input}: ${oneLine(named).slice(0, 200)} names no version of ${tool.title}.`
  return { version: undefined, warnings: [warning] }
}

async function versionThere(
  run: Run,
  tool: Tool,
  { box, env }: ActionParts,
): Promise<string | undefined> {
  for (const [command, ...args] of tool.commands) {
    const limits = { timeoutMs: 60_000, maxOutputBytes: 4096 }
    // By a shell, to which a program that is not there is no error of its own.
    const result = await box.run('sh', ['-c', '"$@" 2>&1', 'sh', command, ...args], {
      ...limits,
      env,
    })
    run.signal.throwIfAborted()
    const version = result.code === 0 ? versionIn(result.stdout.toString('utf8')) : undefined
    if (version !== undefined) return version
  }
  return undefined
}
