import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { UserError } from '../errors.ts'
import { type Terminal } from '../terminal/terminal.ts'

/**
 * Has a document edited as YAML in the user's editor, which may be a command line, as git has it.
 * Undefined when nothing was changed.
 *
 * @throws UserError when the editor fails, or what it leaves is no YAML object
 */
export async function edit(
  { environment }: Pick<Terminal, 'environment'>,
  heading: string,
  values: Record<string, unknown>,
): Promise<Record<string, unknown> | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'errand-edit-'))
  try {
    const file = join(folder, 'configuration.yml')
    const before = `${heading.replaceAll(/^/gm, '# ')}\n${stringify(values)}`
    await writeFile(file, before, { mode: 0o600 })
    const editor = environment['VISUAL'] || environment['EDITOR'] || 'vi'
    const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' })
    const [code] = (await once(child, 'close')) as [number | null]
    if (code !== 0) throw new UserError(`The editor \`${editor}\` failed: nothing was changed.`)
    const after = await readFile(file, 'utf8')
    return after === before ? undefined : readObject(after)
  } finally {
    await rm(folder, { recursive: true })
  }
}

function readObject(text: string): Record<string, unknown> {
  let value: unknown
  try {
    value = parse(text)
  } catch (cause) {
    const [reason = ''] = (cause instanceof Error ? cause.message : '').split('\n')
    throw new UserError(`What was written is no YAML: ${reason}`, { cause })
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    // It is an object, and no list.
    return value as Record<string, unknown>
  }
  throw new UserError('What was written is no configuration: nothing was changed.')
}
