import { screen, waitFor, within } from "@testing-library/react";
import { http, HttpResponse } from "msw";
import { renderApp } from "@/test/app";
import { server } from "@/test/setup";
import { passed, periodOf } from "./cuts";

function attainment(owner: string | null, value: string | null, won: string, quota: string | null) {
  const part = (metric: string, amount: string | null, drill: string) => ({ metric, value: amount, unit: "currency", rows: amount === null ? 0 : 2, drill });
  return {
    key: { owner },
    value,
    rows: 2,
    unpriced: 0,
    unpriced_currencies: [],
    numerator: won,
    denominator: quota,
    numerator_drill: null,
    drill: `/api/records/opportunity?filter[status]=won&filter[owner]=${owner ?? ""}`,
    parts: [
      part("won-value", won, `/api/records/opportunity?filter[status]=won&filter[owner]=${owner ?? ""}`),
      part("quota", quota, `/api/records/quota?filter[owner]=${owner ?? ""}`),
    ],
  };
}

const ANSWER = {
  ...attainment(null, "0.531347", "416158.84", "783215.15"),
  metric: "quota-attainment",
  label: "Quota attainment",
  meaning: "",
  formula: "",
  unit: "ratio",
  currency: null,
  filters: {},
  as_of: null,
  known_at: null,
  data_as_of: {},
  groups: [
    attainment("Priya Sandell", null, "1000.00", null),
    attainment("Mara Ostlund", "0.250000", "25000.00", "100000.00"),
    attainment("Jonas Werth", "1.200000", "120000.00", "100000.00"),
  ],
};

describe("Team", () => {
  beforeEach(() => server.use(http.get("*/api/metrics/quota-attainment", () => HttpResponse.json(ANSWER))));

  it("ranks by attainment, those without a quota last, and opens deals and quotas", async () => {
    renderApp("/team");
    const table = await screen.findByRole("region", { name: "Attainment by owner, table" });
    const names = within(table).getAllByRole("rowheader").map((head) => head.textContent);
    expect(names).toEqual(["Jonas Werth", "Mara Ostlund", "Priya Sandell", "All"]);
    const first = within(table).getByRole("row", { name: /^Jonas Werth/ });
    expect(within(first).getByRole("link", { name: "$120,000" })).toHaveAttribute("href", expect.stringContaining("/records/opportunities?filter[status]=won"));
    expect(within(first).getByRole("link", { name: "$100,000" })).toHaveAttribute("href", expect.stringContaining("/records/quotas?filter[owner]=Jonas"));
    expect(within(first).getByRole("link", { name: "120%" })).toBeVisible();
  });

  it("says the attainment in percent, and keeps the period in the address", async () => {
    const { user, address } = renderApp("/team");
    const keys = await screen.findByRole("region", { name: "Key numbers" });
    expect(await within(keys).findByRole("link", { name: "53.1%" })).toBeVisible();
    await user.click(screen.getByRole("button", { name: "Last quarter" }));
    await waitFor(() => expect(address()).toBe("/team?period=last"));
  });

  it("knows how much of a period has passed", () => {
    const quarter = periodOf("this", "2026-12-01");
    expect(quarter).toMatchObject({ from: "2026-10-01", to: "2026-12-31" });
    expect(passed(quarter, "2026-12-01")).toBe("0.6739");
    expect(passed(periodOf("last", "2026-12-01"), "2026-12-01")).toBe("1.0000");
  });
});
