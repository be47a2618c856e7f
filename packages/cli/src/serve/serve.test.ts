import { describe, expect, it } from 'vitest'
import { Settings } from '@errand/contract'
import { openFakeServer } from '../testing/fake-server.ts'
import { chooseTask } from '../quickstart/task.ts'
import { findModels } from './found-models.ts'
import { createLog } from './log.ts'

const signal = new AbortController().signal

describe('models from the environment', () => {
  it.each([
    ['ANTHROPIC_API_KEY', 'claude-sonnet-5', 'https://api.anthropic.com/v1', 'messages'],
    ['OPENAI_API_KEY', 'gpt-5.6-sol', 'https://api.openai.com/v1', 'responses'],
    [
      'GEMINI_API_KEY',
      'gemini-3.1-pro',
      'https://generativelanguage.googleapis.com/v1beta',
      'generate_content',
    ],
  ])('%s gives %s', async (variable, id, baseUrl, api) => {
    const { upstreams, models, notes } = await findModels({ [variable]: 'secret' }, { signal })

    expect(models[0]).toMatchObject({ id, api, agent: 'coder' })
    expect(upstreams[models[0]?.upstream ?? '']).toMatchObject({
      base_url: baseUrl,
      api_key_env: variable,
    })
    expect(notes).toEqual([expect.stringContaining(`because ${variable} is set`)])
    expect(JSON.stringify(notes)).not.toContain('secret')
    expect(Settings.safeParse({ upstreams, models }).success).toBe(true)
  })

  it('are those of one’s own server, which is asked, or OPENAI_MODEL', async () => {
    await using server = await openFakeServer({
      'GET /v1/models': { data: [{ id: 'a' }, { id: 'b' }] },
    })
    const environment = { OPENAI_BASE_URL: `${server.url}/v1/`, OPENAI_API_KEY: 'k' }

    const asked = await findModels(environment, { signal })
    const named = await findModels({ ...environment, OPENAI_MODEL: 'c' }, { signal })

    expect(asked.models.map(({ id }) => id)).toEqual(['a', 'b'])
    expect(asked.upstreams.openai).toEqual({
      wire: 'openai',
      base_url: `${server.url}/v1`,
      api_key_env: 'OPENAI_API_KEY',
    })
    expect(named.models.map(({ id }) => id)).toEqual(['c'])
    expect(server.asked).toHaveLength(1)
  })

  it('are none, with a note, when one’s own server does not say', async () => {
    await using server = await openFakeServer({ 'GET /v1/models': '<html>' })

    const { models, notes } = await findModels({ OPENAI_BASE_URL: `${server.url}/v1` }, { signal })

    expect(models).toEqual([])
    expect(notes[0]).toContain('set OPENAI_MODEL')
  })

  it('are none without a key', async () => {
    expect(await findModels({ ANTHROPIC_API_KEY: '' }, { signal })).toEqual({
      upstreams: {},
      models: [],
      notes: [],
    })
  })
})

describe('the quick start', () => {
  it('runs the recipe alone without a key, and says which keys there could be', () => {
    const { body, reason } = chooseTask(Settings.parse({}), [])

    expect(body.model).toBe('script')
    expect(body.prompt).toBe('#!errand-recipe release\n{}\n')
    expect(reason).toContain(
      'none of ANTHROPIC_API_KEY, OPENAI_API_KEY, GEMINI_API_KEY, OPENAI_BASE_URL is set',
    )
  })

  it('has a model go over it with a key', async () => {
    const { upstreams, models, notes } = await findModels({ OPENAI_API_KEY: 'k' }, { signal })

    const { body, reason } = chooseTask(Settings.parse({ upstreams, models }), notes)

    expect(body).toMatchObject({ model: 'gpt-5.6-sol' })
    expect(reason).toBe(
      'The recipe release does it, and gpt-5.6-sol goes over it: models of openai, because OPENAI_API_KEY is set.',
    )
  })
})

describe('the log', () => {
  function log(isInteractive: boolean) {
    const lines: string[] = []
    const write = (text: string): void => void lines.push(text)
    return { lines, log: createLog('info', { write, isInteractive, paint: (_, text) => text }) }
  }

  it('is JSON for machines, and never has a secret', () => {
    const { lines, log: machine } = log(false)

    machine.info(
      { task_id: 't', token: 'ghp_x', request: { authorization: 'Bearer ghp_x' } },
      'ready',
    )

    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 30,
      msg: 'ready',
      task_id: 't',
      token: '[secret]',
    })
    expect(lines.join('')).not.toContain('ghp_x')
  })

  it('is a line for people, in which nothing acts on the terminal', () => {
    const { lines, log: person } = log(true)

    person.warn({ url: 'http://a', name: '\u001b[2J' }, 'lost')

    expect(lines[0]).toMatch(/^\d\d:\d\d:\d\d warn lost url=http:\/\/a name=\^\[\[2J\n$/)
  })
})
