import { constants } from 'node:fs'
import { open } from 'node:fs/promises'
import { ToolError } from './tools/tool.ts'

/** Larger files are read by bash, in parts. */
const fileLimitBytes = 10_000_000

/**
 * The text of a file.
 *
 * @param name what the file is called in messages
 * @throws ToolError for what is no file, is no UTF-8 text, or is too large
 */
export async function readText(path: string, name: string): Promise<string> {
  // Opening a pipe without this would wait for somebody to write to it.
  const file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK).catch(
    (error: unknown) => {
      throw explain(error, name)
    },
  )
  try {
    const stat = await file.stat()
    if (stat.isDirectory()) throw new ToolError(`${name} is a folder: use list_files.`)
    if (!stat.isFile()) throw new ToolError(`${name} is not a file.`)
    if (stat.size > fileLimitBytes) {
      throw new ToolError(
        `${name} has ${stat.size} bytes, too many to be read whole: use bash (sed -n, head, tail, grep).`,
      )
    }
    return decode(await file.readFile(), name)
  } finally {
    await file.close()
  }
}

function decode(bytes: Buffer, name: string): string {
  if (bytes.includes(0)) throw new ToolError(`${name} is a binary file of ${bytes.length} bytes.`)
  try {
    // A byte order mark is kept: an edit must not lose it.
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (error) {
    throw new ToolError(`${name} is not UTF-8 text: use bash to look at it or change it.`, error)
  }
}

function explain(error: unknown, name: string): unknown {
  if (!(error instanceof Error && 'code' in error)) return error
  if (error.code === 'ENOENT') return new ToolError(`${name} does not exist.`, error)
  if (error.code === 'ENOTDIR') {
    return new ToolError(`${name} does not exist: a part of it is a file.`, error)
  }
  if (error.code === 'EACCES') return new ToolError(`${name} may not be read.`, error)
  return error
}
