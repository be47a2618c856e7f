import { readFileSync } from 'node:fs'

import { listInheritedFds } from './inherited-fds.ts'
import type { KernelFindings } from './inside/findings.ts'

/** Reads what the kernel has on record of a process: its rights, its mounts, its limits. */
export function readKernelRecord(pid: number): KernelFindings {
  const status = readFields(`/proc/${pid}/status`)
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8')
  const mounts = readFileSync(`/proc/${pid}/mountinfo`, 'utf8').trim().split('\n').map(parseMount)
  const field = (name: string): string => status.get(name) ?? 'unknown'
  return {
    capabilities: {
      inheritable: field('CapInh'),
      permitted: field('CapPrm'),
      effective: field('CapEff'),
      bounding: field('CapBnd'),
      ambient: field('CapAmb'),
    },
    no_new_privs: field('NoNewPrivs') === '1',
    seccomp_mode: Number(field('Seccomp')),
    writable_mounts: mounts
      .filter(({ writable, type }) => writable && type !== 'proc' && type !== 'devpts')
      .map(({ path }) => path)
      .filter((path) => !deviceNodes.has(path)),
    proc_mounted: mounts.some(({ type }) => type === 'proc'),
    inherited_files: listInheritedFds(pid)
      .map(({ file }) => file)
      .filter((file) => file !== '/dev/null'),
    limits: {
      processes: hardLimit(limits, 'Max processes'),
      data_bytes: hardLimit(limits, 'Max data size'),
      file_size_bytes: hardLimit(limits, 'Max file size'),
      open_files: hardLimit(limits, 'Max open files'),
      core_bytes: hardLimit(limits, 'Max core file size'),
    },
  }
}

/** The devices `bwrap --dev` binds: writing to them writes nothing that stays. */
const deviceNodes = new Set(
  ['null', 'zero', 'full', 'random', 'urandom', 'tty'].map((name) => `/dev/${name}`),
)

/** @returns -1 for unlimited, as KernelFindings has it; NaN if the kernel does not name the limit */
export function hardLimit(table: string, name: string): number {
  const line = table.split('\n').find((line) => line.startsWith(name))
  const hard = line?.slice(name.length).trim().split(/\s+/)[1]
  return hard === 'unlimited' ? -1 : Number(hard)
}

function readFields(path: string): Map<string, string> {
  const lines = readFileSync(path, 'utf8').split('\n')
  return new Map(
    lines.map((line) => {
      const [name = '', ...rest] = line.split(':')
      return [name, rest.join(':').trim()]
    }),
  )
}

/** A line of mountinfo: `id parent device root path options [tags] - type source super-options`. */
function parseMount(line: string): { path: string; type: string; writable: boolean } {
  const [left = '', right = ''] = line.split(' - ')
  const [, , , , path = '', options = ''] = left.split(' ')
  const [type = ''] = right.split(' ')
  return {
    path: path.replaceAll(/\\(\d{3})/g, (_, octal: string) =>
      String.fromCharCode(parseInt(octal, 8)),
    ),
    type,
    writable: options.split(',').includes('rw'),
  }
}
