import { ConfigError, parseConfig } from '../../config/load.ts';
import { defaultConfig, type Config } from '../../config/schema.ts';
import { recordOf } from '../../kube/json.ts';
import { permission, reads } from '../reads.ts';
import { seen, unseen } from '../seen.ts';
import type { Snapshot } from '../snapshot.ts';
import type { Looker } from './look.ts';
import { installationOf } from './objects.ts';
import { configMapPath, deploymentsPath, inNamespace, programLabel } from './paths.ts';

/** Everywhere, and the one in its namespace, which takes less of a permission. */
export async function findInstallations(
  looker: Looker,
  namespace: string,
): Promise<[Snapshot['installations'], Snapshot['own']]> {
  const query = { labelSelector: programLabel };
  const everywhere = await looker.list(
    permission(reads.deployments),
    deploymentsPath(),
    installationOf,
    query,
  );
  const near =
    'value' in everywhere
      ? everywhere
      : await looker.list(
          permission(reads.deployments, { namespace }),
          deploymentsPath(...inNamespace(namespace)),
          installationOf,
          query,
        );
  const own = 'value' in near ? seen(near.value.find((one) => one.namespace === namespace)) : near;
  return [everywhere, own];
}

/** @param given in place of what the Deployment mounts */
export async function findConfig(
  looker: Looker,
  namespace: string,
  given: { readonly config: Config; readonly where: string } | undefined,
  own: Snapshot['own'],
): Promise<Pick<Snapshot, 'config' | 'configProblem'>> {
  if (given !== undefined) return { config: seen({ ...given, configMap: undefined }), configProblem: '' };
  if ('unseen' in own) return { config: own, configProblem: '' };
  const mounted = own.value?.config;
  if (mounted === undefined) {
    const isElsewhere = own.value?.args.some((arg) => arg.startsWith('--config')) === true;
    if (isElsewhere)
      return { config: unseen('it is in no ConfigMap: name it with --config'), configProblem: '' };
    return {
      config: seen({ config: defaultConfig, where: 'the defaults', configMap: undefined }),
      configProblem: '',
    };
  }
  const { configMap: name, key } = mounted;
  const may = permission(reads.configMaps, { namespace, name });
  const where = `${key} of ConfigMap ${namespace}/${name}`;
  const text = await looker.object(may, configMapPath(namespace, name), ({ data }) => recordOf(data)[key]);
  if ('unseen' in text) return { config: text, configProblem: '' };
  if (typeof text.value !== 'string')
    return { config: unseen(`there is no ${where}`), configProblem: `there is no ${where}` };
  try {
    const configMap = { name, key, text: text.value };
    return { config: seen({ config: parseConfig(text.value, where), where, configMap }), configProblem: '' };
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    return { config: unseen(`${where} is refused`), configProblem: cause.message };
  }
}
