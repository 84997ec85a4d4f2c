import { z } from 'zod';

/** A reason as rules write it: an object with a code, or a bare sentence. */
const reason = z.union([
  z.string(),
  z.looseObject({
    code: z.string().min(1),
    msg: z.string(),
    retry_after_seconds: z.number().positive().optional(),
  }),
]);

/** Sets leave WebAssembly as arrays. */
const reasons = z.array(reason);

/** Value of a policy's entrypoint. A key beyond these is refused: it would be a rule that nobody reads. */
export const decisionShape = z.strictObject({
  allow: z.boolean(),
  deny: reasons,
  wait: reasons,
  warn: reasons,
  config_errors: z.array(z.union([z.string(), z.looseObject({ msg: z.string() })])),
});
export type PolicyDecision = z.infer<typeof decisionShape>;

/** Value of the floor's entrypoints. */
export const floorShape = z.strictObject({ pass: z.boolean(), deny: reasons, wait: reasons });
export type FloorDecision = z.infer<typeof floorShape>;

export type WrittenReason = z.infer<typeof reason>;

/** One line for what is wrong with a value that has not the expected shape. */
export function shapeProblem(error: z.ZodError): string {
  const [issue] = error.issues;
  return `${issue === undefined || issue.path.length === 0 ? 'value' : issue.path.join('.')}: ${issue?.message ?? 'invalid'}`;
}
