import { randomBytes } from 'node:crypto'

/** `X-GitHub-Request-Id` in GitHub's form: five groups of hexadecimal digits (behaviour.md 2.4). */
export function createRequestId(): string {
  const hex = randomBytes(16).toString('hex').toUpperCase()
  return [
    hex.slice(0, 4),
    hex.slice(4, 10),
    hex.slice(10, 16),
    hex.slice(16, 24),
    hex.slice(24),
  ].join(':')
}
