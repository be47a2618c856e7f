import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { State } from '@errand/contract'
import { type CampaignNow, decide, type TargetNow } from './decide.ts'
import { hasEnded as isEnd } from './target-state.ts'

function target(number: number, state: TargetNow['state'], fields: Partial<TargetNow> = {}) {
  return { number, wave: 0, state, repositoryId: number, reviewers: [], ...fields }
}

function campaign(fields: Partial<CampaignNow> = {}): CampaignNow {
  return {
    rules: { pause_after_wave: false },
    concurrency: Number.POSITIVE_INFINITY,
    maxNano: Number.POSITIVE_INFINITY,
    spentNano: 0,
    expectedNano: 0,
    allowedWave: 0,
    forgivenFailures: 0,
    targets: [],
    pulls: { byRepository: new Map(), ofAuthor: 0, byReviewer: new Map() },
    ...fields,
  }
}

/** So many targets in a state, numbered on from `from`. */
function targets(count: number, state: TargetNow['state'], from = 0, fields = {}): TargetNow[] {
  return Array.from({ length: count }, (_, index) => target(from + index, state, fields))
}

describe('what a campaign sends', () => {
  it('is everything, where nothing limits it', () => {
    expect(decide(campaign({ targets: targets(3, 'pending') }))).toEqual({
      send: [0, 1, 2],
      heldByOpenPulls: false,
      isActive: true,
    })
  })

  it('is nothing, and it is over, when every task has ended', () => {
    const ended = decide(campaign({ targets: targets(3, 'completed') }))
    expect(ended).toEqual({ send: [], heldByOpenPulls: false, isActive: false })
  })

  it('is no more at a time than its concurrency', () => {
    const now = campaign({
      concurrency: 3,
      targets: [...targets(1, 'waiting_for_user'), ...targets(5, 'pending', 1)],
    })
    expect(decide(now).send).toEqual([1, 2])
  })

  it('is the next wave when the one before has ended, and only then', () => {
    const second = targets(2, 'pending', 2, { wave: 1 })
    const open = campaign({ targets: [target(0, 'completed'), target(1, 'queued'), ...second] })
    const ended = campaign({ targets: [...targets(2, 'completed'), ...second] })
    expect([decide(open).send, decide(ended).send]).toEqual([[], [2, 3]])
  })

  it('waits for a word between waves where it was asked to', () => {
    const now = campaign({
      rules: { pause_after_wave: true },
      targets: [...targets(2, 'completed'), ...targets(2, 'pending', 2, { wave: 1 })],
    })
    expect(decide(now)).toMatchObject({ send: [], pause: { reason: 'wave_ended' } })
    expect(decide({ ...now, allowedWave: 1 }).send).toEqual([2, 3])
  })

  it('stops after so many failures, and goes on when those are forgiven', () => {
    const now = campaign({
      rules: { pause_after_wave: false, stop_after_failures: 2 },
      targets: [target(0, 'failed'), target(1, 'timed_out'), target(2, 'pending')],
    })
    expect(decide(now)).toMatchObject({ send: [], pause: { reason: 'failures' } })
    expect(decide({ ...now, forgivenFailures: 1 }).send).toEqual([2])
  })

  it('counts no repository that was skipped, neither as failed nor as ended', () => {
    const rules = { pause_after_wave: false, stop_after_failures: '20%' }
    const skipped = targets(5, 'skipped')
    const now = campaign({
      rules,
      targets: [...skipped, ...targets(2, 'failed', 5), ...targets(4, 'pending', 7)],
    })
    expect(decide(now)).toMatchObject({ send: [7, 8, 9, 10], isActive: true })
    expect(decide(campaign({ targets: skipped }))).toMatchObject({ send: [], isActive: false })
  })

  it('does not judge by percents before ten tasks have ended', () => {
    const now = campaign({ rules: { pause_after_wave: false, stop_after_failures: '20%' } })
    const early = [...targets(2, 'failed'), ...targets(7, 'completed', 2), target(9, 'pending')]
    const late = [...targets(2, 'failed'), ...targets(8, 'completed', 2), target(10, 'pending')]
    expect(decide({ ...now, targets: early }).send).toEqual([9])
    expect(decide({ ...now, targets: late })).toMatchObject({ pause: { reason: 'failures' } })
  })

  it('sets aside for what is open what a task will probably cost', () => {
    const now = campaign({
      maxNano: 100,
      spentNano: 50,
      expectedNano: 20,
      targets: [target(0, 'in_progress'), ...targets(3, 'pending', 1)],
    })
    expect(decide(now).send).toEqual([1])
  })

  it('sends one task to learn what it costs, where nothing is known and there is a budget', () => {
    const now = campaign({ maxNano: 100, expectedNano: undefined, targets: targets(3, 'pending') })
    expect(decide(now).send).toEqual([0])
    expect(decide({ ...now, targets: [target(0, 'queued'), target(1, 'pending')] }).send).toEqual(
      [],
    )
  })

  it('stops for its budget when the next task would probably pass it, and nothing is open', () => {
    const now = campaign({
      maxNano: 100,
      spentNano: 90,
      expectedNano: 20,
      targets: targets(1, 'pending'),
    })
    expect(decide(now)).toMatchObject({ send: [], pause: { reason: 'budget' } })
    const open = { ...now, targets: [target(0, 'queued'), target(1, 'pending')] }
    expect(decide(open)).toEqual({ send: [], heldByOpenPulls: false, isActive: true })
  })

  it('holds back what would be one pull request too many for its reviewer, and not what is behind it', () => {
    const now = campaign({
      rules: { pause_after_wave: false, max_open_pulls: { per_reviewer: 1 } },
      targets: [
        target(0, 'pending', { reviewers: ['Ada'] }),
        target(1, 'pending', { reviewers: ['ada'] }),
        target(2, 'pending', { reviewers: ['grace'] }),
        target(3, 'pending'),
      ],
    })
    expect(decide(now)).toMatchObject({ send: [0, 2, 3], heldByOpenPulls: true })
  })
})

const anyPlan = fc.record({
  targets: fc.array(
    fc.record({
      wave: fc.integer({ min: 0, max: 3 }),
      reviewers: fc.subarray(['ada', 'grace']),
      end: fc.constantFrom<State[]>('completed', 'completed', 'completed', 'failed', 'timed_out'),
      // At most what is set aside.
      nano: fc.integer({ min: 0, max: 20 }),
    }),
    { minLength: 1, maxLength: 30 },
  ),
  concurrency: fc.integer({ min: 1, max: 10 }),
  maxNano: fc.constantFrom(Number.POSITIVE_INFINITY, 50, 200, 1000),
  rules: fc.record(
    {
      pause_after_wave: fc.boolean(),
      stop_after_failures: fc.constantFrom(1, 3, '50%'),
      max_open_pulls: fc.record(
        {
          per_author: fc.integer({ min: 1, max: 5 }),
          per_reviewer: fc.integer({ min: 1, max: 3 }),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ['pause_after_wave'] },
  ),
  /** Which of the open tasks ends next. */
  picks: fc.array(fc.nat(), { minLength: 150, maxLength: 150 }),
})
type Plan = typeof anyPlan extends fc.Arbitrary<infer P> ? P : never

/** A campaign's whole life: what `decide` says is done, tasks end, people look. Returns what is wrong. */
function live(plan: Plan): string[] {
  const problems: string[] = []
  const sorted = plan.targets.toSorted((a, b) => a.wave - b.wave)
  const states: TargetNow['state'][] = sorted.map(() => 'pending')
  const merged = new Set<number>()
  const known = { allowedWave: 0, forgivenFailures: 0, spentNano: 0 }
  const places = (fits: (place: number) => boolean) => [...states.keys()].filter(fits)
  const openTasks = () => places((place) => !isEnd(states[place]!) && states[place] !== 'pending')
  const openPulls = () =>
    places((place) => openTasks().includes(place) || states[place] === 'completed').filter(
      (place) => !merged.has(place),
    )
  const pullsOf = (login: string) =>
    openPulls().filter((place) => sorted[place]!.reviewers.includes(login)).length
  const require = (holds: boolean, what: string) => void (holds || problems.push(what))

  function step(pick: number): 'goes on' | 'over' {
    const byReviewer = new Map(['ada', 'grace'].map((login) => [login, pullsOf(login)]))
    const decision = decide(
      campaign({
        ...known,
        rules: plan.rules,
        concurrency: plan.concurrency,
        maxNano: plan.maxNano,
        expectedNano: 20,
        targets: sorted.map((fields, place) => target(place, states[place]!, fields)),
        pulls: { byRepository: new Map(), ofAuthor: openPulls().length, byReviewer },
      }),
    )
    for (const place of decision.send) {
      require(states[place] === 'pending', `${place} is sent twice`)
      states[place] = 'queued'
    }
    const open = openTasks()
    const caps = plan.rules.max_open_pulls ?? {}
    require(open.length <= plan.concurrency, 'too many at a time')
    require(new Set(open.map((place) => sorted[place]!.wave)).size <= 1, 'two waves at a time')
    require(known.spentNano <= plan.maxNano, 'over the budget')
    require(openPulls().length <= (caps.per_author ?? Infinity), 'too many of one author')
    for (const login of ['ada', 'grace']) {
      require(pullsOf(login) <= (caps.per_reviewer ?? Infinity), `too many for ${login}`)
    }
    require(decision.isActive === !states.every(isEnd), 'is not what it says')
    if (!decision.isActive) return 'over'
    return open.length > 0 ? endOne(open[pick % open.length]!) : act(decision)
  }

  function endOne(place: number): 'goes on' {
    states[place] = sorted[place]!.end
    known.spentNano += sorted[place]!.nano
    return 'goes on'
  }

  /** Nothing is open and nothing is sent: somebody must be told to do something about it. */
  function act({ pause, heldByOpenPulls }: ReturnType<typeof decide>): 'goes on' | 'over' {
    if (pause?.reason === 'budget') return 'over'
    if (pause?.reason === 'wave_ended') known.allowedWave += 1
    else if (pause?.reason === 'failures') {
      const failed = places((place) => isEnd(states[place]!) && states[place] !== 'completed')
      known.forgivenFailures = failed.length
    } else {
      require(heldByOpenPulls, 'stands still without a reason')
      for (const place of openPulls()) merged.add(place)
    }
    return 'goes on'
  }

  for (const pick of plan.picks) if (step(pick) === 'over') return problems
  return [...problems, 'does not come to an end']
}

it('passes no limit, sends nothing twice, and comes to an end or says why not, whatever happens', () => {
  fc.assert(
    fc.property(anyPlan, (plan) => {
      expect(live(plan)).toEqual([])
    }),
    { numRuns: 500 },
  )
})
