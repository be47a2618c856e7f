import { type Section, writeSection } from './report.ts'

// Each is loaded when it is run: what one needs need not be there for another.
const benchmarks: Record<string, () => Promise<() => Promise<Section>>> = {
  create: async () => (await import('./create.ts')).measureCreate,
  limits: async () => (await import('./limits.ts')).measureLimits,
  start: async () => (await import('./start.ts')).measureStart,
  task: async () => (await import('./task.ts')).measureTask,
  sandbox: async () => (await import('./sandbox.ts')).measureSandbox,
  fanout: async () => (await import('./fanout.ts')).measureFanout,
  setup: async () => (await import('./setup.ts')).measureSetup,
  audit: async () => (await import('./audit.ts')).measureAudit,
  gateway: async () => (await import('./gateway.ts')).measureGateway,
  memory: async () => (await import('./memory.ts')).measureMemory,
}

const names = process.argv.slice(2)
const unknown = names.find((name) => !(name in benchmarks))
if (unknown !== undefined) {
  console.error(
    `There is no benchmark ${unknown}; there are ${Object.keys(benchmarks).join(', ')}.`,
  )
  process.exitCode = 2
} else {
  for (const [name, load] of Object.entries(benchmarks)) {
    if (names.length > 0 && !names.includes(name)) continue
    console.error(`Measuring ${name}`)
    const measure = await load()
    await writeSection(await measure())
  }
}
