// Builds the shipped program into dist/: the bundled modules, the pinned node, and an executable that joins them.
// The floor's bundle becomes part of the module; the default policy's lies beside it.
import {
  chmodSync,
  constants,
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import * as esbuild from 'esbuild';
import { version } from '../../src/cli/version.ts';
import { bundledPackages, licenceTexts } from './bundled.ts';
import { runAllocation, runMemory } from './memory.ts';

const root = new URL('../../', import.meta.url).pathname;
const dist = `${root}dist`;

/** client-node's generated API is never called; without this, its hundreds of modules are loaded at start (8 MiB). */
const withoutGeneratedApi: esbuild.Plugin = {
  name: 'without-generated-api',
  setup(build) {
    build.onResolve({ filter: /./ }, async ({ path, pluginData, ...rest }) => {
      if (pluginData === 'resolved' || !rest.importer.includes('@kubernetes/client-node')) return undefined;
      const found = await build.resolve(path, { ...rest, pluginData: 'resolved' });
      return /client-node\/dist\/gen\//.test(found.path) ? { ...found, sideEffects: false } : found;
    });
  },
};

/** What `import()` asks for is a file of its own, which is not read where tracing is off. */
const tracingApart: esbuild.Plugin = {
  name: 'tracing-apart',
  setup(build) {
    build.onResolve({ filter: /\/tracing\/opentelemetry\.ts$/ }, ({ kind }) =>
      kind === 'dynamic-import' ? { path: './rego-csr-approver-tracing.mjs', external: true } : undefined,
    );
  },
};

mkdirSync(dist, { recursive: true });
const { metafile } = await esbuild.build({
  entryPoints: {
    'rego-csr-approver': `${root}src/main.ts`,
    'rego-csr-approver-worker': `${root}src/policy/worker.ts`,
    'rego-csr-approver-tracing': `${root}src/tracing/opentelemetry.ts`,
    'opa-compiler': `${root}src/compiler/worker.ts`,
  },
  outdir: dist,
  absWorkingDir: root,
  metafile: true,
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  format: 'esm',
  target: 'node24',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
  plugins: [withoutGeneratedApi, tracingApart],
  // Bundled CommonJS modules ask for node's own ones by `require`.
  banner: {
    js: "import{createRequire as __createRequire}from'node:module';const require=__createRequire(import.meta.url);",
  },
  define: {
    FLOOR_BUNDLE: JSON.stringify(readFileSync(`${dist}/floor.tar.gz`).toString('base64')),
    COMPILER: JSON.stringify('./opa-compiler.wasm.br'),
    COMPILER_WORKER: JSON.stringify('./opa-compiler.mjs'),
    WORKER: JSON.stringify('./rego-csr-approver-worker.mjs'),
    DEFAULT_BUNDLE: JSON.stringify('./default.tar.gz'),
    TEMPLATE: JSON.stringify('./template.tar.gz'),
    VERSION: JSON.stringify(version),
  },
});

const bundled = bundledPackages(root, metafile);
writeFileSync(`${dist}/bundled.json`, `${JSON.stringify(bundled, null, 2)}\n`);
writeFileSync(`${dist}/THIRD-PARTY-LICENSES`, licenceTexts(root, bundled));

// Copied and renamed, so that a program that runs from here goes on with the file it has.
copyFileSync(process.execPath, `${dist}/node.new`, constants.COPYFILE_FICLONE);
chmodSync(`${dist}/node.new`, 0o755);
renameSync(`${dist}/node.new`, `${dist}/node`);

// What the environment says already counts.
const allocation = Object.entries(runAllocation).map(([name, value]) => `${name}="\${${name}:-${value}}"`);
writeFileSync(
  `${dist}/rego-csr-approver`,
  `#!/bin/sh
# Becomes the node beside it, running the program beside it: one process, and no other node is ever used.
here=$(dirname -- "$(readlink -f -- "$0")")
memory=
case \${1:-} in run)
  memory='${runMemory.join(' ')}'
  export ${allocation.join(' ')}
  ;;
esac
# shellcheck disable=SC2086 -- two words
exec "$here/node" $memory "$here/rego-csr-approver.mjs" "$@"
`,
);
chmodSync(`${dist}/rego-csr-approver`, 0o755);
