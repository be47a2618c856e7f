import { existsSync } from 'node:fs'
import { relative, resolve } from 'node:path'
import {
  compilePolicy,
  type CompiledPolicy,
  type Deviation,
  PolicyError,
  type PolicyProblem,
  recommendedPolicy,
} from '@errand/policy'
import { UserError } from '../errors.ts'
import { readSettingsFile, type SettingsFile } from '../settings/settings-file.ts'

export interface AuditPolicy {
  compiled: CompiledPolicy
  /** What the file holds. */
  values: unknown
  /** As a report names it: relative to where the command runs. Absent: the recommended rules. */
  file?: string
  /** The line of the file, from 1, where the rule stands, or the exception that has expired. */
  lineOf: (deviation: Deviation) => number
}

/**
 * A policy file, or the rules that need nothing said where none is named.
 *
 * @throws UserError with every problem, each with file and line
 */
export function readPolicy(cwd: string, path: string | undefined): AuditPolicy {
  if (path === undefined)
    return {
      compiled: compilePolicy(recommendedPolicy),
      values: recommendedPolicy,
      lineOf: () => 1,
    }
  const whole = resolve(cwd, path)
  if (!existsSync(whole)) {
    throw new UserError(`${path} does not exist.`, {
      remedy: '`errand audit init` writes a policy to begin with.',
    })
  }
  const file = readSettingsFile(whole, path)
  if ('problems' in file) throw new UserError(file.problems.join('\n'))
  try {
    return {
      compiled: compilePolicy(file.values),
      values: file.values,
      file: relative(cwd, whole),
      lineOf({ rule, repository, path: inPolicy }) {
        const custom = ownRules(file.values).indexOf(rule)
        const place =
          repository === undefined
            ? file.locate(inPolicy)
            : custom >= 0
              ? file.locate(['custom_rules', custom])
              : file.locate(['rules'], rule)
        return Number(/:(\d+):\d+$/.exec(place)?.[1] ?? 1)
      },
    }
  } catch (error) {
    if (!(error instanceof PolicyError)) throw error
    const problems = error.problems.map((problem) => explain(problem, file))
    throw new UserError(problems.join('\n'), { cause: error })
  }
}

/** The ids of a valid policy's own rules, in their order. */
function ownRules(values: unknown): string[] {
  // It has been compiled: so these are what the schema says.
  const { custom_rules: own = [] } = values as { custom_rules?: { id: string }[] }
  return own.map(({ id }) => id)
}

function explain({ path, message, unknownKey }: PolicyProblem, file: SettingsFile): string {
  const name = path.map((part) => (typeof part === 'number' ? `[${part}]` : part)).join('.')
  const subject = name === '' || unknownKey !== undefined ? name : `${name.replaceAll('.[', '[')}: `
  const text = unknownKey === undefined ? message : `: ${unknownKey} is not a key of a policy there`
  return `${file.locate(path, unknownKey)}: ${subject}${text}`.replace(': : ', ': ')
}
