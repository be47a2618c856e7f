import { describe, expect, it } from 'vitest'
import { chromiumPath } from '../support/browser.ts'
import { finish, type Reply, startScriptedModel } from '../support/scripted-model.ts'
import { startErrand } from '../support/start-errand.ts'
import { completeTask, eventsOf } from '../support/tasks.ts'

/** A page whose heading a program writes, so that only a browser can read it. */
const page = `<body><script>document.body.innerHTML = '<h1>' + ['Sums', 'of', 2 + 3].join(' ') + '</h1>'</script>`
const server = `require('node:http').createServer((_, answer) => {
  answer.setHeader('content-type', 'text/html')
  answer.end(${JSON.stringify(page)})
}).listen(3000, 'localhost')
`
const serve =
  'setsid node server.cjs >/tmp/server.log 2>&1 & for at in $(seq 100); do curl -sS --noproxy "*" http://localhost:3000/ && break; sleep 0.1; done'

describe.skipIf(chromiumPath === undefined)('an agent with a browser', () => {
  it('looks at the page that it serves, and at no page elsewhere', async () => {
    const work: Reply[] = [
      { call: [['bash', { command: serve }]] },
      { call: [['playwright__browser_navigate', { url: 'http://localhost:3000/' }]] },
      { call: [['playwright__browser_snapshot', {}]] },
      { call: [['playwright__browser_navigate', { url: 'https://example.com/' }]] },
      finish('Look at sums'),
    ]
    await using model = await startScriptedModel(work)
    const settings = { sandbox: { memory_mb: 3072 }, mcp: { chromium_path: chromiumPath } }
    await using errand = await startErrand({ model, settings })
    await errand.addRepository('acme/sums', { 'server.cjs': server })

    const task = await completeTask(errand.client, 'acme/sums', { prompt: 'Look at sums' })

    expect(model.turns[2]?.result).toContain('http://localhost:3000/')
    expect(model.turns[3]?.result).toContain('heading "Sums of 5"')
    expect(model.turns[4]?.result).toContain('reaches what listens on localhost in your sandbox')
    const events = await eventsOf(errand.client, task.id)
    const calls = events.filter(({ type }) => type === 'mcp.call').map(({ data }) => data)
    expect(calls).toMatchObject([
      { server: 'playwright', tool: 'browser_navigate', status: 'completed' },
      { server: 'playwright', tool: 'browser_snapshot', status: 'completed' },
      { server: 'playwright', tool: 'browser_navigate', status: 'failed' },
    ])
  })
})
