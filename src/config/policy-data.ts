import { z } from 'zod';

/** `data` of a policy: the same for the one in force and for a candidate. */
export const policyData = {
  data: z
    .array(z.string().min(1))
    .max(64)
    .default([])
    .describe(
      'Data overlays: files (YAML, or JSON where the name ends in `.json`) whose members replace knobs of the bundle.',
    ),
};
