import { KubeError } from './errors.ts';

/** @throws KubeError when nothing may be sent there */
export function parseServer(server: string, allowPlainHttp: boolean): URL {
  const unusable = (message: string): KubeError =>
    new KubeError({
      kind: 'credentials',
      reason: 'KubeConfig',
      message: `server ${JSON.stringify(server)}: ${message}`,
    });
  if (!URL.canParse(server)) throw unusable('not a URL');
  const url = new URL(server);
  if (url.protocol !== 'https:' && !(url.protocol === 'http:' && allowPlainHttp)) {
    throw unusable('only https, or credentials and verdicts would travel in the clear');
  }
  return url;
}
