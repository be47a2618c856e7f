import { mkdir, writeFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { toldText } from '../testing/start-agent.ts'
import { bash, call, finish, useCoder } from '../testing/coder-stage.ts'

const stage = useCoder()
const asking = { env: { ERRAND_ASK_PERMISSION: '1' } }

describe('a coder that has to ask', () => {
  it('asks before each tool, with what it is for, and does not use what it is refused', async () => {
    const asked: unknown[] = []
    const replies = [bash('echo x > made.txt'), call('read_file', { path: 'a.txt' }), finish()]
    await writeFile(stage.path('a.txt'), 'text of a')
    const id = await stage.start(replies, {
      ...asking,
      permit(request) {
        asked.push([request.toolCall.kind, request.toolCall.rawInput])
        return request.toolCall.kind === 'execute' ? 'not before noon' : undefined
      },
    })

    const { stopReason } = await stage.agent.prompt(id, 'Do it')

    expect(stopReason).toBe('end_turn')
    expect(asked).toEqual([
      ['execute', { command: 'echo x > made.txt' }],
      ['read', { path: 'a.txt' }],
    ])
    expect(stage.resultOf(1)).toContain('bash was not run: not before noon')
    expect(stage.resultOf(2)).toContain('text of a')
    expect(toldText(stage.agent.updates)).toContain('not before noon')
  })

  it('asks before what an exploration reads, too', async () => {
    await mkdir(stage.path('src'))
    const asked: unknown[] = []
    const replies = [
      call('explore', { question: 'What is there?' }),
      call('list_files', {}),
      { say: 'Nothing.' },
      finish(),
    ]
    const id = await stage.start(({ count }) => replies[count] ?? finish(), {
      ...asking,
      permit(request) {
        asked.push(request.toolCall.kind)
        return undefined
      },
    })

    await stage.agent.prompt(id, 'Do it')

    expect(asked).toEqual(['other', 'read'])
  })
})

describe('a coder whose tools are limited', () => {
  it('has those alone, and what only tells and asks', async () => {
    const id = await stage.start([bash('echo x > made.txt'), finish()], {
      env: { ERRAND_TOOLS: 'read,search' },
    })

    await stage.agent.prompt(id, 'Do it')

    expect(stage.resultOf(1)).toMatch(
      /There is no tool bash\. There are: read_file, list_files, search, update_plan, finish\./,
    )
  })

  it('has none where none are allowed', async () => {
    const id = await stage.start([call('read_file', { path: 'a' }), finish()], {
      env: { ERRAND_TOOLS: '' },
    })

    await stage.agent.prompt(id, 'Do it')

    expect(stage.resultOf(1)).toContain('There are: update_plan, finish.')
  })
})
