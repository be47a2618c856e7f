import { once } from 'node:events'
import { IncomingMessage } from 'node:http'
import { Socket } from 'node:net'

import { describe, expect, it } from 'vitest'

import { AgentGone } from '../refusal.ts'
import { readBody } from './read-body.ts'

function openRequest(): IncomingMessage {
  const request = new IncomingMessage(new Socket())
  request.on('error', () => undefined)
  return request
}

describe('the body of a request', () => {
  it('is what its chunks are together', async () => {
    const request = openRequest()
    const body = readBody(request, 10)

    request.push('one ')
    request.push('two')
    request.complete = true
    request.push(null)

    expect((await body).toString()).toBe('one two')
  })

  it('is refused with its first byte too many, and the rest is not kept', async () => {
    const request = openRequest()
    const body = readBody(request, 5)

    request.push('12345')
    request.push('6')

    await expect(body).rejects.toMatchObject({ status: 413 })
    expect(request.listenerCount('data')).toBe(0)
  })

  it('never comes of an agent that goes away in the middle, or has gone before', async () => {
    const request = openRequest()
    const broken = readBody(request, 10)
    request.push('one ')
    // As a server ends the request of a connection that is reset.
    request.destroy(new Error('aborted'))
    await expect(broken).rejects.toThrow(AgentGone)
    if (!request.closed) await once(request, 'close')

    await expect(readBody(request, 10)).rejects.toThrow(AgentGone)
  })
})
