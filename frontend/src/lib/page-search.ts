import { useSearch } from "@tanstack/react-router";

/** Every parameter of the address, whichever page it belongs to. */
export function usePageSearch(): Record<string, unknown> {
  return useSearch({ strict: false });
}
