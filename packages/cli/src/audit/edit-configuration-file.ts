import { type Fix, shownEntry } from '@errand/policy'
import { type Document, isMap, isNode, isScalar, isSeq, parseDocument, visit } from 'yaml'

/** As it is written back: nothing is folded, what was quoted stays so. */
const form = { lineWidth: 0 }

/**
 * The text of a configuration's file with a fix in it. Comments and order stay. It only takes away, and sets what
 * the fix sets: an entry or a server that is not the file's own is not put there. The same text where nothing of
 * the fix is the file's to say.
 *
 * @throws Error where the file is no YAML map
 */
export function editConfigurationFile(text: string, changes: Fix['changes']): string {
  const document: Document = parseDocument(text)
  if (document.errors.length > 0) throw new Error('the file is no YAML')
  if (document.contents === null) document.contents = document.createNode({})
  if (!isMap(document.contents)) throw new Error('the file holds no fields')
  const before = document.toString(form)
  for (const [field, value] of Object.entries(changes)) change(document, field, value)
  const after = document.toString(form)
  return after === before ? text : after
}

function change(document: Document, field: string, value: unknown): void {
  if (field === 'custom_allowlist') return keepEntries(document, value)
  if (field === 'mcp_configuration') return keepServers(document, value)
  if (field === 'enabled_tools') {
    for (const [tool, isOn] of Object.entries(Object(value))) {
      if (isOn === true) setTool(document, tool)
    }
    return
  }
  document.set(field, value)
}

function setTool(document: Document, tool: string): void {
  // What is on by default need not be said; what the file says is off is put on.
  if (document.getIn(['enabled_tools', tool]) !== true)
    document.setIn(['enabled_tools', tool], true)
}

function keepEntries(document: Document, value: unknown): void {
  const list = document.get('custom_allowlist', true)
  if (!isSeq(list) || !Array.isArray(value)) return
  list.items = list.items.filter((item) => isScalar(item) && value.includes(item.value))
}

function keepServers(document: Document, value: unknown): void {
  const servers = document.getIn(['mcp_configuration', 'mcpServers'], true)
  if (!isMap(servers)) return
  const kept = Object.keys(Object(Object(value).mcpServers))
  servers.items = servers.items.filter(
    ({ key }) => isScalar(key) && kept.includes(String(key.value)),
  )
}

/** The text as it may be shown: what an MCP server is given may be a secret, and so may a URL's password. */
export function shownConfigurationFile(text: string): string {
  const document = parseDocument(text)
  const mcp = document.get('mcp_configuration', true)
  const list = document.get('custom_allowlist', true)
  if (isNode(mcp)) {
    visit(mcp, {
      Scalar(key, node) {
        if (key !== 'key') node.value = '…'
        hideComments(node)
      },
      Collection: (_, node) => hideComments(node),
    })
  }
  if (isNode(list)) {
    visit(list, {
      Scalar(_, node) {
        node.value = shownEntry(String(node.value))
      },
    })
  }
  return document.toString(form)
}

function hideComments(node: { comment?: string | null; commentBefore?: string | null }): void {
  node.comment = null
  node.commentBefore = null
}
