export * from './box.ts'
export type * from './inside/findings.ts'
