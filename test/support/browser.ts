import { existsSync } from 'node:fs'
import { type Browser, chromium } from 'playwright-core'

const candidates = [
  process.env.CHROMIUM,
  '/usr/bin/chromium',
  '/usr/bin/chromium-browser',
  '/usr/bin/google-chrome',
]

/** A Chromium that the system has; absent when there is none. */
export const chromiumPath = candidates.find((path) => path !== undefined && existsSync(path))

/** A real browser, without a screen and without anything it would do on its own account. */
export function launchBrowser(): Promise<Browser> {
  if (chromiumPath === undefined) throw new Error('Chromium is not installed')
  return chromium.launch({
    executablePath: chromiumPath,
    headless: true,
    args: [
      // The tests may run as root, where Chromium's own sandbox refuses to start.
      '--no-sandbox',
      '--disable-gpu',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
}
