import { describe, expect, it } from 'vitest'
import { Campaign } from './campaign.ts'
import { type CampaignState } from './journal.ts'
import { type Progress } from './progress.ts'
import { presentReport } from './report.ts'

const parts: Progress[] = [
  {
    repository: 'acme/a',
    prompt: 'p',
    attempt: 1,
    step: 'ended',
    state: 'completed',
    pullUrl: 'http://here/acme/a/pull/1',
    seconds: 12.5,
    nano: 1_500_000_000,
  },
  { repository: 'acme/b', prompt: 'p', attempt: 1, step: 'refused', reason: '=HYPERLINK("x")|<b>' },
]
const state: CampaignState = {
  campaign: {
    type: 'campaign',
    version: 1,
    at: '2026-01-02T05:00:00.000Z',
    id: '0b83c4a1-1111-4222-8333-444455556666',
    server: 'http://here',
    campaign: Campaign.parse({ name: 'dates', prompt: 'p', targets: {} }),
    tasks: parts,
  },
  progress: new Map(parts.map((part) => [part.repository, part])),
  isCanaryPassed: false,
  maxAiCredits: undefined,
}

describe('a report', () => {
  it('as Markdown lets no reason become markup', () => {
    expect(presentReport(state, 'markdown')).toBe(
      [
        '# dates',
        '',
        '1 completed, 1 refused, of 2.',
        '',
        '| repository | state | pull request | time | AI credits | reason |',
        '| --- | --- | --- | --- | --- | --- |',
        '| acme/a | completed | http://here/acme/a/pull/1 | 0:12 | 1.50 |  |',
        '| acme/b | refused |  |  |  | =HYPERLINK("x")\\|\\<b\\> |',
        '',
      ].join('\n'),
    )
  })

  it('as CSV holds nothing that a spreadsheet would run', () => {
    expect(presentReport(state, 'csv').split('\n')).toEqual([
      'repository,state,pull_request_url,task_url,seconds,ai_credits,reason,problems',
      'acme/a,completed,http://here/acme/a/pull/1,,12.5,1.5,,',
      `acme/b,refused,,,,,"'=HYPERLINK(""x"")|<b>",`,
      '',
    ])
  })

  it('as JSON has the sums and every repository', () => {
    expect(JSON.parse(presentReport(state, 'json'))).toMatchObject({
      name: 'dates',
      counts: { completed: 1, refused: 1 },
      ai_credits: 1.5,
      forecast: { remaining: 0 },
      repositories: [{ repository: 'acme/a', seconds: 12.5 }, { repository: 'acme/b' }],
    })
  })

  it('as HTML is one file that loads and runs nothing, whatever it is told', () => {
    const hostile: Progress = {
      repository: 'acme/<script>alert(1)</script>',
      prompt: 'p',
      attempt: 1,
      step: 'ended',
      state: 'failed',
      pullUrl: 'javascript:alert(1)//"><img src=x onerror=alert(1)>',
      reason: '"><script src="http://evil.example/x.js"></script>',
    }
    const html = presentReport(
      { ...state, progress: new Map([...state.progress, [hostile.repository, hostile]]) },
      'html',
    )

    expect(html).not.toMatch(/<script|<img|<link|@import|url\(|href="javascript/i)
    expect(html).toContain('<a href="http://here/acme/a/pull/1">#1</a>')
    expect(html).toContain('<title>1 completed</title>')
    expect(html.match(/<tr>/g)).toHaveLength(4)
  })
})
