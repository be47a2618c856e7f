export {
  type Box,
  gatewayPort,
  openBox,
  type ProbeCheck,
  probeHost,
  type ProbeReport,
} from './box/index.ts'
export type { RunnerForge } from './run/session-forge.ts'
export { type Runner, type RunnerOptions, startRunner } from './start-runner.ts'
