import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Settings } from '@errand/contract'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { createBoxCgroup, findDelegation } from './cgroup.ts'

let root: string

// Plain files stand for the kernel's: the machines these tests run on may delegate nothing.
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'errand-cgroup-'))
  const unit = join(root, 'system.slice/errand.service')
  mkdirSync(join(unit, 'runner'), { recursive: true })
  for (const folder of [unit, join(root, 'system.slice')]) {
    writeFileSync(join(folder, 'cgroup.subtree_control'), 'cpu memory pids\n')
    writeFileSync(join(folder, 'cgroup.procs'), '')
  }
})

afterEach(() => rmSync(root, { recursive: true }))

describe('findDelegation', () => {
  it('finds the unit’s group when this process sits in a subgroup of it', () => {
    expect(findDelegation(root, '0::/system.slice/errand.service/runner\n')).toBe(
      join(root, 'system.slice/errand.service'),
    )
  })

  it('leaves alone what belongs to systemd, though root could write to it', () => {
    expect(findDelegation(root, '0::/system.slice/errand.service\n')).toBe(undefined)
  })

  it('wants both controllers', () => {
    writeFileSync(join(root, 'system.slice/errand.service/cgroup.subtree_control'), 'memory\n')

    expect(findDelegation(root, '0::/system.slice/errand.service/runner\n')).toBe(undefined)
  })

  it.each(['', '0::/\n', '4:memory:/box\n1:name=systemd:/box\n', '0::/not/there\n'])(
    'finds none in %j',
    (ownCgroup) => {
      expect(findDelegation(root, ownCgroup)).toBe(undefined)
    },
  )
})

describe('createBoxCgroup', () => {
  it('gives each box a group with its limits, and tells of a kill for want of memory', () => {
    const settings = Settings.parse({ sandbox: { memory_mb: 100, processes: 50 } }).sandbox

    const first = createBoxCgroup(root, settings)
    const second = createBoxCgroup(root, settings)
    const events = join(first.path, 'memory.events')

    expect(first.path).not.toBe(second.path)
    expect(readFileSync(join(first.path, 'memory.max'), 'utf8')).toBe('104857600\n')
    expect(readFileSync(join(first.path, 'pids.max'), 'utf8')).toBe('52\n')
    expect(readFileSync(join(first.path, 'memory.oom.group'), 'utf8')).toBe('1\n')
    expect(readdirSync(first.path)).not.toContain('memory.swap.max')
    writeFileSync(events, 'low 0\noom 0\noom_kill 0\n')
    expect(first.ranOutOfMemory()).toBe(false)
    writeFileSync(events, 'low 0\noom 1\noom_kill 3\n')
    expect(first.ranOutOfMemory()).toBe(true)
  })
})
