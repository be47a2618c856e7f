import { parse } from 'csv-parse/sync'
import { describe, expect, it } from 'vitest'
import { Campaign } from './campaign.ts'
import type { PullState } from './find-pull-state.ts'
import type { CampaignState } from './journal.ts'
import type { Progress } from './progress.ts'
import { presentReport } from './report.ts'

const parts: Progress[] = [
  {
    repository: 'acme/a',
    prompt: 'p',
    attempt: 1,
    step: 'ended',
    state: 'completed',
    sentAt: '2026-01-02T05:00:00.000Z',
    pullUrl: 'http://here/acme/a/pull/1',
    seconds: 12.5,
    usage: { type: 'ai_credits', amount: 420_000_000 },
    problems: ['labels x: no'],
  },
  { repository: 'acme/b', prompt: 'p', attempt: 1, step: 'refused', reason: '=HYPERLINK("x")|<b>' },
]
const pull: PullState = {
  number: 1,
  title: '<script>alert(1)</script>',
  state: 'draft',
  sha: 'abc',
  nodeId: 'x',
  checks: { passed: 1, failed: 0, pending: 0 },
}

function stateOf(all: Progress[], name = 'dates'): CampaignState {
  return {
    campaign: {
      type: 'campaign',
      version: 1,
      at: '2026-01-02T05:00:00.000Z',
      id: '0b83c4a1-1111-4222-8333-444455556666',
      server: 'http://here',
      campaign: { ...Campaign.parse({ name: 'x', prompt: 'p', targets: {} }), name },
      tasks: all,
    },
    progress: new Map(all.map((part) => [part.repository, part])),
    isCanaryPassed: false,
    overAtResume: new Map(),
    maxAiCredits: undefined,
  }
}
const state = stateOf(parts)
const pulls = new Map([['acme/a', pull]])

describe('a report', () => {
  it('as Markdown lets no reason become markup', () => {
    expect(presentReport(state, 'markdown', pulls)).toBe(
      [
        '# dates',
        '',
        '1 completed, 1 refused, of 2. Cost: 0.42 credits.',
        '',
        '| repository | state | pull request | its state | checks | cost | time | reason |',
        '| --- | --- | --- | --- | --- | --- | --- | --- |',
        '| acme/a | completed | http://here/acme/a/pull/1 | draft | passed | 0.42 credits | 0:12 | labels x: no |',
        '| acme/b | refused |  |  |  |  |  | =HYPERLINK("x")\\|\\<b\\> |',
        '',
      ].join('\n'),
    )
  })

  it('as CSV holds nothing that a spreadsheet would run', () => {
    const rows = parse<Record<string, string>>(presentReport(state, 'csv', pulls), {
      columns: true,
    })

    expect(rows).toMatchObject([
      {
        repository: 'acme/a',
        pull_request_state: 'draft',
        checks: 'passed',
        ai_credits: '0.42',
        seconds: '12.5',
        problems: 'labels x: no',
      },
      { repository: 'acme/b', reason: `'=HYPERLINK("x")|<b>` },
    ])
  })

  it.each(['=1+1', '+1', '-1', '@SUM(A1)', '\t=1', ' =1', '\r=1', '\n=1'])(
    'as CSV makes %j a text',
    (reason) => {
      const evil = stateOf([{ ...parts[1], reason } as Progress])

      const [row] = parse<Record<string, string>>(presentReport(evil, 'csv'), { columns: true })

      expect(row?.reason).toBe(`'${reason}`)
    },
  )

  it('as JSON has the sums and every repository', () => {
    expect(JSON.parse(presentReport(state, 'json', pulls))).toMatchObject({
      name: 'dates',
      counts: { completed: 1, refused: 1 },
      repositories: [
        { repository: 'acme/a', seconds: 12.5, ai_credits: 0.42, checks: 'passed' },
        { repository: 'acme/b', pull_request_state: null, ai_credits: null },
      ],
    })
  })

  it('as HTML is one file with a chart, that runs nothing and loads nothing', () => {
    const html = presentReport(state, 'html', pulls)

    expect(html).toContain(`content="default-src 'none'; style-src 'unsafe-inline'"`)
    expect(html).toContain('<figcaption>Outcomes</figcaption><svg')
    expect(html).toContain('<figcaption>Tasks over time</figcaption><svg')
    expect(html).toContain('<title>completed: 1</title>')
    expect(html).not.toMatch(
      /<(script|img|link|iframe|object|use|image|foreignObject)\b|url\(|@import|src=/i,
    )
  })

  it('as HTML lets nothing become markup, nor an address a program', () => {
    const evil = `"><img src=x onerror=alert(1)>'&<script>`
    const bad: Progress = {
      ...(parts[0] as Progress),
      repository: evil,
      reason: evil,
      problems: [evil],
      url: 'javascript:alert(1)',
      pullUrl: 'javascript:alert(1)//pull/1',
    }

    const html = presentReport(
      stateOf([bad], evil),
      'html',
      new Map([[evil, { ...pull, title: evil }]]),
    )

    expect(html).not.toMatch(/<(script|img)\b|href="javascript|href=/i)
    expect(
      html.match(/&quot;&gt;&lt;img src=x onerror=alert\(1\)&gt;&#39;&amp;&lt;script&gt;/g),
    ).toHaveLength(6)
  })

  it('of a campaign that sent nothing has no chart to draw', () => {
    expect(presentReport(stateOf([]), 'html')).not.toContain('<svg')
  })
})
