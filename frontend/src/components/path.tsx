import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { metricQuery, useDefinition } from "@/api/metrics";
import { standingOf } from "@/lib/as-of";
import { plural } from "@/lib/format";
import { pageOf } from "@/lib/metric-pages";
import { isRecordType, NOUNS, titleOf } from "@/lib/nouns";
import { filterParameters } from "@/lib/search";
import { searchOfRows } from "@/lib/trail";
import { usePageSearch } from "@/lib/page-search";
import { metricValue } from "./definition";

export interface Step {
  name: string;
  text: string;
  /** Where the step is; none for the step that the page itself is, which then is marked. */
  to?: { to: string; params?: Record<string, string>; search?: Record<string, string> };
  /** A place on this page. */
  hash?: string;
  here?: boolean;
}

interface Way {
  rows: string | undefined;
  /** The type of the records in those rows. */
  type?: string;
  steps: Step[];
}

interface RecordLike {
  type: string;
  canonical_id: string;
  title: string;
  source_id?: string;
}

/** The steps from a record on; what came before it is known only when the page was reached through a number. */
export function recordSteps(rows: string | undefined, record: RecordLike, here = true): Way {
  const noun = isRecordType(record.type) ? NOUNS[record.type] : null;
  const step: Step = {
    name: "Record",
    text: titleOf(record) || record.canonical_id,
    ...(here
      ? { here: true }
      : noun
        ? {
            to: {
              to: "/records/$type/$id",
              params: { type: noun.path, id: record.canonical_id },
              search: rows ? { rows } : {},
            },
          }
        : {}),
  };
  return { rows, type: record.type, steps: [step] };
}

/** The number and its rows, asked again with the filters that the rows had. */
function useOrigin(rows: string | undefined, type: string | undefined): Step[] {
  const current = usePageSearch();
  const list = searchOfRows(rows);
  const slug = list.metric;
  const definition = useDefinition(slug ?? "");
  const { data } = useQuery({
    ...metricQuery(slug ?? "", { ...standingOf(current).parameters, filters: filterParameters(list) }),
    enabled: slug !== undefined,
  });
  if (rows === undefined) return [];
  const noun = NOUNS[type !== undefined && isRecordType(type) ? type : "opportunity"];
  const to = { to: "/records/$type", params: { type: noun.path }, search: list };
  const steps: Step[] = [];
  if (slug) {
    steps.push({
      name: "Number",
      text: definition && data ? `${definition.label} ${metricValue(data)}` : (definition?.label ?? slug),
      to: { to: pageOf(slug)?.to ?? "/" },
    });
  }
  steps.push({ name: "Rows", text: data ? plural(data.rows, noun.one, noun.many) : "The list", to });
  return steps;
}

/** From the number to the bytes: the steps that were walked, as a list of links. */
export function Path({ steps: { rows, type, steps } }: { steps: Way }) {
  const origin = useOrigin(rows, type);
  const all = [...origin, ...steps];
  return (
    <nav className="path" aria-label="From the number to the bytes" tabIndex={0}>
      {all.map((step) => {
        const words = (
          <>
            <small>{step.name}</small>
            <span className="num">{step.text}</span>
          </>
        );
        if (step.hash) {
          return (
            <a key={step.name} href={`#${step.hash}`}>
              {words}
            </a>
          );
        }
        if (step.to) {
          return (
            <Link key={step.name} to={step.to.to} params={(step.to.params ?? {}) as never} search={(step.to.search ?? {}) as never}>
              {words}
            </Link>
          );
        }
        return (
          <span key={step.name} className="step" {...(step.here ? { "aria-current": "step" as const } : {})}>
            {words}
          </span>
        );
      })}
    </nav>
  );
}
