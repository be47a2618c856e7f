import { z } from 'zod'
import { type Rule, severities } from './rule.ts'
import { rules } from './rules.ts'

export const RuleSeverity = z
  .enum([...severities, 'off'])
  .describe('How bad a deviation is; off: the rule is not checked')

/** GitHub's names, with `*` for any characters but a slash. */
const RepositoryPattern = z
  .string()
  .regex(/^[^/\s]+\/[^/\s]+$/, 'must be owner/name, in which * stands for any characters')

const isoDate = z.iso.date('must be a date like 2027-01-31')

const CustomRule = z.strictObject({
  id: z
    .string()
    .regex(/^[a-z0-9]+(-[a-z0-9]+)*$/, 'must be in small letters, digits and hyphens')
    .max(64),
  title: z.string().min(1).max(200).exactOptional().describe('What holds where it is kept'),
  explanation: z.string().min(1).max(5000).exactOptional().describe('Why, and how to keep it'),
  must: z
    .string()
    .min(1)
    .max(5000)
    .describe('A CEL expression over `configuration` and `repository` that must be true'),
  message: z
    .string()
    .min(1)
    .max(1000)
    .exactOptional()
    .describe('What is said where it is not; {{ CEL expression }} is filled in'),
  severity: RuleSeverity.default('error'),
})
export type CustomRule = z.infer<typeof CustomRule>

const Exception = z.strictObject({
  repositories: z.array(RepositoryPattern).min(1).describe('The repositories it is for'),
  rules: z
    .array(z.string().min(1))
    .min(1)
    .describe('The ids of the rules that are not asked of them'),
  reason: z.string().trim().min(1).max(1000).describe('Why'),
  expires: isoDate.describe('The last day it holds, in UTC'),
})
export type Exception = z.infer<typeof Exception>

/**
 * A policy file, with each rule's settings as `settingsOf` has them: for editors a severity alone may
 * stand there, for reading it has been made an object before.
 */
export function policySchema(settingsOf: (rule: Rule) => z.ZodType) {
  return z.strictObject({
    version: z.literal(1).describe('The version of this format'),
    rules: z
      .strictObject(
        Object.fromEntries(
          rules.map((rule) => [rule.id, settingsOf(rule).describe(rule.title).exactOptional()]),
        ),
      )
      .default({})
      .describe('The rules that are checked; one that is not named is not'),
    custom_rules: z.array(CustomRule).max(200).default([]).describe('Rules of your own, in CEL'),
    exceptions: z
      .array(Exception)
      .max(10_000)
      .default([])
      .describe('What is not asked of some repositories for some time'),
  })
}

export function ruleSettings(rule: Rule): z.ZodObject {
  return rule.parameters.extend({ severity: RuleSeverity.default(rule.defaultSeverity) })
}
