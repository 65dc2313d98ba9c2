import type { Books } from "@/api/types";
import { missing, sumBooks } from "./books";
import { lastDays, lastMonday, lastMonths, lastQuarterEnd, monthGrid, quarterOf, standingDay } from "./periods";

describe("periods", () => {
  it("knows the quarter of a day", () => {
    expect(quarterOf("2026-11-23")).toEqual({ from: "2026-10-01", to: "2026-12-31", label: "Q4 2026" });
    expect(quarterOf("2024-02-29").to).toBe("2024-03-31");
    expect(lastQuarterEnd("2026-01-05")).toBe("2025-12-31");
  });

  it("counts days and months with both ends", () => {
    expect(lastDays("2026-03-01", 90)).toMatchObject({ from: "2025-12-02", to: "2026-03-01" });
    const months = lastMonths("2026-01-31", 12);
    expect(months.months).toHaveLength(12);
    expect(months).toMatchObject({ from: "2025-02-01", to: "2026-01-31" });
  });

  it("takes the Monday before, also on a Monday", () => {
    expect(lastMonday("2026-11-23")).toBe("2026-11-16");
    expect(lastMonday("2026-11-22")).toBe("2026-11-16");
  });

  it("stands on the as-of day, else on today", () => {
    expect(standingDay("2026-09-01T10:00:00Z")).toBe("2026-09-01");
    expect(standingDay(undefined, new Date(2026, 10, 23))).toBe("2026-11-23");
  });

  it("lays out a month from Monday", () => {
    const grid = monthGrid(2026, 8);
    expect(grid[0]).toBeNull();
    expect(grid[1]).toBe("2026-09-01");
    expect(grid).toHaveLength(31);
  });
});

describe("books", () => {
  const books: Books = {
    received: 100,
    rejected: 2,
    accepted: 98,
    duplicates: 3,
    in_spool: 1,
    raw: 94,
    refused: 0,
    damaged: 0,
    pending: 4,
    applied: 80,
    superseded: 5,
    ignored: 3,
    quarantined: 2,
    expired: 0,
  };

  it("balance when every term is placed", () => {
    expect(missing(books)).toBe(0);
    expect(missing(sumBooks([books, books]))).toBe(0);
    expect(sumBooks([books, books]).applied).toBe(160);
  });

  it("tell what is not accounted for, at every stage", () => {
    expect(missing({ ...books, applied: 79 })).toBe(1);
    expect(missing({ ...books, rejected: 1 })).toBe(1);
    expect(missing({ ...books, duplicates: 0 })).toBe(3);
  });
});
