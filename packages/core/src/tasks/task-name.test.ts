import { expect, it } from 'vitest'
import { nameOf } from './task-name.ts'

it.each([
  ['Fix the build', 'Fix the build'],
  ['\n\n  Fix the build  \nand more', 'Fix the build'],
  ['## Fix the build\ntext', 'Fix the build'],
  ['#!/bin/sh\necho', '#!/bin/sh'],
  ['', 'Task'],
  [' \n\t', 'Task'],
  ['a'.repeat(100), `${'a'.repeat(79)}…`],
  [`${'a'.repeat(78)}😀😀`, `${'a'.repeat(78)}\uFFFD…`],
])('names a task by the first line of %j', (prompt, name) => {
  expect(nameOf(prompt)).toBe(name)
})
