import { svelte } from "@sveltejs/vite-plugin-svelte";
import { defineConfig } from "vitest/config";

const server = process.env.MANYHANDS_URL ?? "http://127.0.0.1:8000";

export default defineConfig({
  plugins: [svelte()],
  build: {
    outDir: "../src/manyhands/server/static",
    emptyOutDir: true,
    // light-dark() and top-level await reach every target below untouched
    target: ["chrome123", "firefox121", "safari17.5"],
    chunkSizeWarningLimit: 900,
  },
  server: { host: "127.0.0.1", port: 5173, proxy: { "/api": server, "/openapi.json": server } },
  test: { include: ["tests/**/*.test.ts", "src/**/*.test.ts"], environment: "node" },
});
