export { createServer, type CreateServerOptions } from './app.ts'
export type { RecipeReader, ServerContext } from './context.ts'
export { createGitHubForge } from './forge/github.ts'
export { offeredModels, type OfferedModel } from './models.ts'
