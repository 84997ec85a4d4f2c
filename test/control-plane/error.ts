/** The control plane could not do what it was asked to; the message carries the end of the component's log. */
export class ControlPlaneError extends Error {
  override readonly name = 'ControlPlaneError';
}
