// Writes the npm package's folder, dist/npm, out of what `make build` left: what runs, its licences, and nothing else.
// The repository's own package.json stays private: its dependencies are bundled, and nobody's to install.
import { chmodSync, copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { compilerFiles, programFiles } from '../program/files.ts';

const root = new URL('../../', import.meta.url).pathname;
const folder = `${root}dist/npm`;

const { name, version, description, license, engines } = z
  .object({
    name: z.string(),
    version: z.string(),
    description: z.string(),
    license: z.string(),
    engines: z.object({ node: z.string() }),
  })
  .parse(JSON.parse(readFileSync(`${root}package.json`, 'utf8')));

const files = {
  'cli.mjs': 'deploy/npm/cli.mjs',
  ...Object.fromEntries([...programFiles, ...compilerFiles].map((file) => [file, `dist/${file}`])),
  'README.md': 'deploy/npm/README.md',
  LICENSE: 'LICENSE',
  'THIRD-PARTY-LICENSES': 'dist/THIRD-PARTY-LICENSES',
  'opa-compiler.LICENSES': 'dist/opa-compiler.LICENSES',
};

// npm's provenance demands it: the repository whose workflow publishes. Only that knows where it is.
const url = process.env['REPOSITORY_URL'] ?? '';
const manifest = {
  name,
  version,
  description,
  license,
  ...(url !== '' && { repository: { type: 'git', url } }),
  keywords: ['kubernetes', 'kubelet', 'csr', 'certificate', 'opa', 'rego'],
  type: 'module',
  bin: { [name]: 'cli.mjs' },
  files: Object.keys(files),
  engines,
};

rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const [to, from] of Object.entries(files)) {
  copyFileSync(root + from, `${folder}/${to}`);
  chmodSync(`${folder}/${to}`, to === 'cli.mjs' ? 0o755 : 0o644);
}
writeFileSync(`${folder}/package.json`, `${JSON.stringify(manifest, null, 2)}\n`);
