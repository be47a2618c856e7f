import { dirname } from 'node:path'

import { defaultEnvironment } from '../box/command.ts'
import { isKept } from '../run/session-values.ts'

/** What the steps leave to those after them, and to the agent. */
export interface HandedOn {
  /** By GITHUB_ENV. */
  variables: Record<string, string>
  /** By GITHUB_PATH: folders to be looked in before all others, the last one given first. */
  paths: string[]
  /** Values that are secret, as they said by `::add-mask::`. */
  masks: string[]
}

export const nothingHandedOn: Readonly<HandedOn> = { variables: {}, paths: [], masks: [] }

/** PATH as a program in the box has it after the steps; undefined where they have added nothing. */
export function pathAfter({ paths }: HandedOn): string | undefined {
  if (paths.length === 0) return undefined
  return [...paths, defaultEnvironment(dirname(process.execPath))['PATH']].join(':')
}

/**
 * What the agent gets of it. Names that belong to Errand, to the loader or to a runtime are left out, as they are
 * of secrets and variables: what the steps need of them is theirs.
 */
export function agentEnvironmentOf(handedOn: HandedOn): Record<string, string> {
  const path = pathAfter(handedOn)
  return {
    ...Object.fromEntries(Object.entries(handedOn.variables).filter(([name]) => !isKept(name))),
    ...(path === undefined ? {} : { PATH: path }),
  }
}
