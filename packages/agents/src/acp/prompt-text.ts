import type { ContentBlock } from '@agentclientprotocol/sdk'

/** The text of a prompt. Links are named; images and sound were not asked for in `initialize`. */
export function promptText(prompt: ContentBlock[]): string {
  return prompt
    .map((block) => {
      if (block.type === 'text') return block.text
      if (block.type === 'resource_link') return block.uri
      if (block.type === 'resource' && 'text' in block.resource) return block.resource.text
      return ''
    })
    .join('\n')
    .replaceAll('\r\n', '\n')
}
