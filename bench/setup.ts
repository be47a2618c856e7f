import { join } from 'node:path'
import { createRepository } from '../test/support/repository.ts'
import { startErrand } from '../test/support/start-errand.ts'
import { completeTask, eventsOf, scriptPrompt } from '../test/support/tasks.ts'
import { createTempFolder } from '../test/support/temp-folder.ts'
import { formatMs, formatRatio, type Section } from './report.ts'
import { median } from './rounds.ts'

const rounds = 3
const packages = 600
const filesEach = 10

/** Packages as a small project has them: their files, and for every second a program that is started, as by its install script. */
const install = `
const { createHash } = require('node:crypto')
const { execFileSync } = require('node:child_process')
const { mkdirSync, writeFileSync } = require('node:fs')
for (let at = 0; at < ${packages}; at += 1) {
  const folder = 'node_modules/package-' + at
  mkdirSync(folder, { recursive: true })
  for (let file = 0; file < ${filesEach}; file += 1) {
    const text = ('module.exports = ' + at + ' // ' + file + '\\n').repeat(200)
    writeFileSync(folder + '/' + createHash('sha1').update(text).digest('hex') + '.js', text)
  }
  if (at % 2 === 0) execFileSync(process.execPath, ['--eval', 'require("node:zlib")'])
}`

const stepsFile = `
jobs:
  copilot-setup-steps:
    steps:
      - uses: actions/checkout@v5
      - uses: actions/setup-node@v6
        with: { node-version: ">=22" }
      - name: Install
        run: node install.js
`

/** From the lease to the agent, with the setup steps to be run and with their results kept. */
export async function measureSetup(): Promise<Section> {
  await using folder = await createTempFolder('bench')
  await using errand = await startErrand()
  const source = join(folder.path, 'source')
  await createRepository(source, {
    'install.js': install,
    '.gitignore': 'node_modules\n',
    '.github/workflows/copilot-setup-steps.yml': stepsFile,
  })
  const plain = join(folder.path, 'plain')
  await createRepository(plain)
  await errand.forge.importRepository(plain, 'acme/plain', {})
  const times = { none: [] as number[], first: [] as number[], second: [] as number[] }
  for (let round = 0; round < rounds; round += 1) {
    // A repository of its own has nothing kept.
    const name = `acme/round-${round}`
    await errand.forge.importRepository(source, name, {})
    times.none.push(await startMs(errand.client, 'acme/plain', 0))
    times.first.push(await startMs(errand.client, name, 3))
    times.second.push(await startMs(errand.client, name, 0))
  }
  const [none, first, second] = [times.none, times.first, times.second].map(median) as [
    number,
    number,
    number,
  ] // one for each
  return {
    name: 'setup',
    title: 'Starting an agent after setup steps',
    text: `From the lease of a session to the start of its agent, by the times of its events: clone, sandbox, and setup steps that install ${packages} packages of ${filesEach} files into \`node_modules\` and start Node for every second, all without a network. The first session of a repository runs them and keeps what they left; the second unpacks it. Medians of ${rounds} repositories, in turns with one that has no setup steps.`,
    header: ['what', 'median', 'against the first session'],
    rows: [
      ['the first session: the steps run, and are kept', formatMs(first), formatRatio(1)],
      ['the second session: unpacked', formatMs(second), formatRatio(second / first)],
      ['a repository without setup steps', formatMs(none), formatRatio(none / first)],
    ],
  }
}

async function startMs(
  client: Parameters<typeof completeTask>[0],
  name: string,
  steps: number,
): Promise<number> {
  const task = await completeTask(client, name, { prompt: scriptPrompt('true'), model: 'script' })
  const events = await eventsOf(client, task.id)
  const ran = events.filter(({ type }) => type === 'setup.step_complete').length
  if (ran !== steps) throw new Error(`${ran} steps ran, not ${steps}`)
  const leased = events.find(({ data }) => data['to'] === 'in_progress')
  const started = events.find(({ data }) => data['message'] === 'Starting the agent')
  if (leased === undefined || started === undefined) throw new Error('the agent did not start')
  return Date.parse(started.timestamp) - Date.parse(leased.timestamp)
}
