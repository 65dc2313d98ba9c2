import { dayLong, money, moneyChange, count } from "@/lib/format";
import { StepLink } from "./step-link";
import type { Step } from "./steps";
import { useSpan } from "./use-bridge";

/** The same numbers as the chart, with the movements that moved nothing. */
export function MovesTable({ steps, currency }: { steps: Step[]; currency: string }) {
  const span = useSpan();
  return (
    <div className="scroll" role="region" aria-label="Bridge, table" tabIndex={0}>
      <table className="t">
        <thead>
          <tr>
            <th>Step</th>
            <th className="r">{currency}</th>
            <th className="r">Deals</th>
            <th className="hide-sm">What it is</th>
          </tr>
        </thead>
        <tbody>
          {steps.map((step) => {
            const whole = step.tone === "base";
            const name = step.key === "opening" ? `Open on ${dayLong(span.from)}` : step.key === "closing" ? `Open on ${dayLong(span.to)}` : step.label;
            return (
              <tr key={step.key}>
                <th scope="row" className={whole ? "b" : "m"}>
                  {name}
                </th>
                <td className={`r ${whole ? "b" : ""}`}>
                  {step.rows === 0 && !whole ? (
                    <span className="zero">–</span>
                  ) : (
                    <StepLink step={step}>{whole ? money(step.value, currency) : moneyChange(step.value, currency)}</StepLink>
                  )}
                </td>
                <td className="r mut">{step.rows === 0 ? "–" : count(step.rows)}</td>
                <td className="mut hide-sm wrap">{step.meaning}</td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
}
