import { describe, expect, it } from 'vitest'
import { html } from './html.ts'
import { returnTo } from './return-to.ts'

describe('a page', () => {
  it.each([
    ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
    ['" onmouseover="x', '&quot; onmouseover=&quot;x'],
    ["' & '", '&#39; &amp; &#39;'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['a\u202Eb', 'a\uFFFDb'],
    ['a\u0000b', 'a\uFFFDb'],
  ])('shows %j as text', (text, shown) => {
    expect(html`<p title="${text}">${text}</p>`.text).toBe(`<p title="${shown}">${shown}</p>`)
  })

  it('keeps markup that was made as such', () => {
    const items = ['<a>', 'b'].map((item) => html`<li>${item}</li>`)

    expect(html`<ul>${items}</ul>`.text).toBe('<ul><li>&lt;a&gt;</li><li>b</li></ul>')
  })
})

describe('after signing in one goes', () => {
  it.each([['/acme/shop/copilot/tasks/1'], ['/docs?x=1']])('to %s', (path) => {
    expect(returnTo({ return_to: path })).toBe(path)
  })

  it.each([
    ['//evil.example'],
    ['/\\evil.example'],
    ['https://evil.example'],
    ['/a\nb'],
    [['/a']],
    [undefined],
  ])('home, not to %j', (path) => {
    expect(returnTo({ return_to: path })).toBe('/')
  })
})
