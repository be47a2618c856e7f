import { existsSync } from 'node:fs'

import { firewallPort } from '../box/index.ts'
import { certificateFiles } from './certificate-files.ts'
import type { Registries } from './registries/find-registries.ts'

const host = '127.0.0.1'
const proxy = `http://${host}:${firewallPort}`
/** A box's own loopback: its servers, and the way to the models. */
const direct = ['localhost', host, '::1']

/**
 * What tells programs in a box of the firewall: there is no one variable that all of them read.
 *
 * @param certificatesAt where the folder of certificates is inside; undefined where none are needed
 */
export function firewallEnvironment(
  registries: Registries,
  certificatesAt: string | undefined,
): Record<string, string> {
  return {
    ...Object.assign({}, ...Object.values(registries).map(({ env }) => env)),
    HTTP_PROXY: proxy,
    http_proxy: proxy,
    HTTPS_PROXY: proxy,
    https_proxy: proxy,
    NO_PROXY: direct.join(','),
    no_proxy: direct.join(','),
    // Node's own fetch looks at the others only then.
    NODE_USE_ENV_PROXY: '1',
    ...(certificatesAt === undefined ? {} : certificateVariables(certificatesAt)),
    ...(hasJava() ? { JAVA_TOOL_OPTIONS: javaOptions(certificatesAt) } : {}),
  }
}

function certificateVariables(folder: string): Record<string, string> {
  const bundle = `${folder}/${certificateFiles.bundle}`
  return {
    SSL_CERT_FILE: bundle,
    REQUESTS_CA_BUNDLE: bundle,
    CURL_CA_BUNDLE: bundle,
    GIT_SSL_CAINFO: bundle,
    CARGO_HTTP_CAINFO: bundle,
    PIP_CERT: bundle,
    NODE_EXTRA_CA_CERTS: `${folder}/${certificateFiles.extra}`,
    APT_CONFIG: `${folder}/${certificateFiles.apt}`,
  }
}

/** Java says on standard error that it has read the variable, so it is there for Java only. */
function hasJava(): boolean {
  return ['/usr/bin/java', '/usr/local/bin/java'].some((path) => existsSync(path))
}

/** It reads no variables of proxies, and certificates only in files of its own form. */
function javaOptions(certificatesAt: string | undefined): string {
  const options = ['http', 'https'].flatMap((scheme) => [
    `-D${scheme}.proxyHost=${host}`,
    `-D${scheme}.proxyPort=${firewallPort}`,
  ])
  options.push('-Dhttp.nonProxyHosts=localhost|127.*|[::1]')
  if (certificatesAt !== undefined) {
    options.push(`-Djavax.net.ssl.trustStore=${certificatesAt}/${certificateFiles.java}`)
    options.push('-Djavax.net.ssl.trustStoreType=JKS')
  }
  return options.join(' ')
}
