export {
  AddressRefused,
  createGuardedLookup,
  isPublicAddress,
  requirePublicHost,
} from './addresses/public-address.ts'
export { advanceCampaign, advanceCampaigns } from './campaigns/advance-campaign.ts'
export {
  cancelCampaign,
  pauseCampaign,
  resumeCampaign,
  retryCampaign,
} from './campaigns/control-campaign.ts'
export { createCampaign, type NewCampaign } from './campaigns/create-campaign.ts'
export { experienceOf } from './campaigns/experience.ts'
export { type Forecast, forecast } from './campaigns/forecast.ts'
export { type CampaignDetail, getCampaign, listCampaigns } from './campaigns/get-campaign.ts'
export {
  type CampaignTargetDetail,
  listCampaignTargets,
} from './campaigns/list-campaign-targets.ts'
export { notePull, type PullToLookAt, pullsToLookAt } from './campaigns/look-at-pulls.ts'
export type { Candidate, Verdict, Vet } from './campaigns/vet.ts'
export { waveOf } from './campaigns/waves.ts'
export { type AutomationUsage, usageOf } from './automations/automation-usage.ts'
export {
  claimAutomationRuns,
  type HeldAutomationRun,
  noteRefusedRun,
  noteRequest,
  noteSkippedRun,
  noteStartedRun,
  postponeAutomationRun,
  type Skip,
  StaleAutomationRun,
  takeOverAutomationRuns,
} from './automations/claim-runs.ts'
export { createAutomation, type NewAutomation } from './automations/create-automation.ts'
export type { NewAutomationEvent } from './automations/add-events.ts'
export {
  claimAutomationEvents,
  closeAutomationEvent,
  type HeldAutomationEvent,
  postponeAutomationEvent,
  StaleAutomationEvent,
  takeOverAutomationEvents,
} from './automations/claim-events.ts'
export { enqueueEventRun } from './automations/enqueue-event-run.ts'
export { enqueueDueRuns, requestRun, type RequestedRun } from './automations/enqueue-runs.ts'
export { type EventFacts, type EventSubject, mismatchOf } from './automations/matches-event.ts'
export {
  type AutomationFilter,
  deleteAutomation,
  getAutomation,
  listAutomations,
} from './automations/list-automations.ts'
export { listAutomationRuns } from './automations/list-runs.ts'
export { wasMovedByAutomation, wasOpenedByAutomation } from './automations/made-by-automation.ts'
export { sweepAutomations } from './automations/sweep-automations.ts'
export {
  claimRunsToTell,
  noteToldRun,
  postponeTelling,
  summaryOf,
} from './automations/tell-runs.ts'
export { sweepPortalRuns } from './portals/sweep-portal-runs.ts'
export { settleRuns } from './automations/settle-runs.ts'
export { updateAutomation } from './automations/update-automation.ts'
export { createEncryption, type Encryption, keyBytes, SealBroken } from './encryption/encryption.ts'
export {
  changeSelectedOf,
  createValue,
  deleteValue,
  findValue,
  listSelectedOf,
  listValues,
  placeOfValue,
  putValue,
  updateValue,
  type ValueFields,
  type ValueKind,
  type ValueTarget,
} from './secrets/agent-values.ts'
export { createKeyPair, openBox, sealBox } from './secrets/sealed-box.ts'
export { openSecret, publicKeyOf } from './secrets/sealed-box-key.ts'
export { type SessionValues, valuesOfSession } from './secrets/values-of-session.ts'
export {
  listValuesFromOrganization,
  type SeenRepository,
  valuesOfRepository,
} from './secrets/values-of-repository.ts'
export { reseal } from './encryption/reseal.ts'
export { sweepCredentials } from './credentials/drop-credentials.ts'
export { findCampaignCredential, findCredential } from './credentials/find-credential.ts'
export type { Credential } from './credentials/keep-credential.ts'
export { hashOfEntry, type ChainHead, type Verification, verifyChain } from './audit-log/chain.ts'
export { appendAudit, type NewAuditEntry } from './audit-log/append-audit.ts'
export { type AuditFilter, listAudit } from './audit-log/list-audit.ts'
export {
  changeSelected,
  listSelected,
  setAgentPermissions,
} from './configuration/agent-permissions.ts'
export {
  changeOrganizationConfiguration,
  changeRepositoryConfiguration,
} from './configuration/change-configuration.ts'
export { maskSecrets } from './configuration/mask-secrets.ts'
export {
  type FileConfiguration,
  parseConfigurationFile,
} from './configuration/parse-configuration-file.ts'
export {
  readConfiguration,
  readOrganization,
  type StoredConfiguration,
} from './configuration/read-configuration.ts'
export {
  configurationFields,
  type ConfigurationLayers,
  resolveConfiguration,
  type ResolvedConfiguration,
  valuesOf,
} from './configuration/resolve.ts'
export { serverLayer } from './configuration/server-layer.ts'
export {
  agentFilesOf,
  customAgentName,
  sharedAgentFilesOf,
  sharedRepositories,
} from './custom-agents/agent-files.ts'
export { type AgentTools, type ToolKind, toolKinds } from './custom-agents/agent-tools.ts'
export { parseFrontMatter } from './custom-agents/front-matter.ts'
export { type CustomAgent, parseCustomAgent } from './custom-agents/parse-custom-agent.ts'
export {
  acceptDelivery,
  type DeliveryWork,
  type NewPullComment,
} from './deliveries/accept-delivery.ts'
export {
  claimComments,
  type HeldComment,
  StaleComment,
  takeOverComments,
} from './deliveries/claim-comments.ts'
export {
  closeComment,
  noteToldQuestion,
  postponeComment,
  releaseComment,
  takeComment,
} from './deliveries/record-comment.ts'
export { sweepDeliveries } from './deliveries/sweep-deliveries.ts'
export { openQuestionOf, taskOfPull } from './deliveries/task-of-pull.ts'
export { followEvents } from './events/follow-events.ts'
export { listEvents } from './events/list-events.ts'
export {
  failingUpstreams,
  noteAnsweringUpstream,
  noteFailingUpstream,
} from './models/failing-upstreams.ts'
export { findByPlainName } from './models/find-by-plain-name.ts'
export { plainModelName } from './models/github-multipliers.ts'
export { multiplierLimitFor, type Multipliers, multipliersOf } from './models/multipliers.ts'
export {
  autoMultiplierLimit,
  cheapestFirst,
  chooseModel,
  type OfferedModel,
  offeredModels,
  scriptModel,
} from './models/offered-models.ts'
export { repeatPass } from './passes/repeat-pass.ts'
export { createWake, type Wake } from './passes/wake.ts'
export {
  type DeviationFilter,
  listDeviations as listPolicyDeviations,
} from './policy-watch/list-deviations.ts'
export { type FoundDeviation, noteDeviations } from './policy-watch/note-deviations.ts'
export { notePolicy } from './policy-watch/note-policy.ts'
export {
  countTaskRepositories,
  latestAuditEntry,
  type WatchedRepository,
  watchedRepositories,
} from './policy-watch/watched-repositories.ts'
export { priceListOf, type PriceList, type Served } from './prices/price-list.ts'
export { acceptRun, type NewRun } from './portals/accept-run.ts'
export { answerForRun } from './portals/answer-for-run.ts'
export { claimRuns, type HeldRun, StaleRun, takeOverRuns } from './portals/claim-runs.ts'
export {
  closeRun,
  noteReported,
  noteStarted,
  noteTask,
  noteTold,
  postponeRun,
} from './portals/record-run.ts'
export { type RunTask, tasksOfRun } from './portals/tasks-of-run.ts'
export {
  exchangeRateCounts,
  type RateCount,
  type RateTotal,
  sweepRateWindows,
} from './rate-windows/exchange-rate-counts.ts'
export { beatLease } from './sessions/beat.ts'
export { endSaying, endSession, type SessionEnd, type UnfinishedEnd } from './sessions/end.ts'
export { type Lease, type ReplayEntry, StaleAttempt } from './sessions/fence.ts'
export { leaseSession, type LeaseOptions } from './sessions/lease.ts'
export { releaseLease } from './sessions/lost.ts'
export { hasMessages, takeMessages } from './sessions/messages.ts'
export { lastEvents } from './events/last-events.ts'
export { askUser, putAway, type Question, takeAnswer } from './sessions/questions.ts'
export {
  recordAgentSession,
  recordArtifact,
  recordEvents,
  recordTaskPull,
  setHeadRef,
} from './sessions/record.ts'
export { sweepSessions } from './sessions/sweep.ts'
export { addUpUsage, noUsage, type UsageFilter, type UsageSum } from './spending/add-up-usage.ts'
export { monthOf, readAccounts } from './spending/accounts.ts'
export {
  type Budget,
  budgetsFor,
  type BudgetSubject,
  credits,
  findNamed,
  nameOfBudget,
  shareOf,
  subjectOf,
} from './spending/budgets.ts'
export { countRequest, type RequestCount } from './spending/count-request.ts'
export { type Reservation, reserveRequest, type SpentBudget } from './spending/reserve-request.ts'
export { resumePaused } from './spending/resume-paused.ts'
export { sweepRequests } from './spending/sweep-requests.ts'
export { noTokens, type TokenCounts, type TokenUsage } from './spending/token-counts.ts'
export type { Changes, Topic } from './store/changes.ts'
export { DataFolderLocked, lockFile } from './store/lock.ts'
export { type Log, silentLog } from './store/log.ts'
export { openStore, type OpenStoreOptions } from './store/open.ts'
export type {
  AuditLogRow,
  PolicyDeviationRow,
  PortalRunTaskRow,
  SessionRow,
  TaskRow,
  WebhookDeliveryRow,
  AgentValueRow,
  WebhookRow,
} from './store/schema.ts'
export type {
  AutomationRow,
  AutomationRunRow,
  EventHint,
  RunTrigger,
} from './store/automation-rows.ts'
export type { Clock, Store } from './store/store.ts'
export { ConnectionLost, isDisconnected } from './store/connection-lost.ts'
export { patiently } from './store/transact.ts'
export { changeTask, type TaskChange } from './tasks/change-task.ts'
export { archiveTask, unarchiveTask } from './tasks/archive-task.ts'
export { cancelTask } from './tasks/cancel-task.ts'
export { createTask, type NewTask } from './tasks/create-task.ts'
export { getTask, type TaskDetail } from './tasks/get-task.ts'
export { listOpenPrompts } from './tasks/list-open-prompts.ts'
export { listTasks, type TaskFilter, type TaskList } from './tasks/list-tasks.ts'
export { steerTask, type Steering } from './tasks/steer-task.ts'
export {
  claimDeliveries,
  type DeliveryResult,
  noteDelivery,
  StaleDelivery,
  sweepWebhookDeliveries,
} from './webhooks/claim-deliveries.ts'
export { findDelivery, listDeliveries, redeliver } from './webhooks/list-deliveries.ts'
export { queueEvent } from './webhooks/queue-event.ts'
export {
  createWebhook,
  deleteWebhook,
  findWebhook,
  listWebhooks,
  pingWebhook,
  placeOfSecret,
  updateWebhook,
  type WebhookFields,
  webhookOf,
  type WebhookTarget,
} from './webhooks/webhooks.ts'
