/** How issuers mark what they issue. */
const issued: readonly [string, RegExp][] = [
  ['a GitHub token', /\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_\w{30,})/],
  ['a GitLab token', /\bgl(?:pat|dt|rt|ptt|cbt|oas)-[\w-]{18,}/],
  // With capitals and digits: `sk-` also begins ordinary names.
  ['a model key', /\bsk-(?=[\w-]{0,60}\d)(?=[\w-]{0,60}[A-Z])[A-Za-z0-9_-]{20,}/],
  ['an AWS access key', /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/],
  ['a Google key', /\bAIza[0-9A-Za-z_-]{35}/],
  ['a Slack token', /\bxox[abeprs]-[A-Za-z0-9-]{10,}|\bxapp-\d-[A-Za-z0-9-]{10,}/],
  ['a Stripe key', /\b(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{16,}/],
  ['an npm token', /\bnpm_[A-Za-z0-9]{30,}/],
  ['a PyPI token', /\bpypi-AgE[A-Za-z0-9_-]{50,}/],
  ['a Docker token', /\bdckr_(?:pat|oat)_[\w-]{20,}/],
  ['a SendGrid key', /\bSG\.[\w-]{16,}\.[\w-]{16,}/],
  ['a Hugging Face token', /\bhf_[A-Za-z0-9]{30,}/],
  ['a Sentry token', /\bsntry[su]_[A-Za-z0-9+/=_-]{20,}/],
  ['an Atlassian token', /\bATATT3[A-Za-z0-9_=-]{20,}/],
  ['a Linear key', /\blin_(?:api|oauth)_[A-Za-z0-9]{20,}/],
  ['a DigitalOcean token', /\bdo[opr]_v1_[a-f0-9]{40,}/],
  ['a Vault token', /\bhv[sbr]\.[\w-]{20,}/],
  ['a JSON Web Token', /\beyJ[\w-]{10,}\.eyJ[\w-]{10,}\.[\w-]*/],
  ['a private key', /-----BEGIN [A-Z0-9 ]{0,30}PRIVATE KEY-----|\bAGE-SECRET-KEY-1[0-9A-Z]{20,}/],
]

/** What is long and looks random, and yet is public: checksums with their name, commits, ids. */
const ordinary =
  /\bsha(?:1|256|384|512)[:-][A-Za-z0-9+/=]+|[#@][0-9a-f]{40}(?![0-9a-f])|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi

const maxLength = 20_000

/**
 * What kind of secret a literal looks like, if any: by the marks of issuers, else by its randomness. It
 * is meant for people: it cannot prove that a text is none.
 */
export function secretKindOf(text: string): string | undefined {
  const value = text.slice(0, maxLength)
  const known = issued.find(([, pattern]) => pattern.test(value))
  if (known !== undefined) return known[0]
  const words = value.replace(ordinary, ' ').split(/[^A-Za-z0-9]+/)
  return words.some(isRandom) ? 'a random value' : undefined
}

/**
 * Random letters and digits change between kinds at more than every third character; names and versions
 * at far fewer, when a capital and the letters after it are of one kind.
 */
function isRandom(word: string): boolean {
  const digits = word.replace(/\D/g, '').length
  if (digits < 2 || digits === word.length) return false
  if (/^(?:[0-9a-f]{32,}|[0-9A-F]{32,})$/.test(word)) return entropyOf(word) > 3
  const kinds = [/[a-z]/, /[A-Z]/, /\d/].filter((kind) => kind.test(word)).length
  if (word.length < (kinds === 3 ? 20 : 28)) return false
  const changes =
    word.match(/(?<=[a-z])[A-Z\d]|(?<=[A-Z][A-Z])[a-z]|(?<=[A-Z])\d|(?<=\d)[A-Za-z]/g)?.length ?? 0
  return changes > word.length * (kinds === 3 ? 0.33 : 0.25) && entropyOf(word) > 3.2
}

/** Bits a character, of the characters there are. */
function entropyOf(word: string): number {
  const counts = new Map<string, number>()
  for (const character of word) counts.set(character, (counts.get(character) ?? 0) + 1)
  const shares = [...counts.values()].map((count) => count / word.length)
  return -shares.reduce((sum, share) => sum + share * Math.log2(share), 0)
}
