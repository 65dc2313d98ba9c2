import "@testing-library/jest-dom/vitest";
import { cleanup, configure } from "@testing-library/react";
import { setupServer } from "msw/node";
import { handlers } from "@/mocks/handlers";

export const server = setupServer(...handlers);

// Waits end with their condition; the limit only has to be long enough for a busy machine.
configure({ asyncUtilTimeout: 8000 });

/** What the browser has and jsdom does not. Sizes are those of a desk screen, so that virtual rows exist. */
Object.defineProperty(window, "matchMedia", {
  value: (query: string) => ({ matches: false, media: query, addEventListener: () => undefined, removeEventListener: () => undefined }),
});
Object.defineProperty(HTMLElement.prototype, "offsetHeight", { get: () => 800 });
Object.defineProperty(HTMLElement.prototype, "offsetWidth", { get: () => 1200 });
Object.defineProperty(Element.prototype, "clientHeight", { get: () => 800 });
Object.defineProperty(Element.prototype, "clientWidth", { get: () => 1200 });
Element.prototype.scrollIntoView = () => undefined;
window.scrollTo = () => undefined;
Element.prototype.scrollTo = () => undefined;
globalThis.ResizeObserver = class {
  observe(): void {}
  unobserve(): void {}
  disconnect(): void {}
};
HTMLElement.prototype.showPopover = function showPopover() {
  this.style.display = "grid";
};
HTMLDialogElement.prototype.showModal = function showModal() {
  this.open = true;
};
HTMLDialogElement.prototype.close = function close() {
  this.open = false;
};

beforeAll(() => server.listen({ onUnhandledRequest: "error" }));
afterEach(() => {
  cleanup();
  server.resetHandlers();
});
afterAll(() => server.close());
