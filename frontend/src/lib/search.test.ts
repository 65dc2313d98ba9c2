import {
  filterKey,
  filterParameters,
  filtersOf,
  joinValues,
  parseSearch,
  splitValues,
  stringifySearch,
  toggleValue,
  valuesOf,
  withoutFilters,
} from "./search";

describe("the address as state", () => {
  it("reads and writes the API's own parameter names", () => {
    const search = parseSearch("?filter[stage]=Proposal&filter[close_date][gte]=2026-01-01&sort=-amount&as_of=");
    expect(search).toEqual({ "filter[stage]": "Proposal", "filter[close_date][gte]": "2026-01-01", sort: "-amount" });
    expect(stringifySearch(search)).toBe("?filter[stage]=Proposal&filter[close_date][gte]=2026-01-01&sort=-amount");
  });

  it("survives a round trip with signs that mean something in addresses", () => {
    const search = { q: "a&b=c d%", "filter[stage]": "50% + won, really?" };
    expect(parseSearch(stringifySearch(search))).toEqual(search);
  });

  it("keeps numbers that look like numbers as text", () => {
    expect(parseSearch("?q=007")).toEqual({ q: "007" });
  });

  it("drops what is not given", () => {
    expect(stringifySearch({ q: undefined, sort: "", open: null })).toBe("");
  });
});

describe("filters", () => {
  it("finds field, operator and value, and nothing else", () => {
    const filters = filtersOf({ "filter[stage]": "A", "filter[amount][gt]": "5", "filter[x][made_up]": "1", sort: "a", "filter[]": "b" });
    expect(filters).toEqual([
      { key: "filter[stage]", field: "stage", operator: null, value: "A" },
      { key: "filter[amount][gt]", field: "amount", operator: "gt", value: "5" },
    ]);
  });

  it("separates filters from the rest of the page's state", () => {
    const search = { "filter[stage]": "A", open: "opp_1", as_of: "2026-09-01" };
    expect(filterParameters(search)).toEqual({ "filter[stage]": "A" });
    expect(withoutFilters(search)).toEqual({ open: "opp_1", as_of: "2026-09-01" });
  });

  it("adds and takes values, and the parameter with the last one", () => {
    const one = toggleValue({}, "stage", "Proposal");
    const two = toggleValue(one, "stage", "Verbal");
    expect(two[filterKey("stage")]).toBe("Proposal,Verbal");
    expect(toggleValue(toggleValue(two, "stage", "Proposal"), "stage", "Verbal")[filterKey("stage")]).toBeUndefined();
  });

  it("keeps commas and backslashes that belong to a value", () => {
    const values = ["Smith, Jones & Co", "back\\slash", "plain"];
    expect(splitValues(joinValues(values))).toEqual(values);
    expect(valuesOf(toggleValue({}, "account_name", "Smith, Jones"), "account_name")).toEqual(["Smith, Jones"]);
  });
});
