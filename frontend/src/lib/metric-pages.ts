/** Where a metric stands on a page of its own; the others stand in the glossary alone. */
const PAGES: Record<string, [to: string, label: string]> = {
  "open-pipeline": ["/pipeline", "Pipeline"],
  "weighted-pipeline": ["/pipeline", "Pipeline"],
  "win-rate": ["/win-rate", "Win rate"],
  "win-rate-value": ["/win-rate", "Win rate"],
  "average-deal-size": ["/win-rate", "Win rate"],
  "cycle-length-median": ["/win-rate", "Win rate"],
  "stage-conversion": ["/win-rate", "Win rate"],
  "stage-win-rate": ["/win-rate", "Win rate"],
  "time-in-stage-median": ["/win-rate", "Win rate"],
  "outcome-rate": ["/win-rate", "Win rate"],
  "quota-attainment": ["/team", "Team"],
  quota: ["/team", "Team"],
  coverage: ["/team", "Team"],
  receivables: ["/receivables", "Receivables"],
  overdue: ["/receivables", "Receivables"],
  "overdue-count": ["/receivables", "Receivables"],
  invoiced: ["/receivables", "Receivables"],
};

export function pageOf(slug: string): { to: string; label: string } | null {
  const page = PAGES[slug];
  return page ? { to: page[0], label: page[1] } : null;
}
