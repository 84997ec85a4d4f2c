// Builds OPA's compiler, src/compiler/opa, into dist/opa-compiler.wasm.br. Go is needed for this and for nothing that runs.
// Once for each state of the sources and of Go: it is kept in the user's cache, beside the tools.
import { createHash } from 'node:crypto';
import {
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { brotliCompressSync, constants as zlib } from 'node:zlib';
import { cacheRoot } from '../../test/tools/cache.ts';
import { ToolError } from '../../test/tools/error.ts';
import { buildFlags, checkGo, goEnvironment } from '../../test/tools/go.ts';
import { run } from '../../test/tools/run.ts';
import { limitMemory } from './wasm-memory.ts';

const root = new URL('../../', import.meta.url).pathname;
const sources = `${root}src/compiler/opa`;
/** In dist/; the module is the last to come, which make looks at. */
const products = ['opa-compiler.LICENSES', 'opa-compiler.wasm.br'] as const;

/** Most memory of the compiler, in pages of 64 KiB: 1 GiB. The default policy needs 50 MiB of it. */
const maxPages = 16_384;
/** The highest quality saves another 13 %, and takes six times as long. */
const quality = 9;
const environment = { ...goEnvironment(), GOOS: 'wasip1', GOARCH: 'wasm' };
const flags = [...buildFlags, '-buildmode=c-shared', '-ldflags', '-s -w'];

/** Where the result is kept; the key covers whatever decides what it is. */
async function cached(): Promise<string> {
  const version = await go(['version']);
  const hash = createHash('sha256').update(JSON.stringify([version, flags, maxPages, quality]));
  for (const file of readdirSync(sources).sort())
    hash.update(`\0${file}\0`).update(readFileSync(join(sources, file)));
  return join(dirname(cacheRoot()), 'compiler', hash.digest('hex').slice(0, 16));
}

async function build(folder: string): Promise<void> {
  process.stderr.write("OPA's compiler: building, about a minute, first time only\n");
  mkdirSync(dirname(folder), { recursive: true });
  const draft = mkdtempSync(`${folder}.`);
  try {
    const [licences, module] = products;
    await go(['build', ...flags, '-o', join(draft, module), '.']);
    const whole = limitMemory(readFileSync(join(draft, module)), maxPages);
    writeFileSync(join(draft, licences), await licenceTexts());
    writeFileSync(
      join(draft, module),
      brotliCompressSync(whole, {
        params: {
          [zlib.BROTLI_PARAM_QUALITY]: quality,
          [zlib.BROTLI_PARAM_LGWIN]: zlib.BROTLI_MAX_WINDOW_BITS,
          [zlib.BROTLI_PARAM_SIZE_HINT]: whole.length,
        },
      }),
    );
    renameSync(draft, folder);
  } catch (error) {
    // Two at once: the first one's is as good.
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

async function go(args: readonly string[]): Promise<string> {
  const result = await run('go', args, { cwd: sources, env: environment });
  if (result.kind === 'exit' && result.code === 0) return result.stdout;
  throw new ToolError(`OPA's compiler: go ${args[0] ?? ''} failed. Go said:\n${result.stderr}`);
}

/** Licences of every Go module of which a package is linked in, and of Go itself. */
async function licenceTexts(): Promise<string> {
  const form = '{{with .Module}}{{if not .Main}}{{.Path}} {{.Version}}\t{{.Dir}}{{end}}{{end}}';
  const listed = (await go(['list', '-deps', '-f', form, '.'])).split('\n').filter((line) => line !== '');
  const [version = '', goRoot = ''] = (await go(['env', 'GOVERSION', 'GOROOT'])).split('\n');
  const modules = [...new Set(listed)].sort().map((line) => line.split('\t'));
  const texts = [[version, goRoot], ...modules].map(([name = '', folder = '']) => {
    const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice|patents)/i.test(file));
    if (files.length === 0) throw new ToolError(`OPA's compiler: ${name} has no licence in ${folder}`);
    const text = files.sort().map((file) => readFileSync(join(folder, file), 'utf8').trim());
    return `${'='.repeat(80)}\n${name}\n\n${text.join('\n\n')}\n`;
  });
  return `opa-compiler.wasm.br contains these Go modules, under these licences.\n\n${texts.join('\n')}`;
}

try {
  await checkGo({ name: "OPA's compiler", version: 'for WebAssembly', moduleDirectory: sources });
  const folder = await cached();
  if (!existsSync(folder)) await build(folder);
  mkdirSync(`${root}dist`, { recursive: true });
  for (const product of products) {
    copyFileSync(join(folder, product), `${root}dist/${product}.new`, constants.COPYFILE_FICLONE);
    renameSync(`${root}dist/${product}.new`, `${root}dist/${product}`);
  }
} catch (error) {
  if (!(error instanceof ToolError)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 2;
}
