import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
// The deep import: the package's index also brings in exec, attach, port-forward, informers and their dependencies.
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import type { User } from '@kubernetes/client-node/dist/config_types.js';
import { parse } from 'yaml';
import { KubeError } from './errors.ts';
import { isRecord, listOf, recordOf, textOf, type JsonRecord } from './json.ts';

const SERVICE_ACCOUNT_TOKEN = '/var/run/secrets/kubernetes.io/serviceaccount/token';

export interface KubeConfigSource {
  /** `--kubeconfig`: this file and no other. */
  readonly kubeconfig?: string | undefined;
  /** `--context`: instead of the file's current-context. */
  readonly context?: string | undefined;
  readonly env?: NodeJS.ProcessEnv;
  /** Before the service account's well-known path: for tests. */
  readonly root?: string | undefined;
}

/**
 * Where the cluster and our credentials are: the file given, else $KUBECONFIG, else the service account of the pod we run
 * in, else ~/.kube/config. Never client-node's last resort (http://localhost:8080): a wrong cluster is worse than none.
 */
export function loadKubeConfig(source: KubeConfigSource = {}): KubeConfig {
  const env = source.env ?? process.env;
  const files =
    source.kubeconfig === undefined
      ? (env['KUBECONFIG'] ?? '').split(path.delimiter).filter((file) => file !== '')
      : [source.kubeconfig];
  if (files.length > 0) return select(loadFiles(files), source.context, files.join(path.delimiter));
  if ((env['KUBERNETES_SERVICE_HOST'] ?? '') !== '') return loadInCluster(source.root ?? '');
  const fallback = path.join(homedir(), '.kube', 'config');
  if (readOrUndefined(fallback) !== undefined) return select(loadFiles([fallback]), source.context, fallback);
  throw unusable(
    'no cluster to talk to: give --kubeconfig FILE, set KUBECONFIG, or run in a pod with a service account',
  );
}

function loadInCluster(root: string): KubeConfig {
  const token = `${root}${SERVICE_ACCOUNT_TOKEN}`;
  if (readOrUndefined(token) === undefined) {
    throw unusable(`running in a cluster, but ${token} cannot be read: is automountServiceAccountToken off?`);
  }
  const config = new KubeConfig();
  config.loadFromCluster(root);
  return config;
}

function loadFiles(files: readonly string[]): KubeConfig {
  const merged = new KubeConfig();
  for (const [index, file] of files.entries()) {
    const one = loadFile(file);
    if (index === 0) Object.assign(merged, { currentContext: one.currentContext });
    try {
      // As kubectl: the first file that names a current context decides.
      merged.mergeConfig(one, (merged.currentContext ?? '') !== '');
    } catch (error) {
      throw unusable(`${file}: ${messageOf(error)}`, error);
    }
  }
  return merged;
}

function loadFile(file: string): KubeConfig {
  const config = new KubeConfig();
  try {
    const text = readFileSync(file, 'utf8');
    config.loadFromString(text);
    config.makePathsAbsolute(path.dirname(file));
    completeUsers(config, parse(text), path.dirname(path.resolve(file)));
  } catch (error) {
    throw error instanceof KubeError ? error : unusable(`kubeconfig ${file}: ${messageOf(error)}`, error);
  }
  return config;
}

function select(config: KubeConfig, context: string | undefined, where: string): KubeConfig {
  if (context !== undefined) config.setCurrentContext(context);
  const name = config.getCurrentContext() ?? '';
  if (name === '') throw unusable(`kubeconfig ${where} has no current-context: name one with --context`);
  if (config.getContextObject(name) === null) throw unusable(`kubeconfig ${where} has no context "${name}"`);
  if (config.getCurrentCluster() === null) {
    throw unusable(`context "${name}" of kubeconfig ${where} names a cluster that is not there`);
  }
  if (config.getCurrentUser() === null) {
    throw unusable(`context "${name}" of kubeconfig ${where} names a user that is not there`);
  }
  return config;
}

/**
 * What client-node 2.0.1 leaves out of a kubeconfig's users: `tokenFile` (it reads a `token-file`, once), exec commands
 * relative to the file, KUBERNETES_EXEC_INFO, and impersonated groups, which must not be dropped in silence.
 */
function completeUsers(config: KubeConfig, document: unknown, directory: string): void {
  const given = new Map(
    listOf(recordOf(document)['users'])
      .map(recordOf)
      .map(({ name, user }) => [textOf(name), recordOf(user)] as const),
  );
  config.users = config.users.map((user): User => {
    const raw = given.get(user.name) ?? {};
    for (const field of ['as-groups', 'as-uid', 'as-user-extra']) {
      if (raw[field] !== undefined && raw[field] !== null)
        throw unusable(`user "${user.name}": ${field} is not supported`);
    }
    const tokenFile = textOf(raw['tokenFile']);
    if (tokenFile !== '') {
      // As client-go: the file before the token, because it is what rotates.
      const { token: _, ...rest } = user;
      const authProvider = { name: 'tokenFile', config: { tokenFile: path.resolve(directory, tokenFile) } };
      return { ...rest, authProvider };
    }
    return isRecord(raw['exec']) ? { ...user, exec: completeExec(raw['exec'], directory) } : user;
  });
}

/** client-go's `plugin/pkg/client/auth/exec`: plugins read their API version from KUBERNETES_EXEC_INFO. */
function completeExec(exec: JsonRecord, directory: string): JsonRecord {
  const info = { apiVersion: exec['apiVersion'], kind: 'ExecCredential', spec: { interactive: false } };
  const command = textOf(exec['command']);
  return {
    ...exec,
    command: command.includes('/') ? path.resolve(directory, command) : command,
    env: [...listOf(exec['env']), { name: 'KUBERNETES_EXEC_INFO', value: JSON.stringify(info) }],
  };
}

function readOrUndefined(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

const unusable = (message: string, cause?: unknown): KubeError =>
  new KubeError({ kind: 'credentials', reason: 'KubeConfig', message, cause });
