import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parse, stringify } from 'yaml'
import { UserError } from '../errors.ts'
import type { Terminal } from '../terminal/terminal.ts'

/**
 * Has a document edited as YAML in the user's editor, which may be a command line, as git has it, and uses
 * what it has become: undefined when nothing was changed. What cannot be used is kept, and where is said.
 *
 * @throws UserError when the editor fails, or what it leaves is no YAML object
 */
export async function edit(
  { environment, err }: Pick<Terminal, 'environment' | 'err'>,
  heading: string,
  values: Record<string, unknown>,
  use: (values: Record<string, unknown> | undefined) => Promise<void>,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'errand-edit-'))
  const file = join(folder, 'configuration.yml')
  try {
    const before = `${heading.replaceAll(/^/gm, '# ')}\n${stringify(values)}`
    await writeFile(file, before, { mode: 0o600 })
    const editor = environment['VISUAL'] || environment['EDITOR'] || 'vi'
    const child = spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' })
    const [code] = (await once(child, 'close')) as [number | null]
    if (code !== 0) throw new UserError(`The editor \`${editor}\` failed: nothing was changed.`)
    const after = await readFile(file, 'utf8')
    await use(after === before ? undefined : readObject(after))
  } catch (error) {
    err(`What you wrote is kept in ${file}\n`)
    throw error
  }
  await rm(folder, { recursive: true })
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
