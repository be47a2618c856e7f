import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse, YAMLParseError } from 'yaml'
import { didYouMean } from './closest-word.ts'
import { listSettingKeys, type SettingKey } from './setting-keys.ts'
import { readSettingsFile, type SettingsFile } from './settings-file.ts'

export type Environment = Readonly<Record<string, string | undefined>>

/** Values given on the command line, by setting name. */
export interface Flag {
  /** As the user typed it: `--port`. */
  flag: string
  value: string | boolean
}
export type Flags = Readonly<Record<string, Flag>>

export interface SettingsPlace {
  cwd: string
  /** The settings file, which must then be there; `none` reads not even errand.yml. */
  config?: string | { none: true }
}

/** Settings as they were given, not yet checked, and where each came from. */
export interface GivenSettings {
  values: Record<string, unknown>
  /** Setting name to `--port` or `ERRAND_PORT`, for those that did not come from the file. */
  givenBy: Map<string, string>
  file: SettingsFile | undefined
  problems: string[]
  warnings: string[]
}

const defaultFileName = 'errand.yml'
/** Variables that are not settings: what the client commands and the tests go by. */
const otherVariables = /^ERRAND_(URL|TOKEN|CONFIG|DEBUG|GITHUB_CLIENT_ID|TEST_.*)$/

/** Flags before environment before file. Nothing is checked but that it can be read at all. */
export function gatherSettings(
  flags: Flags,
  environment: Environment,
  where: SettingsPlace,
): GivenSettings {
  const given: GivenSettings = {
    values: {},
    givenBy: new Map(),
    file: undefined,
    problems: [],
    warnings: [],
  }
  const config = where.config ?? environment.ERRAND_CONFIG
  if (typeof config !== 'object') readFile(given, where.cwd, config)
  readVariables(given, environment)
  for (const [name, { flag, value }] of Object.entries(flags)) {
    put(given.values, name.split('.'), value)
    given.givenBy.set(name, flag)
  }
  return given
}

function readFile(given: GivenSettings, cwd: string, named: string | undefined): void {
  const path = resolve(cwd, named ?? defaultFileName)
  if (!existsSync(path)) {
    if (named !== undefined) given.problems.push(`The settings file ${named} does not exist.`)
    return
  }
  const file = readSettingsFile(path, named ?? defaultFileName)
  if ('problems' in file) {
    given.problems.push(...file.problems)
    return
  }
  given.file = file
  if (typeof file.values === 'object' && file.values !== null && !Array.isArray(file.values)) {
    given.values = { ...file.values }
  } else {
    given.problems.push(
      `${file.locate([])}: the file must hold keys and values, like \`port: 4000\``,
    )
  }
}

function readVariables(given: GivenSettings, environment: Environment): void {
  const keys = new Map(listSettingKeys().map((key) => [key.environmentName, key]))
  for (const [variable, text] of Object.entries(environment)) {
    if (!variable.startsWith('ERRAND_') || otherVariables.test(variable)) continue
    // An empty variable is how a container's manifest says "not given".
    if (text === undefined || text === '') continue
    const key = keys.get(variable)
    if (key === undefined) {
      const names = [...keys.keys()].filter((name) => name !== undefined)
      given.warnings.push(
        `${variable} is not a setting${didYouMean(variable, names)}; it is ignored`,
      )
      continue
    }
    try {
      put(given.values, key.path, readVariable(key, text))
      given.givenBy.set(key.name, variable)
    } catch (error) {
      if (!(error instanceof YAMLParseError)) throw error
      given.problems.push(`${variable}: is not YAML or JSON: ${error.message.split('\n', 1)[0]}`)
    }
  }
}

/** Lists and maps are given whole, as YAML or JSON; everything else but true and false is the text itself. */
function readVariable(key: SettingKey, text: string): unknown {
  if (key.accepts === 'true or false' && /^(true|false)$/.test(text)) return text === 'true'
  return key.accepts.startsWith('a list') || key.accepts.startsWith('a map') ? parse(text) : text
}

function put(values: Record<string, unknown>, path: readonly string[], value: unknown): void {
  const [first, ...rest] = path
  if (first === undefined) return
  if (rest.length === 0) {
    values[first] = value
    return
  }
  const section = values[first]
  const copy: Record<string, unknown> =
    typeof section === 'object' && section !== null ? { ...section } : {}
  values[first] = copy
  put(copy, rest, value)
}
