/** A policy file to begin with, each rule with what it may be told. */
export const policyTemplate = `# yaml-language-server: $schema=policy.schema.json
#
# What the agents of your repositories may be configured to do. Check it with:
#
#   errand audit --org ORG --policy policy.yml
#
# A rule is given its severity (error, warning, note, off), or its parameters and severity. One that is
# not named is not checked. \`errand audit explain RULE\` says what a rule is about.
version: 1

rules:
  firewall-enabled: error

  # The recommended allowlist has package registries, to which anybody can upload.
  # firewall-recommended-allowlist:
  #   enabled: false
  #   severity: warning

  # What entries of custom_allowlist may reach: contoso.com and its subdomains, *.contoso.com only its
  # subdomains, or a URL and what is below it.
  # firewall-allowed-hosts:
  #   allow:
  #     - contoso.com
  #     - https://github.com/contoso/

  # What no entry may reach.
  firewall-denied-hosts:
    deny:
      - pastebin.com
      - webhook.site
      - ngrok.io

  # MCP servers by name, command (with what the arguments begin with), image or URL.
  # mcp-allowed-servers:
  #   allow:
  #     - url: https://mcp.contoso.com/
  #     - command: npx
  #       args: ['-y', '@contoso/*']
  #     - image: ghcr.io/contoso/*
  #     - name: playwright

  mcp-tools-listed: warning
  mcp-secret-references: error
  mcp-no-literal-secrets: error

  review-tools:
    require: [codeql, copilot_code_review, secret_scanning, dependency_vulnerability_checks]

  workflow-approval: error

  # none: automations must be off; write_access: or started only by people with write access.
  automations:
    allow: write_access

# Rules of your own, in CEL, over \`configuration\` (as the API answers it) and \`repository\` (owner,
# name, full_name). What \`must\` says has to be true.
custom_rules:
  - id: few-hosts
    title: The custom allowlist is short
    must: size(configuration.custom_allowlist) <= 20
    message: The custom allowlist has {{ size(configuration.custom_allowlist) }} entries, 20 at most.
    severity: note

# What is not asked of some repositories for some time. An exception that has expired is reported.
exceptions: []
#  - repositories: ['contoso/legacy-*']
#    rules: [firewall-enabled]
#    reason: The old build fetches from everywhere until it is replaced.
#    expires: 2027-06-30
`
