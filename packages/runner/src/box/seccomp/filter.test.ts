import { describe, expect, it } from 'vitest'

import type { Instruction } from './assemble.ts'
import { type Architecture, buildFilter, compile } from './filter.ts'
import { type Syscall, syscalls } from './syscalls.ts'

const audit = { x64: 0xc0_00_00_3e, arm64: 0xc0_00_00_b7 }
const column = { x64: 0, arm64: 1 } as const
const allowed = 'allowed'

/** Runs a filter as the kernel would, for one call. */
function decide(
  program: readonly Instruction[],
  call: { arch: number; nr: number; args?: readonly bigint[] },
): string {
  const data = new DataView(new ArrayBuffer(64))
  data.setUint32(0, call.nr, true)
  data.setUint32(4, call.arch, true)
  for (const [index, value] of (call.args ?? []).entries()) {
    data.setBigUint64(16 + index * 8, BigInt.asUintN(64, value), true)
  }
  let register = 0
  for (let at = 0; at < program.length; at++) {
    const { code, value, ifTrue, ifFalse } = program[at]!
    const jump = (holds: boolean): number => (holds ? ifTrue : ifFalse)
    if (code === 0x20) register = data.getUint32(value, true)
    else if (code === 0x15) at += jump(register === value)
    else if (code === 0x25) at += jump(register > value)
    else if (code === 0x35) at += jump(register >= value)
    else if (code === 0x45) at += jump((register & value) !== 0)
    else if (code === 0x05) at += value
    else if (value === 0x7f_ff_00_00) return allowed
    else if (value === 0x80_00_00_00) return 'killed'
    else return `errno ${value & 0xff_ff}`
  }
  return 'fell off the end'
}

function ask(name: Syscall, args: readonly (number | bigint)[], on: Architecture = 'x64'): string {
  const nr = syscalls[name][column[on]]!
  return decide(compile(on), { arch: audit[on], nr, args: args.map(BigInt) })
}

describe('the seccomp filter', () => {
  it.each(['x64', 'arm64'] as const)('lets ordinary calls through on %s', (on) => {
    // read, write, openat, mmap, execve, futex, exit_group
    const numbers = { x64: [0, 1, 257, 9, 59, 202, 231], arm64: [63, 64, 56, 222, 221, 98, 94] }

    const verdicts = numbers[on].map((nr) => decide(compile(on), { arch: audit[on], nr }))

    expect(new Set(verdicts)).toEqual(new Set([allowed]))
  })

  it.each(['x64', 'arm64'] as const)(
    'refuses on %s what its rules name without conditions',
    (on) => {
      const conditional = new Set([
        'clone',
        'ioctl',
        'personality',
        'shmget',
        'socket',
        'socketpair',
      ])
      const names = (Object.keys(syscalls) as Syscall[]).filter(
        (name) => !conditional.has(name) && syscalls[name][column[on]] !== undefined,
      )

      expect(names.filter((name) => ask(name, [], on) === allowed)).toEqual([])
      expect(names.length).toBeGreaterThan(55)
    },
  )

  it('kills a program of another architecture', () => {
    const i386 = 0x40_00_00_03

    expect(decide(compile('x64'), { arch: i386, nr: 3 })).toBe('killed')
    expect(decide(compile('x64'), { arch: audit.arm64, nr: 0 })).toBe('killed')
  })

  it('knows no x32 calls, no negative numbers and none younger than itself', () => {
    const verdicts = [0x40_00_00_00, 0x40_00_00_a5, 0xff_ff_ff_ff, 457, 467, 600].map((nr) =>
      decide(compile('x64'), { arch: audit.x64, nr }),
    )

    expect(new Set(verdicts)).toEqual(new Set(['errno 38']))
  })

  it.each([
    ['CLONE_NEWNS', 0x00_02_00_00],
    ['CLONE_NEWCGROUP', 0x02_00_00_00],
    ['CLONE_NEWUTS', 0x04_00_00_00],
    ['CLONE_NEWIPC', 0x08_00_00_00],
    ['CLONE_NEWUSER', 0x10_00_00_00],
    ['CLONE_NEWPID', 0x20_00_00_00],
    ['CLONE_NEWNET', 0x40_00_00_00],
  ])('refuses clone with %s, also among the flags of a thread', (_, flag) => {
    const thread = 0x00_3d_0f_00

    expect(ask('clone', [thread])).toBe(allowed)
    expect(ask('clone', [flag | 17])).toBe('errno 1')
    expect(ask('clone', [flag | thread])).toBe('errno 1')
    expect(ask('clone', [flag | thread], 'arm64')).toBe('errno 1')
  })

  it.each([
    ['unix stream', [1, 1, 0], allowed],
    ['TCP', [2, 1, 6], allowed],
    ['UDP over IPv6', [10, 2, 17], allowed],
    ['netlink route', [16, 3, 0], allowed],
    ['netlink audit', [16, 3, 9], 'errno 93'],
    ['SCTP', [2, 1, 132], 'errno 93'],
    ['raw', [2, 3, 255], 'errno 93'],
    ['packet', [17, 3, 3], 'errno 97'],
    ['vsock', [40, 1, 0], 'errno 97'],
    ['TCP with junk in the high half', [(1n << 32n) + 2n, 1n, 6n], allowed],
    ['vsock with junk in the high half', [(1n << 32n) + 40n, 1n, 0n], 'errno 97'],
  ] as const)('answers a socket of %s', (_, args, verdict) => {
    expect(ask('socket', args)).toBe(verdict)
  })

  it.each([
    ['TIOCSTI', 0x54_12n, 'errno 1'],
    ['TIOCSTI with junk in the high half', (7n << 32n) + 0x54_12n, 'errno 1'],
    ['TIOCLINUX', 0x54_1cn, 'errno 1'],
    ['TIOCSETD', 0x54_23n, 'errno 1'],
    ['TIOCGWINSZ', 0x54_13n, allowed],
    ['FIONREAD', 0x54_1bn, allowed],
  ])('answers the ioctl %s', (_, request, verdict) => {
    expect(ask('ioctl', [0n, request])).toBe(verdict)
  })

  it.each([
    [56n, allowed],
    [65_536n, allowed],
    [65_537n, 'errno 22'],
    [(1n << 32n) + 1n, 'errno 22'],
    [1n << 63n, 'errno 22'],
  ])('answers a shared memory segment of %d bytes', (size, verdict) => {
    expect(ask('shmget', [0n, size, 0n])).toBe(verdict)
  })

  it.each([
    [0, allowed],
    [0x4_00_00, allowed],
    [0xff_ff_ff_ff, allowed],
    [8, 'errno 1'],
    [0x40_00_00, 'errno 1'],
  ])('answers the personality %d', (persona, verdict) => {
    expect(ask('personality', [persona])).toBe(verdict)
  })

  it('fits the kernel’s limit, and its jumps reach', () => {
    for (const on of ['x64', 'arm64'] as const) {
      expect(compile(on).length).toBeLessThan(4096)
      expect(buildFilter(on)).toHaveLength(compile(on).length * 8)
    }
  })

  it('says which processors it knows', () => {
    expect(() => buildFilter('riscv64')).toThrow(/x64 and arm64, not riscv64/)
  })
})
