/** What a report can be written as. */
export const auditFormats = ['table', 'json', 'markdown', 'sarif', 'junit', 'csv'] as const
export type AuditFormat = (typeof auditFormats)[number]
