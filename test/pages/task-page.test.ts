import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { chromiumPath, launchBrowser } from '../support/browser.ts'
import { type Script, startScriptedModel, type ScriptedModel } from '../support/scripted-model.ts'
import { type Errand, startErrand } from '../support/start-errand.ts'
import { artifactOf, completeTask, createTask, scriptPrompt, untilState } from '../support/tasks.ts'

const isSkipped = chromiumPath === undefined
const why = isSkipped ? ' (Chromium is not installed)' : ''

/** Markup that would run, wherever it came to stand in a page. */
const markup =
  '<script>window.pwned=1</script><img src=x onerror="window.pwned=1"></pre></textarea>'

const ask: Script = ({ index, result }) => {
  if (index === 0) return { call: [['ask_user', { question: `Red or blue? ${markup}` }]] }
  if (index === 1) return { call: [['write_file', { path: 'COLOUR.md', content: `${result}\n` }]] }
  return { say: `Painted ${markup}` }
}

describe.skipIf(isSkipped)(`the page of a task${why}`, () => {
  let model: ScriptedModel
  let errand: Errand
  let browser: Browser

  beforeAll(async () => {
    model = await startScriptedModel(ask)
    errand = await startErrand({ model })
    await errand.addRepository('acme/sums')
    browser = await launchBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await errand?.[Symbol.asyncDispose]()
    await model?.[Symbol.asyncDispose]()
  })

  /** A page of its own; whatever went wrong in it fails the test. */
  async function openPage(url: string): Promise<Page & AsyncDisposable> {
    const context = await browser.newContext()
    const page = await context.newPage()
    const errors: Error[] = []
    page.on('pageerror', (error) => errors.push(error))
    await page.goto(url)
    return Object.assign(page, {
      async [Symbol.asyncDispose]() {
        const isPwned = await page.evaluate('window.pwned')
        await context.close()
        expect(isPwned).toBeUndefined()
        expect(errors).toEqual([])
      },
    })
  }

  async function signIn(page: Page, token = errand.token): Promise<void> {
    await page.getByLabel('A token of yours').fill(token)
    await page.getByRole('button', { name: 'Sign in' }).click()
  }

  it('asks for a token first, and goes on to the task with it', async () => {
    const task = await completeTask(errand.client, 'acme/sums', {
      prompt: scriptPrompt('echo fine >> README.md', 'Say fine'),
      model: 'script',
      create_pull_request: true,
    })

    await using page = await openPage(task.html_url ?? '')
    const first = page.url()
    await signIn(page)
    await page.getByRole('heading', { name: 'Say fine' }).waitFor()

    expect(first).toContain('/login?return_to=')
    expect(page.url()).toBe(task.html_url)
    expect(await page.locator('[data-state]').textContent()).toBe('completed')
    expect(await page.locator('.diff').textContent()).toContain('+fine')
    const pull = page.getByRole('link', { name: `#${artifactOf(task, 'pull')?.number}` })
    expect(await pull.getAttribute('href')).toBe(artifactOf(task, 'pull')?.html_url)
  })

  it('refuses a token that is not known, and shows nothing to who may not see the task', async () => {
    await errand.addRepository('acme/private')
    await errand.client.request('PATCH', '/repos/acme/private', { body: { private: true } })
    const { html_url: url } = await createTask(errand.client, 'acme/private', {
      prompt: scriptPrompt('true', 'Secret plan'),
      model: 'script',
    })
    const stranger = await errand.forge.createUser({ login: 'stranger' })
    const token = await errand.forge.createToken({
      user: stranger,
      kind: 'classic',
      scopes: ['repo'],
    })

    await using page = await openPage(url ?? '')
    await signIn(page, 'ghp_notAToken')
    await page.getByText('This token is not known').waitFor()
    await signIn(page, token)
    await page.getByRole('heading', { name: 'Not found' }).waitFor()

    expect(await page.content()).not.toContain('Secret plan')
  })

  it('shows the log as it grows', async () => {
    const { id, html_url: url } = await createTask(errand.client, 'acme/sums', {
      prompt: scriptPrompt(
        'for n in 1 2 3 4 5 6; do echo "step $n"; sleep 0.5; done',
        'Count slowly',
      ),
      model: 'script',
    })
    await untilState(errand.client, id, 'in_progress')

    await using page = await openPage(url ?? '')
    await signIn(page)
    await page.locator('#log').getByText('step 1').first().waitFor()
    await page.locator('#log').getByText('step 6').first().waitFor()
    await page.locator('[data-state=completed]').waitFor()
  })

  it('takes the answer to a question, and shows markup as text, wherever it comes from', async () => {
    const task = await createTask(errand.client, 'acme/sums', {
      prompt: `Paint it ${markup}`,
      model: 'scripted',
      create_pull_request: true,
    })
    await untilState(errand.client, task.id, 'waiting_for_user')

    await using page = await openPage(task.html_url ?? '')
    await signIn(page)
    await page.getByText(`Red or blue? ${markup}`).first().waitFor()
    await page.getByLabel('Your answer').fill(`Blue ${markup}`)
    await page.getByRole('button', { name: 'Answer' }).click()
    await page.locator('[data-state=completed]').waitFor()
    const text = await page.locator('main').textContent()

    expect(text).toContain(`Paint it ${markup}`)
    expect(text).toContain(`Painted ${markup}`)
    expect(text).toContain(`Blue ${markup}`)
  })

  it('cancels a task', async () => {
    const { id, html_url: url } = await createTask(errand.client, 'acme/sums', {
      prompt: scriptPrompt('sleep 60', 'Sleep'),
      model: 'script',
    })

    await using page = await openPage(url ?? '')
    await signIn(page)
    await page.getByRole('button', { name: 'Cancel the task' }).click()
    await page.locator('[data-state=cancelled]').waitFor()

    await untilState(errand.client, id, 'cancelled')
  })

  it('lists the tasks of whoever is signed in, and signs out', async () => {
    await using page = await openPage(`${errand.url}/`)
    await signIn(page)
    await page.getByRole('link', { name: 'Sleep' }).first().waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()
    await page.getByRole('heading', { name: 'Sign in' }).waitFor()
    await page.goto(`${errand.url}/`)

    expect(page.url()).toContain('/login')
  })

  it('has a page to read the API', async () => {
    await using page = await openPage(`${errand.url}/docs`)

    expect(await page.locator('main').textContent()).toContain('/agents/tasks/{task_id}/steer')
  })
})

describe('without a browser', () => {
  it('a form of another site changes nothing', async () => {
    await using plain = await startErrand({ settings: { runner: { enabled: false } } })
    await plain.addRepository('acme/sums')
    const { id, html_url: url } = await createTask(plain.client, 'acme/sums', {
      prompt: 'p',
      model: 'script',
    })
    const signedIn = await fetch(`${plain.url}/login`, {
      method: 'POST',
      redirect: 'manual',
      body: new URLSearchParams({ token: plain.token }),
    })
    const cookie = signedIn.headers.get('set-cookie')?.split(';')[0] ?? ''

    const post = (path: string): Promise<Response> =>
      fetch(path, { method: 'POST', headers: { cookie }, redirect: 'manual', body: '' })
    const form = await post(`${url}/cancel`)
    const api = await post(`${plain.url}/agents/tasks/${id}/cancel`)

    expect(cookie).not.toBe('')
    expect([form.status, api.status]).toEqual([403, 401])
    expect((await plain.client.call('getTask', { params: { task_id: id } })).state).toBe('queued')
  })
})
