export { assessProbe, SandboxTooWeak } from './assess.ts'
export * from './box.ts'
export type * from './inside/findings.ts'
export { openBox } from './open-box.ts'
