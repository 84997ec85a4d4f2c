import { defineConfig } from 'vitest/config';

/** A project per kind of test, so that `make check` runs the fast ones and `make test` all. */
const project = (name: string, include: string[], timeouts: { test: number; hook: number }) => ({
  test: {
    name,
    include,
    root: new URL('..', import.meta.url).pathname,
    testTimeout: timeouts.test,
    hookTimeout: timeouts.hook,
    // Tests share two cores with the API servers that they start.
    maxWorkers: 2,
  },
});

export default defineConfig({
  test: {
    coverage: {
      provider: 'v8',
      include: ['src/**/*.ts'],
      reportsDirectory: 'coverage',
      reporter: ['text-summary', 'json-summary'],
    },
    projects: [
      project('unit', ['test/{unit,tools,mutation,architecture,soak}/**/*.test.ts'], {
        test: 30_000,
        hook: 30_000,
      }),
      project('rego', ['test/{rego,examples,rego-mutation}/**/*.test.ts'], {
        test: 120_000,
        hook: 120_000,
      }),
      project('chaos', ['test/chaos/**/*.test.ts'], { test: 300_000, hook: 120_000 }),
      project('image', ['test/{image,release}/**/*.test.ts'], { test: 300_000, hook: 300_000 }),
      project('differential', ['test/differential/**/*.test.ts'], { test: 300_000, hook: 300_000 }),
      project(
        'integration',
        [
          'test/control-plane/**/*.test.ts',
          'test/integration/**/*.test.ts',
          'test/documents/**/*.test.ts',
          'test/demo/**/*.test.ts',
          'test/npm/**/*.test.ts',
          'test/chart/**/*.test.ts',
        ],
        { test: 120_000, hook: 120_000 },
      ),
    ],
  },
});
