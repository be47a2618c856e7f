import { expect, it } from 'vitest'
import { isAllowedServer } from './is-allowed-server.ts'

const anImage = { image: 'ghcr.io/contoso/*' }
const npx = { command: 'npx', args: ['-y', '@contoso/*'] }
const runsImage = { type: 'local', args: ['run', '-i', '--rm', 'ghcr.io/contoso/mcp:1'] }
const runsPackage = { type: 'local', args: ['-y', '@contoso/mcp'] }

it.each([
  'docker',
  'nerdctl',
  '/usr/bin/podman',
  '/usr/local/bin/docker',
  '/bin/docker',
  '/opt/homebrew/bin/docker',
])('recognises an image that %s runs', (command) => {
  expect(isAllowedServer(anImage, 'it', { ...runsImage, command })).toBe(true)
})

it.each([
  './docker',
  'tools/docker',
  '/workspace/tools/docker',
  '/usr/bin/../../workspace/docker',
  '~/docker',
])('recognises no image that %s runs: it may be a file of the checkout', (command) => {
  expect(isAllowedServer(anImage, 'it', { ...runsImage, command })).toBe(false)
})

it.each([
  'PATH',
  'HOME',
  'XDG_CONFIG_HOME',
  'DOCKER_HOST',
  'DOCKER_CONTEXT',
  'DOCKER_CONFIG',
  'CONTAINER_HOST',
  'CONTAINERS_CONF',
  'LD_PRELOAD',
  'LD_LIBRARY_PATH',
])('recognises no image where %s is set: another program or machine may run it', (name) => {
  const server = { ...runsImage, command: 'docker', env: { [name]: './bin' } }

  expect(isAllowedServer(anImage, 'it', server)).toBe(false)
})

it.each(['PATH', 'LD_PRELOAD'])('does not allow a command by its name where %s is set', (name) => {
  const server = { ...runsPackage, command: 'npx', env: { [name]: './bin' } }

  expect(isAllowedServer(npx, 'it', server)).toBe(false)
})

it('allows a command only as it is written', () => {
  const allows = (command: string) => isAllowedServer(npx, 'it', { ...runsPackage, command })

  expect(['npx', './npx', '/workspace/npx'].map(allows)).toEqual([true, false, false])
})

it('lets a server have an environment of its own', () => {
  const env = { REGION: 'eu', DOCKER_HUB_TOKEN: '$COPILOT_MCP_HUB', FILE_PATH: '/a' }

  expect(isAllowedServer(anImage, 'it', { ...runsImage, command: 'docker', env })).toBe(true)
  expect(isAllowedServer(npx, 'it', { ...runsPackage, command: 'npx', env })).toBe(true)
})
