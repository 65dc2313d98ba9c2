import {
  ago,
  bytes,
  compareDecimal,
  count,
  day,
  difference,
  duration,
  moment,
  money,
  moneyExact,
  moneyMarks,
  moneyShort,
  month,
  parseTime,
  percent,
  plural,
  ratio,
  share,
  sourceMoney,
} from "./format";

describe("money", () => {
  it("keeps every digit of amounts that a float would round", () => {
    expect(moneyExact("90071992547409931234.56", "EUR")).toBe("€90,071,992,547,409,931,234.56");
    expect(money("9007199254740993.50", "USD")).toBe("$9,007,199,254,740,994");
  });

  it("follows the minor unit of the currency", () => {
    expect(moneyExact("1234.5", "EUR")).toBe("€1,234.50");
    expect(moneyExact("1234", "JPY")).toBe("¥1,234");
    expect(moneyExact("1.2345", "BHD")).toContain("1.2345");
  });

  it("writes short key numbers with three digits and a real minus sign", () => {
    expect(moneyShort("6950224.00", "EUR")).toBe("€6.95M");
    expect(moneyShort("1200000", "USD")).toBe("$1.20M");
    expect(moneyShort("950.40", "EUR")).toBe("€950");
    expect(money("-130691", "EUR")).toBe("\u2212€130,691");
  });

  it("never invents a currency or a zero", () => {
    expect(sourceMoney("96000", "GBP")).toBe("GBP 96,000.00");
    expect(sourceMoney("96000", null)).toBe("96,000.00, no currency");
    expect(money(null, "EUR")).toBe("–");
    expect(money("12,5k", "EUR")).toBe("–");
  });

  it("shows an unknown currency code with the amount", () => {
    expect(money("12", "??")).toBe("?? 12");
  });
});

describe("exact arithmetic", () => {
  it("divides to four places, rounding half up, whatever the size", () => {
    expect(ratio("1", "3")).toBe("0.3333");
    expect(ratio("2", "3")).toBe("0.6667");
    expect(ratio("-1", "8")).toBe("-0.1250");
    expect(ratio("90071992547409931234", "90071992547409931234")).toBe("1.0000");
  });

  it("has no quotient without a whole", () => {
    expect(ratio("1", "0")).toBeNull();
    expect(ratio(null, "1")).toBeNull();
  });

  it("subtracts and compares without rounding", () => {
    expect(difference("0.1", "0.3")).toBe("-0.2");
    expect(difference("10", "0.01")).toBe("9.99");
    expect(compareDecimal("9007199254740993", "9007199254740992")).toBe(1);
    expect(compareDecimal("1.10", "1.1")).toBe(0);
  });

  it("keeps bars between nothing and everything", () => {
    expect(share("5", "10")).toBe(0.5);
    expect(share("-5", "10")).toBe(0);
    expect(share("20", "10")).toBe(1);
    expect(share(null, null)).toBe(0);
  });
});

describe("counts and shares", () => {
  it("groups digits and agrees in number", () => {
    expect(count(601610)).toBe("601,610");
    expect(count("9007199254740993")).toBe("9,007,199,254,740,993");
    expect(plural(1, "deal")).toBe("1 deal");
    expect(plural(0, "deal")).toBe("0 deals");
  });

  it("writes fractions as percentages", () => {
    expect(percent("0.391026")).toBe("39.1%");
    expect(percent("0.6315", 2)).toBe("63.15%");
    expect(percent(null)).toBe("–");
  });

  it("writes sizes", () => {
    expect(bytes(1)).toBe("1 byte");
    expect(bytes(508)).toBe("508 bytes");
    expect(bytes(1_234_567)).toBe("1.2 MB");
  });
});

describe("times", () => {
  const now = new Date("2026-11-23T09:42:00+01:00");

  it("reads times with and without a zone as UTC", () => {
    expect(parseTime("2026-11-19 08:12:02.114")?.toISOString()).toBe("2026-11-19T08:12:02.114Z");
    expect(parseTime("2026-11-19T08:12:02Z")?.toISOString()).toBe("2026-11-19T08:12:02.000Z");
    expect(parseTime("never")).toBeNull();
  });

  it("shows the clock today, the day later, the year when it differs", () => {
    expect(moment("2026-11-23T08:41:52Z", now)).toBe("09:41:52");
    expect(moment("2026-09-19T08:12:02Z", now)).toBe("19 Sep, 10:12");
    expect(moment("2025-11-19T08:12:02Z", now)).toBe("19 Nov 2025, 09:12");
  });

  it("treats calendar days as days, in no zone", () => {
    expect(day("2026-12-11", now)).toBe("11 Dec");
    expect(day("2027-01-04", now)).toBe("4 Jan 2027");
    expect(day(null)).toBe("–");
    expect(month("2026-09")).toBe("Sep");
  });

  it("is relative under a day", () => {
    expect(ago("2026-11-23T08:41:48Z", now)).toBe("12 s ago");
    expect(ago("2026-11-19T08:12:02Z", now)).toBe("19 Nov, 09:12");
    expect(duration(2700)).toBe("45 min");
    expect(duration(null)).toBe("–");
  });
});

describe("marks of an axis", () => {
  it("have as many digits as tell them apart", () => {
    expect(moneyMarks(["1790000", "1795000", "1800000"], "USD")).toEqual(["$1.79M", "$1.795M", "$1.8M"]);
    expect(moneyMarks(["0", "500000"], "USD")).toEqual(["$0", "$500K"]);
  });
});
