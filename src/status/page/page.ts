import { html, trusted } from '../../text/html.ts';
import type { Filter } from '../pending.ts';
import type { ProgramStatus } from '../status.ts';
import { decisionsSection, filterForm, pendingSection, shadowSection } from './requests.ts';
import { bundlesSection, healthSection, stateSection, workSection } from './state.ts';
import { style } from './style.ts';
import { time } from './words.ts';

/**
 * The status as a page for people. It needs no script, and has none.
 * @param status strangers' text in it is bounded and escaped: what hides or reorders text is visible as `\u{…}`
 * @param now when it was made
 */
export function statusPage(status: ProgramStatus, filter: Filter, now: Date): string {
  const { id, version } = status.labels;
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="robots" content="noindex" />
        <title>rego-csr-approver on ${id}</title>
        ${trusted(`<style>${style}</style>`)}
      </head>
      <body>
        <header>
          <h1>rego-csr-approver</h1>
          <p class="quiet">
            ${id}, version ${version}, at ${time(now.toISOString())} UTC.
            <a href="${again(filter)}">Show it anew</a>; the same <a href="/v1/status">as JSON</a>.
          </p>
        </header>
        <main>
          ${stateSection(status)} ${filterForm(filter)} ${pendingSection(status, filter)}
          ${decisionsSection(status, filter)} ${shadowSection(status)} ${bundlesSection(status)}
          ${healthSection(status)} ${workSection(status)}
        </main>
      </body>
    </html> `;
  return page.toString();
}

function again({ node, verdict }: Filter): string {
  const query = new URLSearchParams(
    Object.entries({ node, verdict }).filter(([, value]) => value !== ''),
  ).toString();
  return query === '' ? '/' : `/?${query}`;
}
