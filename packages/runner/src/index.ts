export {
  type Box,
  gatewayPort,
  openBox,
  type ProbeCheck,
  probeHost,
  type ProbeReport,
} from './box/index.ts'
export { openUpstreamKeys, type UpstreamKeys } from './gateway/upstreams/upstream-keys.ts'
export type { RunnerForge } from './run/session-forge.ts'
export { type Runner, type RunnerOptions, startRunner } from './start-runner.ts'
export { installAgent } from './install/install-agent.ts'
export type { InstallOptions } from './install/install-options.ts'
export { agentFolder, findInstalled, installedVersion } from './install/installed.ts'
export { recordLock } from './install/install-package.ts'
