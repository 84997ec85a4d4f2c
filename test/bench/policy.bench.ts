/**
 * What the default policy costs in WebAssembly, from an ordinary request to the largest: `node test/bench/policy.bench.ts`.
 * The program ends an evaluation after 500 ms.
 */
import { buildBundle, loadBundle, withDirectory } from '../rego/evaluate.ts';
import { defaultConfig, loadCases } from '../rego/cases.ts';

const range = (count: number): number[] => [...Array(count).keys()];

/** A pool for each machine, or some dozens by expression, which is as many as there may be. */
const pools = (count: number, expression: string): Record<string, unknown> =>
  Object.fromEntries(
    range(count).map((index) => [
      `pool-${String(index)}`,
      {
        node_name: index === 0 ? '^n[0-9]+$' : expression.replace('N', String(index)),
        names: ['{node}', '{node}.example.com', `{host}.*.zone-${String(index)}.internal`],
        cidrs: [`10.${String(index)}.0.0/16`, `fd00:${index.toString(16)}::/32`],
      },
    ]),
  );

const [good] = (await loadCases()).filter(({ id }) => id === 'OK-01');
if (good === undefined) throw new Error('case OK-01 is missing');

const names = range(32).map((index) => (index === 0 ? 'n1' : `n1.z${String(index)}.zone-0.internal`));
const addresses = range(32).map((index) => `10.0.1.${String(index + 1)}`);
const large = {
  ...good.input,
  sans: { dns: names, ip: addresses, email: [], uri: [] },
  claims: [...names, ...addresses].map((address) => ({ address, nodes: ['n1', 'n2'] })),
};

const inventory = { ...defaultConfig, trust: [['inventory']] };
const rows = [
  ['ordinary request, as shipped', good.input, defaultConfig],
  ['64 names and addresses, as shipped', large, defaultConfig],
  ['ordinary request, 200 pools', good.input, { ...inventory, inventory: pools(200, '^worker-N$') }],
  [
    'ordinary request, 64 expressions',
    good.input,
    { ...inventory, inventory: pools(64, '^worker-N-[0-9]+$') },
  ],
  ['64 names and addresses, 200 pools', large, { ...inventory, inventory: pools(200, '^worker-N$') }],
  [
    '64 names and addresses, 200 pools of the Node',
    large,
    { ...inventory, inventory: pools(200, '^n[0-9]+$') },
  ],
] as const;

await withDirectory(async (directory) => {
  const path = await buildBundle('default', directory);
  for (const [title, input, config] of rows) {
    // oxlint-disable-next-line no-await-in-loop -- one at a time, so that they do not disturb each other
    const evaluate = await loadBundle(path, { csr: { kubelet_serving: { config } } });
    const times = range(60).map(() => {
      const start = performance.now();
      evaluate('csr/kubelet_serving/decision', input);
      return performance.now() - start;
    });
    times.sort((a, b) => a - b);
    const [median, slow] = [times[30], times[56]].map((time) => `${(time ?? 0).toFixed(2)} ms`);
    console.log(`${title}: median ${String(median)}, 95th percentile ${String(slow)}`);
  }
});
