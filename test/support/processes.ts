import { readdirSync, readFileSync } from 'node:fs'

export interface RunningProcess {
  pid: number
  /** In clock ticks since boot: a pid that was given anew has another. */
  startedAt: string
  command: string
}

interface Stat extends RunningProcess {
  parent: number
  isZombie: boolean
}

/** The processes started by `pid`, and by those, and so on. */
export function descendantsOf(pid: number): RunningProcess[] {
  const all = readdirSync('/proc').flatMap((name) => (/^\d+$/.test(name) ? readStat(name) : []))
  const found = new Map<number, Stat>()
  let parents = new Set([pid])
  while (parents.size > 0) {
    const children = all.filter((stat) => parents.has(stat.parent) && !found.has(stat.pid))
    for (const child of children) found.set(child.pid, child)
    parents = new Set(children.map((child) => child.pid))
  }
  return [...found.values()].filter((stat) => !stat.isZombie)
}

/** Those of the processes that still run. */
export function stillRunning(processes: RunningProcess[]): RunningProcess[] {
  return processes.filter(({ pid, startedAt }) =>
    readStat(String(pid)).some((stat) => stat.startedAt === startedAt && !stat.isZombie),
  )
}

/** Empty when the process ended meanwhile. */
function readStat(pid: string): Stat[] {
  let text: string
  let command: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim()
  } catch (error) {
    if (['ENOENT', 'ESRCH'].includes((error as NodeJS.ErrnoException).code ?? '')) return []
    throw error
  }
  // The name stands in parentheses and may hold anything, spaces and parentheses included.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return [
    {
      pid: Number(pid),
      parent: Number(fields[1]),
      startedAt: fields[19] ?? '',
      isZombie: fields[0] === 'Z',
      command: command || text.slice(text.indexOf('('), text.lastIndexOf(')') + 1),
    },
  ]
}
