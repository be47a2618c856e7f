import { expect, it } from 'vitest'
import { webUrlOf } from './web-url.ts'

it.each([
  ['https://api.github.com', 'https://github.com'],
  ['https://api.github.com/', 'https://github.com'],
  ['https://api.acme.ghe.com', 'https://acme.ghe.com'],
  ['https://git.acme.example/api/v3', 'https://git.acme.example'],
  ['https://git.acme.example/api/v3/', 'https://git.acme.example'],
  ['http://127.0.0.1:4000', 'http://127.0.0.1:4000'],
  ['https://api.acme.example', 'https://api.acme.example'],
  ['https://api.ghe.com.evil.example', 'https://api.ghe.com.evil.example'],
])('the pages of %s are at %s', (apiUrl, webUrl) => {
  expect(webUrlOf(apiUrl)).toBe(webUrl)
})
