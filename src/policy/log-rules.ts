import type { Bundle } from '../bundle/bundle.ts';
import { logRulePaths } from '../bundle/bundle.ts';
import { PolicyError } from '../bundle/error.ts';
import { packageOf } from '../bundle/rego.ts';
import { Engine } from './engine.ts';
import { EvaluationError } from './error.ts';
import type { Isolate } from './isolate.ts';
import { readMaskRules, type MaskRule } from './mask-rules.ts';

type Name = keyof typeof logRulePaths;

/** What a policy says of one line of its decision log. */
export interface LogRules {
  /** @throws EvaluationError when a rule gives no usable answer: then nobody knows what must not be told */
  readonly ask: (line: object) => Promise<LogAnswer>;
}

export interface LogAnswer {
  /** The line is not to be written at all. */
  readonly drop: boolean;
  readonly mask: readonly MaskRule[];
}

/**
 * The rules of a bundle for its decision log; undefined where it has none.
 * @param isolate in which they are evaluated: not that of decisions, which must not wait for them
 * @param probe an ordinary line
 * @throws PolicyError when a rule can not be evaluated in WebAssembly, or says nothing usable of that line
 */
export async function loadLogRules(
  bundle: Bundle,
  isolate: Isolate | undefined,
  probe: object,
): Promise<LogRules | undefined> {
  refuseUncompiled(bundle);
  const { logRules: paths } = bundle;
  if (paths.length === 0) return undefined;
  const engine = await Engine.load(bundle.wasm, bundle.data, isolate, bundle.sources);
  const missing = paths.find((path) => !engine.entrypoints.includes(path));
  if (missing !== undefined) {
    throw new PolicyError('EntrypointMissing', `the module was compiled without entrypoint ${missing}`);
  }
  const rules: LogRules = { ask: (line) => ask(engine, paths, line) };
  try {
    // The functions of the module are compiled by the first call, which has a start's time.
    for (const path of paths) {
      // oxlint-disable-next-line no-await-in-loop -- at most two
      await engine.warm(path, probe);
    }
    await rules.ask(probe);
  } catch (cause) {
    if (!(cause instanceof EvaluationError)) throw cause;
    throw new PolicyError('MaskInvalid', `self-test of the decision log's rules: ${cause.message}`, {
      cause,
    });
  }
  return rules;
}

async function ask(engine: Engine, paths: readonly string[], line: object): Promise<LogAnswer> {
  const valueOf = async (path: string, absent: unknown): Promise<unknown> =>
    paths.includes(path) ? engine.evaluateOrUndefined(path, line) : absent;
  const [drop, mask] = await Promise.all([valueOf(logRulePaths.drop, false), valueOf(logRulePaths.mask, [])]);
  return { drop: readDrop(drop), mask: readMask(mask) };
}

/** Undefined is no, as for OPA. */
function readDrop(value: unknown): boolean {
  if (value === undefined || typeof value === 'boolean') return value === true;
  throw new EvaluationError(`${logRulePaths.drop} gave neither true nor false`);
}

/**
 * For OPA an undefined mask masks nothing. Here it is no answer: a rule whose helper fails is undefined too. One that is
 * made by `mask contains` never is.
 */
function readMask(value: unknown): readonly MaskRule[] {
  const { mask } = logRulePaths;
  if (value === undefined) {
    throw new EvaluationError(
      `${mask} is undefined: write \`mask contains …\`, or give it a \`default mask := set()\``,
    );
  }
  const rules = readMaskRules(value);
  if ('problem' in rules) throw new EvaluationError(`${mask}: ${rules.problem}`);
  return rules;
}

/** A rule that was not compiled would mask nothing, and nobody would notice. */
function refuseUncompiled({ sources, data, logRules }: Bundle): void {
  for (const name of ['mask', 'drop'] as const) {
    const path = logRulePaths[name];
    if (logRules.includes(path)) continue;
    const source = [...sources].find(([, text]) => defines(text, name))?.[0];
    const where = source ?? (isInData(data, name) ? 'the data' : undefined);
    if (where === undefined) continue;
    throw new PolicyError(
      'MaskInvalid',
      `${where} has data.${path.replaceAll('/', '.')}, which is no entrypoint: make it a rule with \`# METADATA\` and \`# entrypoint: true\``,
    );
  }
}

function defines(source: string, name: Name): boolean {
  const at = packageOf(source)?.join('.');
  const head = at === 'system.log' ? name : at === 'system' ? `log\\.${name}` : undefined;
  return head !== undefined && new RegExp(`^(default[ \\t]+)?${head}(?![A-Za-z0-9_])`, 'm').test(source);
}

function isInData(data: Readonly<Record<string, unknown>>, name: Name): boolean {
  const inner = ['system', 'log'].reduce<unknown>(
    (at, key) => (isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined),
    data,
  );
  return isObject(inner) && Object.hasOwn(inner, name);
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
