import { useEffect, useRef } from "react";

/**
 * Single-letter keys. Bindings are `"j"`, `"?"`, `"Escape"`, a sequence `"g o"`, or `"mod+k"` (the only chord there is).
 * A higher layer wins over a lower one, and within a layer the one bound last; a handler that returns false passes the
 * key on.
 */
// eslint-disable-next-line @typescript-eslint/no-invalid-void-type -- most handlers have nothing to say
type Handler = (event: KeyboardEvent) => boolean | void;
export type Bindings = Record<string, Handler>;

const SEQUENCE_MS = 1200;
/** What lies on top of what: the shell, the page in it, a sheet over the page. */
const LAYERS = ["sheet", "page", "shell"] as const;
export type Layer = (typeof LAYERS)[number];

interface Entry {
  layer: Layer;
  bindings: Bindings;
}
const entries: Entry[] = [];
let pending: { key: string; at: number } | null = null;

/** Letters belong to the field while someone types; Escape does not. */
function typing(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement) return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button", "submit"].includes(target.type);
}

/** An open dialog or popover owns the keyboard. */
function modal(): boolean {
  return document.querySelector("dialog[open], [data-modal=true]") !== null;
}

/** Enter and Space on a control press the control. */
function pressesControl(event: KeyboardEvent): boolean {
  if (event.key !== "Enter" && event.key !== " ") return false;
  return event.target instanceof Element && event.target.closest("a, button, input, summary, select, textarea") !== null;
}

function run(name: string, event: KeyboardEvent): boolean {
  for (const layer of LAYERS) {
    for (const entry of entries.filter((one) => one.layer === layer).reverse()) {
      const handler = entry.bindings[name];
      if (handler && handler(event) !== false) {
        event.preventDefault();
        return true;
      }
    }
  }
  return false;
}

function onKeyDown(event: KeyboardEvent): void {
  if (event.defaultPrevented || event.isComposing) return;
  if ((event.metaKey || event.ctrlKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k") {
    run("mod+k", event);
    return;
  }
  if (event.metaKey || event.ctrlKey || event.altKey || modal() || pressesControl(event)) return;
  if (typing(event.target)) {
    if (event.key === "Escape" && event.target instanceof HTMLElement) event.target.blur();
    return;
  }
  const now = Date.now();
  const first = pending && now - pending.at < SEQUENCE_MS ? pending.key : null;
  pending = null;
  if (first && run(`${first} ${event.key}`, event)) return;
  if (event.key === "g") {
    pending = { key: "g", at: now };
    return;
  }
  run(event.key, event);
}

/** Binds keys while the component is shown. */
export function useHotkeys(bindings: Bindings, layer: Layer = "page"): void {
  const entry = useRef<Entry>({ layer, bindings });
  useEffect(() => {
    entry.current.bindings = bindings;
  });
  useEffect(() => {
    const own = entry.current;
    if (entries.length === 0) document.addEventListener("keydown", onKeyDown);
    entries.push(own);
    return () => {
      entries.splice(entries.indexOf(own), 1);
      if (entries.length === 0) document.removeEventListener("keydown", onKeyDown);
    };
  }, []);
}
