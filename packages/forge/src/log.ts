/** The part of pino the forge uses. */
export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
}
