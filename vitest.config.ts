import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    setupFiles: ['test/support/source-version.ts', 'test/support/fixed-seed.ts'],
    testTimeout: 180_000,
    hookTimeout: 180_000,
    // Two cores: more workers than that only add start-up cost.
    maxWorkers: 2,
  },
})
