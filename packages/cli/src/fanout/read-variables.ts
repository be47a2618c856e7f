import { readFile } from 'node:fs/promises'
import { parse as parseCsv } from 'csv-parse/sync'
import { parse as parseYaml } from 'yaml'
import { z } from 'zod'
import { UserError } from '../errors.ts'
import type { Variables } from './render-prompt.ts'

const Rows = z.array(z.record(z.string(), z.string()))
const Mapping = z.record(z.string(), z.record(z.string(), z.unknown()))

/** Variables by repository; names are compared without their case. */
export interface VariablesFile {
  of(fullName: string): Variables
}

/**
 * Variables for each repository: a CSV file with a column `repository`, or a YAML file that maps
 * owner/name to its variables.
 *
 * @throws UserError naming the file and what is wrong in it
 */
export async function readVariables(path: string): Promise<VariablesFile> {
  const text = await readFile(path, 'utf8')
  const byName = new Map<string, Variables>()
  for (const [name, variables] of path.endsWith('.csv')
    ? fromCsv(path, text)
    : fromYaml(path, text)) {
    const key = name.toLowerCase()
    if (byName.has(key)) throw new UserError(`${path}: ${name} is there twice.`)
    byName.set(key, variables)
  }
  return { of: (fullName) => byName.get(fullName.toLowerCase()) ?? {} }
}

function fromCsv(path: string, text: string): [string, Variables][] {
  const rows = reading(path, () =>
    Rows.parse(parseCsv(text, { columns: true, skip_empty_lines: true, trim: true, bom: true })),
  )
  return rows.map(({ repository, ...variables }, index) => {
    if (repository !== undefined && repository !== '') return [repository, variables]
    throw new UserError(`${path}: row ${index + 1} has nothing in its column \`repository\`.`)
  })
}

function fromYaml(path: string, text: string): [string, Variables][] {
  return Object.entries(reading(path, () => Mapping.parse(parseYaml(text) ?? {})))
}

function reading<T>(path: string, work: () => T): T {
  try {
    return work()
  } catch (cause) {
    const reason =
      cause instanceof z.ZodError
        ? 'it must map owner/name to variables'
        : cause instanceof Error
          ? (cause.message.split('\n', 1)[0] ?? '')
          : String(cause)
    throw new UserError(`${path} cannot be read: ${reason}.`, { cause })
  }
}
