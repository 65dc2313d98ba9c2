import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";

/** The moment that the whole page stands at, as the address bar has it. */
export interface Standing {
  /** A day, `2026-09-01`; undefined when the page is live. */
  asOf: string | undefined;
  /** True: only what was known on that day. False: with what arrived later about it. */
  asKnownThen: boolean;
  /** Ready for the API. */
  parameters: { as_of?: string; known_at?: string };
}

export function standingOf(search: Record<string, unknown>): Standing {
  const asOf = typeof search.as_of === "string" ? search.as_of : undefined;
  const asKnownThen = search.known === "then";
  return { asOf, asKnownThen, parameters: asOf ? { as_of: asOf, ...(asKnownThen ? { known_at: asOf } : {}) } : {} };
}

export function useStanding(): Standing {
  return standingOf(useSearch({ strict: false }));
}

/** Moves the page to a day, or back to now with undefined. */
export function useSetStanding(): (asOf: string | undefined, asKnownThen?: boolean) => void {
  const navigate = useNavigate();
  return useCallback(
    (asOf, asKnownThen = false) => {
      void navigate({
        to: ".",
        search: (search: Record<string, unknown>) => ({
          ...search,
          as_of: asOf,
          known: asOf && asKnownThen ? "then" : undefined,
        }),
      });
    },
    [navigate],
  );
}
