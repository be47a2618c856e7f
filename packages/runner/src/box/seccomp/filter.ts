import { ErrandError } from '@errand/contract'

import {
  allow,
  assemble,
  type Instruction,
  jump,
  jumpIfAnyBit,
  jumpIfAtLeast,
  jumpIfEqual,
  jumpIfGreater,
  killProcess,
  loadArchitecture,
  loadArgument,
  loadNumber,
  refuse,
} from './assemble.ts'
import { type ArgumentTest, type Rule, rules } from './rules.ts'
import { firstUnknownSyscall, syscalls, x32Bit } from './syscalls.ts'

/** AUDIT_ARCH_* of linux/audit.h, and the column of the table of numbers. */
const architectures = {
  x64: { audit: 0xc0_00_00_3e, column: 0 },
  arm64: { audit: 0xc0_00_00_b7, column: 1 },
} as const

export type Architecture = keyof typeof architectures

const ENOSYS = 38

/**
 * The seccomp filter of every box, as bytes for `bwrap --seccomp`.
 *
 * @throws ErrandError `unavailable` on an architecture whose numbers we do not know
 */
export function buildFilter(architecture: string = process.arch): Buffer {
  if (!isKnown(architecture)) {
    throw new ErrandError('unavailable', {
      message: `The sandbox knows the processors x64 and arm64, not ${architecture}: run agents on one of these.`,
    })
  }
  return assemble(compile(architecture))
}

function isKnown(architecture: string): architecture is Architecture {
  return Object.hasOwn(architectures, architecture)
}

/** The program itself, for tests that run it. */
export function compile(architecture: Architecture): Instruction[] {
  const { audit, column } = architectures[architecture]
  return [
    // A 32-bit program has other numbers: it would pass the filter by asking under their names.
    loadArchitecture,
    jumpIfEqual(audit, 1, 0),
    killProcess,
    loadNumber,
    // Also catches x32, whose bit is far above.
    ...(architecture === 'x64' ? [jumpIfAtLeast(x32Bit, 0, 1), refuse(ENOSYS)] : []),
    jumpIfAtLeast(firstUnknownSyscall, 0, 1),
    refuse(ENOSYS),
    ...rules.flatMap((rule) => compileRule(rule, column)),
    allow,
  ]
}

function compileRule(rule: Rule, column: 0 | 1): Instruction[] {
  return rule.calls.flatMap((name) => {
    const number: number | undefined = syscalls[name][column]
    if (number === undefined) return []
    const tests = compileTests(rule.when ?? [])
    return [loadNumber, jumpIfEqual(number, 0, tests.length + 1), ...tests, refuse(rule.errno)]
  })
}

/** Falls through when all tests hold, else skips the one instruction behind them (the refusal). */
function compileTests(tests: readonly ArgumentTest[]): Instruction[] {
  return tests.reduceRight<Instruction[]>(
    (rest, test) => [...compileTest(test, rest.length + 1), ...rest],
    [],
  )
}

/** @param skip how many instructions behind the test to pass over when it does not hold */
function compileTest(test: ArgumentTest, skip: number): Instruction[] {
  const low = loadArgument(test.argument, 'low')
  if ('oneOf' in test) {
    const { oneOf } = test
    return [
      low,
      ...oneOf.map((value, index) => jumpIfEqual(value, oneOf.length - index, 0)),
      jump(skip),
    ]
  }
  if ('noneOf' in test) {
    const { noneOf } = test
    return [
      low,
      ...noneOf.map((value, index) => jumpIfEqual(value, noneOf.length - 1 - index + skip, 0)),
    ]
  }
  if ('anyBit' in test) return [low, jumpIfAnyBit(test.anyBit, 0, skip)]
  // The only test of a whole 64-bit value: the kernel takes the others as 32 bits wide.
  return [
    loadArgument(test.argument, 'high'),
    jumpIfGreater(0, 2, 0),
    low,
    jumpIfGreater(test.above, 0, skip),
  ]
}
