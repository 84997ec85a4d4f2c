// Packs what `init` writes into dist/template.tar.gz, which lies beside the program: the template of a policy
// repository, the examples, and what is vendored. Same content, same bytes.
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { packTar } from 'modern-tar';

const root = new URL('../../', import.meta.url).pathname;
const policies = `${root}policies/`;

/** Paths below policies/. The tests of the default policy stay here: they hold for its own data only. */
const packed = ['template', 'default', 'schemas', 'capabilities.json', 'examples'];

const names = readdirSync(policies, { recursive: true, withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => `${entry.parentPath}/${entry.name}`.replaceAll('//', '/').slice(policies.length))
  .filter((name) => packed.includes(name.split('/')[0] ?? ''))
  .filter((name) => !(name.startsWith('default/') && name.endsWith('_test.rego')))
  .sort();

const entries = names.map((name) => {
  const body = readFileSync(policies + name);
  return {
    header: { name, size: body.length, mode: 0o644, mtime: new Date(0), type: 'file' as const },
    body,
  };
});
mkdirSync(`${root}dist`, { recursive: true });
const file = `${root}dist/template.tar.gz`;
writeFileSync(`${file}.new`, gzipSync(await packTar(entries), { level: 9 }));
renameSync(`${file}.new`, file);
