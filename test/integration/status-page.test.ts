import { mkdirSync, mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { AxeResults } from 'axe-core';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { Approver } from '../support/approver.ts';
import { startBrowser } from '../support/browser.ts';
import { eventually, NotYet } from '../support/eventually.ts';
import { opaBundle } from '../support/opa-bundle.ts';
import { Scene } from './scene.ts';

/** The status page of the shipped program in a real browser, with whatever strangers may write on it. */

const script = '<script>document.title="owned"</script>';
const image = `"'><img src=http://127.0.0.1:9/x onerror=document.title=1>`;
const bidi = '\u202ereversed\u2066';

/** Says whatever it likes of every request. */
const rude = `package csr.mine

# METADATA
# entrypoint: true
# custom:
#   signer_name: kubernetes.io/kubelet-serving
#   facts: {node: true}
decision := {"allow": allow, "deny": set(), "wait": wait, "warn": set(), "config_errors": set()}

default allow := false

# METADATA
# custom:
#   code: Rude
#   remedy: ${JSON.stringify(`${script} ${image}`)}
wait contains {"code": "Rude", "msg": ${JSON.stringify(`${script}${image}${bidi} ${'long '.repeat(40)}`)}, "retry_after_seconds": 3600}

wait contains {"code": ${JSON.stringify(script)}, "msg": concat(" ", [input.name, input.requestor.username]), "retry_after_seconds": 3600}
`;

let scene: Scene;
let browser: Browser;
let bundle: string;
let running: Approver[] = [];
beforeAll(async () => {
  [scene, browser] = await Promise.all([Scene.open(), startBrowser()]);
  const folder = mkdtempSync(join(scene.cluster.dir, 'policies-'));
  const files = {
    '.manifest': JSON.stringify({ revision: `rude ${image}`, roots: ['csr/mine'] }),
    'csr/mine/policy.rego': rude,
  };
  bundle = await opaBundle(folder, files);
}, 300_000);
afterAll(async () => {
  await browser?.close();
  await scene?.close();
});
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  await Promise.all(running.map((program) => program.stop()));
  running = [];
  await scene.cluster.kubectl(['delete', 'csr', '--all']);
});

async function start(options: { config?: string; bundle?: string; ready?: boolean } = {}): Promise<Approver> {
  const program = await scene.keep(Approver.start({ kubeconfig: scene.cluster.adminKubeconfig, ...options }));
  running.push(program);
  return program;
}

/** A tab, and all that it asked for and complained of. */
interface Tab {
  readonly page: Page;
  readonly asked: string[];
  readonly complaints: string[];
}

async function open(program: Approver, path = '/', options: BrowserContextOptions = {}): Promise<Tab> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const asked: string[] = [];
  const complaints: string[] = [];
  page.on('request', (request) => asked.push(request.url()));
  page.on('console', (message) => complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('dialog', (dialog) => {
    complaints.push(dialog.message());
    void dialog.dismiss();
  });
  await page.goto(program.admin + path);
  return { page, asked, complaints };
}

const texts = async ({ page }: Tab): Promise<string> =>
  (await page.locator('body').innerText()).replaceAll(/\s+/g, ' ');

/** What axe-core finds wrong with a page, by the rules of WCAG 2.2 AA and good practice. */
async function axe({ page }: Tab): Promise<string[]> {
  const source = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
  await page.evaluate(source);
  const { violations } = await page.evaluate<AxeResults>('axe.run()');
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** For people who want to look, with SCREENSHOTS=FOLDER. */
async function screenshot({ page }: Tab, name: string): Promise<void> {
  const folder = process.env['SCREENSHOTS'];
  if (folder === undefined) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}

/** Of so many that were asked to wait, or approved. */
const decided = (program: Approver, count: number) =>
  eventually(
    async () => {
      const { decisions } = await program.wholeStatus();
      if (decisions.last.length < count) throw new NotYet(JSON.stringify(decisions));
      return decisions;
    },
    { explain: () => program.log },
  );

const looks: Readonly<Record<string, BrowserContextOptions>> = {
  light: { colorScheme: 'light', viewport: { width: 1280, height: 900 } },
  dark: { colorScheme: 'dark', viewport: { width: 1280, height: 900 } },
  phone: { colorScheme: 'light', viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
};

test('shows hostile text as text: no script runs, nothing is fetched, nothing is hidden', async () => {
  const program = await start({ bundle, config: 'policy: {shadow: {}}' });
  await eventually(async () => (await program.status())['shadow']?.active_revision, {
    explain: () => program.log,
  });
  const name = `csr${image.replaceAll('/', ':')}`;
  await scene.request(1, {}, { name });
  await scene.request(2, { email: [`${script}@x`] });
  await decided(program, 2);
  await eventually(async () => {
    const { shadow } = await program.wholeStatus();
    return shadow !== undefined && shadow.differing.length > 0 ? shadow : undefined;
  });
  const tab = await open(program);
  const { page, asked, complaints } = tab;
  expect(await page.title()).toMatch(/^rego-csr-approver on /);
  expect(await page.locator('img, script, iframe, object').count()).toBe(0);
  const text = await texts(tab);
  for (const shown of [script, image, name, '\\u{202e}reversed\\u{2066}', `rude ${image}`])
    expect(text).toContain(shown);
  expect(text).not.toMatch(/[\u202a-\u202e\u2066-\u2069]/u);
  expect(stripVTControlCharacters(text)).toBe(text);
  expect(asked).toEqual([`${program.admin}/`]);
  expect(complaints).toEqual([]);
});

test('a script that got onto the page would not run, nor could it fetch anything', async () => {
  const program = await start();
  const { page, complaints } = await open(program);
  await page.evaluate(`
    document.body.insertAdjacentHTML('beforeend', '<img src="/x" onerror="document.title=1">');
    const added = document.createElement('script');
    added.textContent = 'document.title = "owned"';
    document.body.append(added);
    void fetch('/v1/status').catch(() => undefined);
  `);
  await eventually(() => (complaints.length >= 3 ? complaints : undefined));
  expect(await page.title()).toMatch(/^rego-csr-approver on /);
  expect(page.url()).toBe(`${program.admin}/`);
  expect(complaints.join('\n')).toMatch(/Content Security Policy/);
});

test('can be read by everybody, and fits, by day, by night and on a phone', async () => {
  const program = await start();
  await scene.request(1);
  await scene.request(2, { ip: ['10.0.0.99', '10.0.0.98'] });
  await scene.request(3, { dns: [`${'long-'.repeat(11)}name.${'sub.'.repeat(40)}example.com`] });
  await scene.request(4, { uri: ['https://example.com/x'] });
  await decided(program, 4);
  for (const [look, options] of Object.entries(looks)) {
    // oxlint-disable-next-line no-await-in-loop -- one browser
    const tab = await open(program, '/', options);
    // oxlint-disable-next-line no-await-in-loop
    await screenshot(tab, look);
    // oxlint-disable-next-line no-await-in-loop
    expect(await axe(tab), look).toEqual([]);
    // oxlint-disable-next-line no-await-in-loop
    const fits = await tab.page.evaluate('document.documentElement.scrollWidth <= window.innerWidth');
    expect(fits, look).toBe(true);
    expect(tab.complaints, look).toEqual([]);
  }
});

test('says why a request waits and what to do, and what was written, without JavaScript', async () => {
  const program = await start();
  const good = await scene.request(1);
  const waits = await scene.request(2, { ip: ['10.0.0.99'] });
  await scene.condition(good, 'Approved', () => program.log);
  await decided(program, 2);
  const tab = await open(program, '/', { javaScriptEnabled: false });
  const { page } = tab;
  const row = (table: string) =>
    page.getByRole('table', { name: table }).getByRole('row').filter({ hasText: waits });
  await expect(row('Oldest first').innerText()).resolves.toMatch(
    /system:node:n2.*wait.*SANNotListed.*10\.0\.0\.99.*What to do: /s,
  );
  expect(await texts(tab)).toMatch(new RegExp(`${good} system:node:n1 .* approve Approved`));

  await page.getByLabel('Node, requestor or request').fill('system:node:n1');
  await page.getByRole('button', { name: 'Show' }).click();
  expect(page.url()).toBe(`${program.admin}/?node=system%3Anode%3An1&verdict=`);
  expect(await row('Oldest first').count()).toBe(0);
  expect(await texts(tab)).toContain('The filter shows 0 of them.');
  await page.getByLabel('Node, requestor or request').fill('');
  await page.getByLabel('Verdict').selectOption('wait');
  await page.getByRole('button', { name: 'Show' }).click();
  expect(await row('Oldest first').count()).toBe(1);
  expect(await page.getByLabel('Verdict').inputValue()).toBe('wait');
});

test('one that stands by says who leads', async () => {
  const config = 'leaderElection: {namespace: default, name: status-page}';
  const leader = await start({ config });
  await eventually(async () => ((await leader.leader()).leading ? true : undefined));
  const standby = await start({ config });
  const name = await scene.request(1, { ip: ['10.0.0.99'] });
  await decided(leader, 1);
  const { identity } = await leader.leader();
  const tab = await eventually(async () => {
    const opened = await open(standby);
    return (await texts(opened)).includes(name) ? opened : undefined;
  });
  const text = await texts(tab);
  expect(text).toContain(`Standing by: ${identity} leads.`);
  expect(text).toMatch(new RegExp(`${name} system:node:n1 .* undecided`));
  expect(text).toContain('0 decisions since the start of this process.');
  expect(await axe(tab)).toEqual([]);
  await screenshot(tab, 'standby');
});

test('without a policy it says why', async () => {
  const program = await start({
    bundle: 'http://127.0.0.1:9/bundle.tar.gz',
    config: 'policy: {polling: {minDelaySeconds: 1, maxDelaySeconds: 1}}',
    ready: false,
  });
  const { bundles } = await eventually(
    async () => {
      const status = await program.wholeStatus();
      return status.bundles['policy']?.message === undefined ? undefined : status;
    },
    { explain: () => program.log },
  );
  const tab = await open(program);
  const text = await texts(tab);
  expect(text).toContain('No policy is in force: nothing is decided.');
  expect(text).toContain(String(bundles['policy']?.message));
  expect(await axe(tab)).toEqual([]);
  await screenshot(tab, 'no-policy');
});
