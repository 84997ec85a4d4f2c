import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { Metrics } from '../../src/observe/metrics.ts';
import { metricNames } from '../documents/metrics-table.ts';
import { Approver } from '../support/approver.ts';
import { shippedDashboard } from '../support/dashboard.ts';
import { eventually } from '../support/eventually.ts';
import { operatorDefinitions } from '../support/operator-crds.ts';
import { promtool } from '../support/prometheus.ts';
import { rulesOf, shippedGroups } from '../support/rules.ts';
import { alertCases } from './alert-cases.ts';
import { apply, manifests, NAMESPACE, objectsOf } from './install.ts';
import { Scene } from './scene.ts';

/** The component `monitoring`: what it is made of, and what promtool and a real API server say of it. */

let directory: string;
let scene: Scene;
beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'monitoring-'));
  scene = await Scene.open();
});
afterAll(async () => {
  await scene?.close();
  rmSync(directory, { recursive: true, force: true });
});
const write = (name: string, text: string): string => {
  const file = join(directory, name);
  writeFileSync(file, text);
  return file;
};
const alerts = rulesOf(shippedGroups());
const namesIn = (text: string): string[] =>
  [...text.matchAll(/\bcsr_approver_[a-z_]+[a-z]\b/g)].map(([name]) =>
    name.replace(/_(bucket|count|sum)$/, ''),
  );

describe('rules', () => {
  test('are well-formed, each with an alert of its own', async () => {
    const file = write('rules.yml', stringify({ groups: shippedGroups() }));
    expect(await promtool(['check', 'rules', '--lint=all', '--lint-fatal', file])).toMatch(
      /SUCCESS: 1[0-9] rules found/,
    );
    expect(new Set(alerts.map(({ alert }) => alert)).size).toBe(alerts.length);
  });

  test.each(alerts)(
    '$alert names metrics that there are, and its part of the guide',
    ({ alert, expr, annotations }) => {
      expect(namesIn(expr).filter((name) => !metricNames().includes(name))).toEqual([]);
      const { hash, pathname } = new URL(annotations.runbook_url);
      expect(pathname).toMatch(/\/deploy\/README\.md$/);
      expect(hash).toBe(`#${alert.toLowerCase()}`);
      const guide = readFileSync(new URL('../../deploy/README.md', import.meta.url), 'utf8');
      expect(guide.split('\n')).toContain(`#### ${alert}`);
    },
  );

  test('fire when they must, not before, and not where one thing is different', async () => {
    const covered = new Set(alertCases.map(({ alert }) => alert));
    expect(alerts.map(({ alert }) => alert).filter((alert) => !covered.has(alert))).toEqual([]);
    write('rules.yml', stringify({ groups: shippedGroups() }));
    const tests = alertCases.map((given) => ({
      name: `${given.alert}: ${given.when}`,
      ...promtoolTest(given),
    }));
    const file = write(
      'tests.yml',
      stringify({ rule_files: ['rules.yml'], evaluation_interval: '1m', tests }),
    );
    expect(await promtool(['test', 'rules', file])).toContain('SUCCESS');
  });
});

/** As promtool takes it. */
const promtoolTest = ({ alert, series, at, labels }: (typeof alertCases)[number]) => ({
  interval: '1m',
  input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
  alert_rule_test: [
    {
      eval_time: at,
      alertname: alert,
      exp_alerts:
        labels === undefined
          ? []
          : [
              {
                exp_labels: { ...labels, severity: severityOf(alert) },
                exp_annotations: annotationsOf(alert, labels),
              },
            ],
    },
  ],
});

const ruleOf = (name: string) => {
  const found = alerts.find(({ alert }) => alert === name);
  if (found === undefined) throw new Error(`there is no alert ${name}`);
  return found;
};
const severityOf = (name: string) => ruleOf(name).labels.severity;

/** As the templates make them of the labels; the value is told by the case. */
function annotationsOf(name: string, labels: Readonly<Record<string, string>>): Record<string, string> {
  const { value = '' } =
    alertCases.find(({ alert, labels: given }) => alert === name && given === labels) ?? {};
  return Object.fromEntries(
    Object.entries(ruleOf(name).annotations).map(([key, text]) => [
      key,
      text
        .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => labels[label] ?? '')
        .replaceAll(/\{\{ \$value \| \w+ \}\}/g, value),
    ]),
  );
}

test('metrics are named by Prometheus’s practice, those of a running program too', async () => {
  const program = await scene.keep(Approver.start({ kubeconfig: scene.cluster.adminKubeconfig }));
  await scene.condition(await scene.request(1), 'Approved', () => program.log);
  const scraped = await eventually(async () => {
    const { body } = await program.get('/metrics');
    return /^csr_approver_approval_latency_seconds_count 1$/m.test(body) ? body : undefined;
  });
  const fresh = await new Metrics('1.2.3', () => new Set()).registry.metrics();
  for (const text of [scraped, fresh]) {
    const printed = await promtool(['check', 'metrics'], write('metrics', text)).catch(String);
    // What is not ours: the client library's figures of Node.js.
    expect(printed.split('\n').filter((line) => line.includes('csr_approver_'))).toEqual([]);
  }
});

describe('the dashboard', () => {
  const { panels, schemaVersion, templating } = shippedDashboard();
  const queries = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr));

  test('is of a current Grafana, and asks for metrics that there are', () => {
    expect(schemaVersion).toBeGreaterThanOrEqual(39);
    expect(templating.list.map(({ name }) => name)).toEqual(['datasource', 'namespace']);
    const unknown = queries.flatMap(namesIn).filter((name) => !metricNames().includes(name));
    expect([queries.length > 30, unknown]).toEqual([true, []]);
  });

  test('shows every metric of ours', () => {
    const shown = new Set(queries.flatMap(namesIn));
    expect(metricNames().filter((name) => !shown.has(name))).toEqual(notShown);
  });

  test('has panels that do not lie over one another', () => {
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from(
        { length: w * h },
        (_, index) => `${String(x + (index % w))}/${String(y + Math.floor(index / w))}`,
      ),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  });
});

/** What tells nothing that another panel does not tell better; spans are there only where tracing is on. */
const notShown = [
  'csr_approver_watch_errors_total',
  'csr_approver_list_objects_total',
  'csr_approver_policy_last_activation_timestamp_seconds',
  'csr_approver_shadow_dropped_total',
  'csr_approver_shadow_skipped_total',
  'csr_approver_trace_spans_total',
];

describe('on a real API server', () => {
  test('without the Prometheus Operator it is refused by name, and all else is there', async () => {
    const text = await manifests(scene, 'monitoring');
    await expect(apply(scene, text)).rejects.toThrow(
      /no matches for kind "PodMonitor" in version "monitoring\.coreos\.com\/v1"[^]*ensure CRDs are installed first/,
    );
  });

  test('with it, everything is taken as it is, and watches the pod and port of the Deployment', async () => {
    const input = await operatorDefinitions();
    await scene.cluster.kubectl(['apply', '--server-side', '-f', '-'], { input });
    const kinds = ['podmonitors', 'prometheusrules'].map((kind) => `crd/${kind}.monitoring.coreos.com`);
    await scene.cluster.kubectl(['wait', '--for=condition=Established', '--timeout=30s', ...kinds]);
    const text = await manifests(scene, 'monitoring');
    await eventually(() => apply(scene, text));
    const get = ['get', 'podmonitor,prometheusrule', '-n', NAMESPACE, '-o', 'name'];
    expect((await scene.cluster.kubectl(get)).trim().split('\n')).toEqual([
      'podmonitor.monitoring.coreos.com/rego-csr-approver',
      'prometheusrule.monitoring.coreos.com/rego-csr-approver',
    ]);
    const of = (kind: string): Record<string, unknown> =>
      objectsOf(text).find((one) => one.kind === kind) ?? {};
    const pod = {
      'app.kubernetes.io/name': 'rego-csr-approver',
      'app.kubernetes.io/instance': 'rego-csr-approver',
    };
    expect(of('PodMonitor')['spec']).toMatchObject({
      jobLabel: 'app.kubernetes.io/name',
      selector: { matchLabels: pod },
      podMetricsEndpoints: [{ port: 'http', path: '/metrics' }],
    });
    expect(of('Deployment')['spec']).toMatchObject({
      template: { metadata: { labels: pod }, spec: { containers: [{ ports: [{ name: 'http' }] }] } },
    });
  });

  test('Grafana’s sidecar finds the dashboard by its label', async () => {
    const get = ['get', 'configmap', '-n', NAMESPACE, '-l', 'grafana_dashboard=1', '-o', 'json'];
    const { items }: { items: { data: Record<string, string> }[] } = JSON.parse(
      await scene.cluster.kubectl(get),
    );
    expect(items.map(({ data }) => Object.keys(data))).toEqual([['rego-csr-approver.json']]);
    expect(JSON.parse(items[0]?.data['rego-csr-approver.json'] ?? '')).toEqual(shippedDashboard());
  });

  test('one rule with an expression that is none would be refused by name', async () => {
    const wrong = {
      apiVersion: 'monitoring.coreos.com/v1',
      kind: 'PrometheusRule',
      metadata: { name: 'x', namespace: NAMESPACE },
    };
    const spec = { groups: [{ name: 'x', rules: [{ alert: 'X', expr: ['a', 'list'] }] }] };
    await expect(apply(scene, stringify({ ...wrong, spec }))).rejects.toThrow(/expr/);
  });
});
