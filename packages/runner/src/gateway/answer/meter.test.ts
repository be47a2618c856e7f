import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { ModelApi } from '../tokens/token-report.ts'
import { createMeter, type Meter } from './meter.ts'

const events = 'text/event-stream; charset=utf-8'
const meterOf = (api: ModelApi, contentType = events): Meter =>
  createMeter({ api, contentType, isStreamed: true, requestBytes: 400 })
const event = (fields: object): Buffer => Buffer.from(`data: ${JSON.stringify(fields)}\n\n`)
const chat = (delta: object, more: object = {}, finish: string | null = null): Buffer =>
  event({ model: 'm', choices: [{ index: 0, delta, finish_reason: finish }], ...more })
const usage = (input: number, output: number) => ({
  usage: { prompt_tokens: input, completion_tokens: output },
})

describe('the tokens of a Chat Completion', () => {
  it('that is cut short are guessed from all that was written: calls, thoughts, refusals', () => {
    const meter = meterOf('chat_completions')
    const long = 'x'.repeat(40)
    meter.push(chat({ content: long }))
    meter.push(chat({ reasoning: long }))
    meter.push(chat({ refusal: long }))
    meter.push(chat({ tool_calls: [{ index: 0, function: { arguments: long } }] }))

    expect(meter.count()).toMatchObject({ input_tokens: 100, output_tokens: 40 })
  })

  it('are guessed from a sample where the stream is long, and the upstream is believed where it counts', () => {
    const meter = meterOf('chat_completions')
    const text = 'a "usage": {} in a text is no usage'
    for (let at = 0; at < 3000; at += 1) meter.push(chat({ content: text }, { usage: null }))
    const guess = (3000 * text.length) / 4
    expect(Math.abs(meter.count().output_tokens - guess)).toBeLessThan(guess / 10)

    const spaced = `data: {"choices": [], "usage" : ${JSON.stringify(usage(5, 3).usage)}}\r\n\r\n`
    expect(meter.push(Buffer.from(spaced.slice(0, 30)))).toBeUndefined()
    expect(meter.push(Buffer.from(spaced.slice(30)))).toBe('final')
    expect(meter.count()).toMatchObject({ input_tokens: 5, output_tokens: 3 })
  })

  it('are final with the end and after it, where a server counts in every chunk', () => {
    const meter = meterOf('chat_completions')

    expect(meter.push(chat({ content: 'a' }, usage(5, 1)))).toBe('reported')
    expect(meter.push(chat({ content: 'b' }, usage(5, 2)))).toBe('reported')
    expect(meter.push(chat({}, {}, 'stop'))).toBeUndefined()
    expect(meter.push(event({ choices: [], ...usage(5, 3) }))).toBe('final')
    expect(meter.count()).toMatchObject({ input_tokens: 5, output_tokens: 3 })
  })

  it('are final in the chunk that ends, where there is no other', () => {
    expect(meterOf('chat_completions').push(chat({}, usage(5, 3), 'stop'))).toBe('final')
  })
})

describe('what a provider counts in its own way', () => {
  const whole = (api: ModelApi, answer: object) => {
    const meter = meterOf(api, 'application/json')
    meter.push(Buffer.from(JSON.stringify(answer)))
    return meter.count()
  }

  it('is reasoning beside the output, which the total has', () => {
    const ofXai = {
      prompt_tokens: 12,
      completion_tokens: 1,
      total_tokens: 399,
      completion_tokens_details: { reasoning_tokens: 386 },
    }
    expect(whole('chat_completions', { usage: ofXai })).toMatchObject({
      input_tokens: 12,
      output_tokens: 387,
      reasoning_tokens: 386,
    })
    const ofGoogle = { prompt_tokens: 9, completion_tokens: 14, total_tokens: 500 }
    expect(whole('chat_completions', { usage: ofGoogle })).toMatchObject({ output_tokens: 491 })
    const responses = { input_tokens: 9, output_tokens: 14, total_tokens: 500 }
    expect(whole('responses', { usage: responses })).toMatchObject({ output_tokens: 491 })
  })

  it('is what was written to the cache, as part of the input', () => {
    const details = { cached_tokens: 20, cache_write_tokens: 30 }
    const expected = { input_tokens: 100, cached_input_tokens: 20, cache_write_tokens: 30 }
    const chatUsage = { prompt_tokens: 100, completion_tokens: 1, prompt_tokens_details: details }
    expect(whole('chat_completions', { usage: chatUsage })).toMatchObject(expected)
    const usage = { input_tokens: 100, output_tokens: 1, input_tokens_details: details }
    expect(whole('responses', { usage })).toMatchObject(expected)
  })

  it('is each pass of an answer that made its conversation shorter first', () => {
    const message = { type: 'message', input_tokens: 23_000, output_tokens: 1000 }
    const compaction = {
      type: 'compaction',
      input_tokens: 180_000,
      output_tokens: 3500,
      cache_read_input_tokens: 500,
    }
    const usage = { input_tokens: 23_000, output_tokens: 1000, iterations: [compaction, message] }

    expect(whole('messages', { type: 'message', usage })).toMatchObject({
      input_tokens: 203_500,
      cached_input_tokens: 500,
      output_tokens: 4500,
    })
  })
})

describe('the tokens of Gemini', () => {
  const chunk = (text: string, output: number, finishReason?: string) => ({
    candidates: [{ content: { parts: [{ text }] }, finishReason }],
    usageMetadata: {
      promptTokenCount: 100,
      toolUsePromptTokenCount: 7,
      cachedContentTokenCount: 60,
      candidatesTokenCount: output,
      thoughtsTokenCount: 5,
    },
    modelVersion: 'gemini-3.1-pro-preview',
  })
  const counted = {
    input_tokens: 107,
    cached_input_tokens: 60,
    cache_write_tokens: 0,
    output_tokens: 15,
    reasoning_tokens: 5,
  }

  it('are in every chunk, and final in the one that ends', () => {
    const meter = meterOf('generate_content')

    expect(meter.push(event(chunk('a', 2)))).toBe('reported')
    expect(meter.push(event(chunk('b', 10, 'STOP')))).toBe('final')
    expect(meter.count()).toEqual(counted)
    expect(meter.answeredBy).toBe('gemini-3.1-pro-preview')
  })

  it('are read from an array as well, wherever it is cut', () => {
    const said = [chunk('{"a":[', 2), chunk('\\"]}é', 7), chunk('c', 10, 'STOP')]
    const bytes = Buffer.from(`[${said.map((one) => JSON.stringify(one)).join('\n,\r\n')}]`)
    fc.assert(
      fc.property(fc.array(fc.nat(bytes.length), { maxLength: 6 }), (places) => {
        const cuts = [0, ...places, bytes.length].toSorted((a, b) => a - b)
        const meter = meterOf('generate_content', 'application/json')
        const news = cuts.map((at, index) =>
          meter.push(bytes.subarray(at, cuts[index + 1] ?? bytes.length)),
        )
        expect(news.at(-1) ?? news.findLast((one) => one !== undefined)).toBe('final')
        expect(meter.count()).toEqual(counted)
      }),
    )
  })

  it('are final where the prompt was blocked', () => {
    const blocked = {
      promptFeedback: { blockReason: 'SAFETY' },
      usageMetadata: { promptTokenCount: 3 },
    }
    expect(meterOf('generate_content').push(event(blocked))).toBe('final')
  })
})

describe('the tokens of Messages', () => {
  it('that are kept for an hour are counted apart', () => {
    const meter = meterOf('messages')
    const written = {
      cache_creation_input_tokens: 30,
      cache_creation: { ephemeral_1h_input_tokens: 20 },
    }
    meter.push(
      event({ type: 'message_start', message: { usage: { input_tokens: 10, ...written } } }),
    )
    meter.push(event({ type: 'message_delta', usage: { output_tokens: 4 } }))

    expect(meter.count()).toMatchObject({
      input_tokens: 40,
      cache_write_tokens: 30,
      cache_write_1h_tokens: 20,
    })
  })
})

describe('a stream', () => {
  const done = Buffer.from('data: [DONE]\n\n')
  const completed = event({
    type: 'response.completed',
    response: { usage: { input_tokens: 5, output_tokens: 3 } },
  })
  const delta = event({ type: 'message_delta', usage: { output_tokens: 4 } })
  const stop = event({ type: 'message_stop' })
  const last = chat({}, usage(5, 3), 'stop')

  it.each([
    ['chat_completions', [last], false],
    ['chat_completions', [last, done], true],
    ['chat_completions', [chat({ content: 'a' }), done], false],
    ['responses', [completed], true],
    ['messages', [delta], false],
    ['messages', [delta, stop], true],
  ] as const)(
    'of %s is at its end when it says so and has been counted',
    (api, events, isEnded) => {
      const meter = meterOf(api)
      meter.push(Buffer.concat(events))

      expect(meter.isEnded).toBe(isEnded)
    },
  )

  it('has nothing to add after its end', () => {
    const meter = meterOf('chat_completions')
    meter.push(Buffer.concat([last, done]))

    expect(meter.push(chat({}, usage(500, 300), 'stop'))).toBeUndefined()
    expect(meter.count()).toMatchObject({ input_tokens: 5, output_tokens: 3 })
  })
})

it('no part is more than the whole, whatever an upstream claims', () => {
  const meter = meterOf('responses')
  const claimed = {
    input_tokens: 5,
    output_tokens: 1,
    input_tokens_details: { cached_tokens: 50 },
    output_tokens_details: { reasoning_tokens: 9 },
  }
  meter.push(event({ type: 'response.completed', response: { usage: claimed } }))

  expect(meter.count()).toMatchObject({ cached_input_tokens: 5, reasoning_tokens: 1 })
})
