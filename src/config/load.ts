import { readFileSync } from 'node:fs';
import type { Document } from 'yaml';
import { LineCounter, parseAllDocuments } from 'yaml';
import type { z } from 'zod';
import { messageOf, whyUnreadable } from '../text/message.ts';
import { offsetOf } from './position.ts';
import type { Config } from './schema.ts';
import { configSchema, defaultConfig } from './schema.ts';

/** A configuration that cannot be used. The message says file, line, path and what is expected. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code: 'ConfigUnreadable' | 'ConfigSyntax' | 'ConfigInvalid';

  constructor(code: ConfigError['code'], message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Reads an ApproverConfiguration; without a file, the defaults. */
export function loadConfig(file: string | undefined): Config {
  if (file === undefined) return defaultConfig;
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ConfigError('ConfigUnreadable', `${file}: ${whyUnreadable(cause, '`--config`')}`, {
      cause,
    });
  }
  return parseConfig(text, file);
}

/** Parses the text of an ApproverConfiguration; `file` only names it in messages. */
export function parseConfig(text: string, file: string): Config {
  const lines = new LineCounter();
  const [document, ...more] = parseAllDocuments(text, {
    lineCounter: lines,
    uniqueKeys: true,
    prettyErrors: false,
  });
  if (document === undefined || more.length > 0) {
    throw new ConfigError('ConfigSyntax', `${file}: exactly one YAML document is expected`);
  }
  const [problem] = document.errors;
  if (problem !== undefined) {
    const { line, col } = lines.linePos(problem.pos[0]);
    throw new ConfigError('ConfigSyntax', `${file}:${String(line)}:${String(col)}: ${problem.message}`);
  }
  const result = configSchema.safeParse(valueOf(document, file), { error: explain });
  if (result.success) return result.data;
  const found = result.error.issues.flatMap((issue) => describe(issue, document, lines, file));
  throw new ConfigError('ConfigInvalid', found.join('\n'));
}

/** What zod does not say in plain words: of a field that has to be there, it says that it received `undefined`. */
function explain(issue: z.core.$ZodRawIssue): string | undefined {
  return issue.code === 'invalid_type' && issue.input === undefined
    ? `missing: ${issue.expected} is expected`
    : undefined;
}

/** Aliases are resolved only here: one without an anchor, or too many of them, shows here. */
function valueOf(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 10 }) as unknown;
  } catch (cause) {
    throw new ConfigError('ConfigSyntax', `${file}: ${messageOf(cause)}`, { cause });
  }
}

/** A line for each thing that is wrong: zod tells all the unknown fields of one object in one issue. */
function describe(issue: z.core.$ZodIssue, document: Document, lines: LineCounter, file: string): string[] {
  const found =
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({ path: [...issue.path, key], message: 'unknown field' }))
      : [issue];
  return found.map(({ path, message }) => {
    const offset = offsetOf(document, path);
    const where = offset === undefined ? file : `${file}:${String(lines.linePos(offset).line)}`;
    return `${where}: ${path.map(String).join('.')}: ${message}`;
  });
}
