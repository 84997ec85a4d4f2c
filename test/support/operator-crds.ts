import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { goEnvironment } from '../tools/go.ts';
import { run } from '../tools/run.ts';

/** The Prometheus Operator whose definitions the component is held to, and the checksum of its module. */
const operator = {
  module: 'github.com/prometheus-operator/prometheus-operator',
  version: 'v0.85.0',
  sum: 'h1:M5xLCLEoaW2IJfnuCwFzzpL+jSVQu3KGT84Pye+fW8s=',
};

const downloaded = z.object({ Dir: z.string(), Sum: z.string() });

/** The CustomResourceDefinitions of PodMonitor and PrometheusRule, as the operator ships them (YAML). */
export async function operatorDefinitions(): Promise<string> {
  const { module, version, sum } = operator;
  // Outside of any module: nothing else of its is needed.
  const cwd = mkdtempSync(join(tmpdir(), 'operator-'));
  try {
    const result = await run('go', ['mod', 'download', '-json', `${module}@${version}`], {
      cwd,
      env: { ...goEnvironment(), GOFLAGS: '' },
      timeoutMs: 120_000,
    });
    if (result.kind !== 'exit' || result.code !== 0) {
      throw new Error(`${module} ${version} could not be downloaded: ${result.stdout}${result.stderr}`);
    }
    const found = downloaded.parse(JSON.parse(result.stdout));
    if (found.Sum !== sum) throw new Error(`${module} ${version} has checksum ${found.Sum}, not ${sum}`);
    return ['podmonitors', 'prometheusrules']
      .map((kind) => `example/prometheus-operator-crd/monitoring.coreos.com_${kind}.yaml`)
      .map((file) => readFileSync(join(found.Dir, file), 'utf8'))
      .join('\n---\n');
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}
