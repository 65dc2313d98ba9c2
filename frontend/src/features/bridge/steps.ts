import type { Bridge, BridgeBar, BridgeBars } from "@/api/types";
import { difference } from "@/lib/format";

export interface Step extends BridgeBar {
  /** `opening`, `closing`, or the API's name of the movement. */
  key: string;
  label: string;
  meaning: string;
  /** Where the bar begins and ends, as running totals. */
  start: string;
  end: string;
  tone: "base" | "up" | "down" | "wonb";
}

const LABELS: Record<string, string> = {
  restated: "Restated",
  created: "New",
  reopened: "Reopened",
  restored: "Restored",
  "moved-in": "Moved in",
  grew: "Increased",
  shrank: "Decreased",
  revalued: "Rates",
  "moved-out": "Moved out",
  won: "Won",
  lost: "Lost",
  deleted: "Deleted",
  pushed: "Pushed out",
  pulled: "Pulled in",
};

export function movementLabel(movement: string): string {
  return LABELS[movement] ?? movement;
}

function plus(left: string, right: string): string {
  return difference(left, right.startsWith("-") ? right.slice(1) : `-${right}`);
}

function toneOf(movement: string, value: string): Step["tone"] {
  if (movement === "won") return "wonb";
  return value.startsWith("-") ? "down" : "up";
}

/** Opening, each movement from where the one before ended, and closing. */
export function stepsOf(bars: BridgeBars): Step[] {
  let level = bars.opening.value;
  const moves = bars.movements.map((move): Step => {
    const start = level;
    level = plus(level, move.value);
    return { ...move, key: move.movement, label: movementLabel(move.movement), start, end: level, tone: toneOf(move.movement, move.value) };
  });
  const whole = (key: "opening" | "closing", label: string): Step => ({
    ...bars[key],
    key,
    label,
    meaning: `What all open deals were worth at the ${key === "opening" ? "first" : "second"} date.`,
    start: "0",
    end: bars[key].value,
    tone: "base",
  });
  return [whole("opening", "Opening"), ...moves, whole("closing", "Closing")];
}

/** Opening plus the movements, less the closing: zero, to the minor unit. */
export function gapOf(bars: BridgeBars): string {
  return difference(
    bars.movements.reduce((sum, move) => plus(sum, move.value), bars.opening.value),
    bars.closing.value,
  );
}

/** What is drawn: both ends, and each movement that moved something. */
export function drawn(steps: Step[]): Step[] {
  return steps.filter((step) => step.tone === "base" || step.rows > 0);
}

export interface Scale {
  from: number;
  to: number;
  lines: number[];
}

/** The axis of the chart. It starts above zero when the changes would be too small to see. Geometry only. */
export function scaleOf(steps: Step[]): Scale {
  const levels = steps.flatMap((step) => (step.tone === "base" ? [Number(step.end)] : [Number(step.start), Number(step.end)]));
  const high = Math.max(1, ...levels);
  const low = Math.min(...levels);
  const cut = low > high * 0.6;
  const span = cut ? (high - low) * 1.6 || high * 0.1 : high - Math.min(0, low);
  const power = 10 ** Math.floor(Math.log10(span / 3));
  const step = [1, 2, 2.5, 5, 10].map((n) => n * power).find((n) => n * 5 > span) ?? power * 10;
  const bottom = cut ? Math.max(0, low - (high - low) * 0.6) : Math.min(0, low);
  const from = Math.floor(bottom / step) * step;
  const lines: number[] = [];
  for (let line = from; line <= high * 1.0001; line += step) lines.push(line);
  return { from, to: high + (high - from) * 0.06, lines };
}

export function isDateMove(bridge: Bridge, movement: string): boolean {
  return bridge.dates.some((move) => move.movement === movement);
}
