import type { Books } from "@/api/types";

const TERMS = [
  "received",
  "accepted",
  "rejected",
  "duplicates",
  "in_spool",
  "raw",
  "refused",
  "damaged",
  "pending",
  "applied",
  "superseded",
  "ignored",
  "quarantined",
  "expired",
] as const;

/** The sum of the books of several sources. */
export function sumBooks(all: readonly Books[]): Books {
  const total = Object.fromEntries(TERMS.map((term) => [term, 0])) as unknown as Books;
  for (const books of all) for (const term of TERMS) total[term] += books[term];
  return total;
}

/** Events that the books cannot place: 0 when they balance. Both directions count. */
export function missing(books: Books): number {
  const door = books.received - books.accepted - books.rejected;
  const stored = books.accepted - books.duplicates - books.in_spool - books.raw - books.refused - books.damaged;
  const folded =
    books.raw -
    books.pending -
    books.applied -
    books.superseded -
    books.ignored -
    books.quarantined -
    books.expired;
  return Math.abs(door) + Math.abs(stored) + Math.abs(folded);
}
