import { z } from 'zod'

/** Which of an organization's repositories a secret or a variable is for; `private` has the internal ones too. */
export const Visibility = z.enum(['all', 'private', 'selected'])
export type Visibility = z.infer<typeof Visibility>

/** As GitHub has it for secrets and variables of every kind. */
export const valueLimitBytes = 48 * 1024

/**
 * The name of a secret or a variable: compared without regard to case, stored and answered in upper case
 * (behaviour.md 3.7).
 */
export const ValueName = z
  .string()
  .max(255)
  .regex(
    /^[A-Za-z_][A-Za-z0-9_]*$/,
    'must hold only letters, digits and _, and begin with no digit',
  )
  .refine((name) => !/^GITHUB_/i.test(name), 'must not begin with GITHUB_')
  .transform((name) => name.toUpperCase())

const selectedIds = z.array(z.int()).max(10_000)

/** What organizations say beside a value. */
const Reach = z.object({
  visibility: Visibility,
  /** Only for `selected`. Left out, those selected before stay so. */
  selected_repository_ids: selectedIds.exactOptional(),
})

export const SelectedIds = z.object({ selected_repository_ids: selectedIds })

/** A secret as it is shown: never its value. */
export const AgentSecret = z.object({
  name: z.string(),
  created_at: z.iso.datetime(),
  updated_at: z.iso.datetime(),
})
export type AgentSecret = z.infer<typeof AgentSecret>

const Seen = z.object({
  visibility: Visibility,
  selected_repositories_url: z.url().exactOptional(),
})

export const OrganizationAgentSecret = AgentSecret.extend(Seen.shape)

export const AgentVariable = AgentSecret.extend({ value: z.string() })
export type AgentVariable = z.infer<typeof AgentVariable>

export const OrganizationAgentVariable = AgentVariable.extend(Seen.shape)

/** What secrets are sealed with, by libsodium's `crypto_box_seal`: the key as base64. */
export const PublicKey = z.object({ key_id: z.string(), key: z.string() })
export type PublicKey = z.infer<typeof PublicKey>

/** A sealed box is 48 bytes longer than what is in it. */
const longestBox = Math.ceil((valueLimitBytes + 48) / 3) * 4

export const PutSecret = z.object({
  /** The value in a sealed box, as base64. */
  encrypted_value: z
    .string()
    .max(longestBox, `must hold ${valueLimitBytes} bytes at most`)
    .regex(
      /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})$/,
      'must be base64',
    ),
  /** Of the key it was sealed with. */
  key_id: z.string().max(255),
})
export const PutOrganizationSecret = PutSecret.extend(Reach.shape)

/** What can stand in the environment of a process. */
export const Value = z
  .string()
  .refine((text) => !text.includes('\0'), 'must not contain a null character')
  .refine(
    (text) => new TextEncoder().encode(text).length <= valueLimitBytes,
    `must hold ${valueLimitBytes} bytes at most`,
  )

export const CreateVariable = z.object({ name: ValueName, value: Value })
export const CreateOrganizationVariable = CreateVariable.extend(Reach.shape)

/** What is left out stays. */
export const UpdateVariable = z.object({
  name: ValueName.exactOptional(),
  value: Value.exactOptional(),
})
export const UpdateOrganizationVariable = UpdateVariable.extend({
  visibility: Visibility.exactOptional(),
  selected_repository_ids: selectedIds.exactOptional(),
})
