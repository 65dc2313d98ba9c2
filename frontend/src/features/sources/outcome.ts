import type { RecentRequest } from "@/api/types";

interface Outcome {
  word: string;
  tone: "" | "ok" | "warn" | "bad";
  /** Why, where the request itself gives no reason. */
  why: string;
}

export const OUTCOMES: Record<RecentRequest["outcome"], Outcome> = {
  accepted: { word: "Accepted", tone: "ok", why: "" },
  duplicate: { word: "Sent twice", tone: "", why: "It was here already and was kept once." },
  partial: { word: "Partly", tone: "warn", why: "Some of its records were refused." },
  rejected: { word: "Rejected", tone: "bad", why: "It could not be read." },
  unauthorized: { word: "No right", tone: "bad", why: "The signature is wrong, or the key is for something else." },
  limited: { word: "Too many", tone: "warn", why: "More came than the source’s limit lets through." },
  unavailable: { word: "Not taken", tone: "bad", why: "The source is paused, or the sender went away before the answer." },
};

/** Refused in whole or in part. What was sent twice was taken. */
export function failed({ outcome }: RecentRequest): boolean {
  return outcome !== "accepted" && outcome !== "duplicate";
}

export function reasonOf({ outcome, reason }: RecentRequest): string {
  return reason ?? OUTCOMES[outcome].why;
}
