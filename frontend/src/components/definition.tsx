import { Link } from "@tanstack/react-router";
import { useDefinition } from "@/api/metrics";
import type { MetricResult } from "@/api/types";
import { drillTo } from "@/lib/drill";
import { count, decimal, percent, moneyExact } from "@/lib/format";
import { CopyButton } from "./copy";
import { DrillLink } from "./drill-link";
import { Icon } from "./icon";
import { Popover } from "./popover";

/** A metric's value in its own unit, every digit. */
export function metricValue(result: Pick<MetricResult, "unit" | "value" | "currency">): string {
  if (result.value === null) return "–";
  if (result.unit === "currency") return moneyExact(result.value, result.currency);
  if (result.unit === "ratio") return `${decimal(result.value)}×`;
  return result.unit === "fraction" ? percent(result.value, 2) : decimal(result.value);
}

/** The address that answers with the rows, as a program would ask it. */
function request(result: MetricResult): string {
  return decodeURIComponent(`GET ${result.drill}`).replaceAll("&", "\n  &").replace("?", "\n  ?");
}

/** What the number means: sentence, formula, owner, and the request for its rows. */
export function Definition({ slug, result, label }: { slug: string; result: MetricResult | undefined; label: string }) {
  const definition = useDefinition(slug);
  if (!definition) return null;
  return (
    <Popover
      label={`${label}: definition`}
      trigger={
        <button type="button" className="help" aria-label={`What ${label} means`}>
          <Icon name="help" size={14} />
        </button>
      }
    >
      <strong className="m">{definition.label}</strong>
      <p>{definition.meaning}</p>
      <dl className="kv xs">
        <dt>Formula</dt>
        <dd>{definition.formula}</dd>
        {result ? (
          <>
            <dt>Exactly</dt>
            <dd className="num">
              {metricValue(result)} from {count(result.rows)} {result.rows === 1 ? "record" : "records"}
            </dd>
          </>
        ) : null}
        {definition.date_field ? (
          <>
            <dt>Dates mean</dt>
            <dd>{definition.date_field.replaceAll("_", " ")}</dd>
          </>
        ) : null}
        <dt>Owner</dt>
        <dd>{definition.owner}</dd>
      </dl>
      <Link className="link xs" to="/glossary" hash={slug}>
        In the glossary of metrics
      </Link>
      {result ? (
        <>
          <div className="code-box">
            <code>{request(result)}</code>
            <CopyButton text={result.drill} what="Request" />
          </div>
          <DrillLink drill={drillTo(result.drill, slug)} className="xs">
            Open the {count(result.rows)} rows behind it
          </DrillLink>
        </>
      ) : null}
    </Popover>
  );
}
