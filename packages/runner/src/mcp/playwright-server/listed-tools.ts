import { readFileSync } from 'node:fs'

import { z } from 'zod'

import { RawTool } from '../connection.ts'

/** Beside the package's own manifest: it is data, and written by write-listed-tools.ts. */
export const listedToolsFile = new URL('../../../playwright-tools.json', import.meta.url)

/** The tools of the version of @playwright/mcp that is installed, as it lists them. */
export const listedTools: readonly RawTool[] = z
  .array(RawTool)
  .parse(JSON.parse(readFileSync(listedToolsFile, 'utf8')))
