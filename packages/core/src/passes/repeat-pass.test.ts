import { expect, it } from 'vitest'
import { ConnectionLost } from '../store/connection-lost.ts'
import { repeatPass } from './repeat-pass.ts'

function openLoop() {
  const stop = new AbortController()
  const told: string[] = []
  const tell = (level: string) => (_fields: object, message: string) =>
    void told.push(`${level} ${message}`)
  const log = { debug: tell('debug'), info: tell('info'), warn: tell('warn'), error: tell('error') }
  return { stop, told, loop: { log, signal: stop.signal, everyMs: 1, what: 'trying' } }
}

it('goes on after passes that fail, and tells once that the database is away, and when it is back', async () => {
  const { stop, told, loop } = openLoop()
  const passes = [
    () => Promise.reject(new Error('no')),
    () => Promise.reject(new ConnectionLost('away')),
    () => Promise.reject(new ConnectionLost('away')),
    () => Promise.resolve(),
    () => Promise.resolve(stop.abort()),
  ]

  await repeatPass(loop, () => passes.shift()?.() ?? Promise.resolve())

  expect(passes).toEqual([])
  expect(told).toEqual([
    'error a background pass failed',
    'warn the database is away: waiting for it',
    'info the database is back',
  ])
})

it('says nothing of a pass that ends because all is to end', async () => {
  const { stop, told, loop } = openLoop()

  await repeatPass(loop, () => {
    stop.abort(new Error('stopped'))
    return Promise.reject(stop.signal.reason as Error)
  })

  expect(told).toEqual([])
})
