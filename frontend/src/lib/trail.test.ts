import { drillTo } from "./drill";
import { rowsOf, searchOfRows } from "./trail";

describe("from a number to its rows", () => {
  it("turns the API's drill into a page's address", () => {
    const drill = drillTo("/api/records/opportunity?filter[status]=won&filter[close_date][gte]=2026-01-01&currency=USD&as_of=2026-11-23T08:00:00Z&limit=5", "won-value");
    expect(drill).toEqual({
      type: "opportunities",
      search: { "filter[status]": "won", "filter[close_date][gte]": "2026-01-01", currency: "USD", metric: "won-value" },
    });
  });

  it("opens nothing that has no page", () => {
    expect(drillTo("/api/metrics/bridge/deals?movement=won")).toBeNull();
  });

  it("remembers the list without what belongs to the page", () => {
    const rows = rowsOf({ "filter[status]": "open", metric: "open-pipeline", sort: "-amount", open: "opp_1", as_of: "2026-09-01" });
    expect(searchOfRows(rows)).toEqual({ "filter[status]": "open", metric: "open-pipeline", sort: "-amount" });
    expect(rowsOf({ open: "opp_1" })).toBeUndefined();
    expect(searchOfRows(undefined)).toEqual({});
  });
});
