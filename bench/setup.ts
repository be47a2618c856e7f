import { join, resolve } from 'node:path'
import { git } from '../test/support/git.ts'
import { findPackageRegistry } from '../test/support/package-registry.ts'
import { type Errand, startErrand } from '../test/support/start-errand.ts'
import { createTask, eventsOf, scriptPrompt, untilState } from '../test/support/tasks.ts'
import { createTempFolder } from '../test/support/temp-folder.ts'
import { formatMs, formatRatio, type Section } from './report.ts'
import { median } from './rounds.ts'

const rounds = 3

/** How much sooner an agent starts once the results of a repository's setup steps are kept. */
export async function measureSetup(): Promise<Section> {
  await using folder = await createTempFolder('bench-setup')
  const source = join(folder.path, 'source.git')
  const root = resolve(import.meta.dirname, '..')
  await git('/', ['clone', '--quiet', '--bare', '--no-hardlinks', root, source])
  const registry = await findPackageRegistry()
  await using errand = await startErrand({
    isOnPglite: true,
    settings: { firewall: registry.firewall, sandbox: { memory_mb: 4096 } },
  })
  const firstMs: number[] = []
  const secondMs: number[] = []
  for (let round = 1; round <= rounds; round += 1) {
    // What one repository keeps is no other's.
    const name = `acme/errand-${round}`
    await errand.forge.importRepository(source, name, {})
    firstMs.push(await startMs(errand, name, 'script/bootstrap'))
    secondMs.push(await startMs(errand, name, 'need not run'))
  }
  const [first, second] = [median(firstMs), median(secondMs)]
  return {
    name: 'setup',
    title: "An agent's start with setup steps",
    text: `From \`in_progress\` to the start of the agent, for the first task of a repository and for the second: this project itself with its own \`.github/workflows/copilot-setup-steps.yml\`, whose \`script/bootstrap\` runs \`npm ci\` of some 300 packages through the firewall. The second unpacks what the first has kept. Medians of ${rounds} repositories.`,
    header: ['what', 'median', 'against the first'],
    rows: [
      ['the first task, with its steps', formatMs(first), formatRatio(1)],
      ['the second, with what was kept', formatMs(second), formatRatio(second / first)],
    ],
  }
}

/** @param said what the log has to say of the steps */
async function startMs({ client }: Errand, name: string, said: string): Promise<number> {
  const prompt = scriptPrompt('test -d node_modules/typescript')
  const { id } = await createTask(client, name, { prompt, model: 'script' })
  await untilState(client, id, 'completed', { timeoutMs: 600_000 })
  const events = await eventsOf(client, id)
  const told = JSON.stringify(events)
  if (!told.includes(said)) throw new Error(`the steps did something else: ${told}`)
  const at = (part: string): number => {
    const event = events.find((one) => JSON.stringify(one).includes(part))
    return Date.parse(event?.timestamp ?? '')
  }
  return at('"Starting the agent"') - at('"to":"in_progress"')
}
