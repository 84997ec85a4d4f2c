import { InvalidArgumentError, Option } from 'commander';

/** Options and arguments that several commands have. */

export const collect = (value: string, before: readonly string[] = []): string[] => [...before, value];

/** The same, of which the first replaces the default. */
export const collectAnew = () => {
  const values: string[] = [];
  return (value: string): string[] => {
    values.push(value);
    return values;
  };
};

export function wholeNumber(text: string): number {
  if (/^\d{1,5}$/.test(text)) return Number(text);
  throw new InvalidArgumentError('not a whole number of at most five digits.');
}

export const config = () =>
  new Option('--config <file>', 'ApproverConfiguration to use instead of the defaults');
export const bundle = () =>
  new Option(
    '--bundle <file>',
    'policy bundle instead of the configured one: a .tar.gz, a folder with one unpacked, https://… or oci://…',
  );
export const data = () =>
  new Option(
    '--data <file>',
    'data overlay that replaces knobs of the policy, beside the configured ones; may be repeated',
  ).argParser(collect);
export const files = () =>
  new Option(
    '-f, --file <file>',
    'CertificateSigningRequest manifest, - for standard input; may be repeated',
  ).argParser(collect);
export const kubeconfig = () =>
  new Option('--kubeconfig <file>', 'how to reach the cluster; in a pod, its service account');
export const context = () =>
  new Option('--context <name>', 'context of the kubeconfig to use instead of its current one');
