/** What several values of the chart are made of. A default is part of each: values.yaml is written from them. */
import { z } from 'zod';

/** Objects of Kubernetes that are passed through: the API server says what is right. */
export const kubeObject = z.record(z.string(), z.unknown());
export const kubeList = z.array(kubeObject);
export const texts = z.record(z.string(), z.string());

/** The name of an object; empty for one that the chart names. */
export const objectName = z
  .string()
  .max(253)
  .regex(/^([a-z0-9]([-a-z0-9.]*[a-z0-9])?)?$/);

/** A part of names; empty for what the chart takes by itself. */
export const dnsLabel = z.string().regex(/^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$/);

/** The key of a ConfigMap, and so the name of a file. */
export const fileName = z.string().regex(/^[A-Za-z0-9][-._A-Za-z0-9]{0,252}$/);
