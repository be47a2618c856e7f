import { expect, it } from 'vitest'

import { isAskedFor, type Tool, tools, versionFromFile, versionIn } from './tools.ts'

const toolOf = (name: string): Tool => tools[`actions/setup-${name}`] as Tool // one of the table

it.each([
  ['v24.1.0\n', '24.1.0'],
  ['Python 3.13.5', '3.13.5'],
  ['go version go1.24.4 linux/amd64', '1.24.4'],
  ['openjdk version "21.0.7" 2025-04-15', '21.0.7'],
  ['openjdk version "17" 2021-09-14', '17.0.0'],
  ['Picked up JAVA_TOOL_OPTIONS: -Dx\nopenjdk 21.0.7 2025-04-15', '21.0.7'],
  ['not found', undefined],
])('in %j there is the version %j', (printed, version) => {
  expect(versionIn(printed)).toBe(version)
})

it.each([
  ['node', '24.1.0', '24', true],
  ['node', '24.1.0', 'v24', true],
  ['node', '24.1.0', '24.x', true],
  ['node', '24.1.0', '22', false],
  ['node', '24.1.0', '>=20 <25', true],
  ['node', '24.1.0', 'lts/*', true],
  ['node', '23.1.0', 'lts/*', false],
  ['node', '24.1.0', 'lts/iron', 'unknown'],
  ['node', '24.1.0', 'latest', true],
  ['python', '3.13.5', '3.13', true],
  ['python', '3.13.5', '3.12', false],
  ['python', '3.13.5', '3.x', true],
  ['python', '3.13.5', '>=3.10,<4', true],
  ['python', '3.13.5', '~=3.13', true],
  ['python', '3.13.5', 'pypy3.10', 'unknown'],
  ['go', '1.24.4', '^1.22', true],
  ['go', '1.24.4', 'stable', true],
  ['go', '1.24.4', '1.24.4', true],
  ['java', '21.0.7', '21', true],
  ['java', '21.0.7', '17', false],
])('%s %s is what %j asks for: %j', (name, version, asked, is) => {
  expect(isAskedFor(toolOf(name), version, asked)).toBe(is)
})

it.each([
  ['node', '.nvmrc', '# ours\nv22.1\n', 'v22.1'],
  ['node', 'app/package.json', '{"engines":{"node":">=20"}}', '>=20'],
  ['node', 'package.json', '{"volta":{"node":"20.1.0"},"engines":{"node":">=20"}}', '20.1.0'],
  ['node', 'package.json', '{"engines":{"npm":"1"}}', undefined],
  ['node', 'package.json', '{', undefined],
  ['node', '.tool-versions', 'python 3.1\nnodejs 20.1.0\n', '20.1.0'],
  ['java', '.tool-versions', 'java temurin-21.0.1\n', '21.0.1'],
  ['go', 'go.mod', 'module x\n\ngo 1.22\n\ntoolchain go1.23.1\n', '1.23.1'],
  ['go', 'go.mod', 'module x\n\ngo 1.22\n', '1.22'],
  ['python', '.python-version', '3.12\n3.11\n', '3.12'],
  ['python', 'pyproject.toml', '[project]\nrequires-python = ">=3.11"\n', '>=3.11'],
])('for %s, %s with %j names %j', (name, path, text, version) => {
  expect(versionFromFile(toolOf(name), path, text)).toBe(version)
})
