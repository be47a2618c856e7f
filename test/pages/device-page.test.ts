import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { baseEnvironment } from '../support/base-environment.ts'
import { chromiumPath, launchBrowser } from '../support/browser.ts'
import { eventually } from '../support/eventually.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { createTempFolder, type TempFolder } from '../support/temp-folder.ts'

const isSkipped = chromiumPath === undefined
const why = isSkipped ? ' (Chromium is not installed)' : ''
const program = fileURLToPath(new URL('../../packages/cli/bin/errand.js', import.meta.url))

describe.skipIf(isSkipped)(`signing in a device${why}`, () => {
  let errand: Errand
  let browser: Browser
  let folder: TempFolder

  beforeAll(async () => {
    errand = await startErrand({ settings: { runner: { enabled: false } } })
    browser = await launchBrowser()
    folder = await createTempFolder('device')
  })
  afterAll(async () => {
    await browser?.close()
    await errand?.[Symbol.asyncDispose]()
    await folder?.[Symbol.asyncDispose]()
  })

  /** `errand login --web`, as it waits for its code to be entered. */
  async function startLogin(home: string) {
    const child = spawn(process.execPath, [program, 'login', errand.url, '--web'], {
      env: { ...baseEnvironment, HOME: home },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    child.stderr.on('data', (chunk: Buffer) => void (said += chunk.toString()))
    const exited = once(child, 'exit')
    const shown = await eventually(() => {
      const { url, code } =
        /Open (?<url>\S+) and enter the code (?<code>\S+)\.\n/.exec(said)?.groups ?? {}
      if (url === undefined || code === undefined) throw new Error(said)
      return { url, code }
    })
    return {
      ...shown,
      async untilEnded() {
        const [code] = (await exited) as [number]
        return { code, said }
      },
      [Symbol.dispose]: () => void child.kill('SIGKILL'),
    }
  }

  async function openPage(url: string): Promise<Page & AsyncDisposable> {
    const context = await browser.newContext()
    const page = await context.newPage()
    const errors: Error[] = []
    page.on('pageerror', (error) => errors.push(error))
    await page.goto(url)
    return Object.assign(page, {
      async [Symbol.asyncDispose]() {
        await context.close()
        expect(errors).toEqual([])
      },
    })
  }

  async function enter(page: Page, code: string): Promise<void> {
    await page.getByLabel('A token of yours').fill(errand.token)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByLabel('The code it shows').fill(code)
    await page.getByRole('button', { name: 'Continue' }).click()
    await page.getByRole('heading', { name: 'Let Errand’s command line in?' }).waitFor()
  }

  it('gives the command a token of who lets it in', async () => {
    const home = join(folder.path, 'let-in')
    using login = await startLogin(home)
    await using page = await openPage(login.url)
    await enter(page, login.code.toLowerCase())
    const asked = await page.locator('main').textContent()

    await page.getByRole('button', { name: 'Let it in' }).click()
    await page.getByRole('heading', { name: 'It is signed in' }).waitFor()
    const { code, said } = await login.untilEnded()

    expect(asked).toContain('It asks for a token of owner')
    expect(asked).toContain('everything in your repositories, tasks too: repo')
    expect([code, said]).toEqual([
      0,
      expect.stringContaining(`Signed in to ${errand.url} as owner.`),
    ])
    const hosts = JSON.parse(await readFile(join(home, '.config/errand/hosts.json'), 'utf8')) as {
      hosts: Record<string, { token: string }>
    }
    const token = hosts.hosts[errand.url]?.token ?? ''
    expect(token).toMatch(/^gho_/)
    expect(said).not.toContain(token)
    expect(await errand.forge.authenticate(token)).toMatchObject({
      user: { login: 'owner' },
      token: { kind: 'oauth', scopes: ['repo'] },
    })
  })

  it('gives it nothing where it is refused, and knows no wrong code', async () => {
    using login = await startLogin(join(folder.path, 'refused'))
    await using page = await openPage(login.url)
    await page.getByLabel('A token of yours').fill(errand.token)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByLabel('The code it shows').fill('BBBB-BBBB')
    await page.getByRole('button', { name: 'Continue' }).click()
    const problem = await page.getByRole('alert').textContent()
    await page.getByLabel('The code it shows').fill(login.code)
    await page.getByRole('button', { name: 'Continue' }).click()

    await page.getByRole('button', { name: 'Do not' }).click()
    await page.getByRole('heading', { name: 'It was not let in' }).waitFor()
    const { code, said } = await login.untilEnded()

    expect(problem).toContain('No device waits by this code.')
    expect([code, said]).toEqual([1, expect.stringContaining('It was refused on the page')])
  })
})
