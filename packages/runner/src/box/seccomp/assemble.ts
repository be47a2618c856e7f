/**
 * An assembler for the few instructions of classic BPF that a seccomp filter needs. The machine has
 * one register; `load` fills it from `struct seccomp_data`, jumps look at it, `ret` ends the program.
 * Jumps say how many instructions to skip. See the kernel's Documentation/networking/filter.rst.
 */
export interface Instruction {
  code: number
  /** Instructions to skip when the test holds, and when it does not. */
  ifTrue: number
  ifFalse: number
  value: number
}

/** Offsets in `struct seccomp_data`. */
const numberOffset = 0
const architectureOffset = 4
const argumentsOffset = 16

export const loadNumber: Instruction = statement(0x20, numberOffset)
export const loadArchitecture: Instruction = statement(0x20, architectureOffset)

/** The half of a 64-bit argument to look at; both architectures we know are little-endian. */
export function loadArgument(index: number, half: 'low' | 'high'): Instruction {
  return statement(0x20, argumentsOffset + index * 8 + (half === 'low' ? 0 : 4))
}

export function jumpIfEqual(value: number, ifTrue: number, ifFalse: number): Instruction {
  return { code: 0x15, ifTrue, ifFalse, value }
}

export function jumpIfGreater(value: number, ifTrue: number, ifFalse: number): Instruction {
  return { code: 0x25, ifTrue, ifFalse, value }
}

export function jumpIfAtLeast(value: number, ifTrue: number, ifFalse: number): Instruction {
  return { code: 0x35, ifTrue, ifFalse, value }
}

/** Whether any bit of `mask` is set. */
export function jumpIfAnyBit(mask: number, ifTrue: number, ifFalse: number): Instruction {
  return { code: 0x45, ifTrue, ifFalse, value: mask }
}

export function jump(skip: number): Instruction {
  return statement(0x05, skip)
}

export const allow: Instruction = statement(0x06, 0x7f_ff_00_00)
export const killProcess: Instruction = statement(0x06, 0x80_00_00_00)

export function refuse(errno: number): Instruction {
  return statement(0x06, 0x00_05_00_00 | errno)
}

function statement(code: number, value: number): Instruction {
  return { code, ifTrue: 0, ifFalse: 0, value }
}

/** The program as the kernel takes it: `struct sock_filter[]`. */
export function assemble(program: readonly Instruction[]): Buffer {
  const bytes = Buffer.alloc(program.length * 8)
  for (const [index, { code, ifTrue, ifFalse, value }] of program.entries()) {
    bytes.writeUInt16LE(code, index * 8)
    // Throws above 255: the machine has one byte for it, and a jump cut short would open the filter.
    bytes.writeUInt8(ifTrue, index * 8 + 2)
    bytes.writeUInt8(ifFalse, index * 8 + 3)
    bytes.writeUInt32LE(value, index * 8 + 4)
  }
  return bytes
}
