import { z } from 'zod';

/** Longest lease that the configuration may ask for, and that a Lease of anybody is believed. */
export const maxLeaseSeconds = 300;

/** A try may come later than the retry period by so much of it: the leader must have two within its deadline. */
const slack = 1.2;

const dnsLabel = z
  .string()
  .regex(
    /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/,
    'not the name of a namespace: lower-case letters, digits and -',
  );
const objectName = z
  .string()
  .max(253)
  .regex(
    /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/,
    'not the name of an object: lower-case letters, digits, - and .',
  );

/** Field `leaderElection` of ApproverConfiguration. */
export const electionConfig = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe('Whether only one of several decides, the one that holds a Lease. The others stand by.'),
    namespace: dnsLabel
      .optional()
      .describe(
        'Namespace of the Lease; unless said, that of the environment variable POD_NAMESPACE. Without either there is no election, and this program decides.',
      ),
    name: objectName.default('rego-csr-approver-leader').describe('Name of the Lease.'),
    leaseDurationSeconds: z
      .int()
      .min(3)
      .max(maxLeaseSeconds)
      .default(15)
      .describe('How long a Lease that is not renewed is left to its holder.'),
    renewDeadlineSeconds: z
      .int()
      .min(2)
      .max(maxLeaseSeconds)
      .default(10)
      .describe('How long a leader that cannot renew its Lease goes on; less than `leaseDurationSeconds`.'),
    retryPeriodSeconds: z
      .int()
      .min(1)
      .max(maxLeaseSeconds)
      .default(2)
      .describe('Between two tries; more than 1.2 times of it must fit into `renewDeadlineSeconds`.'),
  })
  .check(({ value, issues }) => {
    const { leaseDurationSeconds: lease, renewDeadlineSeconds: renew, retryPeriodSeconds: retry } = value;
    if (renew >= lease) {
      issues.push({
        code: 'custom',
        input: renew,
        path: ['renewDeadlineSeconds'],
        message: `must be less than leaseDurationSeconds (${String(lease)}): a leader stops before another may begin`,
      });
    }
    if (retry * slack >= renew) {
      issues.push({
        code: 'custom',
        input: retry,
        path: ['retryPeriodSeconds'],
        message: `1.2 times of it must be less than renewDeadlineSeconds (${String(renew)}): a leader needs more than one try`,
      });
    }
  });
