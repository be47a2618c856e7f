import { writeFileSync } from 'node:fs'

import { listTools } from './list-tools.ts'
import { listedToolsFile } from './listed-tools.ts'

/** Writes the file of tools anew, after the version of @playwright/mcp was changed. */
const tools = await listTools(AbortSignal.timeout(60_000))
writeFileSync(listedToolsFile, `${JSON.stringify(tools, undefined, 2)}\n`)
