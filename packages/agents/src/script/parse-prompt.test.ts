import { expect, it } from 'vitest'
import { parsePrompt } from './parse-prompt.ts'

it.each([
  ['```sh\na\n```', ['bash', '-euo', 'pipefail']],
  ['```bash title="x"\na\n```', ['bash', '-euo', 'pipefail']],
  ['~~~Shell\na\n~~~', ['bash', '-euo', 'pipefail']],
  ['```python\na\n```', ['python3']],
  ['```js\na\n```', ['node']],
  ['  ```sh\na\n  ```', ['bash', '-euo', 'pipefail']],
  ['```sh\na\n`````', ['bash', '-euo', 'pipefail']],
  ['```json\n{}\n```\n\n```sh\na\n```', ['bash', '-euo', 'pipefail']],
  ['#!/usr/bin/env -S node --no-warnings\na', ['/usr/bin/env', '-S node --no-warnings']],
  ['\n\n#! /bin/sh\na', ['/bin/sh']],
])('%j is run by %j', (prompt, interpreter) => {
  expect(parsePrompt(prompt)?.interpreter).toEqual(interpreter)
})

it.each([
  [''],
  ['Fix it'],
  ['```\na\n```'],
  ['```json\n{}\n```'],
  ['```sh\nnot closed'],
  ['````md\n```sh\nan example\n```\n````'],
  ['```\n```sh\nstill the unmarked block\n```'],
  ['```constructor\na\n```'],
])('%j has nothing to run', (prompt) => {
  expect(parsePrompt(prompt)).toBeUndefined()
})

it('takes the first block alone, as it is written', () => {
  const prompt = 'Do it\n\n```sh\n  one\n\n# two\n```\n\nAnd say why.\n\n```sh\nthree\n```'

  expect(parsePrompt(prompt)).toMatchObject({
    script: '  one\n\n# two\n',
    title: 'Do it',
    body: 'And say why.\n\n```sh\nthree\n```',
  })
})

it.each([
  ['## Bump everything\n```sh\na\n```', 'Bump everything'],
  ['```sh\na\n```', 'Run a script'],
  [`${'x'.repeat(200)}\n\`\`\`sh\na\n\`\`\``, `${'x'.repeat(119)}…`],
  ['#!/bin/sh\n\n# Rename all\n# of them\nb', 'Rename all'],
  ['#!/usr/bin/env node\n// Rename all\nb', 'Rename all'],
  ['#!/bin/sh\nb', 'Run a script'],
])('%j has the title %j', (prompt, title) => {
  expect(parsePrompt(prompt)?.title).toBe(title)
})
