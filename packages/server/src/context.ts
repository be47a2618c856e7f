import type { CloudAgentConfiguration, Forge, Settings } from '@errand/contract'
import type { CampaignSending } from './campaigns/send-campaign.ts'
import type { RememberedFiles } from './configuration/configuration-file.ts'
import type { Encryption, FoundDeviation, Log, Store } from '@errand/core'

/** A prompt that is a recipe, made ready for one repository and branch. */
export interface Recipe {
  prompt: string
  /** Stands in the text of the pull requests its runs make. */
  mark: string
  /** Whether another prompt does the same. */
  isSame(prompt: string): boolean
}

/** Knows recipes by their prompt. @throws ErrandError validation_failed for one that is wrong. */
export type RecipeReader = (
  prompt: string,
  about: { base: string; web_url: string },
) => Promise<Recipe | undefined>

/** A policy as a history is kept of it. */
export interface WatchedPolicy {
  /** Where a configuration is not as the policy wants it, or could not be asked. */
  deviationsOf: (
    fullName: string,
    configuration: CloudAgentConfiguration,
    today: string,
  ) => FoundDeviation[]
  /** Another one where the policy asks for something else, be it that an exception has ended. */
  hashOn: (today: string) => string
}

/** What every handler works with. */
export interface ServerContext {
  store: Store
  forge: Forge
  settings: Settings
  /** Seals what is stored and secret. */
  encryption: Encryption
  log: Log
  /** Campaigns that this server is sending from at the moment. */
  campaigns: CampaignSending
  /** Where users reach the server, without a slash at the end. */
  publicUrl: () => string
  /** What the server looks at the forge with when no caller is there to ask. */
  forgeToken?: () => string | undefined
  /** A token of Errand's GitHub App for a repository, `owner/name`, where there is one. */
  installationToken?: (repository: string) => Promise<string>
  /** What a variable that the settings name holds. Never stored, never logged. */
  secrets: (name: string) => string | undefined
  /**
   * Why an enforced policy lets no task run in a repository with this configuration: a sentence that names
   * the rule. Without one nothing is refused.
   */
  refusalOf?: (
    fullName: string,
    configuration: CloudAgentConfiguration,
    today: string,
  ) => string | undefined
  /** The server's policy, which is watched. Without one no history of it is kept. */
  policy?: WatchedPolicy
  /** What was read of the files that say what agents may do. */
  configurationFiles: RememberedFiles
  /** Without one no prompt is a recipe. */
  readRecipe?: RecipeReader
}
