export { type Box, openBox, type ProbeCheck, probeHost, type ProbeReport } from './box/index.ts'
export { openUpstreamKeys, type UpstreamKeys } from './gateway/upstreams/upstream-keys.ts'
export type { RunnerForge } from './run/session-forge.ts'
export { type Runner, type RunnerOptions, startRunner } from './start-runner.ts'
