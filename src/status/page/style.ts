import { createHash } from 'node:crypto';

/** The page's one style. Colours have a contrast of at least 4.5 to 1 on their ground, by day and by night. */
export const style = `
:root { color-scheme: light dark; --ground: #fff; --text: #1b1f24; --quiet: #57606a; --line: #d0d7de; --band: #f6f8fa;
  --link: #0550ae; --good: #116329; --bad: #a40e26; --warn: #7d4e00; }
@media (prefers-color-scheme: dark) {
  :root { --ground: #0d1117; --text: #e6edf3; --quiet: #9ea7b3; --line: #30363d; --band: #161b22;
    --link: #79c0ff; --good: #56d364; --bad: #ff8b85; --warn: #e3b341; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 88rem; padding: 1rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; margin: 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p { margin: .4rem 0; }
a { color: var(--link); }
.quiet { color: var(--quiet); }
.good { color: var(--good); }
.bad { color: var(--bad); }
.warn { color: var(--warn); }
.state { border: 1px solid; border-left-width: .5rem; border-radius: .25rem; padding: .5rem .8rem; margin: 1rem 0; font-weight: 600; }
.state p { color: var(--text); font-weight: 400; }
table { border-collapse: collapse; width: 100%; }
caption { text-align: left; color: var(--quiet); padding: .2rem 0; }
th, td { text-align: left; vertical-align: top; padding: .35rem .9rem .35rem 0; border-top: 1px solid var(--line); font-weight: 400; }
thead th { color: var(--quiet); font-size: .875rem; border-top: 0; white-space: nowrap; }
tbody th, td:nth-child(2) { min-width: 9.5rem; }
time, .verdict, .whole { white-space: nowrap; }
ul { margin: 0; padding: 0; list-style: none; }
li + li { margin-top: .4rem; }
code { font: .875rem/1.5 ui-monospace, monospace; }
.verdict { font-weight: 600; }
.remedy { color: var(--quiet); font-size: .875rem; }
form { display: flex; flex-wrap: wrap; gap: .5rem 1rem; align-items: end; background: var(--band); padding: .7rem; border-radius: .25rem; }
label { display: block; font-size: .875rem; }
input, select, button { font: inherit; color: var(--text); background: var(--ground); border: 1px solid var(--quiet); border-radius: .25rem; padding: .3rem .5rem; max-width: 100%; }
@media (max-width: 45rem) {
  table, caption, tbody, tr, th, td { display: block; }
  thead { position: absolute; clip-path: inset(50%); }
  tr { border-top: 1px solid var(--line); padding: .5rem 0; }
  th, td { border: 0; padding: .1rem 0; }
  td:empty { display: none; }
  tbody th { font-weight: 600; }
  td::before { content: attr(data-column); display: block; color: var(--quiet); font-size: .8rem; }
}
`;

/**
 * What a browser is to do with the page (Content Security Policy Level 3): take that style and nothing else. So no script
 * runs, whatever a stranger brought into the text, and nothing is fetched from anywhere.
 */
export const contentSecurityPolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "form-action 'self'",
  "base-uri 'none'",
  "frame-ancestors 'none'",
].join('; ');
