import { day, money, moneyChange, moneyMarks, plural } from "@/lib/format";
import { StepLink } from "./step-link";
import { scaleOf, type Scale, type Step } from "./steps";
import { useSpan, type Span } from "./use-bridge";

const HEIGHT = 220;

interface Props {
  steps: Step[];
  currency: string;
  /** The movement whose deals are listed below. */
  chosen: string | undefined;
}

function nameOf(step: Step, span: Span): string {
  if (step.key === "opening") return day(span.from);
  if (step.key === "closing") return span.live ? "Now" : day(span.to);
  return step.label;
}

function figure(step: Step, currency: string): string {
  return step.tone === "base" ? money(step.value, currency) : moneyChange(step.value, currency);
}

function description(step: Step, span: Span, currency: string): string {
  return `${nameOf(step, span)}: ${figure(step, currency)}, ${plural(step.rows, "deal")}. ${step.meaning}`;
}

/** Where a bar lies on the axis, in percent. */
function place(step: Step, scale: Scale): { low: number; size: number } {
  const at = (value: string) => Math.max(0, (Number(value) - scale.from) / (scale.to - scale.from)) * 100;
  const start = step.tone === "base" ? 0 : at(step.start);
  const end = at(step.end);
  return { low: Math.min(start, end), size: Math.abs(end - start) };
}

/** Opening, what came and went, closing: each bar begins where the one before ended, and opens its deals. */
export function Waterfall({ steps, currency, chosen }: Props) {
  const span = useSpan();
  const scale = scaleOf(steps);
  const marks = moneyMarks(scale.lines.map(String), currency);
  return (
    <>
      <div className="chart fall hide-sm">
        <div className="chart-grid" style={{ height: HEIGHT }} aria-hidden="true">
          {scale.lines.map((line, index) => (
            <div key={line} className="gridline" style={{ bottom: `${((line - scale.from) / (scale.to - scale.from)) * 100}%` }}>
              <b>{marks[index]}</b>
            </div>
          ))}
        </div>
        <div className="cols" style={{ height: HEIGHT }}>
          {steps.map((step, index) => {
            const { low, size } = place(step, scale);
            const end = step.tone === "base" || step.value.startsWith("-") ? low : low + size;
            const level = step.tone === "base" ? low + size : end;
            return (
              <StepLink key={step.key} step={step} className="col" label={description(step, span, currency)} title={description(step, span, currency)}>
                <span className={`fall-bar ${step.tone} ${step.key === chosen ? "on" : ""}`} style={{ bottom: `${low}%`, height: `max(2px, ${size}%)` }} />
                <span className="fall-value" style={{ bottom: `${low + size}%` }}>
                  {figure(step, currency)}
                </span>
                {index < steps.length - 1 ? <span className="fall-line" style={{ bottom: `${level}%` }} /> : null}
              </StepLink>
            );
          })}
        </div>
        <div className="xlab" aria-hidden="true">
          {steps.map((step) => (
            <span key={step.key} className="xs">
              <b className={`m ${step.key === chosen ? "pri" : ""}`}>{nameOf(step, span)}</b>
              <br />
              <span className="mut">{plural(step.rows, "deal")}</span>
            </span>
          ))}
        </div>
      </div>
      <div className="only-sm">
        <div className="wf">
          {steps.map((step, index) => {
            const { low, size } = place(step, scale);
            const side = index === steps.length - 1 ? "last" : step.value.startsWith("-") ? "s" : "e";
            return (
              <FallRow key={step.key} step={step} name={nameOf(step, span)} currency={currency}>
                <i className={`${step.tone} ${side}`} style={{ left: `${low}%`, width: `${size}%` }} />
              </FallRow>
            );
          })}
        </div>
      </div>
    </>
  );
}

function FallRow({ step, name, currency, children }: { step: Step; name: string; currency: string; children: React.ReactNode }) {
  const strong = step.tone === "base" ? "tot" : "";
  return (
    <>
      <span className={strong}>
        {name} <span className="mut fall-count">{plural(step.rows, "deal")}</span>
      </span>
      <span className="trk" aria-hidden="true">
        {children}
      </span>
      <span className={`num justify-end ${strong}`}>
        <StepLink step={step}>{figure(step, currency)}</StepLink>
      </span>
    </>
  );
}
