import { z } from 'zod';
import { isLabelKey, isLabelValue, isNamespace, isObjectName, isSubdomain } from '../text/names.ts';
import { wordsOf } from '../text/template.ts';

/**
 * What a template may name: `node_name`, and every text of the request document, by its path. A test holds the list to
 * the schema of that document.
 */
export const templateWords: readonly string[] = [
  'node_name',
  'requestor.username',
  'requestor.uid',
  'subject.common_name',
  'signer_name',
  'name',
  'uid',
  'created_at',
  'now',
  'key.algorithm',
  'key.curve',
  'signature_algorithm',
  'fingerprint',
];

/** A text with `{word}` in it. One without is held to `isValid` here: there is no later time at which it could differ. */
function template(what: string, isValid: (text: string) => boolean) {
  return z.string().superRefine((text, context) => {
    const words = wordsOf(text);
    if ('problem' in words) {
      context.addIssue({ code: 'custom', message: `${JSON.stringify(text)}: ${words.problem}` });
      return;
    }
    for (const word of words) {
      if (templateWords.includes(word)) continue;
      const message = `{${word}} is no text of the request (known: ${templateWords.join(', ')})`;
      context.addIssue({ code: 'custom', message });
    }
    if (words.length === 0 && text !== '' && !isValid(text)) {
      context.addIssue({ code: 'custom', message: `${JSON.stringify(text)} is no ${what}` });
    }
  });
}

const word = /^[a-z]([-a-z0-9]*[a-z0-9])?$/;
const version = /^v[0-9]+((alpha|beta)[0-9]+)?$/;
const field = '[A-Za-z_][-A-Za-z0-9_]*';
const fieldPath = new RegExp(`^${field}(\\.${field})*$`);

/**
 * Which objects to read. `name`, `namespace` and the values of `labels` and `match` are templates: `{node_name}` stands
 * for the name of the node that asks, `{requestor.username}` and the like for a text of the request.
 */
export const lookupQuery = z
  .strictObject({
    /** API group; empty for the core group. */
    group: z
      .string()
      .refine((text) => text === '' || isSubdomain(text), 'not an API group')
      .default(''),
    version: z.string().regex(version, 'not a version of an API, such as v1 or v1beta1'),
    /** Plural name, as in a path of the API. */
    resource: z.string().regex(word, 'not the plural name of a resource, such as machines'),
    /** Empty for objects without a namespace, or of all namespaces. */
    namespace: template('namespace', isNamespace).default(''),
    /** The one object of that name; excludes `labels` and `match`. */
    name: template('name of an object', isObjectName).default(''),
    /** Objects that have all of these labels; the API server selects. */
    labels: z
      .record(
        z.string().refine(isLabelKey, 'not the name of a label'),
        template('value of a label', isLabelValue),
      )
      .default({}),
    /** Objects that have all of these texts at these paths, such as `status.nodeRef.name`; the program selects. */
    match: z
      .record(
        z.string().regex(fieldPath, 'not a path of fields, such as status.nodeRef.name'),
        template('text', () => true),
      )
      .default({}),
  })
  .refine(
    ({ name, labels, match }) => name === '' || Object.keys({ ...labels, ...match }).length === 0,
    '`name` excludes `labels` and `match`',
  );
export type LookupQuery = z.infer<typeof lookupQuery>;
