import { chmodSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describe, expect, it } from 'vitest'

import { canReach, chooseIdentity } from './identity.ts'

describe('chooseIdentity', () => {
  it('never chooses root', () => {
    const { uid, gid, stepsDown } = chooseIdentity(64_100)

    expect(uid).not.toBe(0)
    expect(gid).not.toBe(0)
    expect(stepsDown).toBe(process.getuid!() === 0)
  })
})

describe('canReach', () => {
  it('looks at every folder on the way, and not at the last entry', () => {
    const folder = mkdtempSync(join(tmpdir(), 'errand-reach-'))
    const inner = join(folder, 'inner')
    mkdirSync(inner, { mode: 0o700 })
    const stranger = { uid: 64_999, gid: 64_999, stepsDown: true }
    const owner = { uid: process.getuid!(), gid: process.getgid!(), stepsDown: false }

    const closed = canReach(stranger, inner)
    chmodSync(folder, 0o711)

    expect(closed).toBe(false)
    expect(canReach(stranger, folder)).toBe(true)
    expect(canReach(stranger, inner)).toBe(true)
    expect(canReach(owner, inner)).toBe(true)
    rmSync(folder, { recursive: true })
  })
})
