import type { BridgeBars } from "@/api/types";
import { drawn, gapOf, scaleOf, stepsOf } from "./steps";

const move = (movement: string, value: string, rows: number) => ({ movement, value, rows, meaning: "", drill: "" });
const BARS: BridgeBars = {
  opening: { value: "7080915.10", rows: 171, drill: "" },
  movements: [move("created", "524537.00", 10), move("reopened", "0.00", 0), move("won", "-184774.05", 6), move("lost", "-560127.05", 10)],
  closing: { value: "6860551.00", rows: 165, drill: "" },
};

describe("Steps of a bridge", () => {
  it("begins each bar where the one before ended, exact to the cent", () => {
    const steps = stepsOf(BARS);
    expect(steps.map((step) => step.end)).toEqual(["7080915.10", "7605452.10", "7605452.10", "7420678.05", "6860551.00", "6860551.00"]);
    expect(gapOf(BARS)).toBe("0.00");
    expect(steps.map((step) => step.tone)).toEqual(["base", "up", "up", "wonb", "down", "base"]);
  });

  it("draws no bar for what moved nothing", () => {
    expect(drawn(stepsOf(BARS)).map((step) => step.key)).toEqual(["opening", "created", "won", "lost", "closing"]);
  });

  it("cuts the axis only where the changes would be too small to see", () => {
    expect(scaleOf(stepsOf(BARS)).from).toBeGreaterThan(5_000_000);
    const small = stepsOf({ ...BARS, opening: { value: "100000.00", rows: 2, drill: "" } });
    expect(scaleOf(small).from).toBeLessThanOrEqual(0);
  });

  it("says by how much a bridge is off", () => {
    expect(gapOf({ ...BARS, closing: { value: "6860550.00", rows: 165, drill: "" } })).toBe("1.00");
  });
});
