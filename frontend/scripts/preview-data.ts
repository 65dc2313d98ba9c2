import type { IncomingMessage } from "node:http";
import type { Plugin } from "vite";

/** Reads the whole body of a request. */
async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

/**
 * Development only: answers `/api` with the same made-up company that the component tests use,
 * so that pages can be looked at without a backend.
 */
export function previewData(): Plugin {
  return {
    name: "salescommand-preview-data",
    apply: "serve",
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        const url = request.url ?? "/";
        if (!url.startsWith("/api")) { next(); return; }
        void (async () => {
          const { getResponse } = await import("msw");
          const module = await server.ssrLoadModule("/src/mocks/handlers.ts");
          const method = request.method ?? "GET";
          const hasBody = method !== "GET" && method !== "HEAD";
          const answer = await getResponse(
            module.handlers as never,
            new Request(`http://localhost${url}`, {
              method,
              headers: { "content-type": request.headers["content-type"] ?? "application/json" },
              ...(hasBody ? { body: new Uint8Array(await bodyOf(request)) } : {}),
            }),
          );
          response.statusCode = answer?.status ?? 404;
          answer?.headers.forEach((value, key) => response.setHeader(key, value));
          response.end(answer ? Buffer.from(await answer.arrayBuffer()) : "");
        })().catch(next);
      });
    },
  };
}
